// No counterpart: Prosody never runs as root; but who tries this server in its place may.

import { chownSync, fchownSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** The modes of new files and folders for data, before the process's umask removes permissions from them. */
export const file_mode = 0o666;
export const folder_mode = 0o777;

function is_root(): boolean {
	return process.geteuid?.() === 0;
}

/**
 * Gives a file that root has just made to the owner of its folder, or to the owner of the file that it replaces, so that a Prosody
 * with its own user can read and write it afterwards. Does nothing for users other than root.
 * @param file its path, or where it is open
 */
export function adopt_file(file: string | number, path: string): void {
	if (!is_root()) return;
	const { uid, gid } = statSync(path, { throwIfNoEntry: false }) ?? statSync(dirname(path));
	if (typeof file === "number") fchownSync(file, uid, gid);
	else chownSync(file, uid, gid);
}

/** Makes a folder and those above it; where root does so, they get the owner of the first existing folder. */
export function make_folder(path: string): void {
	const made = mkdirSync(path, { recursive: true, mode: folder_mode });
	if (made === undefined || !is_root()) return;
	const { uid, gid } = statSync(dirname(made));
	for (let folder = path; folder.length >= made.length; folder = dirname(folder)) chownSync(folder, uid, gid);
}
