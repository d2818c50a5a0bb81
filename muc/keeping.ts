// No counterpart: what Prosody leaves to scripts that read its storage.

import type { ModuleApi, RoomKeeping } from "../host/core/types.ts";
import { failed, ok, type Result } from "../host/util/error.ts";
import { bare, host, node } from "../host/util/jid.ts";
import { create_erasure } from "./keeping/erase.ts";
import { export_archive } from "./keeping/export.ts";
import { create_find } from "./keeping/find.ts";
import { create_purge } from "./keeping/purge.ts";
import { create_unused } from "./keeping/unused.ts";
import { never } from "./kinds.ts";
import { own_length, set_own_length } from "./mam/length.ts";
import type { Rooms } from "./rooms.ts";
import type { Room } from "./types.ts";

/**
 * Retention and erasure for all rooms, for the console and whoever else administers the service: the item `room-keeping`.
 * @returns what ends it
 */
export function load(module: ModuleApi, rooms: Rooms): () => void {
	const store = module.open_store("muc_log", "archive");
	const find = create_find(rooms);
	const purge = create_purge(module, store, find);
	const erasure = create_erasure(module, store, rooms, find);

	function find_room(room_jid: string): Result<Room, string> {
		const room = find(room_jid);
		if (!room.ok) return room;
		return room.value === undefined || room.value._data.destroyed ? failed(`No such room: ${room_jid}`) : ok(room.value);
	}

	/**
	 * A room, or what is left of one in the archives.
	 * @param is_reading whether the room is only looked at, wherever it is
	 */
	function check_archive(room_jid: string, is_reading = false): Result<void, string> {
		if (store.name === "null") return failed("There is no storage for archives, see the option storage");
		if (bare(room_jid) !== room_jid || host(room_jid) !== module.host) return failed(`No such room: ${room_jid}`);
		const room = is_reading ? ok(rooms.look_at(room_jid)) : find(room_jid);
		if (!room.ok) return room;
		if (room.value !== undefined) return ok(undefined);
		const found = store.find(node(room_jid), { limit: 1 });
		if (!found.ok) return failed(found.error.text);
		return found.value.items.length === 0 ? failed(`No such room: ${room_jid}`) : ok(undefined);
	}

	const keeping: RoomKeeping = {
		...create_unused(module, store, rooms, find),
		erase_person: erasure.erase_person,
		archive_length(room_jid) {
			const room = find_room(room_jid);
			if (!room.ok) return room;
			const seconds = own_length(room.value._data);
			const common = module.context(module.host).get_option_period("muc_log_expires_after", "1w");
			return ok({ seconds: seconds ?? common, is_own: seconds !== undefined });
		},
		set_archive_length(room_jid, seconds) {
			if (seconds !== undefined && !(seconds > 0)) return failed(`expected a time above 0, got ${seconds} seconds`);
			const room = find_room(room_jid);
			if (!room.ok) return room;
			const wanted = seconds !== undefined && seconds >= never ? Number.POSITIVE_INFINITY : seconds;
			if (set_own_length(module, room.value, wanted)) room.value.save();
			return ok(undefined);
		},
		async purge_archive(room_jid, before) {
			const checked = check_archive(room_jid);
			return checked.ok ? purge(room_jid, before) : checked;
		},
		export_archive(room_jid, format, part) {
			const checked = check_archive(room_jid, true);
			return checked.ok ? ok(export_archive(store, room_jid, format, part)) : checked;
		},
	};
	module.add_item("room-keeping", keeping);
	return erasure.stop;
}
