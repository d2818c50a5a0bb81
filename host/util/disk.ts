// No counterpart: Prosody leaves it to the system when what it writes reaches the disk.

import {
	closeSync,
	fdatasyncSync,
	fsyncSync,
	ftruncateSync,
	linkSync,
	openSync,
	renameSync,
	unlinkSync,
	writeSync,
} from "node:fs";
import { adopt_file, file_mode } from "./file_owner.ts";

/**
 * What was appended to a file. It can be removed again even where there are no descriptors left, or where the disk is to become
 * read-only, since the file stays open.
 */
export interface Addition {
	/** Cuts the file to what it was. */
	take_back(): void;
	/** Closes the file. */
	keep(): void;
}

/** A file that was written and is still open. */
export interface OpenFile {
	close(): void;
}

/** A folder that is open. */
export interface OpenFolder extends OpenFile {
	/** Waits until the names in it are on the disk. */
	sync(): void;
}

/** Operations on the disk; tests use one that fails on purpose. */
export interface Disk {
	/** Writes a whole file and waits until it is on the disk. */
	write(path: string, data: Iterable<Buffer>): OpenFile;
	/** Appends to a file of that length; waits until it is on the disk where that is wanted. */
	extend(path: string, length: number, data: Iterable<Buffer>, durable: boolean): Addition;
	/** Cuts a file to a length. */
	truncate(path: string, length: number): void;
	rename(from: string, to: string): void;
	/** Gives a file another name, too. */
	link(from: string, to: string): void;
	remove(path: string): void;
	/** Opens a folder in which names are going to change. */
	open_folder(path: string): OpenFolder;
}

function write_all(file: number, data: Iterable<Buffer>, start: number): void {
	let position = start;
	for (const bytes of data) {
		for (let written = 0; written < bytes.length; ) {
			written += writeSync(file, bytes, written, bytes.length - written, position + written);
		}
		position += bytes.length;
	}
}

/** The disk of this machine. */
export const real_disk: Disk = {
	write(path, data) {
		const file = openSync(path, "w", file_mode);
		const close = (): void => closeSync(file);
		try {
			adopt_file(file, path.replace(/~$/, ""));
			write_all(file, data, 0);
			fsyncSync(file);
		} catch (error) {
			close();
			throw error;
		}
		return { close };
	},
	extend(path, length, data, durable) {
		const file = openSync(path, "r+");
		const keep = (): void => closeSync(file);
		const take_back = (): void => {
			try {
				ftruncateSync(file, length);
			} finally {
				keep();
			}
		};
		try {
			write_all(file, data, length);
			if (durable) fdatasyncSync(file);
		} catch (error) {
			take_back();
			throw error;
		}
		return { take_back, keep };
	},
	truncate(path, length) {
		const file = openSync(path, "r+");
		try {
			ftruncateSync(file, length);
		} finally {
			closeSync(file);
		}
	},
	rename: renameSync,
	link: linkSync,
	remove: unlinkSync,
	open_folder(path) {
		const folder = openSync(path, "r");
		return { sync: () => fsyncSync(folder), close: () => closeSync(folder) };
	},
};
