// Counterpart: plugins/adhoc/adhoc.lib.lua (XEP-0050)

import type { ModuleApi, Session } from "../../core/types.ts";
import type { AdhocAnswer, AdhocCommand, AdhocForm, AdhocHandler, AdhocPermission } from "../../util/adhoc.ts";
import { Cache } from "../../util/cache.ts";
import { Form } from "../../util/dataforms.ts";
import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import * as uuid from "../../util/uuid.ts";
import { go_on, type Waiting } from "../../util/waiting.ts";

declare module "../../core/types.ts" {
	interface ItemTypes {
		/** COMPAT: the older name of `adhoc-provider`. */
		adhoc: AdhocCommand<Session>;
		/** A command that the host offers. */
		"adhoc-provider": AdhocCommand<Session>;
	}
}

/** How many executions may wait for their next request. The oldest are forgotten, since clients need not finish them. */
const max_states = 1000;

/** Makes a command; throws a TypeError for an unknown permission, since modules in Lua are not checked by a compiler. */
export function new_command(
	name: string,
	node: string,
	handler: AdhocHandler<Session>,
	permission: AdhocPermission,
): AdhocCommand<Session> {
	const known: readonly AdhocPermission[] = ["admin", "global_admin", "local_user", "any", "check"];
	if (!known.includes(permission)) {
		throw new TypeError(`command ${node}: expected a permission (one of ${known.join(", ")}), got ${String(permission)}`);
	}
	return { name, node, handler, permission };
}

/** Gives the permission to execute a command to the roles that it is for. */
export function grant(module: ModuleApi, { node, permission }: AdhocCommand<Session>): void {
	if (permission === "admin") module.default_permission("prosody:admin", `adhoc:${node}`);
	else if (permission === "global_admin") module.default_permission("prosody:operator", `adhoc:${node}`);
}

/** The `<command/>` of an answer. */
export function cmdtag(
	command: AdhocCommand<Session>,
	status: "executing" | "completed" | "canceled",
	sessionid?: string,
): Stanza {
	return st.stanza("command", { xmlns: ns.commands, node: command.node, status, sessionid });
}

/** Executes commands, and keeps their state between steps. */
export function create_executor(
	module: ModuleApi,
): (command: AdhocCommand<Session>, origin: Session, stanza: Stanza) => true | Waiting<true> {
	const states = new Cache<string, unknown>(max_states);

	return function handle_cmd(command, origin, stanza) {
		const tag = stanza.first_tag;
		const sessionid = tag?.attr["sessionid"] ?? uuid.generate();
		const { from, to } = stanza.attr;
		// A command's session belongs to whoever began it; Prosody only looks at the id
		const key = `${from}\n${sessionid}`;
		const request = {
			origin,
			stanza,
			to,
			from,
			action: tag?.attr["action"] ?? "execute",
			form: tag?.get_child("x", ns.data),
		};
		return go_on(command.handler(request, states.get(key)), ([answer, state]): true => {
			states.set(key, answer.status === "executing" ? state : undefined);
			if (answer.status === "error") {
				origin.send(st.error_reply_from(stanza, answer.error));
				return true;
			}
			const reply = cmdtag(command, answer.status, sessionid);
			describe(module, command, reply, answer);
			origin.send(st.reply(stanza).add_child(reply));
			return true;
		});
	};
}

function describe(
	module: ModuleApi,
	command: AdhocCommand<Session>,
	reply: Stanza,
	answer: Exclude<AdhocAnswer, { status: "error" }>,
): void {
	const actions = answer.actions ?? (answer.status === "executing" ? { allowed: ["complete"] as const } : undefined);
	if (actions) {
		const element = st.stanza("actions", { execute: actions.default });
		for (const action of actions.allowed) {
			if (["prev", "next", "complete"].includes(action)) element.tag(action).up();
			else module.log("error", "Command %q at node %q provided an invalid action %q", command.name, command.node, action);
		}
		reply.add_child(element);
	}
	if (answer.form) reply.add_child(render(answer.form, "form"));
	if (answer.result) reply.add_child(render(answer.result, "result"));
	if (answer.other) reply.add_child(answer.other);
	if (answer.info !== undefined) reply.text_tag("note", answer.info, { type: "info" });
	if (answer.warn !== undefined) reply.text_tag("note", answer.warn, { type: "warn" });
	if (answer.error) reply.text_tag("note", answer.error.message, { type: "error" });
}

function render(shown: AdhocForm, type: "form" | "result"): Stanza {
	return shown instanceof Form ? shown.form(undefined, type) : shown.layout.form(shown.values, type);
}
