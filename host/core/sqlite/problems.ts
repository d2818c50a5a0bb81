// No counterpart: Prosody logs what SQLite says.

import Sqlite from "better-sqlite3";
import type { StorageError } from "../types.ts";

const reasons: Record<string, string> = {
	SQLITE_BUSY: "another process is using it",
	SQLITE_LOCKED: "another process is using it",
	SQLITE_READONLY: "it cannot be written to",
	SQLITE_FULL: "the disk (or the database) is full",
	SQLITE_IOERR: "the disk reports an error",
	SQLITE_CORRUPT: "it is damaged",
	SQLITE_NOTADB: "it is not a SQLite 3 database (or an encrypted one)",
	SQLITE_CANTOPEN: "it cannot be opened, or not be made in this folder",
};

/** What speaks against the values, and not of trouble with the file. */
const refusals: ReadonlySet<string> = new Set(["SQLITE_CONSTRAINT", "SQLITE_TOOBIG", "SQLITE_MISMATCH"]);

/** What SQLite complains of, in words that name the file. */
export function sqlite_problem(file: string, error: InstanceType<typeof Sqlite.SqliteError>): StorageError {
	const code = error.code.split("_").slice(0, 2).join("_");
	const reason = reasons[code];
	return {
		text: `${file}: ${reason === undefined ? error.message : `${reason} (${error.message})`}`,
		...(is_busy(error) ? { locked: true } : {}),
		...(refusals.has(code) ? { refused: true } : {}),
	};
}

/** Whether somebody else's lock is in the way, which goes by itself. */
export function is_busy(error: unknown): boolean {
	return error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_BUSY");
}
