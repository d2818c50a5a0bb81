// No counterpart: Prosody's migrator ends at what it cannot read.

import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { unit_path } from "./internal_target.ts";
import type { Unit, Unreadable } from "./types.ts";

/**
 * A folder with all that could not be moved, as it was found: for each unit a file, named as in Prosody's own folders, and beside it one
 * that says what is wrong. It is made when there is something to keep.
 */
export class Aside {
	constructor(readonly folder: string) {}

	private paths(unit: Unit): { data: string; reasons: string } {
		const data = unit_path(this.folder, unit);
		return { data, reasons: `${data}.txt` };
	}

	/** Removes what was kept of a unit after a position, where a run was interrupted while writing it. */
	rewind(unit: Unit, size: number): void {
		const { data, reasons } = this.paths(unit);
		if (!existsSync(data)) return;
		if (size === 0) {
			rmSync(data);
			rmSync(reasons, { force: true });
		} else if (statSync(data).size > size) truncateSync(data, size);
	}

	/** Keeps a record; returns its size in bytes. */
	keep(unit: Unit, { place, reason, raw }: Unreadable): number {
		const { data, reasons } = this.paths(unit);
		mkdirSync(dirname(data), { recursive: true, mode: 0o700 });
		appendFileSync(data, raw, { mode: 0o600 });
		appendFileSync(reasons, `${place}: ${reason}\n`, { mode: 0o600 });
		return raw.length;
	}

	is_empty(): boolean {
		return !existsSync(this.folder) || readdirSync(this.folder).length === 0;
	}
}
