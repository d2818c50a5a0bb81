// Databases of one's own, as specs use them.

import type { ConfigValue } from "../../../host/core/config/config.ts";

/** A transaction that is open until it commits or ends. */
export interface Transaction {
	query(sql: string): Promise<unknown>;
	/** The name of a column, as the database quotes it. */
	quoted(name: string): string;
	end(): Promise<void>;
}

export interface TestDatabase {
	readonly driver: "PostgreSQL" | "MySQL";
	/** Where its files and its Unix socket are. */
	readonly folder: string;
	readonly port: number;
	/** The option `sql` that leads to it. */
	readonly sql: Record<string, ConfigValue>;
	/** Runs SQL as its administrator; answers with rows. */
	query(sql: string, database?: string): Promise<unknown[][]>;
	/** A transaction of somebody else, which is open from the first query on. */
	transaction(): Transaction;
	pid(): number;
	/** Starts it again after {@link stop}, and waits until it answers. */
	start(): Promise<void>;
	/** Ends it, and waits for the end. */
	stop(how?: NodeJS.Signals): Promise<void>;
	/** Removes Prosody's tables. */
	empty(): Promise<void>;
	/** Ends it for good. */
	remove(): Promise<void>;
}
