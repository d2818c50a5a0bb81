// No counterpart: Prosody leaves it to the system when what it writes reaches the disk.

import { closeSync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { adopt_file, file_mode } from "./file_owner.ts";

/** What is done to the disk; another one than the real one may fail on purpose. */
export interface Disk {
	/** Writes a whole file and waits until it is on the disk. */
	write(path: string, data: readonly Buffer[]): void;
	/** Writes on at the end of a file of that length; waits until that is on the disk where that is wanted. */
	extend(path: string, length: number, data: readonly Buffer[], durable: boolean): void;
	/** Cuts a file to a length. */
	truncate(path: string, length: number): void;
	rename(from: string, to: string): void;
	remove(path: string): void;
	/** Waits until the names in a folder are on the disk. */
	sync_folder(path: string): void;
}

function write_all(file: number, data: readonly Buffer[], start: number): void {
	let position = start;
	for (const bytes of data) {
		for (let written = 0; written < bytes.length; ) {
			written += writeSync(file, bytes, written, bytes.length - written, position + written);
		}
		position += bytes.length;
	}
}

function with_file(path: string, flags: string, work: (file: number) => void): void {
	const file = openSync(path, flags, file_mode);
	try {
		work(file);
	} finally {
		closeSync(file);
	}
}

/** The disk of this machine. */
export const real_disk: Disk = {
	write(path, data) {
		with_file(path, "w", (file) => {
			adopt_file(file, path.replace(/~$/, ""));
			write_all(file, data, 0);
			fsyncSync(file);
		});
	},
	extend(path, length, data, durable) {
		with_file(path, "r+", (file) => {
			write_all(file, data, length);
			if (durable) fdatasyncSync(file);
		});
	},
	truncate(path, length) {
		with_file(path, "r+", (file) => ftruncateSync(file, length));
	},
	rename: renameSync,
	remove: unlinkSync,
	sync_folder(path) {
		with_file(path, "r", fsyncSync);
	},
};
