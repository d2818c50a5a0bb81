// Databases of one's own, as specs use them.

import type { ConfigValue } from "../../../host/core/config/config.ts";

export interface TestDatabase {
	readonly driver: "PostgreSQL" | "MySQL";
	/** Where its files and its Unix socket are. */
	readonly folder: string;
	readonly port: number;
	/** The option `sql` that leads to it. */
	readonly sql: Record<string, ConfigValue>;
	/** Runs SQL as its administrator; answers with rows. */
	query(sql: string, database?: string): Promise<unknown[][]>;
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
