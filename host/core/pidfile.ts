// Counterpart: util/startup.lua (write_pidfile), plugins/mod_posix.lua of 0.12

import {
	closeSync,
	existsSync,
	fstatSync,
	ftruncateSync,
	openSync,
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
	writeSync,
} from "node:fs";
import Sqlite from "better-sqlite3";
import { failed, ok, type Result } from "../util/error.ts";
import { adopt_file, file_mode } from "../util/file_owner.ts";
import { lock_holder, server_of_pid } from "../util/processes.ts";

/** Why a pid file cannot be used. */
export interface PidFileProblem {
	readonly text: string;
	/** Whether another process has it, so that this server must not run. */
	readonly taken: boolean;
}

const taken = (text: string): Result<never, PidFileProblem> => failed({ text, taken: true });

/** Locks a file as long as the answer is open; fails with SQLite's code. */
function lock(path: string): Result<Sqlite.Database, string> {
	let database: Sqlite.Database | undefined;
	try {
		database = new Sqlite(path, { timeout: 0 });
		// So that SQLite makes no journal beside the file
		database.pragma("journal_mode = MEMORY");
		database.exec("BEGIN EXCLUSIVE");
		return ok(database);
	} catch (error) {
		database?.close();
		return failed(error instanceof Sqlite.SqliteError ? error.code : String(error));
	}
}

/**
 * A file with the number of the process, locked as Prosody locks it, so that neither starts beside the other, and `prosodyctl` sees
 * that there is one. Node cannot lock a file; SQLite can, and it locks bytes beyond the end of the file, which Prosody's lock covers.
 *
 * The system drops all locks that a process has on a file as soon as it closes it once: nobody here may open the file besides.
 */
export class PidFile {
	private constructor(
		private readonly path: string,
		private readonly file: number,
		private readonly lock: Sqlite.Database | undefined,
	) {}

	/**
	 * Takes a pid file for this process. Its number is written later.
	 * @returns an error where another server has it, or where it cannot be written
	 */
	static take(path: string): Result<PidFile, PidFileProblem> {
		try {
			return PidFile.try_take(path, true);
		} catch (error) {
			return failed({ text: `cannot write ${path}: ${error instanceof Error ? error.message : error}`, taken: false });
		}
	}

	private static try_take(path: string, is_first: boolean): Result<PidFile, PidFileProblem> {
		if (!existsSync(path)) {
			closeSync(openSync(path, "a", file_mode));
			adopt_file(path, path);
		}
		const locked = lock(path);
		if (!locked.ok && locked.error.startsWith("SQLITE_BUSY")) return taken(held(path));
		// SQLite does not open a file with a single digit
		if (locked.ok && statSync(path).size > 1) {
			locked.value.close();
			return taken(`${path} is a database, not a pid file`);
		}
		if (!locked.ok) {
			// Nobody has locked it, so it may be opened
			const text = readFileSync(path, "latin1").trim();
			if (!/^\d*$/.test(text)) return taken(`${path} holds something else than the number of a process`);
			const other = server_of_pid(Number(text), statSync(path).mtimeMs / 1000);
			if (other) return taken(`${other.program} runs already: ${path} names its process, ${other.pid}`);
			if (locked.error === "SQLITE_NOTADB" && is_first) {
				truncateSync(path);
				return PidFile.try_take(path, false);
			}
		}
		// Where the file system has no locks, the number alone has to do
		return ok(new PidFile(path, openSync(path, "r+"), locked.ok ? locked.value : undefined));
	}

	/** Writes the number, for others to read. */
	write(): void {
		ftruncateSync(this.file);
		writeSync(this.file, String(process.pid), 0);
	}

	/** Removes the file, and unlocks it. */
	release(): void {
		// Not one that another process has put in its place
		const now = statSync(this.path, { throwIfNoEntry: false });
		if (now?.ino === fstatSync(this.file).ino) rmSync(this.path);
		this.lock?.close();
		closeSync(this.file);
	}
}

/** Who has locked a file. */
function held(path: string): string {
	const holder = lock_holder(statSync(path).ino);
	if (holder === process.pid) return `another server of this process runs already, and has ${path}`;
	const named = readFileSync(path, "latin1").trim();
	const pid = holder ?? (named === "" ? undefined : named);
	return `another server runs already${pid === undefined ? "" : ` (process ${pid})`}, and has locked ${path}`;
}
