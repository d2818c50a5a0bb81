// No counterpart: Prosody hashes passwords in its only thread.

import { availableParallelism } from "node:os";
import { Waiting } from "./waiting.ts";

/** How many hashes may wait; what comes then is refused. */
const most_waiting = 2000;

/** Threads of libuv's pool that are left to files and names, whatever is hashed. */
const threads_for_others = 2;
const threads_of_pool = 4;

/** How many hashes are computed at once: each needs a core, of which one is left to the event loop. */
function hashes_at_once(): number {
	return Math.max(1, Math.min(threads_of_pool - threads_for_others, availableParallelism() - 1));
}

/**
 * Hashes of passwords, which take milliseconds each, a few at a time in libuv's threads. Whoever asks for many waits for their own:
 * everybody in the queue has a turn before somebody has a second one.
 */
export class HashQueue {
	/** What is to be done, by whose it is; the first has the next turn. */
	private readonly waiting = new Map<string, (() => void)[]>();
	private count = 0;
	private running = 0;

	/**
	 * @param at_once how many are computed at the same time
	 * @param most how many may wait
	 */
	constructor(
		private readonly at_once = hashes_at_once(),
		private readonly most = most_waiting,
	) {}

	/** How many wait for their turn. */
	get length(): number {
		return this.count;
	}

	/**
	 * Computes something when its turn comes.
	 * @param whose an address, or another name for who asks
	 * @returns undefined where too many wait
	 */
	add<Answer>(whose: string, work: () => Waiting<Answer>): Waiting<Answer> | undefined {
		if (this.count >= this.most) return undefined;
		return new Waiting((settle) => {
			this.enqueue(whose, () => {
				this.running++;
				work().ended((outcome) => {
					this.running--;
					this.begin_next();
					settle(outcome);
				});
			});
			this.begin_next();
		});
	}

	private enqueue(whose: string, begin: () => void): void {
		const own = this.waiting.get(whose);
		if (own === undefined) this.waiting.set(whose, [begin]);
		else own.push(begin);
		this.count++;
	}

	private begin_next(): void {
		while (this.running < this.at_once) {
			const [next] = this.waiting;
			if (next === undefined) return;
			const [whose, own] = next;
			const begin = own.shift();
			this.waiting.delete(whose);
			// Whoever has more to do queues up again behind all others
			if (own.length > 0) this.waiting.set(whose, own);
			if (begin === undefined) continue;
			this.count--;
			begin();
		}
	}
}
