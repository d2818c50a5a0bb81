// Counterpart: util/datamanager.lua (lists and their indexes)

import { failed, ok, type Result } from "../error.ts";
import type { LuaValue } from "../luatable.ts";
import { read_item } from "../serialization.ts";
import { bytes_of, type Piece } from "../turn_files/pieces.ts";
import type { TurnFiles } from "../turn_files.ts";
import { summary_path } from "./aside.ts";
import type { KeptCopy } from "./kept_copy.ts";
import {
	type Ends,
	entry_end,
	IndexedEnds,
	index_bytes,
	index_path,
	large_list,
	RememberedEnds,
	read_index,
	scan_ends,
	write_index,
} from "./list_ends.ts";

/** Logs what was wrong in a file, and what was done about it. */
export type FileLog = (level: "debug" | "info" | "warn" | "error", message: string, ...args: unknown[]) => void;

/** How many entries, of all lists together, have their places remembered. */
const remembered_entries = 300_000;
/** From which size on a list is looked through piece by piece. */
const large_file = 4 << 20;

const newline = 0x0a;

/**
 * One list, as it is on the disk with this turn's changes: text in which each entry is a call, `item({ … });`. Entries are
 * counted from 0. The object stays the same as long as only {@link Lists.append} changes the list.
 */
export class StoredList {
	readonly ends: Ends;
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
		content: { ends: Ends; stamp: string },
	) {
		this.ends = content.ends;
		this.stamp = content.stamp;
	}

	get length(): number {
		return this.ends.length;
	}

	start(index: number): number {
		return index === 0 ? 0 : this.ends.at(index - 1);
	}

	/** Whether its entries are too many to do something with all of them at once. */
	get is_large(): boolean {
		return this.length >= large_list;
	}

	/** The bytes of entries in the file, from one up to before another. */
	bytes(from: number, to: number): Result<Buffer, string> {
		const start = this.start(from);
		const length = this.start(to) - start;
		if (!(length >= 0)) return failed(`${index_path(this.path)}: it cannot be read, or has no order`);
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

/** Entries that follow each other, from one up to before another. */
export class Run {
	constructor(
		readonly from: number,
		readonly to: number,
	) {}
}

/** What a list is to consist of: existing entries, by number, and new ones as text. */
export type ListPiece = number | Run | string;

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
		const has_grown = known?.is_large && known.ends instanceof RememberedEnds;
		if (known?.stamp === stamp.value && !has_grown) return ok(this.remember(known));
		const read = this.read(path, stamp.value);
		return read.ok ? ok(this.remember(read.value)) : read;
	}

	private read(path: string, stamp: string): Result<StoredList, string> {
		const size = this.files.size(path) ?? 0;
		const from_index = size < large_file ? ok(undefined) : read_index(this.files, path, size);
		if (!from_index.ok) return from_index;
		if (from_index.value !== undefined) {
			const list = new StoredList(path, this.files, { ends: from_index.value, stamp });
			list.indexed = true;
			return this.look_at_end(list, size);
		}
		const ends = scan_ends(this.files, path, 0);
		if (!ends.ok) return ends;
		if (ends.value.length < large_list) {
			const list = new StoredList(path, this.files, { ends: new RememberedEnds(ends.value), stamp });
			list.indexed = this.check_index(list, ends.value);
			return this.look_at_end(list, size);
		}
		if (this.exists(index_path(path))) {
			this.log("warn", "%s does not fit its list, and is written anew", index_path(path));
		}
		const indexed = write_index(this.files, path, ends.value);
		if (!indexed.ok) return indexed;
		const list = new StoredList(path, this.files, { ends: indexed.value, stamp });
		list.indexed = true;
		return this.look_at_end(list, size);
	}

	private look_at_end(list: StoredList, size: number): Result<StoredList, string> {
		const start = Math.max(0, size - entry_end.length);
		const end = this.files.read_range(list.path, start, size - start);
		if (!end.ok) return end;
		list.terminated = size === 0 || end.value.at(-1) === newline;
		list.closed = list.length === 0 || end.value.toString("latin1") === entry_end;
		return ok(list);
	}

	private remember(list: StoredList): StoredList {
		this.known.set(list.path, list);
		this.entries += this.remembered(list);
		for (const oldest of this.known.keys()) {
			if (this.entries <= remembered_entries || oldest === list.path) break;
			this.forget(oldest);
		}
		return list;
	}

	private forget(path: string): void {
		this.entries -= this.remembered(this.known.get(path));
		this.known.delete(path);
	}

	/** How many entries of a list have their places in memory. */
	private remembered(list: StoredList | undefined): number {
		return list?.ends instanceof RememberedEnds ? list.length : 0;
	}

	/**
	 * Whether a list's index is there and right. A wrong one is removed, since Prosody would believe it; it makes a new one then.
	 */
	private check_index(list: StoredList, ends: readonly number[]): boolean {
		const path = index_path(list.path);
		const found = this.files.read(path);
		if (!found.ok || found.value === undefined) return false;
		if (found.value.equals(index_bytes(ends, true))) return true;
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
		// What ends without a line break is not known to an index of Prosody's
		if (!list.terminated && !(list.ends instanceof RememberedEnds)) return this.rewrite(list, [new Run(0, list.length), text]);
		const data = Buffer.from(list.terminated ? text : `\n${text}`, "latin1");
		const start = this.files.append(path, data);
		if (!start.ok) return start;
		if (!list.terminated && last >= 0) list.ends.move_last(list.ends.at(last) + 1);
		list.terminated = true;
		list.closed = true;
		if (list.ends instanceof RememberedEnds) this.entries++;
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
		this.remove_beside(path);
		const stamp = this.files.stamp(path);
		if (!stamp.ok) return stamp;
		return ok(
			this.remember(new StoredList(path, this.files, { ends: new RememberedEnds([data.length]), stamp: stamp.value ?? "" })),
		);
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
		return this.rewrite(list, [new Run(0, last), ...entries]);
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
		const parts: Piece[] = [];
		const ends: number[] = [];
		let end = 0;
		const add_break = (): void => {
			parts.push(Buffer.from("\n"));
			end++;
			ends[ends.length - 1] = end;
		};
		for (const piece of joined(pieces)) {
			if (typeof piece === "string") {
				const bytes = Buffer.from(piece, "latin1");
				parts.push(bytes);
				end += bytes.length;
				ends.push(end);
				continue;
			}
			const start = list.start(piece.from);
			for (let index = piece.from; index < piece.to; index++) ends.push(end + list.start(index + 1) - start);
			const length = list.start(piece.to) - start;
			if (!(length >= 0)) return failed(`${index_path(list.path)}: it cannot be read, or has no order`);
			parts.push(...this.files.slice(list.path, start, start + length));
			end += length;
			if (piece.to === list.length && !list.terminated) add_break();
		}
		if (ends.length < large_list) {
			try {
				return this.replace(list.path, [...bytes_of(parts)]);
			} catch (error) {
				return failed(`${list.path}: ${error instanceof Error ? error.message : String(error)}`);
			}
		}
		return this.replace_large(list.path, parts, ends);
	}

	/** Whether a list can be shortened little by little: it has many entries, and an index that is right. */
	can_shorten({ ends, indexed, terminated, closed }: StoredList): boolean {
		return indexed && terminated && closed && !(ends instanceof RememberedEnds);
	}

	/**
	 * Puts a copy of some entries in the place of a list, with what was appended since it was made, unless it was changed
	 * otherwise. Without any entries, the list is removed, and the copy is not needed.
	 */
	change_over(
		list: StoredList,
		{ path: copy, length, index, index_length, entries, of }: KeptCopy,
	): Result<"taken" | "removed" | "changed", string> {
		const opened = this.open(list.path);
		if (!opened.ok) return opened;
		if (opened.value !== list || !this.can_shorten(list)) return ok("changed");
		const rest = list.bytes(of, list.length);
		if (!rest.ok) return rest;
		const shift = list.start(of) - length;
		const ends = Array.from({ length: list.length - of }, (_, entry) => list.start(of + entry + 1) - shift);
		if (entries + ends.length === 0) {
			const removed = this.replace(list.path, []);
			return removed.ok ? ok("removed") : removed;
		}
		this.forget(list.path);
		const { path } = list;
		const done = this.files.take_over(path, { path: copy, length }, rest.value);
		if (!done.ok) return done;
		const indexed = this.files.take_over(index_path(path), { path: index, length: index_length }, index_bytes(ends, false));
		if (!indexed.ok) return indexed;
		if (entries + ends.length < large_list) return ok("taken");
		const stamp = this.files.stamp(path);
		if (!stamp.ok) return stamp;
		const now = new IndexedEnds(this.files, index_path(path), entries + ends.length);
		const shortened = new StoredList(path, this.files, { ends: now, stamp: stamp.value ?? "" });
		shortened.indexed = true;
		this.remember(shortened);
		return ok("taken");
	}

	/** Writes a large list anew, without ever having it in memory. */
	private replace_large(path: string, parts: Piece[], ends: readonly number[]): Result<StoredList, string> {
		this.forget(path);
		const written = this.files.write_pieces(path, parts);
		if (!written.ok) return written;
		const indexed = write_index(this.files, path, ends);
		if (!indexed.ok) return indexed;
		const stamp = this.files.stamp(path);
		if (!stamp.ok) return stamp;
		const list = new StoredList(path, this.files, { ends: indexed.value, stamp: stamp.value ?? "" });
		list.indexed = true;
		return ok(this.remember(list));
	}

	/** Writes a list anew; without any entries, its file goes. */
	replace(path: string, entries: readonly Buffer[]): Result<StoredList, string> {
		this.forget(path);
		this.remove_beside(path);
		const bytes = Buffer.concat(entries);
		if (bytes.length === 0) {
			if (this.exists(path)) this.files.remove(path);
			return ok(new StoredList(path, this.files, { ends: new RememberedEnds([]), stamp: "" }));
		}
		const written = this.files.write(path, bytes);
		if (!written.ok) return written;
		const opened = this.open(path);
		if (!opened.ok) return opened;
		return opened.value === undefined ? failed(`${path}: it is gone`) : ok(opened.value);
	}

	/** Removes what is beside a list about its entries. */
	private remove_beside(list: string): void {
		for (const path of [index_path(list), summary_path(list)]) if (this.exists(path)) this.files.remove(path);
	}

	private exists(path: string): boolean {
		const stamp = this.files.stamp(path);
		return stamp.ok && stamp.value !== undefined;
	}
}

/** Pieces with numbers that follow each other as one run. */
function joined(pieces: readonly ListPiece[]): (Run | string)[] {
	const found: (Run | string)[] = [];
	for (const piece of pieces) {
		const last = found.at(-1);
		const own = typeof piece === "number" ? new Run(piece, piece + 1) : piece;
		if (typeof own === "string") found.push(own);
		else if (own.from >= own.to) continue;
		else if (last instanceof Run && last.to === own.from) found[found.length - 1] = new Run(last.from, own.to);
		else found.push(own);
	}
	return found;
}
