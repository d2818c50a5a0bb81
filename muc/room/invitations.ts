// No counterpart: Prosody does not remember whom a room has invited.

import { Cache } from "../../host/util/cache.ts";
import { bare } from "../../host/util/jid.ts";
import type { Room } from "../types.ts";

/** How many invited people a room remembers, and how many inviters of each. */
const most_invited = 1000;
const most_inviters = 20;

/** Inviters as the invitations named them, by the bare JID of whoever was invited. */
const invitations = new WeakMap<Room, Cache<string, Set<string>>>();

/** Notes that a room has passed an invitation on. `inviter` is what it named as such: an occupant JID or a real JID. */
export function note_invitation(room: Room, inviter: string, invited: string): void {
	let noted = invitations.get(room);
	if (noted === undefined) {
		noted = new Cache(most_invited);
		invitations.set(room, noted);
	}
	const key = bare(invited) ?? invited;
	const inviters = noted.get(key) ?? new Set();
	inviters.add(inviter);
	const [oldest] = inviters;
	if (inviters.size > most_inviters && oldest !== undefined) inviters.delete(oldest);
	noted.set(key, inviters);
}

/**
 * Whether a room has passed on an invitation from `inviter` to `invited` since it came into memory. Where the invitation named the
 * inviter's real JID, the bare JID is enough.
 */
export function was_invited(room: Room, inviter: string, invited: string): boolean {
	const inviters = invitations.get(room)?.get(bare(invited) ?? invited);
	if (inviters === undefined) return false;
	if (inviters.has(inviter)) return true;
	return bare(inviter) === inviter && [...inviters].some((one) => bare(one) === inviter && inviter !== room.jid);
}
