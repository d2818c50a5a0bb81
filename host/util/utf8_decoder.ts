// No counterpart: Lua's strings are bytes, and expat checks their UTF-8 itself.

import { isUtf8 } from "node:buffer";

/** How many bytes at the end of a chunk begin a character that is not complete yet. */
function incomplete_tail(chunk: Buffer): number {
	const longest = Math.min(3, chunk.length);
	for (let count = 1; count <= longest; count++) {
		const byte = chunk[chunk.length - count] ?? 0;
		if (byte < 0x80) return 0;
		if (byte < 0xc0) continue;
		const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
		return count < length ? count : 0;
	}
	return 0;
}

/** Decodes a stream of UTF-8 whose characters may be split across chunks, strictly. */
export class Utf8Decoder {
	private tail: Buffer | undefined;
	/** How many bytes the last text took. */
	taken = 0;

	/** The text up to the last complete character; undefined where the bytes are not UTF-8; nothing more can be decoded then. */
	decode(chunk: Buffer): string | undefined {
		let bytes = chunk;
		if (this.tail !== undefined) {
			bytes = Buffer.concat([this.tail, chunk]);
			this.tail = undefined;
		}
		const rest = incomplete_tail(bytes);
		if (rest > 0) {
			// A copy, since the chunk's memory may be used again.
			this.tail = Buffer.from(bytes.subarray(bytes.length - rest));
			bytes = bytes.subarray(0, bytes.length - rest);
		}
		this.taken = bytes.length;
		const text = bytes.toString("utf8");
		// What is not UTF-8 becomes this character, and otherwise hardly anybody writes it
		return text.includes("\ufffd") && !isUtf8(bytes) ? undefined : text;
	}

	/** Forgets the beginning of a split character. */
	reset(): void {
		this.tail = undefined;
	}
}
