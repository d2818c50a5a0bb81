// Counterpart: util/sql.lua

import type { Life } from "../../util/cluster/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import type { Participant, Turn } from "../../util/turn.ts";
import type { SqlDatabase, SqlDialect, SqlValue, StorageError } from "../types.ts";
import { dialects, why_not_stored } from "./dialects.ts";
import { Link } from "./link.ts";
import { address_text, type Outcome, type ServerAddress, type Statement } from "./messages.ts";
import type { FencedDatabase, StorageFence } from "./storage_fence.ts";

/** How long this thread waits for an answer to a question, to a change, and to something at the start or the end, in milliseconds. */
const read_limit = 5000;
const change_limit = 20_000;
const longest_limit = 10_000;
const longest_commit = 30_000;
/** What the thread that talks to the database may take beyond that, to say so itself. */
const leeway = 1000;
/**
 * Texts from this length on are written at once: an index may refuse them, or the database so much of a value, which the others in the
 * turn must not suffer from. An index of PostgreSQL takes 2,704 bytes.
 */
const long_keys = 600;
const long_value = 1_000_000;
/** How long counts are believed that another process may have changed, in milliseconds. */
const count_time = 1000;
const savepoint: Statement = { sql: "SAVEPOINT work", values: [] };
const release: Statement = { sql: "RELEASE SAVEPOINT work", values: [] };
const roll_back_work: Statement = { sql: "ROLLBACK TO SAVEPOINT work", values: [] };

/** An error of the database, on its way to the next place where errors are values. */
class Thrown extends Error {
	constructor(readonly error: StorageError) {
		super(error.text);
	}
}

/** Throws what a question was answered with, where that is an error. */
function outcome_of(answer: Result<Outcome, StorageError>): Outcome {
	if (!answer.ok) throw new Thrown(answer.error);
	return answer.value;
}

/**
 * A database over the network. What is written is kept here until somebody reads, or the turn ends: then it goes over in one piece, and
 * the commit is not waited for. Only reading waits.
 */
export class NetworkDatabase implements Participant, SqlDatabase, FencedDatabase {
	readonly name: string;
	readonly dialect: SqlDialect;
	readonly can_upsert = true;
	readonly is_far = true;
	/** Whether the database has characters that it cannot store, so that each change has to be tried. */
	refuses_texts = false;
	private readonly link: Link;
	/** Written, and not sent yet. */
	private unsent: Statement[] = [];
	/** Whether a transaction is open over there, which has what was sent. */
	private is_open = false;
	/** How many threads were lost before that transaction was begun. */
	private losses = 0;
	/** What {@link write} is at: where its statements begin among the unsent ones, and whether it can be taken back over there. */
	private work: { begin: number; has_savepoint: boolean } | undefined;
	/** Why what was written cannot be stored any more. */
	private trouble: StorageError | undefined;
	/** In a cluster: the life of this node that what is written belongs to. */
	private author: Life | undefined;
	private changes = 0;
	private is_closed = false;
	/** Commits that were asked for, and those that were answered. */
	private asked = 0;
	private answered = 0;
	private waiters: { readonly commit: number; resolve(): void }[] = [];

	/**
	 * @param waits_for_commits whether a commit is waited for, too: for programs that have nothing else to do
	 * @param fence in a cluster: what is stored belongs to a life of this node, and is refused when that is over
	 */
	constructor(
		address: ServerAddress,
		private readonly turn: Turn,
		private readonly waits_for_commits = false,
		private readonly fence?: StorageFence,
	) {
		fence?.add(this);
		this.name = address_text(address);
		this.dialect = dialects[address.driver];
		this.link = new Link(address);
	}

	/** Connects, unless that is done; answers with why it cannot be done now. */
	greet(): Result<void, StorageError> {
		const greeted = this.link.wait_for({ kind: "greet" }, longest_limit);
		return greeted.ok ? ok(undefined) : greeted;
	}

	/** Runs statements that set the database up, at once and outside of any turn. */
	set_up(statements: readonly string[]): Result<void, StorageError> {
		const done = this.link.wait_for(
			{ kind: "set_up", statements: statements.map((sql) => ({ sql, values: [] })) },
			longest_limit + leeway,
		);
		return done.ok ? ok(undefined) : done;
	}

	/** How long this thread has waited for answers. */
	get waits(): Link["waits"] {
		return this.link.waits;
	}

	all(sql: string, ...values: SqlValue[]): SqlValue[][] {
		// It would fail the whole turn, and what cannot be stored is not there
		if (values.some((value) => why_not_stored(value) !== undefined)) return [];
		return this.question(sql, values, false, read_limit).rows;
	}

	first(sql: string, ...values: SqlValue[]): SqlValue[] | undefined {
		return this.all(sql, ...values)[0];
	}

	run(sql: string, ...values: SqlValue[]): number {
		return this.question(sql, this.bind(values), this.may_be_refused(values), change_limit).count;
	}

	change(sql: string, ...values: SqlValue[]): void {
		if (this.may_be_refused(values)) this.run(sql, ...values);
		else this.unsent.push({ sql, values: this.bind(values) });
	}

	private may_be_refused(values: readonly SqlValue[]): boolean {
		return this.refuses_texts || is_long(values);
	}

	/** Values as they may be stored. */
	private bind(values: readonly SqlValue[]): readonly SqlValue[] {
		for (const value of values) {
			const reason = why_not_stored(value);
			if (reason !== undefined) throw new Thrown({ text: `${this.name}: ${reason} cannot be stored`, refused: true });
		}
		return values;
	}

	/** Sends what is not sent yet, with a statement behind it, and waits for what that one brings. */
	private question(sql: string, values: readonly SqlValue[], is_guarded: boolean, limit: number): Outcome {
		this.notice_loss();
		if (this.trouble !== undefined) throw new Thrown(this.trouble);
		const is_change = limit === change_limit;
		const { work } = this;
		if (work !== undefined && !work.has_savepoint && (is_change || work.begin < this.unsent.length)) {
			this.unsent.splice(work.begin, 0, savepoint);
			work.has_savepoint = true;
		}
		const before = this.unsent.splice(0);
		if (work !== undefined) work.begin = 0;
		if (!this.is_open) this.losses = this.link.losses;
		if (before.length > 0 || is_guarded) this.is_open = true;
		return outcome_of(
			this.link.wait_for(
				{ kind: "query", before, statement: { sql, values }, is_guarded, limit, author: this.author },
				limit + leeway,
			),
		);
	}

	read<T>(work: () => Result<T, StorageError>): Result<T, StorageError> {
		if (this.is_closed) return failed(this.closed());
		if (this.trouble !== undefined) return failed(this.trouble);
		try {
			return work();
		} catch (error) {
			const problem = this.problem_of(error);
			// What was sent with the question may have been lost with it
			if (this.is_open) this.trouble ??= problem;
			return failed(problem);
		}
	}

	write<T>(work: () => Result<T, StorageError>): Result<T, StorageError> {
		const trouble = this.begin();
		if (trouble !== undefined) return failed(trouble);
		const place = { begin: this.unsent.length, has_savepoint: false };
		this.work = place;
		try {
			const result = work();
			if (!result.ok) this.take_back(place);
			else if (place.has_savepoint) this.unsent.push(release);
			return result;
		} catch (error) {
			const problem = this.failed_write(error);
			this.take_back(place);
			return failed(problem);
		} finally {
			this.work = undefined;
		}
	}

	write_one(sql: string, ...values: SqlValue[]): Result<number, StorageError> {
		return this.write(() => ok(this.run(sql, ...values)));
	}

	change_one(sql: string, ...values: SqlValue[]): Result<void, StorageError> {
		const trouble = this.begin();
		if (trouble !== undefined) return failed(trouble);
		try {
			this.change(sql, ...values);
			return ok(undefined);
		} catch (error) {
			return failed(this.failed_write(error));
		}
	}

	private begin(): StorageError | undefined {
		if (this.is_closed) return this.closed();
		this.turn.join(this);
		if (this.fence !== undefined && this.unsent.length === 0 && !this.is_open) {
			const author = this.fence.author();
			if (author.ok) this.author = author.value;
			else this.trouble ??= { text: `${this.name}: ${author.error}`, locked: true };
		}
		return this.trouble;
	}

	private failed_write(error: unknown): StorageError {
		const problem = this.problem_of(error);
		if (!problem.refused) this.trouble ??= problem;
		return problem;
	}

	private take_back({ begin, has_savepoint }: { begin: number; has_savepoint: boolean }): void {
		this.changes++;
		this.unsent.length = Math.min(begin, this.unsent.length);
		if (has_savepoint) this.unsent.push(roll_back_work, release);
	}

	async all_later(sql: string, ...values: SqlValue[]): Promise<Result<SqlValue[][], StorageError>> {
		await this.stored();
		if (values.some((value) => why_not_stored(value) !== undefined)) return ok([]);
		const found = await this.link.ask({ kind: "later", statement: { sql, values } });
		return found.ok ? ok(found.value.rows) : found;
	}

	async run_later(sql: string, ...values: SqlValue[]): Promise<Result<number, StorageError>> {
		await this.stored();
		const done = await this.link.ask({ kind: "later", statement: { sql, values } });
		return done.ok ? ok(done.value.count) : done;
	}

	/** Resolves when everything that is written now is stored, or never will be. */
	private stored(): Promise<void> {
		const is_written = this.unsent.length > 0 || this.is_open;
		const commit = is_written ? this.asked + 1 : this.asked;
		if (commit <= this.answered) return Promise.resolve();
		return new Promise((resolve) => this.waiters.push({ commit, resolve }));
	}

	/** Lets those go on whose commit is answered, or all of them. */
	private tell_waiters(is_all = false): void {
		const told = this.waiters.filter(({ commit }) => is_all || commit <= this.answered);
		this.waiters = this.waiters.filter((waiter) => !told.includes(waiter));
		for (const { resolve } of told) resolve();
	}

	generation(): number {
		return this.changes + Math.floor(performance.now() / count_time);
	}

	/** Where the thread is gone that had the open transaction, what was sent is lost with it. */
	private notice_loss(): void {
		if (!this.is_open || this.losses === this.link.losses) return;
		this.trouble ??= { text: `${this.name}: the thread that talks to it was lost with what was written`, locked: true };
	}

	prepare(): undefined {
		this.notice_loss();
		if (this.trouble !== undefined) throw new Error(this.trouble.text);
	}

	commit(): Promise<void> | undefined {
		this.notice_loss();
		if (this.trouble !== undefined) throw new Error(this.trouble.text);
		if (this.unsent.length === 0 && !this.is_open) return undefined;
		const statements = this.unsent.splice(0);
		const { author } = this;
		this.is_open = false;
		if (this.waits_for_commits) {
			outcome_of(this.link.wait_for({ kind: "commit", statements, author }, longest_commit));
			return undefined;
		}
		this.asked++;
		return this.link.ask({ kind: "commit", statements, author }).then((answer) => {
			this.answered++;
			this.tell_waiters();
			if (!answer.ok) throw new Error(answer.error.text);
		});
	}

	rollback(): void {
		// The commit of what is dropped never comes; those before it may still be on their way
		this.waiters = this.waiters.map(({ commit, resolve }) => ({ commit: Math.min(commit, this.asked), resolve }));
		if (this.is_open) this.link.tell({ kind: "rollback" });
		this.unsent = [];
		this.is_open = false;
		this.trouble = undefined;
		this.changes++;
		this.tell_waiters();
	}

	/** Has the database refuse what a life still wants to store; rejects where that is not certain. */
	async raise(life: Life): Promise<void> {
		if (this.is_closed) return;
		const raised = await this.link.ask({ kind: "raise", life });
		if (!raised.ok) throw new Error(raised.error.text);
	}

	close(): Result<void, StorageError> {
		if (this.is_closed) return ok(undefined);
		this.fence?.remove(this);
		const statements = this.unsent.splice(0);
		const has_writes = this.trouble === undefined && (statements.length > 0 || this.is_open);
		const is_waited_for = has_writes || this.answered < this.asked;
		const stored = is_waited_for
			? this.link.wait_for({ kind: "commit", statements, author: this.author }, longest_limit)
			: ok(undefined);
		this.is_closed = true;
		this.link.close();
		this.tell_waiters(true);
		if (!stored.ok) return stored;
		return this.trouble === undefined ? ok(undefined) : failed(this.trouble);
	}

	private closed(): StorageError {
		return { text: `${this.name}: the database is closed` };
	}

	/** The database's error as a value; anything else that was thrown is a mistake in the program, and is thrown on. */
	private problem_of(error: unknown): StorageError {
		if (error instanceof Thrown) return error.error;
		throw error;
	}
}

/** Whether values may be too long. The last one of an insert is no key. */
function is_long(values: readonly SqlValue[]): boolean {
	let length = 0;
	for (const value of values) if (typeof value === "string") length += value.length;
	const last = values.at(-1);
	const of_value = typeof last === "string" ? last.length : 0;
	return length - of_value >= long_keys || of_value >= long_value;
}
