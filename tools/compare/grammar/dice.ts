// No counterpart: part of `enjamb compare`.

/**
 * A random generator that gives the same numbers on every machine: sfc32 ("Small Fast Counter", Chris Doty-Humphrey, PractRand),
 * which needs nothing but additions, shifts and exclusive or on 32 bits. Nothing here depends on the engine's own random numbers.
 */
export class Dice {
	private a: number;
	private b: number;
	private c: number;
	private counter = 1;

	/**
	 * @param seed the seed of a series; a safe integer
	 * @param number its number in the series; a safe integer
	 */
	constructor(seed: number, number: number) {
		if (!Number.isSafeInteger(seed)) throw new RangeError(`seed ${seed}: expected a whole number`);
		if (!Number.isSafeInteger(number)) throw new RangeError(`number ${number}: expected a whole number`);
		// Bitwise operators take the low half of a number; the high half joins it, so that seeds beyond 32 bits differ too.
		this.a = seed | 0;
		this.b = number | 0;
		this.c = (Math.floor(seed / 0x1_0000_0000) ^ Math.imul(Math.floor(number / 0x1_0000_0000), 0x9e3779b9)) | 0;
		// As in PractRand: the first numbers still depend too much on the seed.
		for (let round = 0; round < 15; round++) this.next();
	}

	/** A number from 0 to 2³² − 1. */
	next(): number {
		const result = (this.a + this.b + this.counter) | 0;
		this.counter = (this.counter + 1) | 0;
		this.a = this.b ^ (this.b >>> 9);
		this.b = (this.c + (this.c << 3)) | 0;
		this.c = (((this.c << 21) | (this.c >>> 11)) + result) | 0;
		return result >>> 0;
	}

	/** A number from 0 to below the limit, which is at most 2³². */
	below(limit: number): number {
		return Math.floor((this.next() / 0x1_0000_0000) * limit);
	}

	/** True in so many cases out of a hundred. */
	odds(percent: number): boolean {
		return this.below(100) < percent;
	}

	/** One of several things; nothing where there is none. */
	maybe<Item>(items: readonly Item[]): Item | undefined {
		return items[this.below(items.length)];
	}

	/** One of several things; throws where there is none. */
	pick<Item extends NonNullable<unknown>>(items: readonly Item[]): Item {
		const item = this.maybe(items);
		if (item === undefined) throw new RangeError("expected something to pick from");
		return item;
	}

	/** Several different ones, in their order; at least so many, as far as there are. */
	some<Item>(items: readonly Item[], at_least: number): Item[] {
		const wanted = at_least + this.below(Math.max(1, items.length - at_least + 1));
		const chosen = new Set<number>();
		while (chosen.size < Math.min(wanted, items.length)) chosen.add(this.below(items.length));
		return items.filter((_, index) => chosen.has(index));
	}
}
