// No counterpart: Prosody writes a list anew, and everybody waits.

import { type FileHandle, open, unlink } from "node:fs/promises";
import { failed, ok, type Result } from "../error.ts";
import { adopt_file, file_mode } from "../file_owner.ts";
import type { KeptCopy } from "./kept_copy.ts";
import { index_bytes, index_path } from "./list_ends.ts";
import type { Run, StoredList } from "./lists.ts";

/** How much is copied at once, and how many places are written into the index at once. */
const chunk_size = 1 << 20;
const places_at_once = 4096;

/** The files of a copy beside a list. Their names are no list's, so that nobody takes them for one. */
function names_of(list: StoredList): Pick<KeptCopy, "path" | "index"> {
	return { path: `${list.path}~kept`, index: `${index_path(list.path)}~kept` };
}

async function make(path: string, model: string): Promise<FileHandle> {
	const file = await open(path, "w", file_mode);
	adopt_file(file.fd, model);
	return file;
}

async function copy_bytes(from: FileHandle, to: FileHandle, start: number, length: number): Promise<void> {
	const bytes = Buffer.allocUnsafe(Math.min(chunk_size, length));
	for (let done = 0; done < length; ) {
		const { bytesRead: count } = await from.read(bytes, 0, Math.min(bytes.length, length - done), start + done);
		if (count === 0) throw new Error("the file is shorter than it was");
		await to.writeFile(bytes.subarray(0, count));
		done += count;
	}
}

/** Writes where the entries end, each so many bytes before the place where it ended in the list. */
async function copy_places(list: StoredList, { from, to }: Run, shift: number, index: FileHandle): Promise<void> {
	for (let next = from; next < to; next += places_at_once) {
		const ends: number[] = [];
		for (let entry = next; entry < Math.min(to, next + places_at_once); entry++) ends.push(list.start(entry + 1) - shift);
		if (ends.some(Number.isNaN)) throw new Error("its index cannot be read");
		await index.writeFile(index_bytes(ends, false));
	}
}

async function write_copy(list: StoredList, runs: readonly Run[], source: FileHandle, to: FileHandle, index: FileHandle) {
	let length = 0;
	let entries = 0;
	await index.writeFile(index_bytes([], true));
	for (const run of runs) {
		const start = list.start(run.from);
		const size = list.start(run.to) - start;
		await copy_bytes(source, to, start, size);
		await copy_places(list, run, start - length, index);
		length += size;
		entries += run.to - run.from;
	}
	// Nothing of it is left for the turn, which everybody waits for
	await to.sync();
	await index.sync();
	const { size: index_length } = await index.stat();
	return { length, entries, index_length };
}

/** Removes the files of a copy, or of one that was not finished. */
export async function drop_copy(list: StoredList): Promise<void> {
	const { path, index } = names_of(list);
	await Promise.allSettled([unlink(path), unlink(index)]);
}

/**
 * Copies entries of a list, as they are on the disk now, into a file beside it, while others have their turns.
 * @param of how many entries the list has, the others of which come later
 */
export async function copy_kept(list: StoredList, runs: readonly Run[], of: number): Promise<Result<KeptCopy, string>> {
	const names = names_of(list);
	const files: FileHandle[] = [];
	try {
		for (const file of [open(list.path, "r"), make(names.path, list.path), make(names.index, list.path)]) files.push(await file);
		const [source, to, index] = files;
		if (source === undefined || to === undefined || index === undefined) throw new Error("not all files are open");
		return ok({ ...names, of, ...(await write_copy(list, runs, source, to, index)) });
	} catch (error) {
		await drop_copy(list);
		return failed(`${names.path}: ${error instanceof Error ? error.message : String(error)}`);
	} finally {
		await Promise.allSettled(files.map((file) => file.close()));
	}
}
