// No counterpart: Prosody copies a file that it shortens block by block.

import { closeSync, openSync, readSync } from "node:fs";

/** How much of a file is copied at once. */
const chunk_size = 1 << 20;

/** A part of a file as it is on the disk. */
export interface FilePart {
	readonly path: string;
	readonly start: number;
	readonly length: number;
	/** Whether it is all of a file that is on the disk already and can become the beginning of another one. */
	readonly is_ready?: true;
}

/** What a file is to consist of: bytes, and parts of files that are there, which are not held in memory. */
export type Piece = Buffer | FilePart;

/** Reads a part of a file; fewer bytes where it ends before that. */
export function read_part({ path, start, length }: FilePart): Buffer {
	const file = openSync(path, "r");
	try {
		const bytes = Buffer.allocUnsafe(length);
		let filled = 0;
		while (filled < length) {
			const count = readSync(file, bytes, filled, length - filled, start + filled);
			if (count === 0) break;
			filled += count;
		}
		return bytes.subarray(0, filled);
	} finally {
		closeSync(file);
	}
}

/** The pieces of what is between two places of others. */
export function slice_pieces(pieces: readonly Piece[], start: number, end: number): Piece[] {
	const found: Piece[] = [];
	let position = 0;
	for (const piece of pieces) {
		const from = Math.max(0, start - position);
		const to = Math.min(piece.length, end - position);
		position += piece.length;
		if (to <= from) continue;
		if (Buffer.isBuffer(piece)) found.push(piece.subarray(from, to));
		else found.push({ path: piece.path, start: piece.start + from, length: to - from });
	}
	return found;
}

/** The bytes of pieces, little by little. Throws where a file is shorter than it was. */
export function* bytes_of(pieces: Iterable<Piece>): Generator<Buffer> {
	for (const piece of pieces) {
		if (Buffer.isBuffer(piece)) {
			yield piece;
			continue;
		}
		for (let done = 0; done < piece.length; done += chunk_size) {
			const length = Math.min(chunk_size, piece.length - done);
			const bytes = read_part({ path: piece.path, start: piece.start + done, length });
			if (bytes.length < length) throw new Error("the file is shorter than it was");
			yield bytes;
		}
	}
}
