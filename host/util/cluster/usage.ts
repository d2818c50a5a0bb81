// No counterpart: in Prosody, everything that is done for rooms and accounts is done here.

import type { Clock } from "./types.ts";

/** Over how long rates are averaged, in milliseconds: what was done longer ago counts by a third, and less and less. */
const memory_time = 30_000;

interface Used {
	/** Stanzas per second, averaged, as of `at`. */
	rate: number;
	/** When something was last done, in milliseconds of the clock. */
	at: number;
	/** Since when this node has the key. */
	readonly since: number;
}

/** How much is done for the keys that this node has. */
export class Usage {
	private readonly keys = new Map<string, Used>();

	constructor(private readonly clock: Pick<Clock, "now">) {}

	/** A stanza is handled for a key. */
	note(key: string): void {
		const now = this.clock.now();
		const used = this.keys.get(key);
		if (used === undefined) {
			this.keys.set(key, { rate: 1000 / memory_time, at: now, since: now });
			return;
		}
		used.rate = decayed(used, now) + 1000 / memory_time;
		used.at = now;
	}

	/** A key came from another node, where so much was done for it. */
	came(key: string, rate: number): void {
		const now = this.clock.now();
		this.keys.set(key, { rate, at: now, since: now });
	}

	/** Stanzas per second. */
	rate(key: string): number {
		const used = this.keys.get(key);
		return used === undefined ? 0 : decayed(used, this.clock.now());
	}

	/** For how long nothing was done for a key, in milliseconds. */
	idle_time(key: string): number {
		const used = this.keys.get(key);
		return used === undefined ? Number.POSITIVE_INFINITY : this.clock.now() - used.at;
	}

	/** How long this node has had a key, in milliseconds. */
	age(key: string): number {
		const used = this.keys.get(key);
		return used === undefined ? Number.POSITIVE_INFINITY : this.clock.now() - used.since;
	}

	forget(key: string): void {
		this.keys.delete(key);
	}

	clear(): void {
		this.keys.clear();
	}
}

function decayed({ rate, at }: Used, now: number): number {
	return rate * Math.exp((at - now) / memory_time);
}
