// No counterpart: part of `enjamb compare`.

import { label_of } from "./transcripts.ts";
import type { CompareResult, Difference, KnownDifference } from "./types.ts";

/** Differences of one kind, path and label. */
export interface Group {
	readonly signature: string;
	readonly count: number;
	/** What a step was an example of where they occur. */
	readonly label: string;
	/** Where it is met first, with the play's number from 0. */
	readonly play: number;
	readonly first: Difference;
}

/** A known difference, with how often it was met. */
export interface KnownCount {
	readonly entry: KnownDifference;
	/** How many single differences it accepts. */
	readonly count: number;
	/** In how many steps. */
	readonly steps: number;
}

/** A run in numbers. */
export interface Summary {
	readonly steps: number;
	readonly equal: number;
	/** Steps in which only known things differ. */
	readonly known: number;
	readonly different: number;
	/** Plays of which at least one step is different. */
	readonly different_plays: number;
	/** What differs and is not known, most frequent first. */
	readonly groups: readonly Group[];
	/** In the order of the list. */
	readonly known_counts: readonly KnownCount[];
}

/** Counts steps, and groups what differs. */
export function summarise(result: CompareResult): Summary {
	const counts = { equal: 0, known: 0, different: 0 };
	const groups = new Map<string, { count: number; label: string; play: number; first: Difference }>();
	const met = new Map<string, { count: number; steps: Set<string> }>();
	for (const [play, { play: played, differences, steps }] of result.comparisons.entries()) {
		for (const status of steps) counts[status]++;
		for (const difference of differences) {
			const { known, signature, step } = difference;
			if (known === undefined) {
				const group = groups.get(signature);
				if (group) group.count++;
				else groups.set(signature, { count: 1, label: label_of(played.steps[step]), play, first: difference });
				continue;
			}
			const entry = met.get(known) ?? { count: 0, steps: new Set() };
			entry.count++;
			entry.steps.add(`${play} ${step}`);
			met.set(known, entry);
		}
	}
	return {
		steps: counts.equal + counts.known + counts.different,
		...counts,
		different_plays: result.comparisons.filter(({ steps }) => steps.includes("different")).length,
		groups: [...groups].map(([signature, group]) => ({ signature, ...group })).sort((a, b) => b.count - a.count),
		known_counts: result.known.map((entry) => {
			const { count = 0, steps } = met.get(entry.id) ?? {};
			return { entry, count, steps: steps?.size ?? 0 };
		}),
	};
}

/** The third server of a run in place of ours, so that it can be counted and shown in the same way. */
export function third_as_result(result: CompareResult): CompareResult | undefined {
	const { also } = result;
	if (!also) return undefined;
	return {
		reference: result.reference,
		subject: also.name,
		comparisons: also.comparisons,
		known: also.known,
		outdated: [],
		shrunk: [],
	};
}
