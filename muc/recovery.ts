// No counterpart: Prosody has no turns that could fail.

import type { ModuleApi } from "../host/core/types.ts";
import * as st from "../host/util/stanza.ts";
import type { Memory } from "../host/util/turn.ts";
import { RoomBefore } from "./room/before.ts";
import type { Room } from "./types.ts";

/** Occupants whose connections have ended while nobody could hear of it leave the room this much later; in milliseconds. */
const sweep_delay = 1000;

/** What a turn did with rooms. */
export class TurnRooms {
	/** Written to storage. */
	readonly saved = new Set<Room>();
	/** Come into being. */
	readonly created = new Set<Room>();
	/** Come out of storage. */
	readonly restored = new Set<Room>();
	/** Gone from memory: moved out, or destroyed. */
	readonly gone = new Set<Room>();
	/** What rooms were before. */
	readonly before = new Map<Room, RoomBefore>();
}

/** Notes what turns do with rooms. */
export interface Recovery {
	/** Notes what was done with a room. */
	note(what: Exclude<keyof TurnRooms, "before">, room: Room): void;
	/** Notes what a room is before this turn changes it. */
	begin(room: Room): RoomBefore;
	/** Has those leave, after a moment, whose connections to this server have ended. */
	sweep_later(room: Room): void;
}

/**
 * Notes what each turn does with rooms. Where the turn's writes are lost, rooms in memory first become what they were before the
 * turn, and then agree with storage again.
 * @param settled called when a turn that did something with rooms was stored
 * @param recover called when one could not be stored, with what it had done
 */
export function create_recovery(module: ModuleApi, settled: () => void, recover: (rooms: TurnRooms) => void): Recovery {
	const { turn, delivery } = module.server;
	let now: object | undefined;
	let notes = new TurnRooms();

	/** The notes of the current turn. */
	function current(): TurnRooms {
		if (turn.now === now) return notes;
		now = turn.now;
		const own = new TurnRooms();
		notes = own;
		const memory: Memory = {
			kept() {
				if (own.saved.size + own.gone.size > 0) settled();
			},
			undo() {
				for (const before of own.before.values()) before.undo();
				recover(own);
				for (const room of own.before.keys()) sweep_later(room);
			},
		};
		turn.remember(memory);
		return own;
	}

	/** Where the presence that said so was lost with a turn, or said while nobody had the room. */
	function sweep_later(room: Room): void {
		const gone = (): [real_jid: string, nick: string][] =>
			[...room._jid_nick].filter(([real_jid]) => delivery.is_ours(real_jid) && !delivery.is_online(real_jid));
		if (gone().length === 0) return;
		const sweep = (): void => {
			for (const [from, to] of gone()) module.send(st.presence({ type: "unavailable", from, to }));
		};
		setTimeout(sweep, sweep_delay).unref();
	}

	return {
		sweep_later,
		note(what, room) {
			current()[what].add(room);
		},
		begin(room) {
			const { before } = current();
			let known = before.get(room);
			if (known === undefined) {
				known = new RoomBefore(room);
				before.set(room, known);
			}
			return known;
		},
	};
}
