// Counterpart: net/http/files.lua (how a file is sent)

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { HttpSource } from "./types.ts";

/** An open file as content: so many bytes of it, from its beginning or from a place in it. */
export class FileSource implements HttpSource {
	constructor(
		private readonly file: number,
		private left: number,
		private position = 0,
	) {}

	read(bytes: number): Buffer | undefined {
		const buffer = Buffer.allocUnsafe(Math.min(bytes, this.left));
		const count = readSync(this.file, buffer, 0, buffer.length, this.position);
		// Only as much as was announced is sent, also of a file that grows.
		this.left -= count;
		this.position += count;
		return count === 0 ? undefined : buffer.subarray(0, count);
	}

	close(): void {
		closeSync(this.file);
	}
}

/** Opens a file for reading; undefined where that fails, or where it is not a regular file. */
export function open_file(path: string): { readonly file: number; readonly size: number } | undefined {
	try {
		const file = openSync(path, "r");
		const found = fstatSync(file);
		if (found.isFile()) return { file, size: found.size };
		closeSync(file);
		return undefined;
	} catch {
		return undefined;
	}
}
