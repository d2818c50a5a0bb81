// Counterpart: plugins/mod_smacks.lua (delivery/failure)

import type { ClientSession } from "../../core/c2s_session.ts";
import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import type { Stanza } from "../../util/stanza.ts";

/** Whether a stanza is a message to a person. */
export function is_personal(stanza: Stanza): boolean {
	const { type = "normal" } = stanza.attr;
	return stanza.name === "message" && (type === "chat" || type === "normal");
}

/** Whether a client gets a message from its archive, which it has asked for before, or needs it no more. */
export function is_in_archive({ full_jid, mam_requested }: ClientSession, stanza: Stanza): boolean {
	// A result of a search in the archive
	if (stanza.get_child("result", ns.mam) !== undefined) return true;
	if (!mam_requested) return false;
	const account = jid.bare(full_jid);
	return [...stanza.childtags("stanza-id", ns.stanza_id)].some(({ attr }) => attr["by"] === account);
}

/** Whether a message has to be kept for a client that does not get it now. */
export function is_for_later(session: ClientSession, stanza: Stanza): boolean {
	return is_personal(stanza) && !is_in_archive(session, stanza);
}
