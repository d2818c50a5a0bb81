// Counterpart: util/throttle.lua

/** Lets a certain amount through in a period, evenly or at once: a bucket that fills up again as time passes. */
export class Throttle {
	private readonly rate: number;
	private last: number;
	private balance: number;

	/**
	 * @param max what may go through at once
	 * @param period seconds in which an empty bucket gets full
	 * @param clock tells the time in seconds
	 */
	constructor(
		private readonly max: number,
		period: number,
		private readonly clock: () => number = () => performance.now() / 1000,
	) {
		this.rate = max / period;
		this.last = clock();
		this.balance = max;
	}

	/** What may go through now. */
	update(): number {
		const now = this.clock();
		this.balance = Math.min(this.max, this.balance + this.rate * (now - this.last));
		this.last = now;
		return this.balance;
	}

	/** Whether something may go through now. */
	peek(cost = 1): boolean {
		return this.balance >= cost || this.update() >= cost;
	}

	/** Lets something through if it may; with `split`, what is too large takes everything that is there. */
	poll(cost = 1, split = false): boolean {
		if (this.peek(cost)) {
			this.balance -= cost;
			return true;
		}
		if (split) this.balance = 0;
		return false;
	}
}
