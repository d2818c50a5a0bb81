// No counterpart: time, processes and a network that are simulated, to try the code of a cluster in all sorts of trouble.

import type { Clock } from "../../host/util/cluster/types.ts";

/** Numbers from 0 to 1, the same for the same seed. */
export type Random = () => number;

/** Mulberry32. */
export function random_numbers(seed: number): Random {
	let state = seed | 0;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

interface Happening {
	readonly at: number;
	readonly number: number;
	/** Undefined where it was called off. */
	act: (() => void) | undefined;
}

/** Continuations of promises that run after each happening; what is longer goes on after the next one. */
const drained = 6;

/** Time that goes on from one happening to the next. */
export class World {
	/** Milliseconds since the beginning. */
	now = 0;
	/** How many things have happened. */
	happened = 0;
	private readonly heap: Happening[] = [];
	private count = 0;

	/** Has something happen so many milliseconds later. @returns what calls it off */
	after(milliseconds: number, act: () => void): () => void {
		this.count++;
		const happening: Happening = { at: this.now + Math.max(0, milliseconds), number: this.count, act };
		this.push(happening);
		return () => {
			happening.act = undefined;
		};
	}

	/** Lets time pass until a moment, or until nothing is left to happen. */
	async run_until(end: number): Promise<void> {
		for (let next = this.heap[0]; next !== undefined && next.at <= end; next = this.heap[0]) {
			this.pop();
			const { act } = next;
			if (act === undefined) continue;
			this.now = next.at;
			this.happened++;
			act();
			for (let n = 0; n < drained; n++) await undefined;
		}
		this.now = Math.max(this.now, end);
	}

	/** Lets time pass until something is so. @returns whether it came to that in so many milliseconds */
	async run_until_true(is_so: () => boolean, limit: number): Promise<boolean> {
		const end = this.now + limit;
		while (!is_so() && this.now < end) await this.run_until(Math.min(end, this.now + 10));
		return is_so();
	}

	private push(happening: Happening): void {
		const { heap } = this;
		let at = heap.length;
		heap.push(happening);
		while (at > 0) {
			const above = (at - 1) >> 1;
			const parent = heap[above];
			if (parent === undefined || is_before(parent, happening)) break;
			heap[at] = parent;
			at = above;
		}
		heap[at] = happening;
	}

	private pop(): void {
		const { heap } = this;
		const last = heap.pop();
		if (last === undefined || heap.length === 0) return;
		let at = 0;
		for (;;) {
			let below = at * 2 + 1;
			let child = heap[below];
			const other = heap[below + 1];
			if (child === undefined) break;
			if (other !== undefined && is_before(other, child)) {
				child = other;
				below++;
			}
			if (is_before(last, child)) break;
			heap[at] = child;
			at = below;
		}
		heap[at] = last;
	}
}

function is_before(one: Happening, other: Happening): boolean {
	return one.at < other.at || (one.at === other.at && one.number < other.number);
}

/** A process: it may be stopped for a while, as by SIGSTOP, or end at any moment, as by SIGKILL. Its clock is not quite right. */
export class SimulatedProcess implements Clock {
	private is_running = true;
	private is_stopped = false;
	private readonly waiting: (() => void)[] = [];

	/** @param rate how fast its clock is, about 1 */
	constructor(
		private readonly world: World,
		private readonly rate = 1,
	) {}

	now(): number {
		return this.world.now * this.rate;
	}

	after(milliseconds: number, act: () => void): () => void {
		let is_wanted = true;
		this.world.after(milliseconds / this.rate, () => {
			this.run(() => {
				if (is_wanted) act();
			});
		});
		return () => {
			is_wanted = false;
		};
	}

	/** Something reaches it: it acts, or does so when it goes on. */
	run(act: () => void): void {
		if (!this.is_running) return;
		if (this.is_stopped) this.waiting.push(act);
		else act();
	}

	get can_act(): boolean {
		return this.is_running && !this.is_stopped;
	}

	stop(): void {
		this.is_stopped = true;
	}

	/** Does what came meanwhile, one thing after the other. */
	go_on(): void {
		if (!this.is_stopped) return;
		this.is_stopped = false;
		for (const act of this.waiting.splice(0)) this.world.after(0, () => this.run(act));
	}

	kill(): void {
		this.is_running = false;
	}
}
