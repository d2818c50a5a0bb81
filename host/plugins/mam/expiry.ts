// Counterpart: plugins/mod_mam/mod_mam.lua (schedule_cleanup)

import type { ArchiveStore, ModuleApi } from "../../core/types.ts";
import { date, now } from "../../util/datetime.ts";
import { day_notes } from "../../util/mam/day_notes.ts";
import { delete_between_turns } from "../../util/mam/query.ts";

/** How long messages are kept. */
export interface Expiry {
	/** In seconds; Infinity for ever. */
	readonly period: number;
	/** Messages from this time or earlier have expired; in seconds since 1970. */
	limit(): number;
	/** Notes that an account has a message of today. */
	schedule(username: string): void;
}

/** A pause after each account, so that other work goes on; in seconds. */
const breath = 0.01;

/**
 * Deletes what has expired, once a day: from all archives at once, where the driver can do that.
 * Options: archive_expires_after, archive_cleanup_date_cache_size.
 */
export function load(module: ModuleApi, archive: ArchiveStore): Expiry {
	const period = module.get_option_period("archive_expires_after", "1w");
	const limit = (): number => now() - period;
	if (period === Number.POSITIVE_INFINITY) {
		module.log("debug", "Archive expiry disabled");
		return { period, limit, schedule: () => undefined };
	}
	module.log("debug", "archive_expires_after = %d -- in seconds", period);
	const notes = day_notes(
		{ by_date: module.open_store("archive_cleanup"), of_date: module.open_store("archive_cleanup", "map") },
		module.get_option_integer("archive_cleanup_date_cache_size", 1000, 1),
		{
			failed: (text) => module.log("error", "Could not read which accounts have messages to expire: %s", text),
			expiring: (day) => module.log("debug", "Messages from %q should be expired", day),
		},
	);
	const cleanup_time = module.measure("cleanup", "times");

	async function clean_all(): Promise<void> {
		const deleted = await delete_between_turns(archive, true, { end: limit() });
		if (deleted.ok) module.log("info", "Deleted %d expired messages", deleted.value);
		else module.log("error", "Could not delete messages: %s", deleted.error.text);
	}

	async function clean_each(): Promise<void> {
		const cut_off = date(limit());
		let messages = 0;
		let cleaned = 0;
		for (const username of notes.take(cut_off)) {
			const deleted = await delete_between_turns(archive, username, { end: limit() });
			if (deleted.ok) {
				cleaned++;
				messages += deleted.value;
			} else {
				// Next time again
				notes.note_day(cut_off, username);
				module.log("error", "Could not delete messages for user '%s': %s", username, deleted.error.text);
			}
			await new Promise<void>((resolve) => void module.add_timer(breath, () => resolve()));
		}
		module.log("info", "Deleted %d expired messages for %d users", messages, cleaned);
	}

	module.daily("Remove expired messages", async () => {
		const cleanup_done = cleanup_time();
		if (archive.caps.wildcard_delete) await clean_all();
		else await clean_each();
		cleanup_done();
	});

	return { period, limit, schedule: (username) => (archive.caps.wildcard_delete ? undefined : notes.note(username)) };
}
