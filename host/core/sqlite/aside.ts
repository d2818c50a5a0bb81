// No counterpart: Prosody waits for the lock.

import type Sqlite from "better-sqlite3";

/**
 * Where writes go while another process keeps a file locked: temporary tables, with temporary views in front of the real tables, so
 * that every statement that reads or writes those sees the real rows with the changes. An upsert is the one thing that views
 * cannot take. Each changed row has to be one `INSERT OR REPLACE` of the triggers, since that is how changes are counted.
 */
export interface AsideTables {
	/** Makes tables, views and triggers. */
	readonly create: readonly string[];
	/** Brings what was changed into the real tables, which have to be called `main.…` there. */
	readonly apply: readonly string[];
	/** Removes what may be there of all this. */
	readonly drop: readonly string[];
}

/** The writes that wait for the lock on one file. */
export class Aside {
	/** Whether views may stand in front of the real tables. */
	private is_made = false;
	private is_in_memory = false;

	constructor(
		private readonly connection: Sqlite.Database,
		private readonly tables: AsideTables,
	) {}

	/** Has writes go aside from now on. Throws SQLite's error where that cannot be. */
	begin(): void {
		if (!this.is_in_memory) this.connection.pragma("temp_store = MEMORY");
		this.is_in_memory = true;
		this.is_made = true;
		for (const statement of this.tables.create) this.connection.exec(statement);
	}

	/** Brings all into the real tables, as part of the open transaction. */
	apply(): void {
		for (const statement of [...this.tables.apply, ...this.tables.drop]) this.connection.exec(statement);
	}

	/** How many rows were changed since the file was opened. */
	total_changes(): number {
		return Number(this.connection.prepare("SELECT total_changes()").pluck().get());
	}

	/** What was applied is permanent. */
	end(): void {
		this.is_made = false;
	}

	/** Forgets what was written. Not within a transaction. */
	drop(): void {
		if (!this.is_made) return;
		for (const statement of this.tables.drop) this.connection.exec(statement);
		this.is_made = false;
	}
}
