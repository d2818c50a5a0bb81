// No counterpart: LuaDBI waits for the database itself.

import type { MessagePort } from "node:worker_threads";
import type { Life } from "../../util/cluster/types.ts";
import type { SqlValue, StorageError } from "../types.ts";

/** What to connect to, as the option `sql` has it. What is missing is what the database's own library takes then. */
export interface ServerAddress {
	readonly driver: "PostgreSQL" | "MySQL";
	readonly database: string;
	/** A name, an address, or the path of a Unix socket (for PostgreSQL, of its folder). */
	readonly host?: string;
	readonly port?: number;
	readonly username?: string;
	readonly password?: string;
	/** A file with certificates: whoever signed the server's. Not known to Prosody. */
	readonly ca?: string;
}

/** One statement, with a value for each `?`. */
export interface Statement {
	readonly sql: string;
	readonly values: readonly SqlValue[];
}

/** What a statement brought: its rows, and how many rows it has changed. */
export interface Outcome {
	readonly rows: SqlValue[][];
	readonly count: number;
}

/** What is asked of the thread that talks to the database. It does one thing after another, except for `later`, `greet` and `raise`. */
export type Work =
	/** Connects, and answers when that is done, or cannot be done now. */
	| { readonly kind: "greet" }
	/** Runs one statement, in the open transaction where there is one, or where `before` has what belongs to it. */
	| {
			readonly kind: "query";
			readonly before: readonly Statement[];
			readonly statement: Statement;
			/** Whether the transaction goes on where the database refuses the values. */
			readonly is_guarded: boolean;
			/** How long the answer may take, in milliseconds. */
			readonly limit: number;
			/** In a cluster, the life of this node that a transaction belongs to which begins with it. */
			readonly author: Life | undefined;
	  }
	/** Runs the last statements of the transaction and commits it. */
	| { readonly kind: "commit"; readonly statements: readonly Statement[]; readonly author: Life | undefined }
	/** Drops the open transaction. */
	| { readonly kind: "rollback" }
	/** Runs statements in a transaction of their own. */
	| { readonly kind: "set_up"; readonly statements: readonly Statement[] }
	/** Reads what is committed, beside everything else. */
	| { readonly kind: "later"; readonly statement: Statement }
	/** Has the database refuse what a life still wants to store, and those before it. */
	| { readonly kind: "raise"; readonly life: Life }
	/** Ends all connections. */
	| { readonly kind: "close" };

/** A piece of work with its number. */
export interface Request {
	readonly id: number;
	readonly work: Work;
}

export type Answer =
	| { readonly id: number; readonly ok: true; readonly outcome: Outcome }
	| { readonly id: number; readonly ok: false; readonly error: StorageError };

/** What the thread begins with. */
export interface WorkerData {
	readonly address: ServerAddress;
	/** Requests come over it, and answers go back. */
	readonly port: MessagePort;
	/** Counts the answers, so that one can be waited for. */
	readonly signal: Int32Array;
}

/** Names a database and its server, without the password. */
export function address_text({ driver, database, host, port }: ServerAddress): string {
	const at = host === undefined ? "" : ` on ${host}${port === undefined ? "" : `:${port}`}`;
	return `${driver} database ${database}${at}`;
}
