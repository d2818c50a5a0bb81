// No counterpart: Prosody has no turns that could fail.

import type { ModuleApi } from "../host/core/types.ts";
import type { Outlet } from "../host/util/turn.ts";
import type { Room } from "./types.ts";

/** What a turn did with rooms. */
export interface TurnRooms {
	/** Written to storage. */
	readonly saved: ReadonlySet<Room>;
	/** Come into being. */
	readonly created: ReadonlySet<Room>;
	/** Come out of storage. */
	readonly restored: ReadonlySet<Room>;
	/** Moved out of memory. */
	readonly evicted: ReadonlySet<Room>;
}

/**
 * Notes what each turn does with rooms, so that rooms in memory and in storage can be made to agree where its writes are lost.
 * @param settled called when a turn was stored
 * @param recover called when one could not be stored, with what it had done
 * @returns notes what was done with a room
 */
export function create_recovery(
	module: ModuleApi,
	settled: () => void,
	recover: (rooms: TurnRooms) => void,
): (what: keyof TurnRooms, room: Room) => void {
	const start = () => ({ saved: new Set<Room>(), created: new Set<Room>(), restored: new Set<Room>(), evicted: new Set<Room>() });
	let turn = start();

	const outlet: Outlet = {
		// Comes after the commit, so all that was noted is stored
		flush() {
			turn = start();
			settled();
		},
		// What is noted is for the event that follows
		discard: () => undefined,
	};

	module.hook_global("turn-failed", () => {
		const lost = turn;
		turn = start();
		recover(lost);
	});

	return (what, room) => {
		turn[what].add(room);
		module.server.turn.touch(outlet);
	};
}
