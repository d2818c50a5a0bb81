// Counterpart: core/statsmanager.lua

import type { Measure, StatsManager } from "./types.ts";

/**
 * Keeps the current value of each measure: an `amount` is set, a `rate` and a `counter` count up, `times` and `distribution`
 * keep sum (`…_sum`) and number (`…_count`) of what they are given.
 */
export function create_statsmanager(): StatsManager {
	const values = new Map<string, number>();
	const counters = new Set<string>();
	const add = (key: string, value: number): void => {
		values.set(key, (values.get(key) ?? 0) + value);
	};
	return {
		measure(kind: string, name: string, host: string): Measure {
			const key = `${host}/${name}`;
			switch (kind) {
				case "amount":
					values.set(key, 0);
					return (value = 0) => void values.set(key, value);
				case "times":
				case "distribution":
					return (value = 0) => {
						add(`${key}_sum`, value);
						add(`${key}_count`, 1);
					};
				default:
					values.set(key, 0);
					counters.add(key);
					return (value = 1) => add(key, value);
			}
		},
		values: () => new Map(values),
		counts_up: (key) => counters.has(key),
	};
}
