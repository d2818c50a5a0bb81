// Counterpart: what LuaDBI is to util/sql.lua

import type { Outcome, Statement } from "./messages.ts";

/** The transaction can be done again without harm where nobody knows what became of it. */
interface Repeated {
	/** A statement in a form that changes nothing where it was done already. */
	repeatable(statement: Statement): Statement;
}

/** The database can be asked. */
export interface Fate extends Repeated {
	/** A query for the name of the open transaction. */
	readonly name: Statement;
	/**
	 * From which start of the server this connection is. One that was killed may have forgotten a transaction that was not committed, and
	 * gives its name to another one: "committed" is certain from the same start only.
	 */
	readonly start: string;
	/** What became of a transaction: it is committed, it is not, or that is not decided yet. */
	ask(transaction: string): Promise<"committed" | "aborted" | "undecided">;
}

/** It cannot. */
export interface Repetition extends Repeated {
	/** The server's number of this connection. */
	readonly connection: number;
	/** Ends another connection, and returns when nothing goes on there any more. */
	end_other(connection: number): Promise<void>;
}

export type Certainty = Fate | Repetition;

/** One connection to a database. */
export interface Client {
	/**
	 * Runs statements one after another, all in one go where the protocol allows. Rejects with the {@link SqlProblem} of the first one
	 * that fails, when all of them are done with; the later ones may have been tried nevertheless.
	 * @param limit how long all of them may take, in milliseconds; the connection is cut then
	 */
	run(statements: readonly Statement[], limit: number): Promise<Outcome[]>;
	/** How to know what became of a transaction whose commit was not answered. */
	readonly certainty: Certainty;
	/** Whether the connection is gone. */
	readonly is_gone: boolean;
	/** Called when the connection is gone. */
	on_gone: ((reason: string) => void) | undefined;
	/** Closes the connection. */
	end(): void;
}

/** How long connecting may take, in milliseconds. */
export const connect_limit = 4000;
