// No counterpart: Prosody takes some of this out of some of what clients send.

import { prep } from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import { xmlns as moderation } from "./moderation/stanzas.ts";

const moderated_namespaces: ReadonlySet<string | undefined> = new Set([moderation.moderate_0, moderation.moderate_1]);
/** Namespaces of elements that can say that a moderator retracted a message (XEP-0425), and that people otherwise may send. */
const retraction_namespaces: ReadonlySet<string | undefined> = new Set([
	moderation.fasten,
	moderation.retract_0,
	moderation.retract_1,
	...moderated_namespaces,
]);

/** Whether an element is a `<moderated/>`, or one is in it: what says that a moderator did something. */
function is_moderated(element: Stanza): boolean {
	if (element.name === "moderated" && moderated_namespaces.has(element.attr["xmlns"])) return true;
	return element.tags.some(is_moderated);
}

/** Whether a child claims to be an id that a room's archive gave (XEP-0359 §3.3). `room_jid` is prepared. */
export function is_id_of(room_jid: string, child: Stanza): boolean {
	return child.name === "stanza-id" && child.attr["xmlns"] === ns.stanza_id && prep(child.attr["by"]) === room_jid;
}

/** Whether a child of what a client sends says something in the name of a room. */
function is_forged(child: Stanza, room_jid: string): boolean {
	const { xmlns } = child.attr;
	switch (xmlns) {
		case ns.stanza_id:
			return is_id_of(room_jid, child);
		case ns.delay:
		case ns.legacy_delay:
			return prep(child.attr["from"]) === room_jid;
		default:
			return retraction_namespaces.has(xmlns) && is_moderated(child);
	}
}

/**
 * Removes from a stanza, in place, what only the room itself may say: ids in its archive (XEP-0359 §3.3), the time at which it kept
 * something (XEP-0203), and that a moderator retracted a message (XEP-0425 §5). What rooms say about occupants is in namespaces of
 * its own, which `filter_muc_x` removes.
 */
export function strip_forged(room_jid: string, stanza: Stanza): Stanza {
	return stanza.maptags((child) => (is_forged(child, room_jid) ? undefined : child));
}

/** What only an archive may say, and direct invitations (XEP-0249), one of which the room adds itself. */
const room_words: ReadonlySet<string | undefined> = new Set([ns.mam, ns.conference, ns.forward, ...retraction_namespaces]);

/**
 * The same for what the room passes on in its own name: there, people would believe that much more came from the room.
 */
export function strip_room_words(room_jid: string, stanza: Stanza): Stanza {
	return stanza.maptags((child) => (is_forged(child, room_jid) || room_words.has(child.attr["xmlns"]) ? undefined : child));
}
