// Counterpart: plugins/mod_muc_mam.lua (clean-up)

import type { ArchiveStore, ModuleApi } from "../../host/core/types.ts";
import { date, now } from "../../host/util/datetime.ts";
import { node } from "../../host/util/jid.ts";
import { day_notes } from "../../host/util/mam/day_notes.ts";
import { delete_between_turns } from "../../host/util/mam/query.ts";
import type { RoomFinder } from "../types.ts";
import type { ArchiveLengthEvent } from "./length.ts";
import { create_lengths, type Lengths } from "./lengths.ts";

/** How long messages are kept. */
export interface Expiry {
	/** In seconds; Infinity for ever. */
	readonly period: number;
	/** Messages from this time or earlier have expired; in seconds since 1970. */
	limit(): number;
	/** Notes that a room has a message of today; undefined is the room whose JID is the service's own. */
	schedule(room: string | undefined): void;
}

/** A pause after each room, so that other work goes on; in seconds. */
const breath = 0.01;

/**
 * Deletes what has expired, once a day. Drivers that can do so delete it from all rooms at once; for others the store
 * `muc_log_cleanup` has a table for each day with the rooms in which something was said. Rooms with a length of their own are cleaned each
 * by itself.
 * Options: muc_log_expires_after, muc_log_cleanup_date_cache_size, muc_mam_remove_expired_messages_period.
 */
export function load(module: ModuleApi, archive: ArchiveStore, rooms?: RoomFinder): Expiry {
	const period = module.get_option_period("muc_log_expires_after", "1w");
	const limit = (): number => now() - period;
	const is_endless = period === Number.POSITIVE_INFINITY;
	if (is_endless) module.log("debug", "Archive expiry disabled");
	else module.log("debug", "muc_log_expires_after = %d -- in seconds", period);
	const read_lengths = create_lengths(module, rooms);

	const notes = day_notes(
		{ by_date: module.open_store("muc_log_cleanup"), of_date: module.open_store("muc_log_cleanup", "map") },
		module.get_option_integer("muc_log_cleanup_date_cache_size", 1000, 1),
		{
			failed: (text) => module.log("error", "Could not read which rooms have messages to expire: %s", text),
			expiring: (day) => module.log("debug", "Messages from %q should be expired", day),
		},
	);
	const cleanup_time = module.measure("cleanup", "times");

	/** Deletes what has expired in one room; answers how many messages, undefined where that failed. */
	async function clean_room(room: string, end: number): Promise<number | undefined> {
		const deleted = await delete_between_turns(archive, room === "" ? undefined : room, { end });
		if (deleted.ok) return deleted.value;
		module.log("error", "Could not delete messages for room '%s': %s", room, deleted.error.text);
		return undefined;
	}

	/** Rooms with a length of their own. */
	async function clean_own({ own }: Lengths): Promise<void> {
		for (const [room, seconds] of own) {
			if (seconds === Number.POSITIVE_INFINITY) continue;
			const deleted = await clean_room(room, now() - seconds);
			if (deleted !== undefined && deleted > 0) module.log("info", "Deleted %d expired messages of room '%s'", deleted, room);
			await pause();
		}
	}

	/** Where some rooms keep their messages longer than others, or nobody knows how long, the others are cleaned one by one. */
	async function clean_all(lengths: Lengths): Promise<void> {
		const keeps_longer = lengths.unknown.size > 0 || [...lengths.own.values()].some((seconds) => seconds > period);
		if (!keeps_longer) {
			const deleted = await delete_between_turns(archive, true, { end: limit() });
			if (deleted.ok) module.log("info", "Deleted %d expired messages", deleted.value);
			else module.log("error", "Could not delete messages: %s", deleted.error.text);
			return;
		}
		const users = archive.users();
		if (!users.ok) module.log("error", "Could not read which rooms have an archive: %s", users.error.text);
		await clean_each(new Set(users.ok ? [...users.value, ""] : []), lengths);
	}

	async function clean_each(names: ReadonlySet<string>, { own, unknown }: Lengths): Promise<Set<string>> {
		const left = new Set<string>();
		let messages = 0;
		let cleaned = 0;
		for (const room of names) {
			if (own.has(room)) continue;
			const deleted = unknown.has(room) ? undefined : await clean_room(room, limit());
			if (deleted === undefined) left.add(room);
			else {
				cleaned++;
				messages += deleted;
			}
			await pause();
		}
		module.log("info", "Deleted %d expired messages for %d rooms", messages, cleaned);
		return left;
	}

	function pause(): Promise<void> {
		return new Promise((resolve) => void module.add_timer(breath, () => resolve()));
	}

	async function clean_room_by_room(lengths: Lengths): Promise<void> {
		const cut_off = date(limit());
		// Next time again
		for (const room of await clean_each(notes.take(cut_off), lengths)) notes.note_day(cut_off, room);
	}

	module.daily("Remove expired messages", async () => {
		const cleanup_done = cleanup_time();
		const lengths = await read_lengths();
		if (!is_endless) await (archive.caps.wildcard_delete ? clean_all(lengths) : clean_room_by_room(lengths));
		await clean_own(lengths);
		cleanup_done();
	});

	module.hook("muc-archive-length-changed", note_common_length);

	/** The notes of the days on which the room had a length of its own may be gone. */
	function note_common_length({ room, seconds }: ArchiveLengthEvent): void {
		if (seconds !== undefined || is_endless || archive.caps.wildcard_delete) return;
		notes.note_day(date(limit()), node(room.jid) ?? "");
	}

	const is_noted = !(is_endless || archive.caps.wildcard_delete);
	return { period, limit, schedule: (room = "") => (is_noted ? notes.note(room) : undefined) };
}
