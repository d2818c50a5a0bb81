// No counterpart: in Lua, the console calls methods as everybody does.

import { Stanza } from "../../util/stanza.ts";
import { type Outcome, refused, result, type ShellValue } from "./command.ts";

/** Whether a value is a result of the kind that this program passes around. */
function is_result(
	value: object,
): value is { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown } {
	return "ok" in value && typeof value.ok === "boolean" && ("value" in value || "error" in value);
}

function explain(error: unknown): string {
	if (typeof error !== "object" || error === null) return String(error);
	const { condition, text }: { readonly condition?: unknown; readonly text?: unknown } = error;
	return text === undefined ? String(condition ?? "it was refused") : `${condition}: ${text}`;
}

/** What a method answered with, as the console shows it. */
function outcome_of(answer: unknown): Outcome {
	if (answer === undefined || answer === null) return result(undefined);
	if (typeof answer === "string" || typeof answer === "number" || typeof answer === "boolean" || typeof answer === "bigint")
		return result(answer);
	if (answer instanceof Stanza) return result(String(answer));
	if (typeof answer === "object" && is_result(answer))
		return answer.ok ? outcome_of(answer.value) : refused(explain(answer.error));
	return result("table");
}

/** Calls a method of an object by its name; undefined where it has none. What it throws, whoever runs the command explains. */
export function call_method(object: object, name: string, args: readonly ShellValue[]): Outcome | Promise<Outcome> | undefined {
	// What all objects have is no method of this one
	const method: unknown = name in Object.prototype ? undefined : Reflect.get(object, name);
	if (typeof method !== "function") return undefined;
	const answer: unknown = Reflect.apply(method, object, args);
	return answer instanceof Promise ? answer.then(outcome_of) : outcome_of(answer);
}
