// Counterpart: plugins/muc/mod_muc.lua (room_items_cache)

import type { EventMap, ModuleApi } from "../host/core/types.ts";
import type { Room } from "./types.ts";

/** How long the list is good where others may change it, in milliseconds. */
const shared_time = 2000;

/** The public rooms of a component, as service discovery lists them. */
export interface Listing {
	/** Notes whether a room is listed, and under which name. */
	update(room: Room): void;
	remove(jid: string): void;
	/** Forgets the list; it is made anew when somebody asks for it. */
	reset(): void;
}

/**
 * Lists the public rooms to those who may see that list.
 * @param all_rooms every room, in memory or not; asked when the list is made
 */
export function create_listing(module: ModuleApi, all_rooms: () => Iterable<Room>): Listing {
	const names = new Map<string, string | undefined>();
	// Divergence: Prosody thinks that the list is complete as soon as one room is on it
	let complete = false;
	const is_shared = module.server.cluster !== undefined;
	/** When the list was made, where other nodes of a cluster have rooms, too; in milliseconds. */
	let made = 0;

	const listing: Listing = {
		update(room) {
			if (room.get_public()) names.set(room.jid, room.get_name());
			else names.delete(room.jid);
		},
		remove(jid) {
			names.delete(jid);
		},
		reset() {
			names.clear();
			complete = false;
		},
	};

	module.hook("host-disco-items", list_rooms);

	function list_rooms(event: EventMap["host-disco-items"]): void {
		if (!module.could(":list-rooms", event)) {
			module.log("debug", "Returning empty room list to unauthorized request");
			return;
		}
		if (is_shared && performance.now() - made > shared_time) listing.reset();
		if (!complete) {
			made = performance.now();
			for (const room of all_rooms()) listing.update(room);
			complete = true;
		}
		for (const [jid, name] of names) event.reply.tag("item", { jid, name }).up();
	}

	return listing;
}
