// No counterpart: how items are written that pass between two nodes.

import { type Life, life_of_text, life_text } from "./types.ts";

/** The first byte, which says that this is a frame of this version. */
const version = 0xe1;
const number_bytes = 6;
const chunk_head = 4;
/** Bits of a chunk's head: an item begins in it, an item ends in it, and its length. */
const begins = 0x8000_0000;
const ends = 0x4000_0000;
const length_bits = 0x3fff_ffff;

/** What every frame says besides its items. */
export interface FrameHead {
	readonly from: Life;
	readonly to: Life;
	/** Up to which number the sender of this frame has received the other side's frames, and stored what came with them. */
	readonly received: number;
	readonly stored: number;
	/** Counts the frames of a link from 1; 0 is one that brings no items, and is not repeated. */
	readonly number: number;
}

export interface Frame extends FrameHead {
	readonly chunks: readonly Chunk[];
}

/** An item, or a part of one. */
export interface Chunk {
	readonly begins: boolean;
	readonly ends: boolean;
	readonly bytes: Uint8Array;
}

function head_length(from: string, to: string): number {
	return 1 + 1 + from.length + 1 + to.length + 3 * number_bytes;
}

/** Writes a frame. */
export function write_frame({ from, to, received, stored, number, chunks }: Frame): Buffer {
	const [from_text, to_text] = [life_text(from), life_text(to)];
	let length = head_length(from_text, to_text);
	for (const { bytes } of chunks) length += chunk_head + bytes.length;
	const frame = Buffer.allocUnsafe(length);
	let at = frame.writeUInt8(version, 0);
	for (const text of [from_text, to_text]) {
		at = frame.writeUInt8(text.length, at);
		at += frame.write(text, at, "latin1");
	}
	for (const one of [received, stored, number]) at = frame.writeUIntBE(one, at, number_bytes);
	for (const { begins: is_first, ends: is_last, bytes } of chunks) {
		at = frame.writeUInt32BE((is_first ? begins : 0) + (is_last ? ends : 0) + bytes.length, at);
		frame.set(bytes, at);
		at += bytes.length;
	}
	return frame;
}

/** Writes into a frame what has been received and stored since it was written. */
export function renew_frame(frame: Buffer, received: number, stored: number): void {
	const from_length = frame.readUInt8(1);
	const at = 3 + from_length + frame.readUInt8(2 + from_length);
	frame.writeUIntBE(received, at, number_bytes);
	frame.writeUIntBE(stored, at + number_bytes, number_bytes);
}

/** Reads a frame; undefined where it is none. */
export function read_frame(data: Uint8Array): Frame | undefined {
	const frame = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
	try {
		if (frame.readUInt8(0) !== version) return undefined;
		let at = 1;
		const lives: (Life | undefined)[] = [];
		for (let n = 0; n < 2; n++) {
			const length = frame.readUInt8(at);
			lives.push(life_of_text(frame.toString("latin1", at + 1, at + 1 + length)));
			at += 1 + length;
		}
		const numbers: number[] = [];
		for (let n = 0; n < 3; n++) numbers.push(frame.readUIntBE(at + n * number_bytes, number_bytes));
		const [from, to] = lives;
		const [received = 0, stored = 0, number = 0] = numbers;
		if (from === undefined || to === undefined) return undefined;
		const chunks = read_chunks(frame, at + 3 * number_bytes);
		return chunks && { from, to, received, stored, number, chunks };
	} catch (error) {
		// Read past its end
		if (error instanceof RangeError) return undefined;
		throw error;
	}
}

function read_chunks(frame: Buffer, start: number): Chunk[] | undefined {
	const chunks: Chunk[] = [];
	for (let at = start; at < frame.length; ) {
		const head = frame.readUInt32BE(at);
		const end = at + chunk_head + (head & length_bits);
		if (end > frame.length) return undefined;
		chunks.push({
			begins: (head & begins) !== 0,
			ends: (head & ends) !== 0,
			bytes: frame.subarray(at + chunk_head, end),
		});
		at = end;
	}
	return chunks;
}

/** Packs items into as few frames as possible. @param room the bytes for a frame's items */
export function pack(items: readonly Uint8Array[], room: number): Chunk[][] {
	const frames: Chunk[][] = [];
	let chunks: Chunk[] = [];
	let left = room;
	const close = (): void => {
		frames.push(chunks);
		chunks = [];
		left = room;
	};
	for (const item of items) {
		let at = 0;
		do {
			// A small item is not divided
			const rest = chunk_head + item.length - at;
			if (chunks.length > 0 && (left <= chunk_head || (rest > left && rest <= room))) close();
			const end = Math.min(item.length, at + left - chunk_head);
			chunks.push({ begins: at === 0, ends: end === item.length, bytes: item.subarray(at, end) });
			left -= chunk_head + end - at;
			at = end;
		} while (at < item.length);
	}
	if (chunks.length > 0) close();
	return frames;
}

/** Puts items together out of chunks. */
export class Unpacker {
	private parts: Uint8Array[] | undefined;

	/** Whether an item has begun that has not ended. */
	get is_within(): boolean {
		return this.parts !== undefined;
	}

	/** @returns the item that ends with this chunk. What has no beginning is left out */
	add({ begins: is_first, ends: is_last, bytes }: Chunk): Uint8Array | undefined {
		if (is_first) this.parts = [];
		if (this.parts === undefined) return undefined;
		this.parts.push(bytes);
		if (!is_last) return undefined;
		const { parts } = this;
		this.parts = undefined;
		return parts.length === 1 ? parts[0] : Buffer.concat(parts);
	}
}
