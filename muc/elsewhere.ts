// No counterpart: Prosody writes down who is in a room when it stops, or moves the room to storage, and forgets it when it is killed.

import type { ModuleApi, StoreTable } from "../host/core/types.ts";
import { host } from "../host/util/jid.ts";
import type { OccupantEvent } from "./events.ts";
import type { Room } from "./types.ts";

/**
 * Users of other servers stay in a room when this server ends, and its own users leave. So the former are kept in storage all the
 * time, and rooms have the same occupants whether the server was killed or stopped.
 */
export interface Elsewhere {
	/** The state of a room with its occupants of other servers; undefined where it has none. */
	state_of(room: Room): StoreTable | undefined;
	/** A stored state without those of this server whose connections are gone. */
	without_gone(state: StoreTable): StoreTable;
}

/**
 * @param changed called with each room that a user of another server has entered or left
 */
export function create_elsewhere(module: ModuleApi, changed: (room: Room) => void): Elsewhere {
	const { cluster, delivery } = module.server;
	// There, each occupant is stored with every change, and those on other nodes have to see that somebody is gone
	if (cluster !== undefined) return { state_of: (room) => room.freeze(true).state, without_gone: (state) => state };

	/** Whether a key of a state is the full JID of a user, where the user's presence is stored. */
	function is_session(room_host: string | undefined, key: string): boolean {
		return key.includes("/") && host(key) !== room_host;
	}

	module.hook("muc-occupant-joined", note_change);
	module.hook("muc-occupant-left", note_change);

	function note_change({ room, occupant }: OccupantEvent): void {
		if (!delivery.is_ours(occupant.bare_jid)) changed(room);
	}

	return {
		state_of(room) {
			const nicks = new Set<string>();
			for (const [nick, { bare_jid }] of room._occupants) if (!delivery.is_ours(bare_jid)) nicks.add(nick);
			if (nicks.size === 0) return undefined;
			const state = room.freeze(true).state ?? {};
			const entries = Object.entries(state).filter(([key]) => {
				if (is_session(host(room.jid), key)) return !delivery.is_ours(key);
				return !key.startsWith(`${room.jid}/`) || nicks.has(key);
			});
			return Object.fromEntries(entries);
		},
		without_gone,
	};

	function without_gone(state: StoreTable): StoreTable {
		const entries = Object.entries(state).filter(
			([key]) => !is_session(module.host, key) || !delivery.is_ours(key) || delivery.is_online(key),
		);
		return Object.fromEntries(entries);
	}
}
