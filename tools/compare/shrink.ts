// No counterpart: part of `enjamb compare`.

import type { Difference, Play, PlayStep } from "./types.ts";

/** What makes a smaller play show the same thing as the one it came from. */
export function same_thing(difference: Difference): string {
	return `${difference.kind} ${difference.path}`;
}

function with_steps(play: Play, steps: readonly PlayStep[]): Play {
	const acting = new Set(steps.map((step) => step.player));
	return { ...play, players: play.players.filter(({ name }) => acting.has(name)), steps };
}

/**
 * Makes a play shorter, as long as it still shows the difference: what comes after it goes first, then pieces of what is before it,
 * large ones first (delta debugging), until no single step can be left out any more.
 * @param step number of the step that shows the difference
 * @param shows plays a shorter one on both servers
 * @param tries how many plays may be tried at most
 * @param told called with the number of steps of each shorter play that was found
 */
export async function shrink(
	play: Play,
	step: number,
	shows: (play: Play) => Promise<boolean>,
	tries: number,
	told: (steps: number) => void = () => undefined,
): Promise<Play> {
	let left = tries;
	let best = play;
	const attempt = async (steps: readonly PlayStep[]): Promise<boolean> => {
		if (left <= 0) return false;
		left--;
		const shorter = with_steps(play, steps);
		if (!(await shows(shorter))) return false;
		best = shorter;
		told(steps.length);
		return true;
	};
	// If later steps are needed to show it, the whole play is shrunk.
	await attempt(play.steps.slice(0, step + 1));
	for (let size = Math.max(1, Math.ceil(best.steps.length / 2)); size >= 1 && left > 0; ) {
		let removed = false;
		for (let start = Math.max(0, best.steps.length - size); left > 0; start -= size) {
			const from = Math.max(0, start);
			const steps = [...best.steps.slice(0, from), ...best.steps.slice(from + size)];
			if (steps.length > 0 && steps.length < best.steps.length && (await attempt(steps))) removed = true;
			if (from === 0) break;
		}
		if (size === 1 && !removed) break;
		size = size === 1 ? 1 : Math.ceil(size / 2);
	}
	return best;
}
