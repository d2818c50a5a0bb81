// Counterpart: plugins/mod_smacks.lua (handle_unacked_stanzas, delivery/failure)

import { ClientSession } from "../../core/c2s_session.ts";
import type { ModuleApi } from "../../core/types.ts";
import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import * as st from "../../util/stanza.ts";
import type { ManagedStream } from "./managed_stream.ts";
import type { SmacksMeasures } from "./measures.ts";

/** Deals with what the other end of a stream never acknowledged: somebody keeps it, or its sender is told. */
export function give_back_unacked(module: ModuleApi, stream: ManagedStream, { dropped }: SmacksMeasures): void {
	const { queue, session } = stream;
	if (queue === undefined || queue.count_unacked === 0) return;
	session.log("debug", "Destroying session with %d unacked stanzas", queue.count_unacked);
	dropped.sample(queue.count_unacked);
	const waiting = stream.waiting();
	queue.consume();
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
		const { type = "normal" } = stanza.attr;
		if (!(session instanceof ClientSession) || stanza.name !== "message" || (type !== "chat" && type !== "normal"))
			return undefined;
		const { username, resource, full_jid } = session;
		if (username === undefined) return undefined;
		// A result of a search in the archive
		if (stanza.get_child("result", ns.mam) !== undefined) return true;
		const account = jid.bare(full_jid ?? "");
		const is_archived = [...stanza.childtags("stanza-id", ns.stanza_id)].some(({ attr }) => attr["by"] === account);
		if (is_archived && session.mam_requested) return true;
		const others = module.server.hosts.get(module.host)?.sessions.get(username)?.sessions;
		const is_last = others === undefined || [...others.keys()].every((name) => name === resource);
		if (!is_last) return undefined;
		return module.fire_event("message/offline/handle", { origin: session, stanza }) === true ? true : undefined;
	});
}
