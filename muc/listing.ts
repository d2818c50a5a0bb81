// Counterpart: plugins/muc/mod_muc.lua (room_items_cache)

import type { EventMap, ModuleApi } from "../host/core/types.ts";
import type { Room } from "./types.ts";

/** What other nodes of a cluster are told of a room. */
const listed = "muc-room-listed";

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
	const { cluster } = module.server;
	/** What other nodes were told of rooms that are served here: their names, or that they are not listed. */
	const told = new Map<string, string | false>();

	const listing: Listing = {
		update(room) {
			const name = room.get_public() ? room.get_name() : false;
			set(room.jid, name);
			tell_others(room.jid, name ?? "");
		},
		remove(jid) {
			names.delete(jid);
			tell_others(jid, false);
		},
		reset() {
			names.clear();
			told.clear();
			complete = false;
		},
	};

	function set(jid: string, name: string | undefined | false): void {
		if (name === false) names.delete(jid);
		else names.set(jid, name);
	}

	/** Others list what is served here, too. */
	function tell_others(jid: string, name: string | false): void {
		if (cluster?.is_mine(jid) !== true || told.get(jid) === name) return;
		told.set(jid, name);
		cluster.tell(module.host, listed, name === false ? { jid } : { jid, name });
	}

	module.hook("host-disco-items", list_rooms);
	if (cluster !== undefined) {
		// What a node has stored, it may not have said any more
		module.hook_global("cluster-node-gone", () => listing.reset());
		module.hook("cluster-told", ({ name: event, fields: { jid, name } }) => {
			if (event === listed && jid !== undefined) set(jid, name === undefined ? false : name || undefined);
		});
	}

	function list_rooms(event: EventMap["host-disco-items"]): void {
		if (!module.could(":list-rooms", event)) {
			module.log("debug", "Returning empty room list to unauthorized request");
			return;
		}
		if (!complete) {
			for (const room of all_rooms()) listing.update(room);
			complete = true;
		}
		for (const [jid, name] of names) event.reply.tag("item", { jid, name }).up();
	}

	return listing;
}
