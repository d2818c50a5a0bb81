// Counterpart: plugins/mod_muc_mam.lua (clean-up)

import type { ArchiveStore, ModuleApi } from "../../host/core/types.ts";
import { Cache } from "../../host/util/cache.ts";
import { date, now } from "../../host/util/datetime.ts";

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
 * `muc_log_cleanup` has a table for each day with the rooms in which something was said.
 * Options: muc_log_expires_after, muc_log_cleanup_date_cache_size, muc_mam_remove_expired_messages_period.
 */
export function load(module: ModuleApi, archive: ArchiveStore): Expiry {
	const period = module.get_option_period("muc_log_expires_after", "1w");
	const limit = (): number => now() - period;
	if (period === Number.POSITIVE_INFINITY) {
		module.log("debug", "Archive expiry disabled");
		return { period, limit, schedule: () => undefined };
	}
	module.log("debug", "muc_log_expires_after = %d -- in seconds", period);

	const rooms_by_date = module.open_store("muc_log_cleanup");
	const rooms_of_date = module.open_store("muc_log_cleanup", "map");
	const noted = new Cache<string, string>(module.get_option_integer("muc_log_cleanup_date_cache_size", 1000, 1));
	const cleanup_time = module.measure("cleanup", "times");

	function schedule(room = ""): void {
		const today = date();
		if (noted.get(room) === today) return;
		if (rooms_of_date.set(today, room, true).ok) noted.set(room, today);
	}

	function clean_all_at_once(): void {
		const deleted = archive.delete(true, { end: limit() });
		if (deleted.ok) module.log("info", "Deleted %d expired messages", deleted.value);
		else module.log("error", "Could not delete messages: %s", deleted.error.text);
	}

	/** The rooms with messages of that day or earlier. The notes of earlier days are deleted. */
	function take_rooms(cut_off: string): Set<string> {
		const rooms = new Set<string>();
		const dates = rooms_by_date.users();
		if (!dates.ok) module.log("error", "Could not read which rooms have messages to expire: %s", dates.error.text);
		for (const day of dates.ok ? dates.value : []) {
			if (day > cut_off) continue;
			module.log("debug", "Messages from %q should be expired", day);
			const stored = rooms_by_date.get(day);
			if (!stored.ok || stored.value === undefined) continue;
			for (const room of Object.keys(stored.value)) rooms.add(room);
			// Some messages of the day itself may not have expired yet
			if (day < cut_off) rooms_by_date.set(day, undefined);
		}
		return rooms;
	}

	function pause(): Promise<void> {
		return new Promise((resolve) => void module.add_timer(breath, () => resolve()));
	}

	async function clean_room_by_room(): Promise<void> {
		const cut_off = date(limit());
		const rooms = take_rooms(cut_off);
		let messages = 0;
		let cleaned = 0;
		for (const room of rooms) {
			const deleted = archive.delete(room === "" ? undefined : room, { end: limit() });
			if (deleted.ok) {
				cleaned++;
				messages += deleted.value;
			} else {
				rooms_of_date.set(cut_off, room, true);
				module.log("error", "Could not delete messages for room '%s': %s", room, deleted.error.text);
			}
			await pause();
		}
		module.log("info", "Deleted %d expired messages for %d rooms", messages, cleaned);
	}

	module.daily("Remove expired messages", async () => {
		const started = performance.now();
		if (archive.caps.wildcard_delete) clean_all_at_once();
		else await clean_room_by_room();
		cleanup_time((performance.now() - started) / 1000);
	});

	return { period, limit, schedule: archive.caps.wildcard_delete ? () => undefined : schedule };
}
