// No counterpart: Prosody writes each file as it goes.

import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { Addition, Disk, OpenFile, OpenFolder } from "../disk.ts";
import { make_folder } from "../file_owner.ts";
import { bytes_of, type FilePart, type Piece } from "./pieces.ts";
import { describe, is_missing } from "./problems.ts";

/** What a turn wants to do with a file. */
export interface Change {
	/** How many bytes of the file stay; undefined for a file that is written anew. */
	readonly kept: number | undefined;
	/** What comes after them; undefined for a file that is to be removed. */
	data: Piece[] | undefined;
	length: number;
	durable: boolean;
	stamp: string;
}

/** A file that was appended to. */
interface Extended {
	readonly path: string;
	/** Its length before. */
	readonly kept: number;
	/** Undefined where the file is no longer open. */
	addition: Addition | undefined;
}

/** A file that was written beside the one that it replaces. */
interface Written {
	readonly path: string;
	/** Whether there was no file of that name. */
	readonly is_new: boolean;
	has_its_name: boolean;
	/** Open until the end, since a disk with open files cannot become read-only in the middle. */
	file: OpenFile | undefined;
}

/** How many of the files that a turn writes stay open until its end. */
const most_open = 64;

/**
 * The changes of a turn on their way to the disk: first whole files beside the old ones, then additions to files, and then the new
 * names. What needs space or descriptors comes before the names, while everything can still be undone.
 */
export class Preparation {
	private readonly written: Written[] = [];
	private readonly extended: Extended[] = [];
	private readonly folders = new Map<string, OpenFolder>();

	constructor(
		private readonly disk: Disk,
		private readonly changes: ReadonlyMap<string, Change>,
		/** How many changes there were, to see whether more have come. */
		readonly stamps: number,
	) {}

	/** Puts everything on the disk except the names. Throws one line where that fails; then everything is as before. */
	write(): void {
		this.attempt((note) => {
			for (const [path, { kept, data }] of this.changes) {
				if (kept !== undefined || data === undefined) continue;
				note(path);
				this.write_beside(path, data);
			}
			for (const [path, { kept, data, durable }] of this.changes) {
				if (kept === undefined || data === undefined) continue;
				note(path);
				this.extend(path, kept, data, durable);
			}
			for (const [path, { kept }] of this.changes) {
				if (kept !== undefined) continue;
				note(path);
				this.open_folder(dirname(path));
			}
		});
	}

	/**
	 * Gives the new files the names of the old ones. Throws one line where that fails; then files that are already replaced stay
	 * replaced, and everything else is as before.
	 */
	finish(): void {
		this.attempt((note) => {
			for (const written of this.written) {
				note(written.path);
				this.disk.rename(`${written.path}~`, written.path);
				written.has_its_name = true;
			}
			for (const [path, { data }] of this.changes) {
				if (data !== undefined) continue;
				note(path);
				this.remove(path);
			}
			for (const [path, folder] of this.folders) {
				note(path);
				folder.sync();
			}
		});
		this.close();
	}

	private attempt(work: (note: (path: string) => void) => void): void {
		let current = "";
		try {
			work((path) => {
				current = path;
			});
		} catch (error) {
			this.take_back();
			throw new Error(describe(current, "could not be written; it is as it was before", error), { cause: error });
		}
	}

	private write_beside(path: string, data: readonly Piece[]): void {
		const found = statSync(path, { throwIfNoEntry: false });
		if (found?.isDirectory()) throw new Error("it is a folder: expected a file");
		const written: Written = { path, is_new: found === undefined, has_its_name: false, file: undefined };
		this.written.push(written);
		const [first, ...rest] = data;
		if (first !== undefined && !Buffer.isBuffer(first) && first.is_ready) {
			written.file = this.take_ready(path, first, rest);
			close(this.written.at(-most_open - 1));
			return;
		}
		try {
			written.file = this.disk.write(`${path}~`, bytes_of(data));
		} catch (error) {
			if (!is_missing(error)) throw error;
			// Somebody has removed the folder meanwhile
			make_folder(dirname(path));
			written.file = this.disk.write(`${path}~`, bytes_of(data));
		}
		close(this.written.at(-most_open - 1));
	}

	/** Takes a file that is on the disk already for the beginning of one that is written. */
	private take_ready(path: string, { path: ready, length }: FilePart, rest: readonly Piece[]): OpenFile {
		this.remove(`${path}~`);
		this.disk.link(ready, `${path}~`);
		const addition = this.disk.extend(`${path}~`, length, bytes_of(rest), true);
		return { close: () => addition.keep() };
	}

	private extend(path: string, kept: number, data: readonly Piece[], durable: boolean): void {
		const { size } = statSync(path);
		if (size !== kept) throw new Error(`somebody else has written to it: it has ${size} bytes instead of ${kept}`);
		const extended: Extended = { path, kept, addition: undefined };
		this.extended.push(extended);
		extended.addition = this.disk.extend(path, kept, bytes_of(data), durable);
		const oldest = this.extended.at(-most_open - 1);
		oldest?.addition?.keep();
		if (oldest !== undefined) oldest.addition = undefined;
	}

	private open_folder(path: string): void {
		if (this.folders.has(path)) return;
		try {
			this.folders.set(path, this.disk.open_folder(path));
		} catch (error) {
			// Without the folder, there is nothing to remove
			if (!is_missing(error)) throw error;
		}
	}

	private remove(path: string): void {
		try {
			this.disk.remove(path);
		} catch (error) {
			if (!is_missing(error)) throw error;
		}
	}

	/** Undoes what was done, as far as that is possible. */
	take_back(): void {
		const attempts = [
			...this.written.map(({ path, is_new, has_its_name }) => () => {
				if (!has_its_name) this.remove(`${path}~`);
				else if (is_new) this.remove(path);
			}),
			...this.extended.map((extended) => () => {
				const { path, kept, addition } = extended;
				extended.addition = undefined;
				if (addition === undefined) this.disk.truncate(path, kept);
				else addition.take_back();
			}),
		];
		for (const attempt of attempts) {
			try {
				attempt();
			} catch {
				// A disk that refused the data may refuse this, too; readers skip what comes after the last whole entry.
			}
		}
		this.close();
	}

	private close(): void {
		for (const written of this.written) close(written);
		for (const { addition } of this.extended) addition?.keep();
		for (const folder of this.folders.values()) folder.close();
		this.folders.clear();
		this.extended.length = 0;
		this.written.length = 0;
	}
}

function close(written: Written | undefined): void {
	written?.file?.close();
	if (written !== undefined) written.file = undefined;
}
