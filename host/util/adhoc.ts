// Counterpart: util/adhoc.lua (XEP-0050)

import type { FieldValues, Form, ParsedValues } from "./dataforms.ts";
import type { Result, StanzaError } from "./error.ts";
import type { Stanza } from "./stanza.ts";
import type { Waiting } from "./waiting.ts";

/** What a client may do next in a command. */
export type AdhocAction = "prev" | "next" | "complete";

/** One request of somebody who executes a command. */
export interface AdhocRequest<Origin> {
	readonly origin: Origin;
	/** The whole IQ. */
	readonly stanza: Stanza;
	readonly to: string | undefined;
	readonly from: string | undefined;
	/** `execute` where the request does not say. */
	readonly action: string;
	/** The submitted `<x/>`. */
	readonly form: Stanza | undefined;
}

/** A form as it is, or with values. */
export type AdhocForm = Form | { readonly layout: Form; readonly values?: FieldValues };

/** What a command answers. */
export type AdhocAnswer =
	| {
			readonly status: "executing" | "completed" | "canceled";
			readonly info?: string;
			readonly warn?: string;
			/** Shown as a note. */
			readonly error?: { readonly message: string };
			/** `complete` only, where an executing command does not say. */
			readonly actions?: { readonly allowed: readonly AdhocAction[]; readonly default?: AdhocAction };
			readonly form?: AdhocForm;
			readonly result?: AdhocForm;
			/** An element of any other kind. */
			readonly other?: Stanza;
	  }
	| { readonly status: "error"; readonly error: StanzaError };

/** The answer, and what to remember for the next request of the same session; without the latter the next request begins anew. */
export type AdhocStep = readonly [answer: AdhocAnswer, state?: unknown];

/** One step of a command, which may come to its end later. `state` is what the step before gave. */
export type AdhocHandler<Origin> = (request: AdhocRequest<Origin>, state: unknown) => AdhocStep | Waiting<AdhocStep>;

/**
 * Who may execute a command: admins of the host, admins of the server, users of the host, everybody, or whoever has the permission
 * `adhoc:NODE` for another reason.
 */
export const adhoc_permissions = ["admin", "global_admin", "local_user", "any", "check"] as const;
export type AdhocPermission = (typeof adhoc_permissions)[number];

/** A command that a host offers. */
export interface AdhocCommand<Origin> {
	readonly name: string;
	readonly node: string;
	readonly handler: AdhocHandler<Origin>;
	readonly permission: AdhocPermission;
}

/** Takes what was filled in, and what is wrong with it by field name. */
export type FormHandler<Origin> = (
	fields: ParsedValues,
	errors: { [name: string]: string } | undefined,
	request: AdhocRequest<Origin>,
) => AdhocStep | Waiting<AdhocStep>;

/** A command that shows a form and takes what was filled in. */
export function new_simple_form<Origin>(form: Form, result_handler: FormHandler<Origin>): AdhocHandler<Origin> {
	return new_initial_data_form(form, () => ({ ok: true, value: {} }), result_handler);
}

/** The same with initial values, which are computed each time the form is shown. */
export function new_initial_data_form<Origin>(
	form: Form,
	initial_data: (request: AdhocRequest<Origin>) => Result<FieldValues, StanzaError>,
	result_handler: FormHandler<Origin>,
): AdhocHandler<Origin> {
	return (request, state) => {
		if (state !== undefined || request.form !== undefined) {
			if (request.action === "cancel") return [{ status: "canceled" }];
			// A later step may come without a form, where nothing was to be filled in
			const { data, errors } = request.form === undefined ? missing(form) : form.data(request.form);
			return result_handler(data, errors, request);
		}
		const initial = initial_data(request);
		if (!initial.ok) return [{ status: "error", error: initial.error }];
		const answer: AdhocAnswer = {
			status: "executing",
			actions: { allowed: ["next", "complete"], default: "complete" },
			form: { layout: form, values: initial.value },
		};
		return [answer, "executing"];
	};
}

/** The result where nothing was submitted. Prosody throws here. */
function missing(form: Form): { data: ParsedValues; errors: { [name: string]: string } | undefined } {
	const errors: { [name: string]: string } = {};
	for (const { name, required } of form.fields) {
		if (name !== undefined && required) errors[name] = "Required value missing";
	}
	return { data: {}, errors: Object.keys(errors).length > 0 ? errors : undefined };
}
