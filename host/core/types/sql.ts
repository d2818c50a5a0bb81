// No counterpart: what util/sql.lua is to Prosody's mod_storage_sql.

import type { Result } from "../../util/error.ts";
import type { StorageError } from "./storage.ts";

/** The value of a column. */
export type SqlValue = string | number | bigint | Buffer | null;

/** A condition, and what belongs to its `?`. */
export interface SqlCondition {
	readonly condition: string;
	readonly values: readonly SqlValue[];
}

/** Where databases differ in their SQL. Names stand between double quotes and values behind `?` everywhere. */
export interface SqlDialect {
	/** Makes an insert one that updates columns where there is a row of the same key. */
	upsert(insert: string, keys: readonly string[], columns: readonly string[]): string;
	/** A condition that a column is one of some texts. */
	one_of(column: string, texts: readonly string[]): SqlCondition;
	/** A text column as bytes. */
	as_bytes(column: string): string;
	/** A time as a column can keep it, with its fraction or without; undefined where it is out of its range. */
	kept_time(time: number): number | undefined;
	/** A condition that a column of times is at or after a time. Times in whole seconds count as later than any part of their second. */
	since(column: string, time: number): SqlCondition;
	/** A condition that a column of times is at or before a time. */
	until(column: string, time: number): SqlCondition;
	/**
	 * Deletes the rows of a table that a condition is for, but for as many as its last `?` says, of those first in an order.
	 * @param order a column, and `ASC` or `DESC`
	 */
	delete_all_but(table: string, id: string, condition: string, order: string): string;
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
	/** Whether reading at once means that the whole server waits for an answer over the network. */
	readonly is_far: boolean;
	/** How often that was, and for how many milliseconds, in all and at most; missing where nobody waits. */
	readonly waits?: { readonly count: number; readonly milliseconds: number; readonly longest: number };
	/** Reads. The other methods that take SQL are for the work of this and of {@link write}, which may throw the database's errors. */
	read<T>(work: () => Result<T, StorageError>): Result<T, StorageError>;
	/** Writes; where the work refuses something, nothing of it remains, and the rest of the turn is not touched. */
	write<T>(work: () => Result<T, StorageError>): Result<T, StorageError>;
	/** Writes one statement; answers how many rows it has changed. */
	write_one(sql: string, ...values: SqlValue[]): Result<number, StorageError>;
	/** Writes one statement where nobody needs to know how many rows it changes; what then fails fails the turn. */
	change_one(sql: string, ...values: SqlValue[]): Result<void, StorageError>;
	/** The rows of a query, as arrays in the order of the columns asked for. */
	all(sql: string, ...values: SqlValue[]): SqlValue[][];
	/** The first row of a query. */
	first(sql: string, ...values: SqlValue[]): SqlValue[] | undefined;
	/** Runs a statement that changes something; answers how many rows. */
	run(sql: string, ...values: SqlValue[]): number;
	/** Runs a statement that changes something, where nobody needs to know how many rows. */
	change(sql: string, ...values: SqlValue[]): void;
	/** The rows of a query, read between turns. It sees everything that was written before, once that is stored. */
	all_later(sql: string, ...values: SqlValue[]): Promise<Result<SqlValue[][], StorageError>>;
	/** Runs a statement that changes something between turns, in a transaction of its own; answers how many rows. Missing where that would be at once. */
	run_later?(sql: string, ...values: SqlValue[]): Promise<Result<number, StorageError>>;
	/** A number that changes whenever what is stored may have changed other than by successful writes through this value. */
	generation(): number;
	/** Stores what is left of the turn, where that can be done at once, and ends the use of the database. */
	close(): Result<void, StorageError>;
}
