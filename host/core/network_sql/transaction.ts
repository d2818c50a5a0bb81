// Counterpart: util/sql.lua (engine:transaction)

import { setTimeout as delay } from "node:timers/promises";
import type { Life } from "../../util/cluster/types.ts";
import { life_text, same_life } from "../../util/cluster/types.ts";
import type { Client } from "./client.ts";
import { create_fence, enter_fence, hold_fence } from "./fence_statements.ts";
import type { Line } from "./line.ts";
import type { Outcome, ServerAddress, Statement } from "./messages.ts";
import { as_problem, SqlProblem } from "./problems.ts";

/** How often a transaction is tried that meets others or loses its connection. */
const attempts = 5;
/** How long a commit may wait for a connection, in milliseconds. It has everything that it needs to begin anew. */
const commit_patience = 8000;
/** How long a question may wait for a connection, in milliseconds: the event loop waits meanwhile. */
export const query_patience = 1000;
/** How long a commit may take, or the fate of a transaction may be undecided, in milliseconds. */
const commit_limit = 10_000;

const statement = (sql: string): Statement => ({ sql, values: [] });
const begin = statement("BEGIN");
const commit = statement("COMMIT");
const rollback = statement("ROLLBACK");
const guard = statement("SAVEPOINT guarded");
const unguard = statement("RELEASE SAVEPOINT guarded");
const back_to_guard = statement("ROLLBACK TO SAVEPOINT guarded");
const nothing: Outcome = { rows: [], count: 0 };

/**
 * The transaction of the turn that is open now. It knows all its statements, and so it begins anew where another transaction was in its
 * way, or where the connection was lost before the commit.
 */
export class Transaction {
	/** All that was run in it; undefined where none is open. */
	private done: Statement[] | undefined;
	/** The connection that it was begun on. */
	private client: Client | undefined;
	/** Why it cannot be committed any more. */
	private broken: SqlProblem | undefined;

	/** In a cluster: the life of this node that it belongs to, which the database may refuse. */
	private author: Life | undefined;
	/** The connection that the table of nodes has for this life, and the life. */
	private entered: { readonly client: Client; readonly life: Life } | undefined;

	constructor(
		private readonly line: Line,
		private readonly driver: ServerAddress["driver"],
	) {}

	get is_open(): boolean {
		return this.done !== undefined;
	}

	/** Runs one statement behind others that it needs; answers with what it brought. */
	async query(
		before: readonly Statement[],
		asked: Statement,
		is_guarded: boolean,
		limit: number,
		author: Life | undefined,
	): Promise<Outcome> {
		this.begin(author);
		if (!is_guarded) return (await this.run([...before, asked], query_patience, limit)).at(-1) ?? nothing;
		await this.run([...before, guard], query_patience, limit);
		try {
			const [outcome = nothing] = await this.run([asked, unguard], query_patience, limit);
			return outcome;
		} catch (error) {
			if (!(error instanceof SqlProblem) || error.kind !== "refused") throw error;
			this.broken = undefined;
			await this.run([back_to_guard], query_patience, limit);
			throw error;
		}
	}

	/** Who begins a transaction is its author to its end. */
	private begin(author: Life | undefined): void {
		if (this.done === undefined) this.author = author;
	}

	/** The table of nodes knows by which connection this life stores, so that others can end it. */
	private async enter(client: Client, life: Life): Promise<void> {
		if (this.entered?.client === client && same_life(this.entered.life, life)) return;
		await client.run([create_fence], commit_limit).catch((error: unknown) => {
			// Somebody else is making it
			if (as_problem(error).kind !== "refused") throw error;
		});
		await client.run([enter_fence(this.driver, life)], commit_limit);
		this.entered = { client, life };
	}

	/** Runs statements, in a new transaction where none is open; answers with what each of them brought. */
	private async run(statements: readonly Statement[], patience: number, limit: number): Promise<Outcome[]> {
		if (this.broken !== undefined) throw this.broken;
		this.done ??= [];
		const end = performance.now() + patience;
		for (let attempt = 1; ; attempt++) {
			try {
				const client = await this.line.get(patience);
				const is_new = client !== this.client;
				const { author } = this;
				if (is_new && author !== undefined) await this.enter(client, author);
				const opening = author === undefined ? [begin] : [begin, hold_fence(this.driver, author)];
				const outcomes = await client.run(is_new ? [...opening, ...this.done, ...statements] : statements, limit);
				this.client = client;
				if (is_new && author !== undefined && outcomes[1]?.rows.length === 0) {
					throw new SqlProblem("failed", `the life ${life_text(author)} of this node is over, and may not store anything`);
				}
				const answers = is_new ? outcomes.slice(opening.length + this.done.length) : outcomes;
				this.done.push(...statements);
				return answers;
			} catch (error) {
				const problem = as_problem(error);
				await this.abandon();
				const may_pass = problem.kind === "again" || problem.kind === "lost" ? attempt < attempts : problem.kind === "locked";
				if (!may_pass || (problem.kind === "locked" && performance.now() >= end)) {
					this.broken = problem;
					throw problem;
				}
				if (problem.kind === "again") await delay(Math.random() * 20 * attempt);
			}
		}
	}

	/** Leaves the transaction on the connection, so that it can begin anew. */
	private async abandon(): Promise<void> {
		const { client } = this;
		this.client = undefined;
		const open = client ?? (await this.line.get(0).catch(() => undefined));
		if (open !== undefined && !open.is_gone) await open.run([rollback], commit_limit).catch(() => open.end());
	}

	/** Runs the last statements and commits all; rejects where nothing of it is stored, or where nobody can say. */
	async commit(statements: readonly Statement[], author: Life | undefined): Promise<void> {
		this.begin(author);
		if (this.done === undefined && statements.length === 0 && this.broken === undefined) return;
		try {
			for (let attempt = 1; ; attempt++) {
				if (await this.try_to_commit(attempt === 1 ? statements : [])) return;
				if (attempt >= attempts) throw new SqlProblem("failed", "it was lost again and again");
			}
		} finally {
			await this.forget();
		}
	}

	/** Answers whether it is committed; where it is not, it may be tried again. */
	private async try_to_commit(statements: readonly Statement[]): Promise<boolean> {
		const { certainty: first } = await this.line.get(commit_patience);
		const last = "name" in first ? [...statements, first.name] : statements;
		const named = await this.run(last, commit_patience, commit_limit);
		const { client } = this;
		if (client === undefined) return false;
		const { certainty } = client;
		this.client = undefined;
		try {
			await client.run([commit], commit_limit);
			return true;
		} catch (error) {
			const problem = as_problem(error);
			if (problem.kind === "again") {
				await delay(Math.random() * 20);
				return false;
			}
			if (problem.kind !== "lost" && problem.kind !== "slow") throw problem;
			client.end();
			if ("name" in certainty) {
				const fate = await this.fate(String(named.at(-1)?.rows[0]?.[0]), certainty.start, problem);
				if (fate !== "doubtful") return fate === "committed";
			} else await this.end_left(certainty.connection);
			this.done = this.done?.map(certainty.repeatable);
			return false;
		}
	}

	/** Waits until nothing goes on over a connection that was lost: its commit may still be on its way. */
	private async end_left(connection: number): Promise<void> {
		for (let attempt = 1; ; attempt++) {
			try {
				const { certainty } = await this.line.get(commit_patience);
				if ("end_other" in certainty) await certainty.end_other(connection);
				return;
			} catch (error) {
				if (as_problem(error).kind !== "lost" || attempt >= attempts) throw error;
			}
		}
	}

	/**
	 * Asks what became of a transaction whose commit was not answered. It is doubtful where the one that is committed may be another one of
	 * the same name; nothing goes on any more with the connections of that start of the server.
	 */
	private async fate(name: string, start: string, problem: SqlProblem): Promise<"committed" | "aborted" | "doubtful"> {
		const end = performance.now() + commit_limit;
		for (;;) {
			try {
				const { certainty } = await this.line.get(commit_limit);
				const fate = "name" in certainty ? await certainty.ask(name) : "undecided";
				const is_same = "name" in certainty && certainty.start === start;
				if (fate === "committed") return is_same ? fate : "doubtful";
				// That is another one, if it has this name by now
				if (fate === "aborted" || !is_same) return "aborted";
			} catch (error) {
				if (as_problem(error).kind === "failed") throw error;
			}
			if (performance.now() >= end) throw new SqlProblem("failed", `nobody knows whether it is stored (${problem.message})`);
			await delay(50);
		}
	}

	/** Drops what is open. */
	async forget(): Promise<void> {
		const { client } = this;
		this.client = undefined;
		this.done = undefined;
		this.author = undefined;
		this.broken = undefined;
		if (client !== undefined && !client.is_gone) await client.run([rollback], commit_limit).catch(() => client.end());
	}
}
