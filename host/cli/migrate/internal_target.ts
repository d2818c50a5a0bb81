// Counterpart: migrator/prosody_files.lua (writing), util/datamanager.lua

import {
	closeSync,
	existsSync,
	fstatSync,
	fsyncSync,
	ftruncateSync,
	openSync,
	readdirSync,
	renameSync,
	rmSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { StoreMap } from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { path_encode, store_encode } from "../../util/file_names.ts";
import { adopt_file, file_mode, make_folder } from "../../util/file_owner.ts";
import { serialize } from "../../util/serialization.ts";
import { archive_item_text } from "./list_items.ts";
import type { ArchiveCursor, Target, Unit } from "./types.ts";

/** How much is collected before it is written. */
const buffer_size = 64 * 1024;

/** The longest name that files have nearly everywhere, in bytes. */
const longest_name = 255;

/** Where a unit lies in a data folder. */
export function unit_path(folder: string, { host, store, user, kind }: Unit): string {
	const extension = kind === "keyval" ? "dat" : "list";
	const place = join(folder, path_encode(host), store_encode(store));
	return user === undefined ? `${place}.${extension}` : join(place, `${path_encode(user)}.${extension}`);
}

/** Why a unit's file cannot be named; undefined where it can. */
function name_problem(path: string): string | undefined {
	const too_long = path.split("/").find((part) => part.length + 1 > longest_name);
	return too_long === undefined
		? undefined
		: `its file would need a name of ${too_long.length} bytes, of ${longest_name} that there are`;
}

/**
 * A list while it is written. No index is made for it: Prosody 13 makes its own, and 0.12 would not keep one up that is there, so that
 * 13 would not see what 0.12 has added.
 */
class OpenList {
	private readonly list: number;
	private text: string[] = [];
	private text_length = 0;
	position: number;
	items: number;

	constructor(
		private readonly path: string,
		from: ArchiveCursor,
	) {
		this.list = openSync(path, from.items === 0 ? "w" : "r+", file_mode);
		if (from.items === 0) adopt_file(this.list, dirname(path));
		this.position = from.position;
		this.items = from.items;
	}

	/** Takes back what is behind the cursor; answers false where the file is shorter. */
	rewind(): boolean {
		if (fstatSync(this.list).size < this.position) return false;
		ftruncateSync(this.list, this.position);
		return true;
	}

	append(text: string): void {
		this.text.push(text);
		this.text_length += text.length;
		this.position += text.length;
		this.items++;
		if (this.text_length >= buffer_size) this.write();
	}

	write(): void {
		write_all(this.list, Buffer.from(this.text.join(""), "latin1"), this.position - this.text_length);
		this.text = [];
		this.text_length = 0;
	}

	close(): void {
		this.write();
		fsyncSync(this.list);
		this.abandon();
		if (this.items > 0) return;
		// As Prosody does: what is empty has no file.
		rmSync(this.path);
	}

	/** Closes without writing what is left. */
	abandon(): void {
		closeSync(this.list);
	}
}

function write_all(file: number, bytes: Buffer, position: number): void {
	let written = 0;
	while (written < bytes.length) written += writeSync(file, bytes, written, bytes.length - written, position + written);
}

/** Why a folder cannot be a target: something is in it. */
export function occupied_folder(folder: string): string | undefined {
	if (!existsSync(folder)) return undefined;
	// A server that was killed may have left its lock
	const [first] = readdirSync(folder).filter((name) => name !== ".enjamb.lock");
	return first === undefined ? undefined : `the folder ${folder} is not empty (there is ${first})`;
}

/** A data folder for Prosody's `internal` storage as a target. */
export function internal_target(folder: string): Target {
	let open: OpenList | undefined;
	const made = new Set<string>();

	function make_folder_once(path: string): void {
		if (made.has(path)) return;
		make_folder(path);
		made.add(path);
	}

	return {
		name: `internal:${folder}`,
		put_table(unit: Unit, table: StoreMap): Result<void, string> {
			const path = unit_path(folder, unit);
			const problem = name_problem(path);
			if (problem !== undefined) return failed(problem);
			const text = serialize(table);
			if (!text.ok) return failed(`${text.error} cannot be stored`);
			make_folder_once(dirname(path));
			writeFileSync(`${path}~`, `return ${text.value};\n`, { encoding: "latin1", mode: file_mode });
			adopt_file(`${path}~`, dirname(path));
			renameSync(`${path}~`, path);
			return ok(undefined);
		},
		open_archive(unit, from) {
			const path = unit_path(folder, unit);
			const problem = name_problem(path);
			if (problem !== undefined) return failed(problem);
			make_folder_once(dirname(path));
			if (from.items > 0 && !existsSync(path)) return failed("it is gone");
			const list = new OpenList(path, from);
			if (!list.rewind()) {
				list.abandon();
				return failed("it is shorter than it was");
			}
			open = list;
			return ok(undefined);
		},
		append(record) {
			const text = archive_item_text(record);
			if (!text.ok) return text;
			open?.append(text.value);
			return ok(record);
		},
		cursor: () => ({ position: open?.position ?? 0, items: open?.items ?? 0 }),
		close_archive() {
			open?.close();
			open = undefined;
		},
		commit: () => open?.write(),
		close() {
			open?.close();
			open = undefined;
		},
	};
}
