// No counterpart: Prosody leaves an entry that a crash has cut off in its list, and cannot read that list any more.

import { statSync } from "node:fs";
import type { TurnFiles } from "../turn_files.ts";
import { entry_end, index_path } from "./list_ends.ts";
import type { Lists } from "./lists.ts";

/** File systems remember times less exactly than the clock has them. In milliseconds. */
const clock_error = 2000;

/** The folders in a folder. */
function folders_in(files: TurnFiles, folder: string): string[] {
	const names = files.names(folder);
	if (!names.ok) return [];
	return names.value.map((name) => `${folder}/${name}`).filter((path) => files.is_folder(path));
}

/** Whether the ends of a list and of its index look as they do after a whole entry. */
function looks_whole(files: TurnFiles, path: string, size: number): boolean {
	const tail = files.read_range(path, Math.max(0, size - entry_end.length), entry_end.length);
	if (!tail.ok || tail.value.toString("latin1") !== entry_end) return false;
	const index = index_path(path);
	const index_size = statSync(index, { throwIfNoEntry: false })?.size;
	if (index_size === undefined) return true;
	if (index_size < 8 || index_size % 8 !== 0) return false;
	const last = files.read_range(index, index_size - 8, 8);
	return last.ok && last.value.length === 8 && last.value.readBigUInt64LE() === BigInt(size);
}

/**
 * Looks for lists that a crash has left with a part of an entry, and puts that part into a file of its own, so that Prosody can read
 * them; an index that does not fit its list goes. Lists that were not written since a time are not opened.
 * @param data_path the folder of all data
 * @param since in milliseconds since 1970
 * @returns the lists that were mended, and one line for each that could not be
 */
export function mend_lists(
	files: TurnFiles,
	lists: Lists,
	data_path: string,
	since: number,
): { mended: string[]; problems: string[] } {
	const mended: string[] = [];
	const problems: string[] = [];
	for (const host of folders_in(files, data_path)) {
		for (const folder of [host, ...folders_in(files, host)]) {
			const names = files.names(folder);
			for (const name of names.ok ? names.value : []) {
				if (!name.endsWith(".list")) continue;
				const path = `${folder}/${name}`;
				const found = statSync(path, { throwIfNoEntry: false });
				if (found === undefined || found.mtimeMs < since - clock_error || looks_whole(files, path, found.size)) continue;
				const result = lists.mend(path);
				if (!result.ok) problems.push(result.error);
				else if (result.value) mended.push(path);
			}
		}
	}
	return { mended, problems };
}
