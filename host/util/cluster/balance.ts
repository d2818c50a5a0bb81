// No counterpart: which rooms of a node should be on others.

import type { Life } from "./types.ts";

/** A node with what it does. */
export interface Loaded {
	readonly life: Life;
	/** The sum of the weights of what it has. */
	readonly load: number;
	/** The part of a processor's core that it takes, 1 for a whole one. */
	readonly cpu: number;
}

/** A key that another node could have as well. */
export interface Burden {
	readonly key: string;
	readonly weight: number;
}

export interface Move extends Burden {
	readonly to: Life;
}

/** A node that is this much busier than all together on average gives something away: by a part of the average, and at least so much. */
const tolerance = 0.15;
const least_excess = 1;
/** A node takes nothing that is this busy already, and busier than who would give it something. */
const busy = 0.7;
/** Occupants that double the weight of a stanza, and those who weigh as much as a stanza a second when nobody says anything. */
const doubling = 32;
const silent = 2000;
/** What a key weighs for which nothing is done. */
const presence = 0.02;

/**
 * How much work a room or an account is, in stanzas per second to a room with few occupants.
 * @param rate stanzas per second
 * @param size occupants, or sessions
 */
export function weight_of(rate: number, size: number): number {
	return rate * (1 + size / doubling) + size / silent + presence;
}

/**
 * What a node gives to others so that all have about the same to do. All nodes reckon alike, each from what the others say of
 * themselves: so they do not give one more than it lacks together, and nothing goes back and forth.
 * @param movable what could go
 * @param most how many keys go at most
 */
export function plan_moves(me: Loaded, others: readonly Loaded[], movable: Iterable<Burden>, most: number): Move[] {
	const takers = others.filter(({ cpu }) => cpu < busy || cpu < me.cpu);
	if (takers.length === 0) return [];
	const all = [me, ...takers];
	const mean = all.reduce((sum, { load }) => sum + load, 0) / all.length;
	const excess = me.load - mean;
	if (excess < Math.max(least_excess, tolerance * mean)) return [];
	const donors = all.filter(({ load }) => load > mean);
	const total = donors.reduce((sum, { load }) => sum + load - mean, 0);
	const budgets = takers
		.filter(({ load }) => load < mean)
		.map(({ life, load }) => ({ life, load, left: ((mean - load) * excess) / total }));
	// One node may round up, so that something goes where every single thing is more than a share
	const rounds_up = donors.every(
		(one) => one === me || one.load < me.load || (one.load === me.load && one.life.node > me.life.node),
	);
	const moves: Move[] = [];
	let own = me.load;
	// The heaviest first: the fewest have to go
	for (const { key, weight } of [...movable].sort((one, other) => other.weight - one.weight)) {
		if (moves.length >= most) break;
		const [best] = budgets.sort((one, other) => other.left - one.left);
		if (best === undefined || best.left <= 0) break;
		const fits = weight <= best.left || (rounds_up && weight <= (own - best.load) / 2);
		if (!fits) continue;
		moves.push({ key, weight, to: best.life });
		best.left -= weight;
		best.load += weight;
		own -= weight;
	}
	return moves;
}

/** Where everything goes that a node has which leaves: the heaviest first, each to who has the least to do by then. */
export function spread_all(others: readonly Loaded[], burdens: Iterable<Burden>): Move[] {
	const takers = others.map(({ life, load }) => ({ life, load }));
	const moves: Move[] = [];
	for (const { key, weight } of [...burdens].sort((one, other) => other.weight - one.weight)) {
		const least = takers.reduce<(typeof takers)[number] | undefined>(
			(best, one) => (best === undefined || one.load < best.load ? one : best),
			undefined,
		);
		if (least === undefined) break;
		least.load += weight;
		moves.push({ key, weight, to: least.life });
	}
	return moves;
}
