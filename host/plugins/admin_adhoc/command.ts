// Counterpart: plugins/mod_admin_adhoc.lua (what its commands have in common)

import type { ModuleApi, Session } from "../../core/types.ts";
import {
	type AdhocAnswer,
	type AdhocHandler,
	type AdhocPermission,
	type AdhocRequest,
	new_initial_data_form,
} from "../../util/adhoc.ts";
import { type Field, type FieldValues, new_form, type ParsedValues } from "../../util/dataforms.ts";
import { ok } from "../../util/error.ts";
import { bare } from "../../util/jid.ts";
import type { Waiting } from "../../util/waiting.ts";

export const admin_form_type = "http://jabber.org/protocol/admin";

/** What was filled in. */
export class Filled {
	constructor(readonly values: ParsedValues) {}

	/** A text, or an empty one. */
	text(name: string): string {
		const value = this.values[name];
		return typeof value === "string" ? value : "";
	}

	list(name: string): string[] {
		const value = this.values[name];
		return Array.isArray(value) ? value : [];
	}

	is_on(name: string): boolean {
		return this.values[name] === true;
	}
}

export type Answer = readonly [AdhocAnswer];
export type Request = AdhocRequest<Session>;
/** Whoever executes a command. */
export type By = Pick<Request, "from">;

export function say(info: string): Answer {
	return [{ status: "completed", info }];
}

export function complain(message: string): Answer {
	return [{ status: "completed", error: { message } }];
}

/** The bare JID of whoever executes a command, for the log. */
export function actor_of({ from }: By): string {
	return bare(from) ?? "?";
}

/** A form as a command shows it. */
export interface CommandForm {
	readonly title?: string;
	readonly instructions?: string;
	readonly form_type: string;
	readonly fields: readonly Field[];
	/** What is filled in beforehand, or may be chosen. */
	readonly initial?: () => FieldValues;
}

/** A command with a form; what is wrong with what was filled in is said, and `act` does not see it. */
export function with_form(
	{ title, instructions, form_type, fields, initial = () => ({}) }: CommandForm,
	act: (filled: Filled, request: Request) => Answer | Waiting<Answer>,
): AdhocHandler<Session> {
	const form = new_form({
		...(title === undefined ? {} : { title }),
		...(instructions === undefined ? {} : { instructions }),
		fields: [{ name: "FORM_TYPE", type: "hidden", value: form_type }, ...fields],
	});
	return new_initial_data_form(
		form,
		() => ok(initial()),
		(values, errors, request) => {
			if (errors === undefined) return act(new Filled(values), request);
			return complain(
				Object.entries(errors)
					.map(([name, error]) => `${name}: ${error}`)
					.join("\n"),
			);
		},
	);
}

/** A form that only shows something. */
export function show_form(title: string | undefined, form_type: string, fields: readonly Field[], values: FieldValues): Answer {
	const layout = new_form({
		...(title === undefined ? {} : { title }),
		fields: [{ name: "FORM_TYPE", type: "hidden", value: form_type }, ...fields],
	});
	return [{ status: "completed", result: { layout, values } }];
}

/** Makes what offers commands. */
export function offering(
	module: ModuleApi,
): (name: string, node: string, handler: AdhocHandler<Session>, permission?: AdhocPermission) => void {
	module.depends("adhoc");
	return (name, node, handler, permission = "admin") => module.add_item("adhoc-provider", { name, node, handler, permission });
}

/** What came of several things: those that worked, and those that did not. */
export class Outcomes {
	readonly done: string[] = [];
	readonly failed: string[] = [];

	/** Two lists, each below its line; a line without a list is left out. */
	lines(done: string, failed: string, between = ""): string {
		const parts: string[] = [];
		if (this.done.length > 0) parts.push(`${done}\n${this.done.join("\n")}${between}`);
		if (this.failed.length > 0) parts.push(`${failed}\n${this.failed.join("\n")}`);
		return parts.join(between === "" ? "\n" : "");
	}
}
