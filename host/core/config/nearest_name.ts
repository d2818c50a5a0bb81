// No counterpart: which known name a misspelt one probably means.

/**
 * Damerau-Levenshtein distance (optimal string alignment): how many characters must be inserted, deleted, replaced, or swapped with
 * their neighbour. Counting stops beyond `limit`, and `limit + 1` is returned.
 */
export function edit_distance(left: string, right: string, limit: number): number {
	if (Math.abs(left.length - right.length) > limit) return limit + 1;
	let before_last: number[] = [];
	let last = Array.from({ length: right.length + 1 }, (_, column) => column);
	for (let row = 1; row <= left.length; row += 1) {
		const current = [row];
		let smallest = row;
		for (let column = 1; column <= right.length; column += 1) {
			const same = left[row - 1] === right[column - 1];
			let cost = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (same ? 0 : 1));
			const swapped = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
			if (swapped) cost = Math.min(cost, (before_last[column - 2] ?? 0) + 1);
			current.push(cost);
			smallest = Math.min(smallest, cost);
		}
		if (smallest > limit) return limit + 1;
		before_last = last;
		last = current;
	}
	return Math.min(last[right.length] ?? 0, limit + 1);
}

/** How far a misspelling may be from what was meant: one character in three, three at most. */
function tolerance(name: string): number {
	return Math.min(3, Math.floor(name.length / 3));
}

/**
 * The candidate nearest to a name, whatever the letter case; `undefined` when none is near enough to be meant. Of several equally
 * near the first is taken.
 */
export function nearest_name(name: string, candidates: Iterable<string>): string | undefined {
	const wanted = name.toLowerCase();
	let nearest: string | undefined;
	let best = tolerance(name) + 1;
	for (const candidate of candidates) {
		const distance = edit_distance(wanted, candidate.toLowerCase(), best - 1);
		if (distance < best) {
			best = distance;
			nearest = candidate;
			if (best === 0) break;
		}
	}
	return nearest;
}
