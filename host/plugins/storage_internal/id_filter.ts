// No counterpart: Prosody looks through all items for one with an id.

/** Bits for each id, and how many of them an id sets: one unknown id in 60,000 looks as if it were there. */
const bits_per_id = 24;
const set_bits = 10;

/** A number from a text, spread over 32 bits (FNV-1a). */
function hash(text: string, seed: number): number {
	let value = seed;
	for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
	return (value ^ (value >>> 15)) >>> 0;
}

/** An id as {@link IdFilter} looks for it, in any filter. */
export interface SoughtId {
	readonly first: number;
	readonly step: number;
}

export function sought(id: string): SoughtId {
	return { first: hash(id, 0x811c9dc5), step: hash(id, 0x01234567) | 1 };
}

/** Remembers which ids there are, in little space: it may take an id for one of them that is not, but never misses one (a Bloom filter). */
export class IdFilter {
	constructor(readonly bytes: Buffer) {}

	static for_many(count: number): IdFilter {
		return new IdFilter(Buffer.alloc((count * bits_per_id) / 8));
	}

	add({ first, step }: SoughtId): void {
		const size = this.bytes.length * 8;
		for (let bit = 0, at = first; bit < set_bits; bit++, at = (at + step) >>> 0) {
			const place = at % size;
			this.bytes[place >>> 3] = (this.bytes[place >>> 3] ?? 0) | (1 << (place & 7));
		}
	}

	may_have({ first, step }: SoughtId): boolean {
		const { bytes } = this;
		const size = bytes.length * 8;
		for (let bit = 0, at = first; bit < set_bits; bit++, at = (at + step) >>> 0) {
			const place = at % size;
			if (((bytes[place >>> 3] ?? 0) & (1 << (place & 7))) === 0) return false;
		}
		return true;
	}
}
