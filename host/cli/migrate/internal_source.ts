// Counterpart: migrator/prosody_files.lua (reading). Prosody's folders of files, looked at without changing them.

import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import type { StoreMap } from "../../core/types.ts";
import { path_decode, path_encode, store_encode } from "../../util/file_names.ts";
import { entries, is_table } from "../../util/luatable.ts";
import { read_data } from "../../util/serialization.ts";
import { read_archive_item } from "./list_items.ts";
import type { ArchiveEntry, LeftBehind, ReadTable, Source, Unit } from "./types.ts";

/** How much of a list is in memory at once, unless one entry is longer. */
const block_size = 1024 * 1024;

/** What begins an entry of a list: texts have no line breaks in them. */
const entry_start = "\nitem(";

interface FileUnit extends Unit {
	readonly path: string;
}

function code_of(error: unknown): string {
	return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** Does what reads a file or folder; throws, naming it, where that cannot be read: what it holds could not even be kept aside. */
function reading<Value>(path: string, work: () => Value): Value {
	try {
		return work();
	} catch (error) {
		const code = code_of(error);
		throw Object.assign(new Error(`${path} cannot be read (${code})`, { cause: error }), { code });
	}
}

/** Counts what is left behind, by what it is and why. */
export class LeftList {
	private readonly found = new Map<string, { what: string; reason: string; count: number }>();

	add(what: string, reason: string, count = 1): void {
		const key = `${what}\0${reason}`;
		const known = this.found.get(key);
		if (known === undefined) this.found.set(key, { what, reason, count });
		else known.count += count;
	}

	list(): LeftBehind[] {
		return [...this.found.values()];
	}
}

/** What lies at a path; undefined, and told of, where that is a link to nothing. */
function stat_of(path: string, left: LeftList): Stats | undefined {
	const stat = reading(path, () => statSync(path, { throwIfNoEntry: false }));
	if (stat === undefined) left.add(path, "a link to what is not there");
	return stat;
}

function names_in(folder: string): string[] {
	return reading(folder, () => readdirSync(folder)).sort();
}

/** The units of a data folder, with what else lies there. */
function survey(folder: string, left: LeftList): FileUnit[] {
	const units: FileUnit[] = [];

	function add_file(path: string, name: string, stat: Stats, unit: (base: string) => Omit<Unit, "kind" | "size">): void {
		const [, base = "", extension = ""] = /^(.*)\.([^.]*)$/s.exec(name) ?? [];
		// What others say again of a list
		if (extension === "lidx" || extension === "lsum") return;
		const kind = extension === "dat" ? "keyval" : extension === "list" ? "archive" : undefined;
		if (kind === undefined) {
			const shown = extension === "" ? path : `${join(path, "..")}/*.${extension}`;
			left.add(shown, extension.endsWith("~") ? "left over from a write that was cut off" : "not one of Prosody's stores");
			return;
		}
		const found = { ...unit(base), kind, size: stat.size, path } as const;
		// Two names for one place would be written over each other, and no server looks for the wrong one.
		if (found.user !== undefined && path_encode(found.user) !== base) left.add(path, "not named as Prosody names its files");
		else if (!stat.isFile()) left.add(path, "no file");
		else units.push(found);
	}

	for (const folder_name of names_in(folder)) {
		const host_path = join(folder, folder_name);
		const host_stat = stat_of(host_path, left);
		if (host_stat === undefined) continue;
		if (!host_stat.isDirectory()) {
			if (!/^(?:prosody\.(?:pid|sock)|\.enjamb\.lock)$/.test(folder_name)) left.add(host_path, "not in the folder of a host");
			continue;
		}
		const host = path_decode(folder_name);
		if (folder_name === "_global" || path_encode(host) !== folder_name) {
			left.add(`${host_path}/`, folder_name === "_global" ? "belongs to no host" : "not named like the folder of a host");
			continue;
		}
		for (const name of names_in(host_path)) {
			const path = join(host_path, name);
			const stat = stat_of(path, left);
			if (stat === undefined) continue;
			if (!stat.isDirectory()) {
				add_file(path, name, stat, (base) => ({ host, store: path_decode(base), user: undefined }));
				continue;
			}
			const store = path_decode(name);
			if (store_encode(store) !== name && name !== store) {
				left.add(`${path}/`, "not named like a store");
				continue;
			}
			for (const file of names_in(path)) {
				const full = join(path, file);
				const found = stat_of(full, left);
				if (found?.isDirectory()) left.add(`${full}/`, "not one of Prosody's stores");
				else if (found === undefined) continue;
				// Enjamb once filed so what belongs to the host itself, which lies beside the folder
				else if (/^\.(dat|list)$/.test(file) && existsSync(`${path}${file}`)) left.add(full, `there is ${path}${file} already`);
				else add_file(full, file, found, (base) => ({ host, store, user: base === "" ? undefined : path_decode(base) }));
			}
		}
	}
	return units;
}

/** Entries of a list, one after the other, each as text with one character for each byte. */
function* list_entries(path: string, from: number): Generator<{ start: number; end: number; text: string }> {
	const file = reading(path, () => openSync(path, "r"));
	try {
		const size = fstatSync(file).size;
		const block = Buffer.alloc(block_size);
		let start = from;
		let position = from;
		let pending = "";
		while (position < size) {
			const at = position;
			const count = reading(path, () => readSync(file, block, 0, block.length, at));
			if (count === 0) break;
			position += count;
			const searched = Math.max(0, pending.length - entry_start.length);
			pending += block.toString("latin1", 0, count);
			let begin = 0;
			for (let at = pending.indexOf(entry_start, searched); at >= 0; at = pending.indexOf(entry_start, begin)) {
				yield { start: start + begin, end: start + at + 1, text: pending.slice(begin, at + 1) };
				begin = at + 1;
			}
			pending = pending.slice(begin);
			start += begin;
		}
		if (pending !== "") yield { start, end: start + pending.length, text: pending };
	} finally {
		closeSync(file);
	}
}

function stamp({ size, mtimeMs: mtime_ms }: Stats): string {
	return `${size} ${mtime_ms}`;
}

/** A folder of Prosody's files as a source. Throws where the folder cannot be read. */
export function internal_source(folder: string): Source {
	const left = new LeftList();
	const units = survey(folder, left);
	const paths = new Map<Unit, string>(units.map((unit) => [unit, unit.path]));

	function path_of(unit: Unit): string {
		const path = paths.get(unit);
		if (path === undefined) throw new Error(`no unit of this source: ${unit.store}`);
		return path;
	}

	return {
		name: `internal:${folder}`,
		units: () => units,
		read_table(unit): ReadTable {
			const path = path_of(unit);
			const bytes = reading(path, () => readFileSync(path));
			const data = read_data(bytes);
			const problem = !data.ok ? data.error : data.value === undefined || !is_table(data.value) ? "it holds no table" : undefined;
			if (!data.ok || data.value === undefined || !is_table(data.value)) {
				return { table: undefined, unreadable: [{ place: path, reason: problem ?? "", raw: bytes }] };
			}
			const table: StoreMap = data.value instanceof Map ? data.value : new Map(entries(data.value));
			return { table: table.size === 0 ? undefined : table, unreadable: [] };
		},
		*read_archive(unit, from): Generator<ArchiveEntry> {
			const path = path_of(unit);
			let number = from === 0 ? 0 : count_entries(path, from);
			for (const { start, end, text } of list_entries(path, from)) {
				const size = end - start;
				if (text.trim() === "") {
					yield { next: end, size };
					continue;
				}
				number++;
				const record = read_archive_item(text, number);
				if (record.ok) yield { next: end, size, record: record.value };
				else {
					const place = `${path}, entry ${number} (from byte ${start})`;
					yield { next: end, size, unreadable: { place, reason: record.error, raw: Buffer.from(text, "latin1") } };
				}
			}
		},
		fingerprint: (unit) => stamp(statSync(path_of(unit))),
		left_behind: () => left.list(),
		close: () => {},
	};
}

/** How many entries come before a place in a list. */
function count_entries(path: string, before: number): number {
	let count = 0;
	for (const { end, text } of list_entries(path, 0)) {
		if (text.trim() !== "") count++;
		if (end >= before) break;
	}
	return count;
}
