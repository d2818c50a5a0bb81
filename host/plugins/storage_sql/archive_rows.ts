// Counterpart: plugins/mod_storage_sql.lua (archive_where)

import type { ArchiveQuery, Log, SqlCondition, SqlDatabase, SqlValue, StorageError } from "../../core/types.ts";
import type { Result } from "../../util/error.ts";
import type { KnownBlocks } from "../archive_blocks.lib.ts";

/** What the queries of one archive store are about. */
export interface QueryPlace {
	readonly database: SqlDatabase;
	readonly host: string;
	readonly store: string;
	readonly log: Log;
	/** What is known of archives block by block; undefined where a database keeps no such order. */
	readonly blocks: KnownBlocks | undefined;
	/** The number of a user's items where it is known, and where to note it. */
	known_count(user: string | undefined): number | undefined;
	note_count(user: string | undefined, count: number): void;
}

/** A query, as work that takes several steps asks it. */
export interface Question {
	readonly sql: string;
	readonly values: readonly SqlValue[];
}

/**
 * Work that asks the database one question after another. It is written once, and done at once ({@link now}) or with other work in
 * between ({@link later}).
 */
export type Steps<Answer> = Generator<Question, Result<Answer, StorageError>, SqlValue[][]>;

/** Does the work at once; within the database's `read` or `write` only. */
export function now<Answer>(database: SqlDatabase, steps: Steps<Answer>): Result<Answer, StorageError> {
	let step = steps.next();
	while (!step.done) step = steps.next(database.all(step.value.sql, ...step.value.values));
	return step.value;
}

/** Does the work between turns. What was written before is stored by then. */
export async function later<Answer>(database: SqlDatabase, steps: Steps<Answer>): Promise<Result<Answer, StorageError>> {
	let step = steps.next();
	while (!step.done) {
		const rows = await database.all_later(step.value.sql, ...step.value.values);
		if (!rows.ok) return rows;
		step = steps.next(rows.value);
	}
	return step.value;
}

/** A condition on the rows, and the values in it. */
export class Where {
	readonly conditions: string[] = [];
	readonly values: SqlValue[] = [];

	add(condition: string, ...values: readonly SqlValue[]): void {
		this.conditions.push(condition);
		this.values.push(...values);
	}

	/** The same condition, for looking through few rows in their order: no index of another column is used for it. */
	plain(): string {
		return this.conditions.join(" AND ").replaceAll(/"(?:when|with|key)"/g, "+$&");
	}

	[Symbol.toPrimitive](): string {
		return this.conditions.join(" AND ");
	}
}

/** The condition on the user; the host's own rows have an empty name. */
export function owner(user: string | undefined): string {
	return user ?? "";
}

/** The rows that a query is for, not counting `after` and `before`; `true` as user means all. */
export function where({ database, host, store }: QueryPlace, user: string | true | undefined, query: ArchiveQuery): Where {
	const { dialect } = database;
	const rows = new Where();
	rows.add(`"host" = ?`, host);
	if (user !== true) rows.add(`"user" = ?`, owner(user));
	rows.add(`"store" = ?`, store);
	const add = ({ condition, values }: SqlCondition): void => rows.add(condition, ...values);
	if (query.start !== undefined) add(dialect.since("when", query.start));
	if (query.end !== undefined) add(dialect.until("when", query.end));
	if (query.with !== undefined) rows.add(`"with" = ?`, query.with);
	if (query.key !== undefined) rows.add(`"key" = ?`, query.key);
	if (query.ids !== undefined) add(dialect.one_of("key", query.ids));
	return rows;
}
