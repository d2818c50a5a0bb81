// Counterpart: plugins/mod_storage_sql.lua (archive_where, archive_where_id_range, archive_store:find)

import type {
	ArchiveItem,
	ArchivePage,
	ArchiveQuery,
	Log,
	SqlCondition,
	SqlDatabase,
	SqlValue,
	StorageError,
} from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import * as xml from "../../util/xml.ts";
import { column } from "./values.ts";

/** How many items are read at once where there is time: a millisecond or two. */
const page_size = 100;
const count_all = `SELECT COUNT(*) FROM "prosodyarchive" WHERE "host"=? AND "user"=? AND "store"=?`;

export const not_found: StorageError = { text: "item-not-found", condition: "item-not-found" };

/** What the queries of one archive store are about. */
export interface QueryPlace {
	readonly database: SqlDatabase;
	readonly host: string;
	readonly store: string;
	readonly log: Log;
	/** The number of a user's items where it is known, and where to note it. */
	known_count(user: string | undefined): number | undefined;
	note_count(user: string | undefined, count: number): void;
}

interface Question {
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

/** Adds `after` and `before`; `item-not-found` where one of them is unknown. */
export function* add_range(
	place: QueryPlace,
	rows: Where,
	user: string | true | undefined,
	{ after, before }: ArchiveQuery,
): Steps<void> {
	for (const [id, condition] of [
		[after, `"sort_id" > ?`],
		[before, `"sort_id" < ?`],
	] as const) {
		if (id === undefined) continue;
		const item = where(place, user, { key: id });
		const [found] = yield { sql: `SELECT "sort_id" FROM "prosodyarchive" WHERE ${item} LIMIT 1`, values: item.values };
		if (found?.[0] === undefined) return failed(not_found);
		rows.add(condition, found[0]);
	}
	return ok(undefined);
}

/** Whether a query is for all that a user has. */
function is_for_all({ start, end, with: with_whom, key, ids }: ArchiveQuery): boolean {
	return start === undefined && end === undefined && with_whom === undefined && key === undefined && ids === undefined;
}

/** How many items there are, not counting `after` and `before`. */
export function* count(place: QueryPlace, user: string | undefined, query: ArchiveQuery): Steps<number> {
	if (!is_for_all(query)) {
		const rows = where(place, user, query);
		const [found] = yield { sql: `SELECT COUNT(*) FROM "prosodyarchive" WHERE ${rows}`, values: rows.values };
		return ok(Number(found?.[0] ?? 0));
	}
	const known = place.known_count(user);
	if (known !== undefined) return ok(known);
	const [found] = yield { sql: count_all, values: [place.host, owner(user), place.store] };
	const total = Number(found?.[0] ?? 0);
	place.note_count(user, total);
	return ok(total);
}

/** A row as an item; undefined, with a word in the log, where it holds no stanza. */
function read_item({ database, host, store, log }: QueryPlace, row: SqlValue[]): ArchiveItem | undefined {
	const [id, type, value, when, with_whom] = row;
	const stanza = type === "xml" ? xml.parse(column(value)) : undefined;
	if (stanza === undefined) {
		log("warn", "%s: archive %s of %s: the item %s is left out, since it holds no stanza", database.name, store, host, id);
		return undefined;
	}
	return { id: column(id), stanza, when: Number(when), with: column(with_whom) };
}

/** Reads a number of rows, all where none is given, after a `sort_id`; returns the last `sort_id`, too, where there may be more. */
export function* read_rows(
	place: QueryPlace,
	rows: Where,
	{ reverse = false, limit, cursor }: { reverse?: boolean; limit?: number; cursor?: SqlValue },
): Steps<{ items: ArchiveItem[]; next: SqlValue | undefined }> {
	const behind = cursor === undefined ? "" : ` AND "sort_id" ${reverse ? "<" : ">"} ?`;
	const sql = `SELECT "key", "type", "value", "when", "with", "sort_id" FROM "prosodyarchive"
			WHERE ${rows}${behind} ORDER BY "sort_id" ${reverse ? "DESC" : "ASC"}${limit === undefined ? "" : " LIMIT ?"}`;
	const values = [...rows.values];
	if (cursor !== undefined) values.push(cursor);
	if (limit !== undefined) values.push(limit);
	const found = yield { sql, values };
	const items: ArchiveItem[] = [];
	for (const row of found) {
		const item = read_item(place, row);
		if (item !== undefined) items.push(item);
	}
	return ok({ items, next: limit === undefined || found.length < limit ? undefined : found.at(-1)?.[5] });
}

/** Finds items; `page_by_page` where there is time between pages. */
export function* find(
	place: QueryPlace,
	user: string | undefined,
	query: ArchiveQuery,
	page_by_page: boolean,
): Steps<ArchivePage> {
	const rows = where(place, user, query);
	const total = query.total ? yield* count(place, user, query) : undefined;
	if (total?.ok === false) return total;
	const items: ArchiveItem[] = [];
	if (query.limit !== 0) {
		const ranged = yield* add_range(place, rows, user, query);
		if (!ranged.ok) return ranged;
		let left = query.limit ?? Number.POSITIVE_INFINITY;
		let cursor: SqlValue | undefined;
		do {
			const limit = page_by_page ? Math.min(page_size, left) : left;
			const page = yield* read_rows(place, rows, {
				reverse: query.reverse === true,
				...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
				...(cursor === undefined ? {} : { cursor }),
			});
			if (!page.ok) return page;
			for (const item of page.value.items) items.push(item);
			left -= limit;
			cursor = page.value.next;
		} while (left > 0 && cursor !== undefined);
	}
	return ok(total === undefined ? { items } : { items, total: total.value });
}
