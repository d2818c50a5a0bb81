// No counterpart: in Prosody everybody waits until all is deleted.

import type { ArchiveQuery, SqlDatabase, SqlValue, StorageError } from "../../core/types.ts";
import { ok, type Result } from "../../util/error.ts";
import { add_range } from "./archive_query.ts";
import { later, type QueryPlace, type Where, where } from "./archive_rows.ts";
import { touch } from "./blocks.ts";

/** How many rows are deleted at once: a few milliseconds. */
const part_size = 500;
/** A pause between parts, in milliseconds: whoever writes meanwhile has to get a turn. */
const pause = 5;

/** Deletes a part: in a transaction of its own where the database works beside this server, else in this turn. */
function delete_part(
	database: SqlDatabase,
	sql: string,
	values: readonly SqlValue[],
): Promise<Result<number, StorageError>> | Result<number, StorageError> {
	return database.run_later?.(sql, ...values) ?? database.write_one(sql, ...values);
}

/** The ids of the first rows and of the last one of a part; undefined where nothing is left. */
async function next_part(
	database: SqlDatabase,
	rows: Where,
): Promise<Result<{ first: SqlValue; last: SqlValue; count: number } | undefined, StorageError>> {
	const sql = `SELECT "sort_id" FROM "prosodyarchive" WHERE ${rows} ORDER BY "sort_id" LIMIT ?`;
	const found = await database.all_later(sql, ...rows.values, part_size);
	if (!found.ok) return found;
	const [first, last] = [found.value[0]?.[0], found.value.at(-1)?.[0]];
	return ok(first === undefined || last === undefined ? undefined : { first, last, count: found.value.length });
}

/**
 * Deletes items part by part, between turns.
 * @param deleted told of each part that is gone
 */
export async function delete_in_parts(
	place: QueryPlace,
	user: string | true | undefined,
	query: ArchiveQuery,
	deleted: (count: number) => void,
): Promise<Result<number, StorageError>> {
	const { database } = place;
	const rows = where(place, user, query);
	const ranged = await later(database, add_range(place, rows, user, query));
	if (!ranged.ok) return ranged;
	let all = 0;
	for (;;) {
		const part = await next_part(database, rows);
		if (!part.ok) return part;
		if (part.value === undefined) return ok(all);
		const { first, last, count } = part.value;
		if (!database.is_far) touch(place, user, query);
		const sql = `DELETE FROM "prosodyarchive" WHERE ${rows} AND "sort_id" BETWEEN ? AND ?`;
		const done = await delete_part(database, sql, [...rows.values, first, last]);
		if (!done.ok) return done;
		deleted(done.value);
		all += done.value;
		if (count < part_size) return ok(all);
		await new Promise((resolve) => setTimeout(resolve, pause));
	}
}
