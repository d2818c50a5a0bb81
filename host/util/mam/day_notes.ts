// Counterpart: plugins/mod_mam/mod_mam.lua, plugins/mod_muc_mam.lua (which archives have messages of which day)

import { Cache } from "../cache.ts";
import { date } from "../datetime.ts";
import type { Result } from "../error.ts";

interface Problem {
	readonly text: string;
}

/** The store with a table for each day, as a whole and key by key. */
export interface DayStores {
	readonly by_date: {
		users(): Result<string[], Problem>;
		get(day: string): Result<object | undefined, Problem>;
		set(day: string, names: undefined): Result<void, Problem>;
	};
	readonly of_date: { set(day: string, name: string, value: true): Result<void, Problem> };
}

/** Notes which archives have messages of which day, for storages that cannot delete from all archives at once. */
export interface DayNotes {
	/** Notes that an archive has a message of today. */
	note(name: string): void;
	/** Notes that an archive has something of that day. */
	note_day(day: string, name: string): void;
	/** The archives with messages of that day or earlier. The notes of earlier days are deleted. */
	take(cut_off: string): Set<string>;
}

/**
 * @param cache_size how many archives are remembered that were noted today
 * @param failed told why notes could not be read
 */
export function day_notes(
	{ by_date, of_date }: DayStores,
	cache_size: number,
	log: { failed(text: string): void; expiring(day: string): void },
): DayNotes {
	const noted = new Cache<string, string>(cache_size);
	return {
		note(name) {
			const today = date();
			if (noted.get(name) === today) return;
			if (of_date.set(today, name, true).ok) noted.set(name, today);
		},
		note_day: (day, name) => void of_date.set(day, name, true),
		take(cut_off) {
			const names = new Set<string>();
			const days = by_date.users();
			if (!days.ok) log.failed(days.error.text);
			for (const day of days.ok ? days.value : []) {
				if (day > cut_off) continue;
				log.expiring(day);
				const stored = by_date.get(day);
				if (!stored.ok || stored.value === undefined) continue;
				for (const name of Object.keys(stored.value)) names.add(name);
				// Some messages of the day itself may not have expired yet
				if (day < cut_off) by_date.set(day, undefined);
			}
			return names;
		},
	};
}
