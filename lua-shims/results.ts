// No counterpart: how the host's functions answer, told in Lua's way.

import type { Result, StanzaError } from "../host/util/error.ts";
import { failed, is_error_type, ok, stanza_error } from "../host/util/error.ts";
import { Waiting } from "../host/util/waiting.ts";
import { type Border, Results } from "./border.ts";
import type { TValue } from "./vm/fengari.ts";
import { nil } from "./vm/live_table.ts";
import type { NativeFunction } from "./vm/vm.ts";

function is_result(value: object): value is Result<unknown, unknown> {
	return "ok" in value && typeof value.ok === "boolean" && ("value" in value || "error" in value);
}

function is_stanza_error(error: unknown): error is StanzaError {
	return typeof error === "object" && error !== null && "type" in error && "condition" in error;
}

function is_iterator(value: object): value is Iterator<unknown> {
	return "next" in value && typeof value.next === "function" && Symbol.iterator in value;
}

/** Goes through an iterator of the host in Lua's generic `for`; a step of several values is an array. */
function iteration(border: Border, iterator: Iterator<unknown>): TValue {
	return border.vm.native(() => {
		const { done, value } = iterator.next();
		if (done === true) return nil;
		return Array.isArray(value) ? value.map((part) => border.to_lua(part)) : border.to_lua(value);
	});
}

/**
 * A function's result as Lua functions return it: an error value becomes `nil` and the error (type, condition and text for a stanza
 * error), an iterator becomes a function for the generic `for`.
 */
export function lua_results(border: Border, answer: unknown): ReturnType<NativeFunction> {
	if (typeof answer !== "object" || answer === null || answer instanceof Results || answer instanceof Waiting) {
		return border.results_to_lua(answer);
	}
	if (is_result(answer)) {
		if (answer.ok) return lua_results(border, answer.value);
		const { error } = answer;
		if (!is_stanza_error(error)) return [nil, border.to_lua(error)];
		// as objects of util.error have one
		if ("context" in error) return [nil, border.deep_table({ ...error })];
		return [nil, border.to_lua(error.type), border.to_lua(error.condition), border.to_lua(error.text)];
	}
	return is_iterator(answer) ? iteration(border, answer) : border.to_lua(answer);
}

/** The verdict of a Lua function: anything but nil and false is success. */
export function verdict_from_lua(results: readonly unknown[]): Result<true, StanzaError> {
	const [answer, type, condition, text] = results;
	if (answer !== undefined && answer !== false) return ok(true);
	const kind = typeof type === "string" && is_error_type(type) ? type : "cancel";
	// the condition of a Lua handler is not checked against the list of conditions; it is sent as it is
	const known = typeof condition === "string" ? (condition as StanzaError["condition"]) : "not-allowed";
	return failed(stanza_error(kind, known, typeof text === "string" ? text : undefined));
}
