// Counterpart: what LuaDBI is to util/sql.lua

import type { Outcome, ServerAddress, Statement } from "./messages.ts";

/** One connection to a database. */
export interface Client {
	/**
	 * Runs statements one after another, all in one go where the protocol allows. Rejects with the {@link SqlProblem} of the first one
	 * that fails, when all of them are done with; the later ones may have been tried nevertheless.
	 * @param limit how long all of them may take, in milliseconds; the connection is cut then
	 */
	run(statements: readonly Statement[], limit: number): Promise<Outcome[]>;
	/** Gives the name of the open transaction, with which its fate can be asked for; undefined where the database has no such names. */
	readonly name_transaction: Statement | undefined;
	/** What became of a transaction: it is committed, it is not, or that is not decided yet. */
	fate(transaction: string): Promise<"committed" | "aborted" | "undecided">;
	/** Whether the connection is gone. */
	readonly is_gone: boolean;
	/** Called when the connection is gone. */
	on_gone: ((reason: string) => void) | undefined;
	/** Closes the connection. */
	end(): void;
}

/** How long connecting may take, in milliseconds. */
export const connect_limit = 4000;

/** Connects to a database. The library for it is loaded only then. */
export async function connect(address: ServerAddress): Promise<Client> {
	switch (address.driver) {
		case "PostgreSQL":
			return (await import("./postgresql.ts")).connect_postgresql(address);
		case "MySQL":
			return (await import("./mysql.ts")).connect_mysql(address);
	}
}
