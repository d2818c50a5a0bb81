// No counterpart: Prosody has the database count and sort all rows of an archive that match.

import type { ArchiveQuery, SqlValue } from "../../core/types.ts";
import { ok } from "../../util/error.ts";
import { type ArchiveBlocks, type Block, block_size, type Parts, type Stretch } from "../archive_blocks.lib.ts";
import { later, owner, type QueryPlace, type Question, type Steps, where } from "./archive_rows.ts";
import { column } from "./values.ts";

/** Up to how many items the database itself is quick enough. */
const small_archive = 5000;
/** How many blocks are looked through for a number; more overlap only where times are in no order. */
const most_partial = 64;
/** How many parts of an archive are looked through for a page, before the database may sort what matches. */
const most_stretches = 8;
/** How many rows the database may sort for a page. */
const most_sorted = 2000;

const own_rows = `"host"=? AND "user"=? AND "store"=?`;
const one_at = `SELECT 1 FROM "prosodyarchive" WHERE ${own_rows} ORDER BY "sort_id" LIMIT 1 OFFSET ?`;
const part_columns = `"with", COUNT(*), MIN("when"), MAX("when")`;
const next_block = `SELECT ${part_columns}, MIN("sort_id"), MAX("sort_id") FROM (SELECT "sort_id", "with", "when" FROM "prosodyarchive"
	WHERE ${own_rows} AND "sort_id" > ? ORDER BY "sort_id" LIMIT ${block_size}) GROUP BY "with"`;
const block_again = `SELECT ${part_columns} FROM (SELECT "with", "when" FROM "prosodyarchive"
	WHERE ${own_rows} AND "sort_id" BETWEEN ? AND ? ORDER BY "sort_id" LIMIT -1) GROUP BY "with"`;

/** Questions to the database, whose answers lead to a value. */
type Asking<Value> = Generator<Question, Value, SqlValue[][]>;

/** The key of an archive among all of a database; without a user, what the keys of all archives of a store begin with. */
export function archive_key({ host, store }: Pick<QueryPlace, "host" | "store">, user: string | true | undefined): string {
	const all = `${host}\0${store}\0`;
	return user === true ? all : `${all}${owner(user)}\0`;
}

function read_parts(rows: readonly SqlValue[][]): Parts {
	return new Map(
		rows.map(([with_whom, count, first, last]) => [
			column(with_whom),
			{ count: Number(count), first: Number(first), last: Number(last) },
		]),
	);
}

/** What is known now; undefined while there is no such thing. */
function blocks_now(place: QueryPlace, user: string | undefined): ArchiveBlocks | undefined {
	const { blocks, database } = place;
	// What waits for a lock has no place in the archive yet
	if (blocks === undefined || !database.can_upsert) return undefined;
	return blocks.at(database.generation(), archive_key(place, user));
}

/** Archives whose blocks are being read for whoever asks next. */
const being_read = new WeakSet<ArchiveBlocks>();

/** Whether an archive has many items of which nothing is known yet, so that asking at once may take long. */
export function is_large_and_unknown(place: QueryPlace, user: string | undefined): boolean {
	const blocks = blocks_now(place, user);
	if (blocks === undefined) return false;
	if (being_read.has(blocks)) return true;
	if (blocks.all.length > 0) return false;
	return place.database.first(one_at, place.host, owner(user), place.store, small_archive) !== undefined;
}

/** Whether an archive has many items of which most are not known yet. */
export function* is_unknown(place: QueryPlace, user: string | undefined): Asking<boolean> {
	const blocks = blocks_now(place, user);
	if (blocks === undefined || (blocks.all.length > 0 && !being_read.has(blocks))) return false;
	const far = yield { sql: one_at, values: [place.host, owner(user), place.store, small_archive] };
	return far.length > 0;
}

/** Reads the blocks of an archive, while others have their turns. */
export function get_to_know(place: QueryPlace, user: string | undefined): void {
	const blocks = blocks_now(place, user);
	if (blocks !== undefined && !being_read.has(blocks)) void later(place.database, read_all(place, user));
}

function* read_all(place: QueryPlace, user: string | undefined): Steps<boolean> {
	return ok((yield* known_blocks(place, user, {}, true)) !== undefined);
}

/** Reads blocks again in which something was deleted or changed; false where they are no longer what is known. */
function* read_stale(place: QueryPlace, user: string | undefined, blocks: ArchiveBlocks): Asking<boolean> {
	for (const block of blocks.all.filter(({ stale }) => stale)) {
		block.stale = false;
		const rows = yield { sql: block_again, values: [place.host, owner(user), place.store, block.from, block.to] };
		if (blocks_now(place, user) !== blocks) return false;
		block.parts = read_parts(rows);
	}
	return true;
}

/** Reads the blocks that have come since; false where they are no longer what is known. */
function* read_new(place: QueryPlace, user: string | undefined, blocks: ArchiveBlocks): Asking<boolean> {
	for (;;) {
		const { end } = blocks;
		const rows = yield { sql: next_block, values: [place.host, owner(user), place.store, end] };
		if (blocks_now(place, user) !== blocks) return false;
		// Another query has read it meanwhile
		if (blocks.end !== end) continue;
		const parts = read_parts(rows);
		let count = 0;
		for (const part of parts.values()) count += part.count;
		if (count < block_size) return true;
		const from = Math.min(...rows.map((row) => Number(row[4])));
		const to = Math.max(...rows.map((row) => Number(row[5])));
		blocks.all.push({ from, to, parts, stale: false });
	}
}

/** Reads all blocks that are not known, while whoever asks at once does not. */
function* read_in_time(place: QueryPlace, user: string | undefined, blocks: ArchiveBlocks): Asking<boolean> {
	being_read.add(blocks);
	try {
		return (yield* read_stale(place, user, blocks)) && (yield* read_new(place, user, blocks));
	} finally {
		being_read.delete(blocks);
	}
}

/**
 * What is known of an archive, brought up to date; undefined where the database is as quick without it, or where it is not known yet
 * and the answer has to come at once.
 * @param has_time whether other work may be done between questions
 */
export function* known_blocks(
	place: QueryPlace,
	user: string | undefined,
	{ key, ids }: ArchiveQuery,
	has_time: boolean,
): Asking<ArchiveBlocks | undefined> {
	if (key !== undefined || ids !== undefined) return undefined;
	const blocks = blocks_now(place, user);
	if (blocks === undefined) return undefined;
	if (blocks.all.length === 0) {
		if (!has_time) return undefined;
		const far = yield { sql: one_at, values: [place.host, owner(user), place.store, small_archive] };
		if (far.length === 0 || blocks_now(place, user) !== blocks) return undefined;
	}
	if (has_time) return (yield* read_in_time(place, user, blocks)) ? blocks : undefined;
	if (being_read.has(blocks)) return undefined;
	const is_known = (yield* read_stale(place, user, blocks)) && (yield* read_new(place, user, blocks));
	return is_known ? blocks : undefined;
}

/** How many items match, by blocks; undefined where the database counts as quickly. */
export function* count_by_blocks(
	place: QueryPlace,
	user: string | undefined,
	query: ArchiveQuery,
	blocks: ArchiveBlocks,
): Asking<number | undefined> {
	const { known, partial } = blocks.count(query);
	if (partial.length > most_partial) return undefined;
	const rows = where(place, user, query);
	const tail: Pick<Block, "from" | "to"> = { from: blocks.end + 1, to: Number.MAX_SAFE_INTEGER };
	let count = known;
	for (const { from, to } of [...partial, tail]) {
		const sql = `SELECT COUNT(*) FROM "prosodyarchive" WHERE ${rows.plain()} AND "sort_id" BETWEEN ? AND ?`;
		const [found] = yield { sql, values: [...rows.values, from, to] };
		count += Number(found?.[0] ?? 0);
	}
	return count;
}

/**
 * The parts of an archive to look through for a page, one after another until it is full; undefined is the whole of it, in the way
 * that the database thinks best.
 */
export function worthwhile_stretches(
	blocks: ArchiveBlocks | undefined,
	query: ArchiveQuery,
	{ after, before }: { after?: SqlValue; before?: SqlValue },
): (Stretch | undefined)[] {
	if (blocks === undefined) return [undefined];
	const { reverse = false, limit = Number.POSITIVE_INFINITY } = query;
	const from = after === undefined ? 0 : Number(after) + 1;
	const to = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before) - 1;
	const tail = { from: Math.max(from, blocks.end + 1), to };
	const found = blocks.stretches(query, { from, to }, reverse, limit);
	if (found.length > most_stretches && blocks.most(query, { from, to }) <= most_sorted) return [undefined];
	if (tail.from > tail.to) return found;
	return reverse ? [tail, ...found] : [...found, tail];
}

/** Notes in what blocks items of these ids are, before they are deleted or changed. */
export function touch_ids(place: QueryPlace, user: string | true | undefined, ids: readonly string[]): void {
	const { blocks, database } = place;
	for (const known of blocks?.beginning(archive_key(place, user)) ?? []) {
		if (known.all.length === 0) continue;
		const rows = where(place, user, { ids });
		const found = database.all(`SELECT "sort_id" FROM "prosodyarchive" WHERE ${rows}`, ...rows.values);
		for (const [sort_id] of found) known.touch(Number(sort_id));
	}
}

/** Notes in what blocks items are that a query is for, before they are deleted. */
export function touch(
	place: QueryPlace,
	user: string | true | undefined,
	query: ArchiveQuery & { readonly truncate?: number },
): void {
	const ids = query.key === undefined ? query.ids : [query.key];
	if (ids !== undefined) touch_ids(place, user, ids);
	const is_simple = query.after === undefined && query.before === undefined && query.truncate === undefined;
	for (const known of ids === undefined ? (place.blocks?.beginning(archive_key(place, user)) ?? []) : []) {
		if (is_simple) known.touch_matching(query);
		else known.clear();
	}
}
