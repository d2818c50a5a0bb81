// No counterpart: Prosody hashes passwords in its only thread.

import { availableParallelism } from "node:os";
import { ok } from "./error.ts";
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

/** Somebody who waits for a hash, and may go away meanwhile. */
export interface Asker<Answer> {
	/** Whether nobody waits for it any more: then it is not computed. */
	is_gone(): boolean;
	/** The answer then. */
	readonly instead: Answer;
}

/** What is to be done. */
interface Entry {
	begin(): void;
	/** Whether it is not to be done any more. */
	is_gone(): boolean;
	/** Answers without doing it. */
	leave(): void;
}

/**
 * Hashes of passwords, which take milliseconds each, a few at a time in libuv's threads. Whoever asks for many waits for their own:
 * everybody in the queue has a turn before somebody has a second one.
 */
export class HashQueue {
	/** What is to be done, by whose it is; the first has the next turn. */
	private readonly waiting = new Map<string, Entry[]>();
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
	 * @param asker who waits for it, where that may end before
	 * @returns undefined where too many wait
	 */
	add<Answer>(whose: string, work: () => Waiting<Answer>, asker?: Asker<Answer>): Waiting<Answer> | undefined {
		if (this.count >= this.most) this.forget_gone();
		if (this.count >= this.most) return undefined;
		return new Waiting((settle) => {
			this.enqueue(whose, {
				begin: () => {
					this.running++;
					work().ended((outcome) => {
						this.running--;
						this.begin_next();
						settle(outcome);
					});
				},
				is_gone: () => asker?.is_gone() === true,
				leave: () => {
					if (asker !== undefined) settle(ok(asker.instead));
				},
			});
			this.begin_next();
		});
	}

	private enqueue(whose: string, entry: Entry): void {
		const own = this.waiting.get(whose);
		if (own === undefined) this.waiting.set(whose, [entry]);
		else own.push(entry);
		this.count++;
	}

	/** Makes place by leaving out what nobody waits for. */
	private forget_gone(): void {
		const gone: Entry[] = [];
		for (const [whose, own] of this.waiting) {
			const left: Entry[] = [];
			for (const entry of own) (entry.is_gone() ? gone : left).push(entry);
			if (left.length > 0) this.waiting.set(whose, left);
			else this.waiting.delete(whose);
		}
		this.count -= gone.length;
		for (const entry of gone) entry.leave();
	}

	private begin_next(): void {
		while (this.running < this.at_once) {
			const [next] = this.waiting;
			if (next === undefined) return;
			const [whose, own] = next;
			// What nobody waits for any more takes no turn
			const first = own.findIndex((entry) => !entry.is_gone());
			const gone = own.splice(0, first < 0 ? own.length : first);
			const entry = own.shift();
			this.waiting.delete(whose);
			// Whoever has more to do queues up again behind all others
			if (own.length > 0) this.waiting.set(whose, own);
			this.count -= gone.length + (entry === undefined ? 0 : 1);
			entry?.begin();
			for (const one of gone) one.leave();
		}
	}
}
