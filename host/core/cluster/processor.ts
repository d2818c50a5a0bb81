// No counterpart: how busy this process is.

import type { Clock } from "../../util/cluster/types.ts";

/** Shortest time that is measured, in milliseconds, and how much of what was measured before counts. */
const shortest = 1000;
const inertia = 0.8;

/** Gives a function that says which part of a processor's core this process takes: 1 for a whole one. */
export function processor_share(clock: Pick<Clock, "now">): () => number {
	let before = process.cpuUsage();
	let at = clock.now();
	let share = 0;
	return () => {
		const time = clock.now() - at;
		if (time < shortest) return share;
		const { user, system } = process.cpuUsage(before);
		share = inertia * share + ((1 - inertia) * (user + system)) / 1000 / time;
		before = process.cpuUsage();
		at = clock.now();
		return share;
	};
}
