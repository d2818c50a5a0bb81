// Counterpart: ejabberd's mod_muc_admin (rooms_unused_list, rooms_unused_destroy)

import type { ArchiveStore, DestroyedRooms, ModuleApi, RoomKeeping, UnusedRoom } from "../../host/core/types.ts";
import { Cache } from "../../host/util/cache.ts";
import { now } from "../../host/util/datetime.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { node } from "../../host/util/jid.ts";
import { promise_of } from "../../host/util/waiting.ts";
import type { MucEvents, OccupantEvent } from "../events.ts";
import type { Rooms } from "../rooms.ts";
import type { FindRoom } from "./find.ts";
import { between_turns, is_stored, not_stored } from "./slices.ts";

const day = 86_400;
/** Under which the time is stored, in seconds since 1970. */
const key = "at";
const told_reason = "Nobody has used this room for a long time";

/**
 * Knows when each room was last used: the store `muc_room_used` has the time at which somebody entered or left, written once a day; and the
 * archive has that of the last message. Nothing is noted of a room before somebody has asked this for the first time, unless rooms end by
 * rule: rooms of which neither is known count from then.
 * Options: muc_unused_rooms_destroyed_after, muc_unused_rooms_kept.
 */
export function create_unused(
	module: ModuleApi,
	store: ArchiveStore,
	rooms: Rooms,
	find: FindRoom,
): Pick<RoomKeeping, "unused_rooms" | "destroy_unused_rooms"> {
	const used = module.open_store("muc_room_used", "map");
	const noted = new Cache<string, number>(module.get_option_integer("muc_room_cache_size", 100, 1));
	const period = module.get_option_period("muc_unused_rooms_destroyed_after", "never", "1 day");
	const kept = module.get_option_set("muc_unused_rooms_kept", []);

	const has_rule = period !== Number.POSITIVE_INFINITY;

	function is_noted(jid: string): boolean {
		const known = used.get(node(jid), key);
		return known.ok && known.value !== undefined;
	}

	/** Rooms that are not stored end with their last occupant. */
	function note({ room }: OccupantEvent): void {
		const today = Math.floor(now() / day);
		if (noted.get(room.jid) === today || !room.get_persistent()) return;
		if (!has_rule && !is_noted(room.jid)) {
			noted.set(room.jid, today);
			return;
		}
		if (!used.set(node(room.jid), key, now()).ok) return;
		noted.set(room.jid, today);
		module.server.turn.remember({ undo: () => void noted.set(room.jid, undefined) });
	}

	module.hook("muc-occupant-joined", note, -100);
	module.hook("muc-occupant-left", note, 100);
	module.hook("muc-room-destroyed", forget, 1);

	function forget({ room }: MucEvents["muc-room-destroyed"]): void {
		noted.set(room.jid, undefined);
		if (is_noted(room.jid)) used.set(node(room.jid), key, undefined);
	}

	function last_message(jid: string): Result<number | undefined, string> {
		const found = store.find(node(jid), { reverse: true, limit: 1 });
		return found.ok ? ok(found.value.items[0]?.when) : failed(found.error.text);
	}

	/** When a room was last used; now, which is noted, where nothing says so. */
	function last_used(jid: string): Result<number, string> {
		const known = used.get(node(jid), key);
		if (!known.ok) return failed(known.error.text);
		const said = last_message(jid);
		if (!said.ok) return said;
		const last = Math.max(typeof known.value === "number" ? known.value : 0, said.value ?? 0) || now();
		if (known.value !== undefined) return ok(last);
		const written = used.set(node(jid), key, last);
		noted.set(jid, undefined);
		return written.ok ? ok(last) : failed(written.error.text);
	}

	/** A room that nobody has used for so long may as well be here. */
	async function here(jid: string): Promise<void> {
		const waiting = rooms.bring([jid]);
		if (waiting !== undefined) await promise_of(waiting);
	}

	/** What is wrong with a room is said, and does not stand in the way of the others. */
	async function collect(seconds: number, problems: Map<string, string>): Promise<UnusedRoom[]> {
		const limit = now() - seconds;
		const unused: UnusedRoom[] = [];
		for (const jid of rooms.all_jids()) {
			await between_turns();
			const last = last_used(jid);
			if (!last.ok) problems.set(jid, last.error);
			if (!last.ok || last.value > limit) continue;
			await here(jid);
			const room = find(jid);
			if (!room.ok) problems.set(jid, room.error);
			const is_room = room.ok && room.value !== undefined && !room.value._data.destroyed;
			if (is_room && !room.value?.has_occupant() && !kept.has(jid)) unused.push({ jid, last_used: last.value });
		}
		return unused;
	}

	/** Somebody may have entered since it was looked at. */
	async function destroy_one(jid: string): Promise<string | true | undefined> {
		await between_turns();
		await here(jid);
		const room = find(jid);
		if (!room.ok) return room.error;
		if (room.value === undefined || room.value.has_occupant()) return undefined;
		const done = room.value.destroy(undefined, told_reason);
		if (!done.ok) return `${done.error.condition}${done.error.text === undefined ? "" : `: ${done.error.text}`}`;
		return (await is_stored(module)) || not_stored;
	}

	async function destroy_unused(seconds: number): Promise<DestroyedRooms> {
		const problems = new Map<string, string>();
		const unused = await collect(seconds, problems);
		const destroyed: string[] = [];
		for (const { jid } of unused) {
			const done = await destroy_one(jid);
			if (done === true) destroyed.push(jid);
			else if (done !== undefined) problems.set(jid, done);
		}
		for (const [jid, problem] of problems)
			module.log("error", "Could not see whether %s is used, or destroy it: %s", jid, problem);
		if (destroyed.length > 0) module.log("info", "Destroyed rooms that nobody used: %s", destroyed.join(", "));
		return { destroyed, problems };
	}

	if (has_rule) {
		module.daily("Destroy unused rooms", async () => void (await destroy_unused(period)));
	}

	function check(days: number): Result<number, string> {
		return Number.isFinite(days) && days > 0 ? ok(days * day) : failed(`expected a number of days above 0, got ${days}`);
	}

	return {
		async unused_rooms(days) {
			const seconds = check(days);
			if (!seconds.ok) return seconds;
			const problems = new Map<string, string>();
			const unused = await collect(seconds.value, problems);
			for (const [jid, problem] of problems) module.log("error", "Could not see whether %s is used: %s", jid, problem);
			return ok(unused);
		},
		async destroy_unused_rooms(days) {
			const seconds = check(days);
			return seconds.ok ? ok(await destroy_unused(seconds.value)) : seconds;
		},
	};
}
