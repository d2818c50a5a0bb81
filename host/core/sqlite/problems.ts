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

/** Errors about the values, and not about the file. */
const refusals: ReadonlySet<string> = new Set(["SQLITE_CONSTRAINT", "SQLITE_TOOBIG", "SQLITE_MISMATCH"]);

/** SQLite's complaint, in words that name the file. */
export function sqlite_problem(file: string, error: InstanceType<typeof Sqlite.SqliteError>): StorageError {
	const code = error.code.split("_").slice(0, 2).join("_");
	const reason = reasons[code];
	return {
		text: `${file}: ${reason === undefined ? error.message : `${reason} (${error.message})`}`,
		...(is_busy(error) ? { locked: true } : {}),
		...(refusals.has(code) ? { refused: true } : {}),
	};
}

/** Whether a lock of another process is in the way, which will go by itself. */
export function is_busy(error: unknown): boolean {
	return error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_BUSY");
}
