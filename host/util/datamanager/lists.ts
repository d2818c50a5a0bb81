// Counterpart: util/datamanager.lua (lists and their indexes)

import { failed, ok, type Result } from "../error.ts";
import type { LuaValue } from "../luatable.ts";
import { read_item } from "../serialization.ts";
import type { TurnFiles } from "../turn_files.ts";

/** Logs what was wrong in a file, and what was done about it. */
export type FileLog = (level: "debug" | "info" | "warn" | "error", message: string, ...args: unknown[]) => void;

/** The first word of an index. */
const index_magic = 7767640n;
/** How many entries, of all lists together, have their places remembered. */
const remembered_entries = 300_000;

/** How an entry ends; no other line begins like this. */
export const entry_end = "\n});\n";
const newline = 0x0a;
const backslash = 0x5c;

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
function find_ends(bytes: Buffer): number[] {
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

function index_bytes(ends: readonly number[], with_magic: boolean): Buffer {
	const words = with_magic ? [index_magic, ...ends.map(BigInt)] : ends.map(BigInt);
	const bytes = Buffer.alloc(words.length * 8);
	for (const [index, word] of words.entries()) bytes.writeBigUInt64LE(word, index * 8);
	return bytes;
}

/**
 * One list, as it is on the disk with this turn's changes: text in which each entry is a call, `item({ … });`. Entries are
 * counted from 0. The object stays the same as long as only {@link Lists.append} changes the list.
 */
export class StoredList {
	/** Where each entry ends; the next one begins there. */
	readonly ends: number[];
	stamp: string;
	/** Whether Prosody's index of the list is there and right. */
	indexed = false;
	/** Whether the last line is a whole one. */
	terminated = true;
	/** Whether the last entry has an end; otherwise it may have been cut off. */
	closed = true;

	constructor(
		readonly path: string,
		private readonly files: TurnFiles,
		content: { ends: number[]; stamp: string },
	) {
		this.ends = content.ends;
		this.stamp = content.stamp;
	}

	get length(): number {
		return this.ends.length;
	}

	start(index: number): number {
		return index === 0 ? 0 : (this.ends[index - 1] ?? 0);
	}

	/** The bytes of entries in the file, from one up to before another. */
	bytes(from: number, to: number): Result<Buffer, string> {
		const start = this.start(from);
		const length = this.start(to) - start;
		const bytes = this.files.read_range(this.path, start, length);
		if (!bytes.ok || bytes.value.length === length) return bytes;
		return failed(`${this.path}: it is shorter than it was`);
	}

	/** Reads one entry; an error names the file and the place. */
	read(index: number): Result<LuaValue, string> {
		const bytes = this.bytes(index, index + 1);
		return bytes.ok ? this.parse(index, bytes.value) : bytes;
	}

	/** Reads one entry from its bytes, as {@link bytes} gives them. */
	parse(index: number, bytes: Buffer | string): Result<LuaValue, string> {
		const item = read_item(bytes);
		return item.ok ? item : failed(`${this.path}, entry ${index + 1} (from byte ${this.start(index)}), ${item.error}`);
	}
}

/** What a list is to consist of: existing entries, by number, and new ones as text. */
export type ListPiece = number | string;

/** All lists, by path. */
export class Lists {
	/** Oldest use first. */
	private readonly known = new Map<string, StoredList>();
	private entries = 0;

	constructor(
		private readonly files: TurnFiles,
		private readonly log: FileLog,
	) {}

	/** The list in a file; undefined where there is none. */
	open(path: string): Result<StoredList | undefined, string> {
		const stamp = this.files.stamp(path);
		if (!stamp.ok) return stamp;
		const known = this.known.get(path);
		this.forget(path);
		if (stamp.value === undefined) return ok(undefined);
		if (known?.stamp === stamp.value) return ok(this.remember(known));
		const content = this.files.read(path);
		if (!content.ok) return content;
		const bytes = content.value ?? Buffer.alloc(0);
		const list = new StoredList(path, this.files, { ends: find_ends(bytes), stamp: stamp.value });
		list.terminated = bytes.length === 0 || bytes[bytes.length - 1] === newline;
		list.closed = list.length === 0 || bytes.subarray(-entry_end.length).toString("latin1") === entry_end;
		list.indexed = this.check_index(list);
		return ok(this.remember(list));
	}

	private remember(list: StoredList): StoredList {
		this.known.set(list.path, list);
		this.entries += list.length;
		for (const oldest of this.known.keys()) {
			if (this.entries <= remembered_entries || oldest === list.path) break;
			this.forget(oldest);
		}
		return list;
	}

	private forget(path: string): void {
		this.entries -= this.known.get(path)?.length ?? 0;
		this.known.delete(path);
	}

	/**
	 * Whether a list's index is there and right. A wrong one is removed, since Prosody would believe it; it makes a new one then.
	 */
	private check_index(list: StoredList): boolean {
		const path = index_path(list.path);
		const found = this.files.read(path);
		if (!found.ok || found.value === undefined) return false;
		if (found.value.equals(index_bytes(list.ends, true))) return true;
		this.log("warn", "%s does not fit its list, and was removed; Prosody makes a new one when it needs it", path);
		this.files.remove(path);
		return false;
	}

	/**
	 * Adds an entry, as it is written. Where the last one was cut off, when a disk was full or a machine lost power, what is left of
	 * it is first put into a file of its own.
	 */
	append(path: string, text: string): Result<StoredList, string> {
		const opened = this.open(path);
		if (!opened.ok) return opened;
		const list = opened.value;
		if (list === undefined) return this.begin(path, text);
		const last = list.length - 1;
		if (!list.closed && !list.read(last).ok) return this.cut(list, [text]);
		const data = Buffer.from(list.terminated ? text : `\n${text}`, "latin1");
		const start = this.files.append(path, data);
		if (!start.ok) return start;
		if (!list.terminated && last >= 0) list.ends[last] = (list.ends[last] ?? 0) + 1;
		list.terminated = true;
		list.closed = true;
		this.entries++;
		const end = start.value + data.length;
		list.ends.push(end);
		const stamp = this.files.stamp(path);
		list.stamp = stamp.ok ? (stamp.value ?? "") : "";
		if (list.indexed) {
			const added = this.files.append(index_path(path), index_bytes([end], false), false);
			list.indexed = added.ok;
			if (!added.ok) this.files.remove(index_path(path));
		}
		return ok(list);
	}

	private begin(path: string, text: string): Result<StoredList, string> {
		const data = Buffer.from(text, "latin1");
		const written = this.files.append(path, data);
		if (!written.ok) return written;
		if (this.exists(index_path(path))) this.files.remove(index_path(path));
		const stamp = this.files.stamp(path);
		if (!stamp.ok) return stamp;
		return ok(this.remember(new StoredList(path, this.files, { ends: [data.length], stamp: stamp.value ?? "" })));
	}

	/** Puts what a crash has left of the last entry into a file of its own. Answers whether there was such a rest. */
	mend(path: string): Result<boolean, string> {
		const opened = this.open(path);
		if (!opened.ok) return opened;
		const list = opened.value;
		if (list === undefined || list.closed || list.read(list.length - 1).ok) return ok(false);
		const cut = this.cut(list, []);
		return cut.ok ? ok(true) : cut;
	}

	/** Puts these entries in the place of the last one, of which only a part is there. */
	private cut(list: StoredList, entries: readonly string[]): Result<StoredList, string> {
		const last = list.length - 1;
		const saved = this.save_rest(list, last);
		if (!saved.ok) return saved;
		const numbers = Array.from({ length: last }, (_, index) => index);
		return this.rewrite(list, [...numbers, ...entries]);
	}

	private save_rest(list: StoredList, last: number): Result<void, string> {
		const rest = list.bytes(last, last + 1);
		if (!rest.ok) return rest;
		const aside = `${list.path}.cut-${list.start(last)}`;
		const kept = this.files.append(aside, rest.value);
		if (!kept.ok) return kept;
		this.log("warn", "%s ends within an entry; the %d bytes of it were put into %s", list.path, rest.value.length, aside);
		return ok(undefined);
	}

	/** Makes a list consist of these entries; without any, its file goes. */
	rewrite(list: StoredList, pieces: readonly ListPiece[]): Result<StoredList, string> {
		const all = list.bytes(0, list.length);
		if (!all.ok) return all;
		const parts: Buffer[] = [];
		for (const piece of pieces) {
			if (typeof piece === "string") parts.push(Buffer.from(piece, "latin1"));
			else {
				parts.push(all.value.subarray(list.start(piece), list.start(piece + 1)));
				if (piece === list.length - 1 && !list.terminated) parts.push(Buffer.from("\n"));
			}
		}
		return this.replace(list.path, parts);
	}

	/** Writes a list anew; without any entries, its file goes. */
	replace(path: string, entries: readonly Buffer[]): Result<StoredList, string> {
		this.forget(path);
		if (this.exists(index_path(path))) this.files.remove(index_path(path));
		const bytes = Buffer.concat(entries);
		if (bytes.length === 0) {
			if (this.exists(path)) this.files.remove(path);
			return ok(new StoredList(path, this.files, { ends: [], stamp: "" }));
		}
		const written = this.files.write(path, bytes);
		if (!written.ok) return written;
		const opened = this.open(path);
		if (!opened.ok) return opened;
		return opened.value === undefined ? failed(`${path}: it is gone`) : ok(opened.value);
	}

	private exists(path: string): boolean {
		const stamp = this.files.stamp(path);
		return stamp.ok && stamp.value !== undefined;
	}
}

/** The index beside a list. */
export function index_path(list: string): string {
	return list.replace(/\.list$/, ".lidx");
}
