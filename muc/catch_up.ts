// No counterpart: a Prosody is one machine.

import type { StoreValue } from "../host/core/types.ts";
import * as st from "../host/util/stanza.ts";
import { as_table } from "./kinds.ts";
import { add_item, muc_user } from "./room/item.ts";
import type { Room } from "./types.ts";

/** Under which key of the store `state` it stands who has entered, left or changed lately. */
export const recent_key = "_recent";

/** How long that counts, in milliseconds: longer than others wait before they take over from a node that is silent. */
const recent_time = 30_000;
/** Most that are kept in mind; of further ones the oldest are not. */
const most_recent = 500;

/** Who has entered, left or changed lately, by nick, with the time in milliseconds since 1970. */
export class Recent {
	private readonly nicks = new Map<string, number>();

	/** Notes changes; returns what to store. */
	note(nicks: Iterable<string>): StoreValue {
		const now = Date.now();
		for (const nick of nicks) {
			this.nicks.delete(nick);
			this.nicks.set(nick, now);
		}
		for (const [nick, time] of this.nicks) {
			if (this.nicks.size <= most_recent && now - time <= recent_time) break;
			this.nicks.delete(nick);
		}
		return Object.fromEntries(this.nicks);
	}
}

/** Shows everybody in a room that somebody is not there. */
function show_absent(room: Room, nick: string): void {
	const x = muc_user();
	add_item(x, { affiliation: "none", role: undefined });
	room.broadcast(st.presence({ type: "unavailable", from: nick }).add_child(x.up()));
}

/**
 * The node that had a room has ended without a word. What it stored last it may not have said any more: so those who changed lately are
 * shown once more to everybody.
 * @param recent what is stored under {@link recent_key}
 */
export function catch_up(room: Room, recent: StoreValue | undefined): void {
	const now = Date.now();
	for (const [nick, time] of Object.entries(as_table(recent) ?? {})) {
		if (typeof time !== "number" || now - time > recent_time) continue;
		const occupant = room.get_occupant_by_nick(nick);
		if (occupant === undefined) show_absent(room, nick);
		else room.publicise_occupant_status({ occupant, x: muc_user() });
	}
}
