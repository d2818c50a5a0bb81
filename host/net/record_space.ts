// No counterpart: OpenSSL has buffers for each connection.

/** How long nonces are, and the part of them that does not change, in bytes. */
export const iv_length = 12;

/** More than this at once gets buffers of its own. */
const most_kept = 64 * 1024;
const least = 4096;

/** The nonces of records, one at a time, in the same place: OpenSSL copies them. */
export class Nonces {
	private readonly bytes = Buffer.alloc(iv_length);

	/** A record's number, mixed with the fixed part (RFC 8446 §5.3). Good until the next one is asked for. */
	of(iv: Buffer, number: number): Buffer {
		const { bytes } = this;
		for (let at = 0; at < iv_length; at++) bytes[at] = iv[at] ?? 0;
		let rest = number;
		for (let at = iv_length - 1; rest > 0; at--) {
			bytes[at] = (bytes[at] ?? 0) ^ (rest % 256);
			rest = Math.floor(rest / 256);
		}
		return bytes;
	}
}

/**
 * Where records are made, for all connections of a server in turn: buffers for each write would take longer to get than encryption
 * takes. What lies here of content is written over by the next one.
 */
export class RecordSpace {
	readonly nonces = new Nonces();
	private plain = Buffer.alloc(0);
	/** By their sizes, so that whoever keeps one does not keep much more than it needs. */
	private readonly wires = new Map<number, Buffer>();

	/** Room for content. */
	for_content(length: number): Buffer {
		if (length > most_kept) return Buffer.allocUnsafeSlow(length);
		if (this.plain.length < length) this.plain = Buffer.allocUnsafeSlow(size_for(length));
		return this.plain;
	}

	/** Room for records; they are good until somebody else asks for it. */
	for_records(length: number): Buffer {
		if (length > most_kept) return Buffer.allocUnsafeSlow(length);
		const size = size_for(length);
		let wire = this.wires.get(size);
		if (wire === undefined) {
			wire = Buffer.allocUnsafeSlow(size);
			this.wires.set(size, wire);
		}
		return wire;
	}

	/** Leaves a buffer with records to whoever still needs it. */
	give_away(records: Buffer): void {
		for (const [size, { buffer }] of this.wires) if (buffer === records.buffer) this.wires.delete(size);
	}
}

function size_for(length: number): number {
	let size = least;
	while (size < length) size *= 2;
	return size;
}
