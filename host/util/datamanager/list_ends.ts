// Counterpart: util/datamanager.lua (index_mt, build_list_index, get_list_index)

import { statSync } from "node:fs";
import { failed, ok, type Result } from "../error.ts";
import type { TurnFiles } from "../turn_files.ts";

/** The first word of an index. */
const index_magic = 7767640;
const word = 8;
/** How many entries a list has whose index is not held in memory. */
export const large_list = 20_000;
/** How much of a large list is read at once while its entries are looked for. */
const chunk_size = 4 << 20;
/** How much of an index is read at once, and how many such pieces are remembered. */
const page_size = 4096;
const most_pages = 64;
/** How many entries of a large list are looked at before its index is trusted. */
const looked_at = 32;
/** File systems remember times less exactly than the clock has them. In milliseconds. */
const clock_error = 2000;

/** How an entry ends; no other line begins like this. */
export const entry_end = "\n});\n";
const newline = 0x0a;
const backslash = 0x5c;

/** Where the entries of a list end; the next one begins there. */
export interface Ends {
	readonly length: number;
	/** Not a number where it cannot be read. */
	at(index: number): number;
	push(end: number): void;
	/** Moves the end of the last entry. */
	move_last(end: number): void;
}

/** The ends of a list of usual length. */
export class RememberedEnds implements Ends {
	constructor(readonly all: number[]) {}

	get length(): number {
		return this.all.length;
	}

	at(index: number): number {
		return this.all[index] ?? Number.NaN;
	}

	push(end: number): void {
		this.all.push(end);
	}

	move_last(end: number): void {
		this.all[this.all.length - 1] = end;
	}
}

/** The ends of a large list, which are read from its index when they are needed. */
export class IndexedEnds implements Ends {
	private readonly pages = new Map<number, Buffer>();

	constructor(
		private readonly files: TurnFiles,
		private readonly path: string,
		public length: number,
	) {}

	at(index: number): number {
		const position = (index + 1) * word;
		const number = Math.floor(position / page_size);
		const within = position % page_size;
		let page = this.pages.get(number);
		if (page === undefined || page.length < within + word) {
			const read = this.files.read_range(this.path, number * page_size, page_size);
			if (!read.ok || read.value.length < within + word) return Number.NaN;
			page = read.value;
			if (this.pages.size >= most_pages) this.pages.clear();
			this.pages.set(number, page);
		}
		return read_word(page, within);
	}

	push(): void {
		this.length++;
	}

	move_last(): void {
		throw new Error("a large list ends with a line break");
	}
}

/** The index beside a list. */
export function index_path(list: string): string {
	return list.replace(/\.list$/, ".lidx");
}

function write_word(bytes: Buffer, value: number, position: number): void {
	bytes.writeUInt32LE(value % 2 ** 32, position);
	bytes.writeUInt32LE(Math.floor(value / 2 ** 32), position + 4);
}

function read_word(bytes: Buffer, position: number): number {
	return bytes.readUInt32LE(position) + bytes.readUInt32LE(position + 4) * 2 ** 32;
}

/** What an index has for these ends, at its beginning or behind what it has. */
export function index_bytes(ends: readonly number[], with_magic: boolean): Buffer {
	const bytes = Buffer.alloc((ends.length + (with_magic ? 1 : 0)) * word);
	let position = 0;
	if (with_magic) {
		write_word(bytes, index_magic, 0);
		position = word;
	}
	for (const end of ends) {
		write_word(bytes, end, position);
		position += word;
	}
	return bytes;
}

/** Whether an `item` at this place of a file begins an entry: at the beginning of a line, which no line break in a text is. */
function begins_entry(bytes: Buffer, position: number): boolean {
	let before = position - 1;
	while (bytes[before] === 0x20 || bytes[before] === 0x09) before--;
	return before < 0 || (bytes[before] === newline && bytes[before - 1] !== backslash);
}

/** Whether a part of a file has anything but what are blanks for Lua. */
function has_text(bytes: Buffer, start: number, end: number): boolean {
	for (let at = start; at < end; at++) {
		const byte = bytes[at] ?? 0;
		if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) return true;
	}
	return false;
}

/** Where each entry of a list ends. Anything else between entries belongs to the entry before it. */
export function find_ends(bytes: Buffer): number[] {
	const ends: number[] = [];
	let found_any = false;
	for (let at = bytes.indexOf("item"); at >= 0; at = bytes.indexOf("item", at + 4)) {
		if (!begins_entry(bytes, at)) continue;
		let start = at;
		while (start > 0 && bytes[start - 1] !== newline) start--;
		if (found_any || has_text(bytes, 0, start)) ends.push(start);
		found_any = true;
	}
	if (!found_any && !has_text(bytes, 0, bytes.length)) return ends;
	// Not counting what a crash has left after the last entry.
	const closed = bytes.lastIndexOf(entry_end) + entry_end.length;
	const is_closed = closed > entry_end.length && closed > (ends.at(-1) ?? 0);
	if (is_closed && has_text(bytes, closed, bytes.length)) ends.push(closed);
	ends.push(bytes.length);
	return ends;
}

/** {@link find_ends} of a file from a place on, without having all of it in memory. */
export function scan_ends(files: TurnFiles, path: string, from: number): Result<number[], string> {
	const ends: number[] = [];
	let position = from;
	let rest = Buffer.alloc(0);
	for (;;) {
		const read = files.read_range(path, position + rest.length, chunk_size);
		if (!read.ok) return read;
		const bytes = rest.length === 0 ? read.value : Buffer.concat([rest, read.value]);
		const is_last = read.value.length < chunk_size;
		const closed = bytes.lastIndexOf(entry_end);
		const whole = is_last ? bytes.length : closed < 0 ? 0 : closed + entry_end.length;
		for (const end of find_ends(bytes.subarray(0, whole))) ends.push(position + end);
		if (is_last) return ok(ends);
		rest = Buffer.from(bytes.subarray(whole));
		position += whole;
	}
}

/** Whether an entry begins at a place. */
function has_entry(files: TurnFiles, path: string, start: number): boolean {
	const before = Math.max(0, start - 2);
	const read = files.read_range(path, before, 64);
	if (!read.ok) return false;
	const found = read.value.indexOf("item");
	return found >= start - before && !has_text(read.value, start - before, found) && begins_entry(read.value, found);
}

/** Whether entries are where an index has them, as far as a look at some of them tells. */
function looks_right(files: TurnFiles, list: string, ends: Ends): boolean {
	let last = -1;
	for (let look = 0; look < looked_at; look++) {
		const index = Math.floor(((ends.length - 1) * look) / (looked_at - 1));
		if (index === last) continue;
		const start = index === 0 ? 0 : ends.at(index - 1);
		// `NaN` is in no order
		if (!(start < ends.at(index)) || (last >= 0 && !(ends.at(last) <= start)) || !has_entry(files, list, start)) return false;
		last = index;
	}
	return true;
}

function modified(path: string): number {
	return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * The ends of a large list from its index. An index that lacks what was appended since is completed. Undefined where there is no
 * index, where the list is not large, or where the index does not fit the list or may be of an older one.
 * @param size of the list
 */
export function read_index(files: TurnFiles, list: string, size: number): Result<Ends | undefined, string> {
	const path = index_path(list);
	const index_size = files.size(path) ?? 0;
	const length = index_size / word - 1;
	if (!Number.isInteger(length) || length < large_list) return ok(undefined);
	const magic = files.read_range(path, 0, word);
	if (!magic.ok || magic.value.length < word || read_word(magic.value, 0) !== index_magic) return ok(undefined);
	const ends = new IndexedEnds(files, path, length);
	const last = ends.at(length - 1);
	const is_older = last === size && modified(list) > modified(path) + clock_error;
	if (!(last <= size) || is_older || !looks_right(files, list, ends)) return ok(undefined);
	if (last === size) return ok(ends);
	if (!has_entry(files, list, last)) return ok(undefined);
	const added = scan_ends(files, list, last);
	if (!added.ok) return added;
	const completed = files.append(path, index_bytes(added.value, false), false);
	if (!completed.ok) return completed;
	return ok(new IndexedEnds(files, path, length + added.value.length));
}

/** Writes the index of a large list. */
export function write_index(files: TurnFiles, list: string, all: readonly number[]): Result<Ends, string> {
	const path = index_path(list);
	const written = files.write(path, index_bytes(all, true));
	return written.ok ? ok(new IndexedEnds(files, path, all.length)) : failed(written.error);
}
