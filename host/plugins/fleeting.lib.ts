// No counterpart: Prosody's mod_offline keeps all messages.

import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";

/** Elements that may accompany a chat state (XEP-0085) without being content. */
const silent_namespaces: ReadonlySet<string | undefined> = new Set([
	ns.chat_states,
	ns.hints,
	ns.stanza_id,
	ns.delay,
	ns.addresses,
]);

/**
 * Whether a message need not be kept: it asks for that (XEP-0334 §4.3), or it only says that somebody is typing (XEP-0160 §3) and
 * does not ask to be kept.
 */
export function is_fleeting(stanza: Stanza): boolean {
	if (stanza.get_child("no-store", ns.hints)) return true;
	if (stanza.get_child("store", ns.hints)) return false;
	const { tags } = stanza;
	if (!tags.some((tag) => tag.attr["xmlns"] === ns.chat_states)) return false;
	return tags.every((tag) => tag.name === "thread" || silent_namespaces.has(tag.attr["xmlns"]));
}
