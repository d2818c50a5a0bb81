// No counterpart: files beside others that hold nothing which cannot be computed again.

import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { adopt_file, file_mode } from "../file_owner.ts";

/** The file beside a list in which it is noted what is in it. */
export function summary_path(list: string): string {
	return list.replace(/\.list$/, ".lsum");
}

/**
 * A file that may be lost or out of date at any time, and that nobody waits for: it is no part of a turn, and what cannot be written is
 * left out.
 */
export class AsideFile {
	constructor(private readonly path: string) {}

	read(): Buffer | undefined {
		try {
			return readFileSync(this.path);
		} catch {
			return undefined;
		}
	}

	append(bytes: Buffer): void {
		this.attempt(() => appendFileSync(this.path, bytes, { mode: file_mode }));
	}

	/** Replaces it; undefined removes it. */
	write(bytes: Buffer | undefined): void {
		this.attempt(() => {
			if (bytes === undefined) {
				rmSync(this.path, { force: true });
				return;
			}
			writeFileSync(`${this.path}~`, bytes, { mode: file_mode });
			adopt_file(`${this.path}~`, this.path);
			renameSync(`${this.path}~`, this.path);
		});
	}

	private attempt(work: () => void): void {
		try {
			work();
		} catch {
			// Half of what was to be written would be worse than nothing
			try {
				rmSync(this.path, { force: true });
				rmSync(`${this.path}~`, { force: true });
			} catch {
				// Whoever reads it sees that it does not fit
			}
		}
	}
}
