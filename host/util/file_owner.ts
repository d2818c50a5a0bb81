// No counterpart: Prosody never runs as root; but who tries this server in its place may.

import { chownSync, fchownSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** The modes of files and folders that are made for data, before the umask of the process takes from them what the administrator wants. */
export const file_mode = 0o666;
export const folder_mode = 0o777;

function is_root(): boolean {
	return process.geteuid?.() === 0;
}

/**
 * Gives a file that root has just made to whom its folder belongs, or to whom the file belongs whose place it takes, so that a
 * Prosody of its own user can read and write it afterwards. Does nothing for others than root.
 * @param file its path, or where it is open
 */
export function adopt_file(file: string | number, path: string): void {
	if (!is_root()) return;
	const { uid, gid } = statSync(path, { throwIfNoEntry: false }) ?? statSync(dirname(path));
	if (typeof file === "number") fchownSync(file, uid, gid);
	else chownSync(file, uid, gid);
}

/** Makes a folder and those above it; where root does so, they belong to whom the first that was there belongs. */
export function make_folder(path: string): void {
	const made = mkdirSync(path, { recursive: true, mode: folder_mode });
	if (made === undefined || !is_root()) return;
	const { uid, gid } = statSync(dirname(made));
	for (let folder = path; folder.length >= made.length; folder = dirname(folder)) chownSync(folder, uid, gid);
}
