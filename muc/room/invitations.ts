// No counterpart: Prosody does not remember whom a room has invited.

import { Cache } from "../../host/util/cache.ts";
import { bare } from "../../host/util/jid.ts";
import type { Room } from "../types.ts";

/** How many people a room remembers to have invited, and how many of those who invited each of them. */
const most_invited = 1000;
const most_inviters = 20;

/** By bare JID of who was invited: by whom, as the invitation said. */
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
 * Whether a room has passed an invitation from `inviter` on to `invited`, as long as it stays in memory. The bare JID will do for
 * an inviter who was named by a real one.
 */
export function was_invited(room: Room, inviter: string, invited: string): boolean {
	const inviters = invitations.get(room)?.get(bare(invited) ?? invited);
	if (inviters === undefined) return false;
	if (inviters.has(inviter)) return true;
	return bare(inviter) === inviter && [...inviters].some((one) => bare(one) === inviter && inviter !== room.jid);
}
