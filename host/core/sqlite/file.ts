// No counterpart: Prosody leaves it to SQLite what becomes of a file.

import { accessSync, closeSync, constants, openSync, statSync } from "node:fs";
import { dirname } from "node:path";

function error_code(error: unknown): string {
	return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** Why a path cannot be used as a database; undefined where it can. Changes nothing. */
export function unusable(file: string): string | undefined {
	const folder = dirname(file);
	try {
		if (!statSync(folder).isDirectory()) return `cannot keep a database in ${folder}: expected a folder`;
		accessSync(folder, constants.W_OK | constants.X_OK);
	} catch (error) {
		return `cannot keep a database in the folder ${folder} (${error_code(error)}): expected a folder that this user may write to`;
	}
	try {
		const found = statSync(file);
		if (found.isDirectory()) return `${file} is a folder: expected a SQLite 3 database`;
		if (!found.isFile()) return `${file} is no file: expected a SQLite 3 database`;
		closeSync(openSync(file, "r+"));
	} catch (error) {
		const code = error_code(error);
		if (code !== "ENOENT") return `${file} cannot be read and written (${code}): expected a database that belongs to this user`;
	}
	return undefined;
}

/** Tells whether a path still leads to the file that was opened, and not to another one or to none. */
export class FileIdentity {
	private known: string | undefined;

	/** @param path the file; it may come into being later */
	constructor(private readonly path: string) {}

	/** What happened to the file; undefined where it is the same, or there for the first time. */
	problem(): string | undefined {
		const found = statSync(this.path, { throwIfNoEntry: false });
		const seen = found && `${found.dev} ${found.ino}`;
		if (this.known === undefined) this.known = seen;
		if (seen === this.known) return undefined;
		return `${this.path}: it was ${seen === undefined ? "deleted" : "replaced"} while it was open; nothing is stored until the server is started anew`;
	}

	/** From now on the path may lead to another file. */
	forget(): void {
		this.known = undefined;
	}
}
