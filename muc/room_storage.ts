// Counterpart: plugins/muc/mod_muc.lua (persistent_rooms, room_configs, room_state)

import type { MapStore, ModuleApi, StorageError, StoreKey, StoreTable, StoreValue } from "../host/core/types.ts";
import type { Result } from "../host/util/error.ts";
import { node } from "../host/util/jid.ts";
import { Recent, recent_key } from "./catch_up.ts";
import { given_up_key, history_key, pack } from "./luggage.ts";
import type { RoomBefore } from "./room/before.ts";
import { config_table, is_own_key, state_changes } from "./room/freeze.ts";
import { NotedMap } from "./room/noted_map.ts";
import type { Room, RoomMethods } from "./types.ts";

/** The rooms of a component in storage. */
export interface RoomStorage {
	/** Stores a room when the turn ends; with `forced`, removes it from storage where it is not persistent. */
	save_later(room: Room, forced: boolean): void;
	/** Stores a room at once, with its occupants. */
	save_with_state(room: Room): boolean;
	/** Stores who is in a room. */
	save_state(room: Room): void;
	/** Stores who has entered, changed or left a room in this turn, when it ends; `before` is told of them. */
	save_changes(room: Room, before: RoomBefore): void;
	/** Everything of a room was said that is stored: whoever goes on with it need not say it again, and finds what it remembers. */
	all_said(room: Room): void;
	/** Takes out of storage what a room has taken along, and has by now. */
	unpacked(room: Room): void;
	/** Removes a room from storage. */
	remove(room: Room): void;
	/** Stores now what was to be stored at the end of the turn, for one room or all. */
	settle(room?: Room): void;
	/** Forgets what was to be stored at the end of a turn that has failed, and writes the given rooms completely next time. */
	turn_failed(rooms: Iterable<Room>): void;
	/** Settings and affiliations of a room; undefined where it is not stored. */
	read(jid: string): Result<StoreTable | undefined, StorageError>;
	/** Who is in it. */
	read_state(jid: string): Result<StoreTable | undefined, StorageError>;
	/** The JIDs of all rooms. */
	jids(): string[];
	/** Why a room of that JID cannot be stored, whatever is in it. */
	name_problem(jid: string): StorageError | undefined;
}

/**
 * Keeps rooms in the stores `persistent`, `config` and `state`. What a turn changes in a room is stored once, at its end; where the
 * store writes key by key, only what has changed.
 * @param keeps_all whether rooms that are not persistent are stored, too, and every occupant with each change, so that other nodes of a
 * cluster can go on with them at any time
 * @param state_of the occupants of a room who stay in it when this server ends
 * @param freeze how rooms are frozen, unless a module has put its own in place
 */
export function create_room_storage(
	module: ModuleApi,
	keeps_all: boolean,
	state_of: (room: Room) => StoreTable | undefined,
	freeze: RoomMethods["freeze"],
): RoomStorage {
	const persistent_rooms = module.open_store("persistent", "map");
	const persistent_rooms_list = module.open_store("persistent");
	const room_configs = module.open_store("config");
	const room_config_keys: MapStore = module.open_store("config", "map");
	const room_state = module.open_store("state");
	const room_state_keys: MapStore = module.open_store("state", "map");
	const has_new_format = module.get_option_boolean("new_muc_storage_format", true);

	/** Rooms to be stored at the end of the turn, by JID. */
	const pending = new Map<string, { readonly room: Room; forced: boolean }>();
	/** Rooms whose occupants have changed in this turn. */
	const changed = new Map<Room, RoomBefore>();
	/** Who has changed lately, by room. */
	const recent = new WeakMap<Room, Recent>();
	/** Affiliations that are stored, except for the changes that they have noted. */
	const stored = new WeakSet<Room["_affiliations"]>();

	function check(what: string, jid: string, done: Result<unknown, StorageError>): boolean {
		if (!done.ok) module.log("error", "Could not write the %s of room %s: %s", what, jid, done.error.text);
		return done.ok;
	}

	/** What has changed in a room that is stored; undefined where all of it has to be written. */
	function changes_of(room: Room): Map<StoreKey, StoreValue | undefined> | undefined {
		const affiliations = room._affiliations;
		const is_known = room_config_keys.writes_by_key === true && affiliations instanceof NotedMap && stored.has(affiliations);
		if (!(is_known && has_new_format && room.freeze === freeze)) return undefined;
		const changes = new Map<StoreKey, StoreValue | undefined>();
		for (const jid of affiliations.take_changed()) if (!is_own_key(jid)) changes.set(jid, affiliations.get(jid));
		changes.set("_data", room._data);
		changes.set("_affiliation_data", Object.fromEntries(room._affiliation_data));
		return changes;
	}

	/** Writes all of a room, in the way of a module where one has replaced `freeze`. */
	function write_whole(room: Room, frozen: StoreTable | undefined): Result<void, StorageError> {
		const user = node(room.jid);
		if (frozen === undefined && room.freeze === freeze) return room_configs.set_table(user, config_table(room));
		return room_configs.set(user, frozen ?? room.freeze().frozen);
	}

	function write_config(room: Room, frozen: StoreTable | undefined): boolean {
		const { jid, _affiliations: affiliations } = room;
		const changes = frozen === undefined ? changes_of(room) : undefined;
		const done = changes === undefined ? write_whole(room, frozen) : room_config_keys.set_keys(node(jid), changes);
		if (changes === undefined && affiliations instanceof NotedMap) affiliations.take_changed();
		if (done.ok) stored.add(affiliations);
		else stored.delete(affiliations);
		return check("settings", jid, done);
	}

	/** Adds rooms to the list of all rooms, or removes them. */
	function list(rooms: ReadonlyMap<string, true | undefined>): boolean {
		if (rooms.size === 0) return true;
		const [name = ""] = rooms.keys();
		return check("name", name, persistent_rooms.set_keys(undefined, rooms));
	}

	function write(room: Room, frozen: StoreTable | undefined, state: StoreTable | undefined): boolean {
		const kept = check("state", room.jid, room_state.set(node(room.jid), state));
		return write_config(room, frozen) && kept;
	}

	function take_out(room: Room): boolean {
		const user = node(room.jid);
		stored.delete(room._affiliations);
		const left = check("state", room.jid, room_state.set(user, undefined));
		return check("settings", room.jid, room_configs.set(user, undefined)) && left;
	}

	/** Stores one room; returns what to do in the list of all rooms. */
	function settle_one({ room, forced }: { readonly room: Room; readonly forced: boolean }): true | "gone" | undefined {
		pending.delete(room.jid);
		if (keeps_all) {
			write_config(room, undefined);
			return true;
		}
		if (room.get_persistent()) {
			write(room, undefined, state_of(room));
			return true;
		}
		if (!forced) return undefined;
		take_out(room);
		return "gone";
	}

	function settle(room?: Room | string): void {
		const jid = typeof room === "object" ? room.jid : room;
		const one = jid === undefined ? undefined : pending.get(jid);
		const left = jid === undefined ? [...pending.values()] : one === undefined ? [] : [one];
		const listed = new Map<string, true | undefined>();
		for (const entry of left) {
			const outcome = settle_one(entry);
			if (outcome !== undefined) listed.set(entry.room.jid, outcome === "gone" ? undefined : true);
		}
		list(listed);
	}

	function settle_occupants(room: Room): void {
		const before = changed.get(room);
		changed.delete(room);
		const changes = before === undefined ? undefined : state_changes(room, before.changed_occupants);
		if (before === undefined || changes === undefined || changes.size === 0) return;
		const known = recent.get(room) ?? new Recent();
		recent.set(room, known);
		changes.set(recent_key, known.note(before.changed_occupants.keys()));
		check("state", room.jid, room_state_keys.set_keys(node(room.jid), changes));
	}

	const settle_all = (): void => {
		settle();
		for (const room of [...changed.keys()]) settle_occupants(room);
	};

	return {
		save_later(room, forced) {
			const known = pending.get(room.jid);
			// Another room of that name may have been destroyed in this turn; this one has its place now
			pending.set(room.jid, { room, forced: forced || known?.forced === true });
			module.server.turn.before_end(settle_all);
		},
		save_with_state(room) {
			pending.delete(room.jid);
			changed.delete(room);
			const { frozen, state } = room.freeze(true);
			const listed = list(new Map([[room.jid, true]]));
			return write(room, frozen, state) && listed;
		},
		save_state(room) {
			if (pending.has(room.jid)) return;
			check("state", room.jid, room_state.set(node(room.jid), state_of(room)));
		},
		save_changes(room, before) {
			changed.set(room, before);
			module.server.turn.before_end(settle_all);
		},
		all_said(room) {
			const changes = pack(room);
			if (recent.delete(room)) changes.set(recent_key, undefined);
			check("state", room.jid, room_state_keys.set_keys(node(room.jid), changes));
		},
		unpacked(room) {
			const changes = new Map([
				[history_key, undefined],
				[given_up_key, undefined],
			]);
			check("state", room.jid, room_state_keys.set_keys(node(room.jid), changes));
		},
		remove(room) {
			pending.delete(room.jid);
			changed.delete(room);
			take_out(room);
			list(new Map([[room.jid, undefined]]));
		},
		settle(room) {
			settle(room);
			if (room !== undefined) settle_occupants(room);
		},
		turn_failed(rooms) {
			pending.clear();
			changed.clear();
			for (const { _affiliations } of rooms) stored.delete(_affiliations);
		},
		read(jid) {
			settle(jid);
			return room_configs.get(node(jid));
		},
		read_state: (jid) => room_state.get(node(jid)),
		jids() {
			settle();
			const all = persistent_rooms_list.get(undefined);
			if (!all.ok) {
				module.log("error", "Error loading list of persistent rooms, only rooms in memory are known: %s", all.error.text);
				return [];
			}
			return Object.keys(all.value ?? {}).filter((jid) => all.value?.[jid]);
		},
		name_problem: (jid) => room_configs.name_problem?.(node(jid)),
	};
}
