// Counterpart: util/sql.lua. What the thread does that talks to the database.

import type { StorageError } from "../types.ts";
import { Line } from "./line.ts";
import {
	type Answer,
	address_text,
	type Outcome,
	type Request,
	type ServerAddress,
	type Statement,
	type Work,
} from "./messages.ts";
import { as_problem, type SqlProblem } from "./problems.ts";
import { Raising } from "./raising.ts";
import { query_patience, Transaction } from "./transaction.ts";

/** How long a server that starts waits for the connection, in milliseconds. */
const greet_patience = 5000;
/** How long something may take that nobody waits for, in milliseconds. */
const later_limit = 60_000;
/** How many queries may be read beside the turns at the same time. */
const most_readers = 3;

const nothing: Outcome = { rows: [], count: 0 };

/** What is done one after another. */
type WorkInTurn = Exclude<Work, { kind: "later" | "greet" | "raise" }>;

/** Does what is asked, one thing after another. */
export class Desk {
	private readonly name: string;
	private readonly line: Line;
	private readonly transaction: Transaction;
	/** Connections for queries beside the turns, with how many queries each has. */
	private readonly readers: { readonly line: Line; queries: number }[] = [];
	private last: Promise<unknown> = Promise.resolve();
	private raising: Raising | undefined;

	constructor(
		private readonly address: ServerAddress,
		private readonly reply: (answer: Answer) => void,
	) {
		this.name = address_text(address);
		this.line = new Line(address);
		this.transaction = new Transaction(this.line, address.driver);
	}

	take({ id, work }: Request): void {
		this.begin(work).then(
			(outcome) => this.reply({ id, ok: true, outcome }),
			(error: unknown) => this.reply({ id, ok: false, error: this.error_of(as_problem(error)) }),
		);
	}

	private begin(work: Work): Promise<Outcome> {
		switch (work.kind) {
			case "later":
				return this.later(work.statement);
			case "greet":
				return this.line.get(greet_patience).then(() => nothing);
			case "raise":
				this.raising ??= new Raising(this.address);
				return this.raising.raise(work.life).then(() => nothing);
			default:
				return this.in_turn(work);
		}
	}

	private in_turn(work: WorkInTurn): Promise<Outcome> {
		const done = this.last.then(() => this.work_on(work));
		this.last = done.catch(() => undefined);
		return done;
	}

	private async work_on(work: WorkInTurn): Promise<Outcome> {
		switch (work.kind) {
			case "query": {
				const { before, statement, is_guarded, limit, author } = work;
				const joins = this.transaction.is_open || before.length > 0 || is_guarded;
				return joins
					? this.transaction.query(before, statement, is_guarded, limit, author)
					: this.read(this.line, statement, limit);
			}
			case "commit":
				await this.transaction.commit(work.statements, work.author);
				return nothing;
			case "rollback":
				await this.transaction.forget();
				return nothing;
			case "set_up": {
				const set_up = new Transaction(this.line, this.address.driver);
				await set_up.commit(work.statements, undefined);
				return nothing;
			}
			case "close":
				this.close();
				return nothing;
		}
	}

	/** Reads outside of a transaction; where the connection is lost meanwhile, once more. */
	private async read(line: Line, statement: Statement, limit: number): Promise<Outcome> {
		for (let attempt = 1; ; attempt++) {
			const client = await line.get(query_patience);
			try {
				const [outcome = nothing] = await client.run([statement], limit);
				return outcome;
			} catch (error) {
				if (attempt > 1 || as_problem(error).kind !== "lost") throw error;
			}
		}
	}

	private async later(statement: Statement): Promise<Outcome> {
		let reader = this.readers.find(({ queries }) => queries === 0);
		if (reader === undefined && this.readers.length < most_readers) {
			reader = { line: new Line(this.address), queries: 0 };
			this.readers.push(reader);
		}
		reader ??= this.readers.reduce((least, one) => (one.queries < least.queries ? one : least));
		reader.queries++;
		try {
			return await this.read(reader.line, statement, later_limit);
		} finally {
			reader.queries--;
		}
	}

	private error_of({ kind, message }: SqlProblem): StorageError {
		return {
			text: `${this.name}: ${message}`,
			...(kind === "refused" ? { refused: true } : {}),
			...(kind === "lost" || kind === "slow" ? { locked: true, unreachable: true } : {}),
		};
	}

	private close(): void {
		this.line.close();
		this.raising?.close();
		for (const { line } of this.readers) line.close();
	}
}
