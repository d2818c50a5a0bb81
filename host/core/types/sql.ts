// No counterpart: what util/sql.lua is to Prosody's mod_storage_sql.

import type { Result } from "../../util/error.ts";
import type { StorageError } from "./storage.ts";

/** The value of a column. */
export type SqlValue = string | number | bigint | Buffer | null;

/** Where databases differ in their SQL. Names stand between double quotes and values behind `?` everywhere. */
export interface SqlDialect {
	/** Makes an insert one that updates columns where there is a row of the same key. */
	upsert(insert: string, keys: readonly string[], columns: readonly string[]): string;
	/** A condition that a column is one of some texts, and what belongs to its `?`. */
	one_of(column: string, texts: readonly string[]): { readonly condition: string; readonly values: readonly SqlValue[] };
	/** A text column as bytes. */
	as_bytes(column: string): string;
	/** The end of a query that skips as many rows as its `?` says. */
	readonly all_but: string;
}

/**
 * A database as stores use it. What they write belongs to the turn: the database joins it as a participant, whose commit may answer
 * later. Reading answers at once, and sees what was written in turns that are not stored yet. Errors are values; a write that meets
 * trouble (and does not merely refuse its values) fails the turn.
 */
export interface SqlDatabase {
	/** Its name in messages: a file, or a database and its server. */
	readonly name: string;
	readonly dialect: SqlDialect;
	/** Whether a statement may insert or else update now. */
	readonly can_upsert: boolean;
	/** Reads. The other methods that take SQL are for the work of this and of {@link write}, which may throw the database's errors. */
	read<T>(work: () => Result<T, StorageError>): Result<T, StorageError>;
	/** Writes; where the work refuses something, nothing of it remains, and the rest of the turn is not touched. */
	write<T>(work: () => Result<T, StorageError>): Result<T, StorageError>;
	/** Writes one statement; answers how many rows it has changed. */
	write_one(sql: string, ...values: SqlValue[]): Result<number, StorageError>;
	/** The rows of a query, as arrays in the order of the columns asked for. */
	all(sql: string, ...values: SqlValue[]): SqlValue[][];
	/** The first row of a query. */
	first(sql: string, ...values: SqlValue[]): SqlValue[] | undefined;
	/** Runs a statement that changes something; answers how many rows. */
	run(sql: string, ...values: SqlValue[]): number;
	/** A number that changes whenever what is stored may have changed other than by successful writes through this value. */
	generation(): number;
	/** Stores what is left of the turn, where that can be done at once, and ends the use of the database. */
	close(): Result<void, StorageError>;
}
