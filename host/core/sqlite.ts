// Counterpart: util/sqlite3.lua

import { accessSync, closeSync, constants, existsSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "better-sqlite3";
import { bytes_of } from "../util/byte_text.ts";
import { failed, ok, type Result } from "../util/error.ts";
import { adopt_file } from "../util/file_owner.ts";
import type { Participant, Turn } from "../util/turn.ts";
import type { StorageError } from "./types.ts";

/** What a column can hold. */
export type SqlValue = string | number | bigint | Buffer | null;

/** Half of a surrogate pair. */
const lone_surrogate = /\p{Surrogate}/u;

/** A value for the database: text that holds bytes which are no UTF-8 goes as those bytes. */
function bound(value: SqlValue): SqlValue {
	return typeof value === "string" && lone_surrogate.test(value) ? bytes_of(value) : value;
}

/** A prepared statement whose rows are arrays in the order of the columns asked for. */
type Statement = Sqlite.Statement<SqlValue[], SqlValue[]>;

/**
 * How careful to be with the disk (option `sqlite_tune`). `default` writes ahead to a log of its own while the server runs and
 * waits for the disk at each commit; the others are Prosody's: `normal` waits only when the log goes into the file, `fast` never
 * waits, `safe` uses no log and waits more often.
 */
export type SqliteTune = "default" | "normal" | "fast" | "safe";

export interface SqliteOptions {
	/** Path of the file, or `:memory:`. */
	readonly file: string;
	/** Whose end commits what was written. */
	readonly turn: Turn;
	/** Milliseconds to wait for another process that writes to the same file. */
	readonly busy_timeout?: number;
}

/** A command such as adduser writes for milliseconds; a backup may hold the file for seconds. The server stands still meanwhile. */
const default_busy_timeout = 5000;

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

/** What SQLite complains of, in words that name the file. */
export function sqlite_problem(file: string, error: InstanceType<typeof Sqlite.SqliteError>): StorageError {
	const code = error.code.split("_").slice(0, 2).join("_");
	const reason = reasons[code];
	return { text: `${file}: ${reason === undefined ? error.message : `${reason} (${error.message})`}` };
}

/** Why a path cannot be used as a database; undefined where nothing speaks against it. Looks only, and changes nothing. */
function unusable(file: string): string | undefined {
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

function error_code(error: unknown): string {
	return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/**
 * One SQLite file, whose writes belong to the turn: the first one opens a transaction, all later reads and writes are part of
 * it, and the turn's end commits it. Errors of SQLite are values that name the file.
 */
export class SqliteDatabase implements Participant {
	readonly file: string;
	private readonly connection: Sqlite.Database;
	private readonly turn: Turn;
	private readonly statements = new Map<string, Statement>();
	/**
	 * What became of this turn's transaction: none yet, open, one that could not begin (so that nothing was written), or one that
	 * SQLite itself took back (so that what was written is gone, and the turn must fail).
	 */
	private state: "idle" | "open" | "refused" | "lost" = "idle";
	private trouble: StorageError | undefined;
	private changes_elsewhere = 0;
	private data_version: SqlValue | undefined;
	private journal_before: string | undefined;

	private constructor(connection: Sqlite.Database, options: SqliteOptions) {
		this.connection = connection;
		this.file = options.file;
		this.turn = options.turn;
	}

	/** Opens a file, which is made where there is none; an error is one line that names it. Nothing is written yet. */
	static open(options: SqliteOptions): Result<SqliteDatabase, StorageError> {
		const { file } = options;
		if (file !== ":memory:") {
			const text = unusable(file);
			if (text !== undefined) return failed({ text });
		}
		const is_new = file !== ":memory:" && !existsSync(file);
		let connection: Sqlite.Database | undefined;
		try {
			connection = new Sqlite(file, { timeout: options.busy_timeout ?? default_busy_timeout });
			connection.prepare("SELECT count(*) FROM sqlite_schema").get();
			if (is_new) adopt_file(file, dirname(file));
			return ok(new SqliteDatabase(connection, options));
		} catch (error) {
			connection?.close();
			if (error instanceof Sqlite.SqliteError) return failed(sqlite_problem(file, error));
			throw error;
		}
	}

	/** Sets how careful to be with the disk. Only works outside of a turn's transaction. Source: mod_storage_sql.lua, module.load. */
	tune(how: SqliteTune): Result<void, StorageError> {
		return this.guard(() => {
			const before = this.pragma("journal_mode");
			if (how === "safe") {
				if (before !== "delete") this.set_journal("DELETE");
				this.pragma("synchronous = EXTRA");
				this.pragma("fullfsync = 1");
				return ok(undefined);
			}
			if (before !== "wal" && this.set_journal("WAL") === "wal" && how === "default") this.journal_before = before;
			if (how === "normal") this.pragma("auto_vacuum = FULL");
			if (how === "fast") {
				this.pragma("secure_delete = FAST");
				this.pragma("fullfsync = 0");
			}
			this.pragma(`synchronous = ${{ default: "FULL", normal: "NORMAL", fast: "OFF" }[how]}`);
			return ok(undefined);
		});
	}

	private pragma(text: string): string {
		return String(this.connection.pragma(text, { simple: true }));
	}

	/** Asks for another kind of journal. Another process that uses the file may prevent it, and then the journal stays what it is. */
	private set_journal(mode: string): string {
		try {
			return this.pragma(`journal_mode = ${mode}`);
		} catch (error) {
			if (error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_BUSY")) return this.pragma("journal_mode");
			throw error;
		}
	}

	/** Runs statements that set the file up, all or none of them, at once and outside of any turn. */
	set_up(statements: readonly string[]): Result<void, StorageError> {
		return this.guard(() => {
			this.connection
				.transaction(() => {
					for (const statement of statements) this.connection.exec(statement);
				})
				.immediate();
			return ok(undefined);
		});
	}

	/** The rows of a query. Only to be called within {@link read} or {@link write}, as are the others that run SQL. */
	all(sql: string, ...values: SqlValue[]): SqlValue[][] {
		return this.reader(sql).all(...values.map(bound));
	}

	/** The first row of a query. */
	first(sql: string, ...values: SqlValue[]): SqlValue[] | undefined {
		return this.reader(sql).get(...values.map(bound));
	}

	/** Runs a statement that changes something; answers how many rows. */
	run(sql: string, ...values: SqlValue[]): number {
		return this.statement(sql).run(...values.map(bound)).changes;
	}

	private reader(sql: string): Statement {
		let statement = this.statements.get(sql);
		if (statement === undefined) statement = this.statement(sql).raw(true);
		return statement;
	}

	private statement(sql: string): Statement {
		let statement = this.statements.get(sql);
		if (statement === undefined) {
			statement = this.connection.prepare<SqlValue[], SqlValue[]>(sql);
			this.statements.set(sql, statement);
		}
		return statement;
	}

	/** Reads; sees what was written in this turn. */
	read<T>(work: () => Result<T, StorageError>): Result<T, StorageError> {
		if (this.state === "lost" && this.trouble) return failed(this.trouble);
		return this.guard(work);
	}

	/** Writes as part of this turn. Where the work fails, nothing of it remains, and the rest of the turn is not touched. */
	write<T>(work: () => Result<T, StorageError>): Result<T, StorageError> {
		const trouble = this.begin();
		if (trouble !== undefined) return failed(trouble);
		try {
			this.run("SAVEPOINT work");
			const result = work();
			if (result.ok) this.run("RELEASE work");
			else this.take_back_work(result.error);
			return result;
		} catch (error) {
			const message = error instanceof Error ? error.message : String(error);
			this.take_back_work({ text: `${this.file}: ${message}` });
			return failed(this.sqlite_error(error));
		}
	}

	/** Writes one statement as part of this turn: {@link write}, without the cost of a savepoint, which one statement does not need. */
	write_one(sql: string, ...values: SqlValue[]): Result<number, StorageError> {
		const trouble = this.begin();
		if (trouble !== undefined) return failed(trouble);
		try {
			return ok(this.run(sql, ...values));
		} catch (error) {
			const problem = this.sqlite_error(error);
			this.notice_loss(problem);
			return failed(problem);
		}
	}

	/**
	 * A number that changes whenever what is stored may have changed other than by successful writes through this value: another
	 * process wrote, or writes were taken back. For caches. Within {@link read} or {@link write} only.
	 */
	generation(): number {
		const version = this.first("PRAGMA data_version")?.[0];
		if (version !== this.data_version) {
			if (this.data_version !== undefined) this.changes_elsewhere++;
			this.data_version = version;
		}
		return this.changes_elsewhere;
	}

	commit(): void {
		const { state, trouble } = this;
		if (state === "open") {
			try {
				this.run("COMMIT");
			} catch (error) {
				throw new Error(this.sqlite_error(error).text, { cause: error });
			}
		}
		this.state = "idle";
		this.trouble = undefined;
		if (state === "lost") throw new Error(trouble?.text ?? `${this.file}: the transaction was lost`);
	}

	rollback(): void {
		this.state = "idle";
		this.trouble = undefined;
		this.changes_elsewhere++;
		if (this.connection.inTransaction) this.connection.exec("ROLLBACK");
	}

	/** Stores what is left of the turn and gives the file back as it was found: without a log beside it. */
	close(): Result<void, StorageError> {
		if (!this.connection.open) return ok(undefined);
		let result: Result<void, StorageError> = ok(undefined);
		try {
			this.commit();
		} catch (error) {
			result = failed({ text: error instanceof Error ? error.message : String(error) });
		}
		try {
			if (this.journal_before !== undefined) this.set_journal(this.journal_before);
			else if (this.pragma("journal_mode") === "wal") this.pragma("wal_checkpoint(TRUNCATE)");
		} catch (error) {
			// What is in the log stays there, for the next one to open the file.
			if (!(error instanceof Sqlite.SqliteError)) throw error;
		}
		this.state = "idle";
		this.statements.clear();
		this.connection.close();
		return result;
	}

	/** Opens the turn's transaction where there is none; answers with why it cannot. */
	private begin(): StorageError | undefined {
		if (this.state === "open") return undefined;
		if (this.trouble !== undefined) return this.trouble;
		if (!this.connection.open) return this.closed();
		// Joined in either case: the end of the turn also ends a refusal, which until then is not worth waiting for again.
		this.turn.join(this);
		try {
			this.run("BEGIN IMMEDIATE");
			this.state = "open";
			return undefined;
		} catch (error) {
			this.state = "refused";
			this.trouble = this.sqlite_error(error);
			return this.trouble;
		}
	}

	private take_back_work(reason: StorageError): void {
		this.changes_elsewhere++;
		if (this.connection.inTransaction) {
			try {
				this.run("ROLLBACK TO work");
				this.run("RELEASE work");
				return;
			} catch {
				this.connection.exec("ROLLBACK");
			}
		}
		this.notice_loss(reason);
	}

	/** SQLite takes a whole transaction back on some errors, such as a full disk. */
	private notice_loss(trouble: StorageError): void {
		if (this.connection.inTransaction) return;
		this.state = "lost";
		this.trouble = trouble;
		this.changes_elsewhere++;
	}

	private guard<T>(work: () => Result<T, StorageError>): Result<T, StorageError> {
		if (!this.connection.open) return failed(this.closed());
		try {
			return work();
		} catch (error) {
			const problem = this.sqlite_error(error);
			if (this.state === "open") this.notice_loss(problem);
			return failed(problem);
		}
	}

	private closed(): StorageError {
		return { text: `${this.file}: the database is closed` };
	}

	/** SQLite's error as a value; whatever else was thrown is a mistake in the program, and goes on. */
	private sqlite_error(error: unknown): StorageError {
		if (error instanceof Sqlite.SqliteError) return sqlite_problem(this.file, error);
		throw error;
	}
}
