// Counterpart: plugins/muc/mod_muc.lua (the rooms of a component, in memory and in storage)

import type { ModuleApi, StoreTable } from "../host/core/types.ts";
import { Cache } from "../host/util/cache.ts";
import type { Result } from "../host/util/error.ts";
import { failed, ok } from "../host/util/error.ts";
import { bare, node, prep } from "../host/util/jid.ts";
import { type Waiting, waiting_for } from "../host/util/waiting.ts";
import { catch_up, recent_key } from "./catch_up.ts";
import { create_elsewhere } from "./elsewhere.ts";
import { create_listing } from "./listing.ts";
import { has_luggage, is_just_given_up } from "./luggage.ts";
import type { RoomLibrary } from "./muc.lib.ts";
import { create_recovery, type TurnRooms } from "./recovery.ts";
import type { RoomBefore } from "./room/before.ts";
import { recover_room } from "./room/lifecycle.ts";
import { create_room_storage } from "./room_storage.ts";
import type { Room, RoomData, RoomFinder } from "./types.ts";

/** Why no room was created. */
export type CreateError = "invalid-jid" | "room-exists" | "resource-constraint";

/** The rooms of a component. */
export interface Rooms extends RoomFinder {
	/** Makes a room that is neither in memory nor in storage yet. */
	new_room(jid: string, config?: RoomData): Room;
	/** Creates a room, with the configured defaults where no settings are given. */
	create_room(jid: string, config?: RoomData): Result<Room, CreateError>;
	/** Has this node of a cluster serve rooms, to work with them; undefined where it does already. */
	bring(jids: readonly string[]): Waiting<void> | undefined;
	/** Reads what is stored of a room ahead where it is not in memory, and the whole server would wait for it. */
	fetch(jid: string): Waiting<void> | undefined;
	/** Every room; those that are not in memory are restored. */
	all_rooms(): IterableIterator<Room>;
	/** JIDs of all rooms, without reading them. */
	all_jids(): string[];
	/** A room only to be looked at: one that is not in memory does not become live. Undefined where there is none that can be read. */
	look_at(jid: string): Room | undefined;
	/** COMPAT: `live_rooms` or `all_rooms`. */
	each_room(live_only?: boolean): IterableIterator<Room>;
	/** Keeps a room in memory, and has its `save` write to storage from now on. False where there is no place for it. */
	track_room(room: Room): Room | false;
	/** Takes a room out of memory as it is. */
	forget_room(room: Room): void;
	/** Takes a room out of storage. */
	delete_room(room: Room): void;
	/** Has a room written to storage when the turn ends, with its state at once: see the room's own `save`. */
	save(room: Room, forced?: boolean, savestate?: boolean): boolean;
	/** Writes all rooms in memory with their occupants. */
	shutdown_component(): void;
}

/** Options: muc_max_rooms, muc_room_cache_size. */
export function create_rooms(module: ModuleApi, library: RoomLibrary): Rooms {
	const max_rooms = module.get_option_integer("muc_max_rooms", undefined, 0);
	const max_live_rooms = module.get_option_integer("muc_room_cache_size", 100, 1);
	const limit = Math.max(1, max_rooms ?? max_live_rooms);
	const room_hit = module.measure("room_hit", "rate");
	const room_miss = module.measure("room_miss", "rate");
	const room_eviction = module.measure("room_eviction", "rate");
	const live_room = module.measure("live_room", "amount");

	const cache = new Cache<string, Room>(limit, (jid, room) => {
		if (max_rooms !== undefined) {
			module.log("info", "Room limit of %d reached, no new rooms allowed", max_rooms);
			return false;
		}
		return evict(jid, room);
	});
	const listing = create_listing(module, stored_and_live_rooms);
	const { note, begin, sweep_later } = create_recovery(module, settled, recover);
	const { cluster, turn } = module.server;
	const elsewhere = create_elsewhere(module, (room) => {
		if (room.get_persistent() && !room.broken) storage.save_state(room);
	});
	const keeps_all = cluster !== undefined;
	const storage = create_room_storage(module, keeps_all, (room) => elsewhere.state_of(room), library.room_mt.freeze);

	function evict(jid: string, room: Room): boolean {
		module.log("debug", "Evicting room %s", jid);
		room_eviction();
		if (!save(room, false, true)) {
			module.log("error", "Failed to swap inactive room %s to disk", jid);
			return false;
		}
		note("gone", room);
		return true;
	}

	function save(room: Room, forced = false, savestate = false): boolean {
		if (room.broken) return false;
		listing.update(room);
		if (savestate) {
			note("saved", room);
			return storage.save_with_state(room);
		}
		if (!(forced || keeps_all || room.get_persistent())) return true;
		note("saved", room);
		storage.save_later(room, forced);
		return true;
	}

	/** For rooms that are gone, since saving them would bring them back. */
	const unsaved: Room["save"] = () => true;

	/** Puts a room into memory, and connects it with storage. */
	function keep(room: Room): boolean {
		const problem = storage.name_problem(room.jid);
		if (problem !== undefined) module.log("info", "Room %s cannot be stored: %s", room.jid, problem.text);
		if (problem !== undefined || max_rooms === 0 || !cache.set(room.jid, room)) return false;
		room.save = (forced, savestate) => save(room, forced, savestate);
		room.before_change = keeps_all ? () => before_change_of(room) : () => begin(room);
		return true;
	}

	/** Other nodes of the cluster learn from storage who is in a room. */
	function before_change_of(room: Room): RoomBefore {
		const before = begin(room);
		if (!room.broken) storage.save_changes(room, before);
		return before;
	}

	function track_room(room: Room): Room | false {
		if (!keep(room)) return false;
		note("created", room);
		if (keeps_all) save(room);
		return room;
	}

	function forget_room(room: Room): void {
		begin(room);
		note("gone", room);
		drop(room);
	}

	function drop(room: Room): void {
		module.log("debug", "Forgetting %s", room.jid);
		storage.settle(room);
		room.save = unsaved;
		cache.set(room.jid, undefined);
	}

	function delete_room(room: Room): void {
		module.log("debug", "Deleting %s", room.jid);
		storage.remove(room);
		listing.remove(room.jid);
	}

	/** Makes rooms in memory agree with storage again after a turn whose writes were lost. */
	function recover({ saved, created, restored, gone }: TurnRooms): void {
		listing.reset();
		storage.turn_failed(saved);
		// Nobody was told of the created ones, and the restored ones are in storage as before
		const is_new = (room: Room): boolean => created.has(room) || restored.has(room);
		for (const room of [...created, ...restored]) if (cache.get(room.jid) === room) drop(room);
		for (const room of gone) {
			if (is_new(room) || cache.get(room.jid)) continue;
			// More rooms than the limit for now; after the next turn that is stored, the limit holds again
			cache.resize(Math.max(cache.size, cache.count() + 1));
			keep(room);
		}
		for (const room of new Set([...saved, ...gone])) if (!is_new(room) && cache.get(room.jid) === room) reread(room);
	}

	function settled(): void {
		if (cache.size > limit && max_rooms === undefined) cache.resize(limit);
	}

	function reread(room: Room): void {
		const stored = storage.read(room.jid);
		if (stored.ok && recover_room(room, stored.value)) return;
		module.log("error", "Room %s could not be read back, and is left as it is", room.jid);
	}

	/** A room whose data cannot be read: it answers with errors, and is never written. */
	function broken_room(jid: string, problem: string): Room {
		module.log("error", "Error restoring room %s from storage: %s", jid, problem);
		const room = library.new_room(jid, { locked: Number.POSITIVE_INFINITY });
		room.broken = true;
		return room;
	}

	/** There are people in a room of a cluster that cannot be read now: whoever says something has to do so again later. */
	function unreadable(jid: string, problem: string): false {
		module.log("error", "Room %s cannot be restored from storage: %s", jid, problem);
		return false;
	}

	/** Makes a room of what is stored, which is not kept yet; `state` has its occupants. */
	function thaw(jid: string, data: StoreTable, state: StoreTable | undefined): Room {
		const room = library.restore_room(data, state);
		if (!room.ok) return broken_room(jid, room.error);
		return room.value.jid === jid ? room.value : broken_room(jid, `what is stored is the room ${room.value.jid}`);
	}

	/** Whether nobody is in a room any more that lives as long as somebody is: the last ones ended with their node. */
	function is_left_over(room: Room): boolean {
		return !(room.get_persistent() || room.has_occupant() || room._data.destroyed);
	}

	function restore_room(jid: string): Room | false | undefined {
		const data = storage.read(jid);
		if (!data.ok) return keeps_all ? unreadable(jid, data.error.text) : broken_room(jid, data.error.text);
		if (data.value === undefined) return undefined;
		module.log("debug", "Restoring room %s from storage", jid);
		if (module.fire_event("muc-room-pre-restore", { jid, data: data.value }) === false) return false;
		const state = storage.read_state(jid);
		if (!state.ok && keeps_all) return unreadable(jid, state.error.text);
		if (!state.ok) module.log("warn", "Could not read who is in room %s: %s", jid, state.error.text);
		const room = thaw(jid, data.value, state.ok ? state.value && elsewhere.without_gone(state.value) : undefined);
		if (room.broken) return room;
		if (keeps_all && is_left_over(room)) {
			delete_room(room);
			return undefined;
		}
		if (!keep(room)) return false;
		note("restored", room);
		if (!keeps_all && state.ok) storage.save_state(room);
		if (keeps_all) went_on(room, state.ok ? state.value : undefined);
		else module.fire_event("muc-room-restored", { jid, room });
		return room;
	}

	/** A room that another node may have had goes on here. */
	function went_on(room: Room, state: StoreTable = {}): void {
		catch_up(room, state[recent_key]);
		if (has_luggage(state)) storage.unpacked(room);
		module.fire_event("muc-room-restored", { jid: room.jid, room, is_certain: is_just_given_up(state) });
		// Whoever went while nobody had the room
		sweep_later(room);
	}

	/** Whether another node of the cluster serves a room, so that nothing may be done with it here. */
	function is_elsewhere(jid: string): boolean {
		return cluster !== undefined && !cluster.is_mine(jid);
	}

	function get_room_from_jid(jid: string): Room | false | undefined {
		if (is_elsewhere(jid)) {
			module.log("debug", "Room %s is not served by this node", jid);
			return false;
		}
		turn.concern(jid);
		const room = cache.get(jid);
		if (room === undefined) {
			room_miss();
			return restore_room(jid);
		}
		begin(room);
		room_hit();
		cache.set(jid, room);
		return room;
	}

	function fetch(jid: string): Waiting<void> | undefined {
		if (cache.get(jid) !== undefined || is_elsewhere(jid)) return undefined;
		const name = node(jid);
		return name === undefined ? undefined : module.server.fetch_stored(module.host, name);
	}

	function bring(jids: readonly string[]): Waiting<void> | undefined {
		const missing = jids.filter(is_elsewhere);
		if (cluster === undefined || missing.length === 0) return undefined;
		const all = Promise.all(missing.map((jid) => cluster.bring(jid)));
		return waiting_for(all).go_on((answers) => {
			for (const answer of answers) if (!answer.ok) module.log("warn", "%s", answer.error);
		});
	}

	function create_room(jid: string, config?: RoomData): Result<Room, CreateError> {
		if (bare(jid) !== jid || prep(jid, true) === undefined) return failed("invalid-jid");
		if (is_elsewhere(jid)) return failed("resource-constraint");
		if (get_room_from_jid(jid)) return failed("room-exists");
		const room = library.new_room(jid, config);
		if (config === undefined) library.set_defaults(room);
		module.fire_event("muc-room-created", { room });
		return track_room(room) ? ok(room) : failed("resource-constraint");
	}

	function* all_rooms(): IterableIterator<Room> {
		const seen = new Set<string>();
		for (const room of cache.values()) {
			seen.add(room.jid);
			yield room;
		}
		for (const jid of storage.jids()) {
			if (seen.has(jid)) continue;
			// The room may be in memory by now, where a caller has asked for it between two rooms
			const room = cache.get(jid) ?? (is_elsewhere(jid) ? look_at(jid) : restore_room(jid));
			if (room) yield room;
			else module.log("error", "Missing data for room '%s', omitting from iteration", jid);
		}
	}

	/** Every room, only for looking at it; those that are not in memory do not become live. */
	function* stored_and_live_rooms(): IterableIterator<Room> {
		yield* cache.values();
		for (const jid of storage.jids()) {
			const room = cache.get(jid) ? undefined : look_at(jid);
			if (room) yield room;
		}
	}

	function look_at(jid: string): Room | undefined {
		const live = cache.get(jid);
		if (live) return live;
		const data = storage.read(jid);
		const room = data.ok && data.value !== undefined ? library.restore_room(data.value) : undefined;
		return room?.ok ? room.value : undefined;
	}

	cluster?.place(module.host, {
		in_use: (jid) => cache.get(jid)?.has_occupant() === true,
		size: (jid) => cache.get(jid)?._occupants.size ?? 0,
		moves: true,
		take_up: (jid) => void get_room_from_jid(jid),
		give_up(jid) {
			const room = cache.get(jid);
			if (!room) return;
			forget_room(room);
			storage.all_said(room);
		},
		lose: lose_room,
		lose_all() {
			for (const jid of [...cache.values()].map((room) => room.jid)) lose_room(jid);
			// What others have said meanwhile was lost
			listing.reset();
		},
	});

	/** Takes a room out of memory that another node serves by now. */
	function lose_room(jid: string): void {
		const room = cache.get(jid);
		if (!room) return;
		storage.turn_failed([room]);
		drop(room);
	}

	module.hook_global("stats-update", count_live_rooms);

	const occupants = module.server.statsmanager
		.metric("gauge", "enjamb_occupants", { description: "Occupants of rooms in memory", labels: ["host"] })
		.with_labels(module.host);

	function count_live_rooms(): void {
		live_room(cache.count());
		let count = 0;
		for (const room of cache.values()) count += room._occupants.size;
		occupants.set(count);
	}

	return {
		new_room: library.new_room,
		create_room,
		bring,
		fetch,
		get_room_from_jid,
		all_rooms,
		look_at,
		all_jids: () => [...new Set([...cache.values()].map(({ jid }) => jid).concat(storage.jids()))],
		live_rooms: () => cache.values(),
		each_room: (live_only = false) => (live_only ? cache.values() : all_rooms()),
		track_room,
		forget_room,
		delete_room,
		save,
		shutdown_component() {
			storage.settle();
			for (const room of cache.values()) room.save(false, true);
		},
	};
}
