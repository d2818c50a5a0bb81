// Counterpart: util/sqlite3.lua

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "better-sqlite3";
import { failed, ok, type Result } from "../util/error.ts";
import { adopt_file } from "../util/file_owner.ts";
import type { Participant, Turn } from "../util/turn.ts";
import { Aside } from "./sqlite/aside.ts";
import { sqlite_dialect } from "./sqlite/dialect.ts";
import { FileIdentity, unusable } from "./sqlite/file.ts";
import type { SqliteOptions, SqliteTune } from "./sqlite/options.ts";
import { is_busy, sqlite_problem } from "./sqlite/problems.ts";
import { bind } from "./sqlite/values.ts";
import type { Writer } from "./sqlite/writers.ts";
import type { SqlDatabase, SqlValue, StorageError } from "./types.ts";

export type { AsideTables } from "./sqlite/aside.ts";
export type { SqliteOptions, SqliteTune } from "./sqlite/options.ts";
export { sqlite_problem } from "./sqlite/problems.ts";

/** Where several processes of a server share a file: how long what one knows of it may be out of date, in milliseconds. */
const known_time = 1000;

/** A prepared statement whose rows are arrays in the order of the columns asked for. */
type Statement = Sqlite.Statement<SqlValue[], SqlValue[]>;

/**
 * One SQLite file, whose writes belong to the turn: the first one opens a transaction, all later reads and writes are part of
 * it, and the turn's end commits it. Errors of SQLite are values that name the file; a write that meets one fails the turn.
 *
 * Where another process keeps the file locked, writes go aside, where reads see them, and the turn waits for the lock. Nothing
 * waits for it in here.
 */
export class SqliteDatabase implements Participant, SqlDatabase {
	readonly name: string;
	readonly dialect = sqlite_dialect;
	readonly is_far = false;
	private readonly connection: Sqlite.Database;
	private readonly turn: Turn;
	private readonly identity: readonly FileIdentity[];
	private readonly aside: Aside | undefined;
	private readonly writer: Writer | undefined;
	private readonly statements = new Map<string, Statement>();
	/** Where the writes of turns are that are not stored yet: there are none, they are in a transaction, or they are aside. */
	private state: "idle" | "open" | "aside" = "idle";
	/** Why what was written cannot be stored any more. */
	private trouble: StorageError | undefined;
	private changes_elsewhere = 0;
	private data_version: SqlValue | undefined;
	private journal_before: string | undefined;
	/** Without a log, another process that reads could prevent a commit. */
	private begin_statement = "BEGIN EXCLUSIVE";

	private constructor(connection: Sqlite.Database, options: SqliteOptions) {
		this.connection = connection;
		this.name = options.file;
		this.turn = options.turn;
		this.aside = options.aside && new Aside(connection, options.aside);
		this.writer = options.writers?.writer(options.file, () => this.turn.try_again());
		const paths = this.name === ":memory:" ? [] : [this.name, `${this.name}-wal`];
		this.identity = paths.map((path) => new FileIdentity(path));
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
			connection = new Sqlite(file, { timeout: options.busy_timeout ?? 0 });
			connection.prepare("SELECT count(*) FROM sqlite_schema").get();
			if (is_new) adopt_file(file, dirname(file));
			const database = new SqliteDatabase(connection, options);
			database.note_journal();
			database.replaced();
			return ok(database);
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
			for (const file of this.identity) file.forget();
			const tuned = this.set_tune(how, before);
			this.note_journal();
			return tuned;
		});
	}

	private set_tune(how: SqliteTune, before: string): Result<void, StorageError> {
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
	}

	private note_journal(): void {
		this.begin_statement = this.pragma("journal_mode") === "wal" ? "BEGIN IMMEDIATE" : "BEGIN EXCLUSIVE";
	}

	/** What happened to the file, where it is no longer the one that was opened. */
	private replaced(): StorageError | undefined {
		for (const file of this.identity) {
			const text = file.problem();
			if (text !== undefined) return { text };
		}
		return undefined;
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
		return this.reader(sql).all(...bind(values));
	}

	/** The first row of a query. */
	first(sql: string, ...values: SqlValue[]): SqlValue[] | undefined {
		return this.reader(sql).get(...bind(values));
	}

	/** Runs a statement that changes something; answers how many rows. */
	run(sql: string, ...values: SqlValue[]): number {
		if (this.state !== "aside") return this.statement(sql).run(...bind(values)).changes;
		const before = this.aside?.total_changes() ?? 0;
		this.statement(sql).run(...bind(values));
		return (this.aside?.total_changes() ?? 0) - before;
	}

	change(sql: string, ...values: SqlValue[]): void {
		this.run(sql, ...values);
	}

	/** The rows of a query, read between turns. */
	async all_later(sql: string, ...values: SqlValue[]): Promise<Result<SqlValue[][], StorageError>> {
		await new Promise((resolve) => setImmediate(resolve));
		return this.read(() => ok(this.all(sql, ...values)));
	}

	/** Whether a statement may insert or else update (an upsert); it may not while writes go aside. */
	get can_upsert(): boolean {
		return this.state !== "aside";
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

	/** Reads; sees what was written in turns that are not stored yet. */
	read<T>(work: () => Result<T, StorageError>): Result<T, StorageError> {
		if (this.trouble !== undefined && this.state === "open" && !this.connection.inTransaction) return failed(this.trouble);
		return this.guard(work);
	}

	/**
	 * Writes as part of this turn. Where the work refuses something, nothing of it remains, and the rest of the turn is not touched;
	 * where it cannot be written, the turn fails.
	 */
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
			this.take_back_work({ text: `${this.name}: ${message}` });
			return failed(this.failed_write(error));
		}
	}

	/** Writes one statement as part of this turn: {@link write}, without the cost of a savepoint, which one statement does not need. */
	write_one(sql: string, ...values: SqlValue[]): Result<number, StorageError> {
		const trouble = this.begin();
		if (trouble !== undefined) return failed(trouble);
		try {
			return ok(this.run(sql, ...values));
		} catch (error) {
			const problem = this.failed_write(error);
			this.notice_loss(problem);
			return failed(problem);
		}
	}

	change_one(sql: string, ...values: SqlValue[]): Result<void, StorageError> {
		const changed = this.write_one(sql, ...values);
		return changed.ok ? ok(undefined) : changed;
	}

	/** SQLite's error of a write; every error but a refusal of the values fails the turn. */
	private failed_write(error: unknown): StorageError {
		const problem = this.sqlite_error(error);
		if (!problem.refused) this.trouble ??= problem;
		return problem;
	}

	/**
	 * A number that changes whenever what is stored may have changed other than by successful writes through this value: another
	 * process wrote, or writes were taken back. For caches. Within {@link read} or {@link write} only.
	 */
	generation(): number {
		// Other processes of this server write all the time, and seldom what this one knows of
		if (this.writer !== undefined) return this.changes_elsewhere + Math.floor(performance.now() / known_time);
		const version = this.first("PRAGMA data_version")?.[0];
		if (version !== this.data_version) {
			if (this.data_version !== undefined) this.changes_elsewhere++;
			this.data_version = version;
		}
		return this.changes_elsewhere;
	}

	/** Whether only the turns of other processes of this server are in the way, which does not take long. */
	get is_in_line(): boolean {
		return this.state === "aside" && this.writer?.may_write === false;
	}

	prepare(): string | undefined {
		if (this.trouble !== undefined) throw new Error(this.trouble.text);
		if (this.state !== "aside") return undefined;
		if (this.is_in_line) return `${this.name}: another process of this server is using it`;
		try {
			this.run(this.begin_statement);
			this.aside?.apply();
			this.state = "open";
			return undefined;
		} catch (error) {
			if (is_busy(error) && !this.connection.inTransaction) return this.sqlite_error(error).text;
			throw new Error(this.sqlite_error(error).text, { cause: error });
		}
	}

	commit(): void {
		if (this.trouble !== undefined) throw new Error(this.trouble.text);
		if (this.state === "idle") return;
		try {
			this.run("COMMIT");
		} catch (error) {
			throw new Error(this.sqlite_error(error).text, { cause: error });
		}
		this.aside?.end();
		this.state = "idle";
		this.writer?.done();
	}

	rollback(): void {
		this.state = "idle";
		this.trouble = undefined;
		this.changes_elsewhere++;
		if (this.connection.inTransaction) this.connection.exec("ROLLBACK");
		if (this.connection.open) this.aside?.drop();
		this.writer?.done();
	}

	/** Stores what is left of the turn and gives the file back as it was found: without a log beside it. */
	close(): Result<void, StorageError> {
		if (!this.connection.open) return ok(undefined);
		let result: Result<void, StorageError> = ok(undefined);
		try {
			const obstacle = this.prepare();
			if (obstacle === undefined) this.commit();
			else result = failed({ text: obstacle });
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
		this.writer?.leave();
		return result;
	}

	/** Opens a transaction where there is none; answers with why it cannot. */
	private begin(): StorageError | undefined {
		if (!this.connection.open) return this.closed();
		this.turn.join(this);
		if (this.trouble !== undefined) return this.trouble;
		if (this.state !== "idle") return undefined;
		try {
			this.trouble = this.replaced();
			if (this.trouble !== undefined) return this.trouble;
			if (this.writer?.want() === false) {
				this.aside?.begin();
				this.state = "aside";
				return undefined;
			}
			this.run(this.begin_statement);
			this.state = "open";
		} catch (error) {
			this.trouble = this.begin_aside(error);
		}
		return this.trouble;
	}

	/** Sends writes aside where a lock is in the way; returns why that fails. */
	private begin_aside(obstacle: unknown): StorageError | undefined {
		if (!is_busy(obstacle) || this.aside === undefined) return this.sqlite_error(obstacle);
		try {
			this.aside.begin();
			this.state = "aside";
			return undefined;
		} catch (error) {
			return this.sqlite_error(error);
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

	/** SQLite rolls back a whole transaction on some errors, such as a full disk. */
	private notice_loss(trouble: StorageError): void {
		if (this.state !== "open" || this.connection.inTransaction) return;
		this.trouble ??= trouble;
		this.changes_elsewhere++;
	}

	private guard<T>(work: () => Result<T, StorageError>): Result<T, StorageError> {
		if (!this.connection.open) return failed(this.closed());
		try {
			return work();
		} catch (error) {
			const problem = this.sqlite_error(error);
			this.notice_loss(problem);
			return failed(problem);
		}
	}

	private closed(): StorageError {
		return { text: `${this.name}: the database is closed` };
	}

	/** SQLite's error as a value; anything else that was thrown is a mistake in the program, and is thrown on. */
	private sqlite_error(error: unknown): StorageError {
		if (error instanceof Sqlite.SqliteError) return sqlite_problem(this.name, error);
		throw error;
	}
}
