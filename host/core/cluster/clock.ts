// No counterpart: a Prosody does not have to know how long it was stopped.

import type { Clock } from "../../util/cluster/types.ts";

/**
 * This machine's time. The clock that never goes back may stand still while a machine sleeps or is moved: then the other one is believed,
 * which jumps afterwards. That one jumps for other reasons as well, but to think that much time has passed harms nobody.
 */
export function real_clock(): Clock {
	const [steady_start, wall_start] = [performance.now(), Date.now()];
	let missed = 0;
	return {
		now: () => {
			const steady = performance.now() - steady_start;
			missed = Math.max(missed, Date.now() - wall_start - steady);
			return steady + missed;
		},
		after: (milliseconds, act) => {
			const timer = setTimeout(act, milliseconds);
			return () => clearTimeout(timer);
		},
	};
}

/** Waits for something, but no longer than so many milliseconds. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const patience = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, milliseconds);
	});
	await Promise.race([work, patience]);
	clearTimeout(timer);
}
