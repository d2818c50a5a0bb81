// Counterpart: the generator of Lua 5.4's math.random, xoshiro256** (Blackman and Vigna, 2018)

const word = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotated = (value: bigint, bits: bigint): bigint => word((value << bits) | (value >> (64n - bits)));

/** Random numbers from two words of 64 bits: the same as in Lua. */
export class Random {
	private state: [bigint, bigint, bigint, bigint];

	constructor(first: bigint, second: bigint) {
		this.state = [word(first), 0xffn, word(second), 0n];
		// as in Lua, so that similar seeds do not give similar first numbers
		for (let discarded = 0; discarded < 16; discarded++) this.next();
	}

	/** The next 64 bits. */
	next(): bigint {
		const [a, b, c, d] = this.state;
		const result = word(rotated(word(b * 5n), 7n) * 9n);
		const mixed_c = c ^ a;
		const mixed_d = d ^ b;
		this.state = [a ^ mixed_d, b ^ mixed_c, mixed_c ^ word(b << 17n), rotated(mixed_d, 45n)];
		return result;
	}

	/** A fraction from 0 up to, but not including, 1. */
	fraction(): number {
		return Number(this.next() >> 11n) / 2 ** 53;
	}

	/** A number from 0 to a limit, the limit included. */
	below(limit: bigint): bigint {
		let bits = this.next();
		if ((limit & (limit + 1n)) === 0n) return bits & limit;
		let mask = limit;
		for (let shift = 1n; shift <= 32n; shift *= 2n) mask |= mask >> shift;
		for (bits &= mask; bits > limit; bits = this.next() & mask);
		return bits;
	}
}
