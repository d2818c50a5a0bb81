// Counterpart: plugins/mod_smacks.lua (handle_unacked_stanzas, delivery/failure)

import { ClientSession } from "../../core/c2s_session.ts";
import type { ModuleApi } from "../../core/types.ts";
import * as jid from "../../util/jid.ts";
import * as st from "../../util/stanza.ts";
import { is_in_archive, is_personal } from "./for_later.ts";
import type { ManagedStream, SmacksOptions } from "./managed_stream.ts";

/** Deals with what the other end of a stream never acknowledged: somebody keeps it, or its sender is told. */
export function give_back_unacked(
	module: ModuleApi,
	stream: ManagedStream,
	{ copies, measures: { dropped } }: SmacksOptions,
): void {
	const { queue, session } = stream;
	const username = session instanceof ClientSession ? session.username : undefined;
	if (queue === undefined || queue.count_unacked === 0) return;
	session.log("debug", "Destroying session with %d unacked stanzas", queue.count_unacked);
	dropped.sample(queue.count_unacked);
	const items = queue.consume();
	const waiting = items.map((item) => stream.delayed(item));
	if (username !== undefined) copies.remove(username, items);
	stream.queue = undefined;
	const full_jid = session instanceof ClientSession ? session.full_jid : undefined;
	const by = full_jid === undefined ? module.host : jid.bare(full_jid);
	for (const stanza of waiting) {
		if (module.fire_event("delivery/failure", { session, stanza }) === true) continue;
		const { type, from } = stanza.attr;
		if (type === "error" || from === full_jid || (stanza.name === "iq" && type === "result")) continue;
		module.send(st.error_reply(stanza, "cancel", "recipient-unavailable", undefined, by));
	}
}

/** Keeps messages for clients that are gone: in their archive where they are already, or until they are online again. */
export function keep_messages(module: ModuleApi): void {
	module.hook("delivery/failure", ({ session, stanza }) => {
		if (!(session instanceof ClientSession) || !is_personal(stanza)) return undefined;
		const { username, resource } = session;
		if (username === undefined) return undefined;
		if (is_in_archive(session, stanza)) return true;
		const others = module.server.hosts.get(module.host)?.sessions.get(username)?.sessions;
		const is_last = others === undefined || [...others.keys()].every((name) => name === resource);
		if (!is_last) return undefined;
		return module.fire_event("message/offline/handle", { origin: session, stanza }) === true ? true : undefined;
	});
}
