// Counterpart: plugins/mod_storage_sql.lua (archive_where, archive_where_id_range, archive_store:find)

import type { ArchiveItem, ArchivePage, ArchiveQuery, SqlValue, StorageError } from "../../core/types.ts";
import * as datetime from "../../util/datetime.ts";
import { failed, ok } from "../../util/error.ts";
import { ns } from "../../util/ns.ts";
import { type PlainStanza, plain_stanza } from "../../util/plain_xml.ts";
import type { Stanza } from "../../util/stanza.ts";
import * as xml from "../../util/xml.ts";
import type { ArchiveBlocks, Stretch } from "../archive_blocks.lib.ts";
import { type QueryPlace, type Steps, type Where, where } from "./archive_rows.ts";
import { count_by_blocks, get_to_know, is_unknown, known_blocks, worthwhile_stretches } from "./blocks.ts";
import { column } from "./values.ts";

/** How many items are read at once where there is time: a millisecond or two. */
const page_size = 100;

export const not_found: StorageError = { text: "item-not-found", condition: "item-not-found" };

/** The `sort_id`s of `after` and `before`; `item-not-found` where one of them is unknown. */
function* find_range(
	place: QueryPlace,
	user: string | true | undefined,
	ids: ArchiveQuery,
): Steps<{ after?: SqlValue; before?: SqlValue }> {
	const range: { after?: SqlValue; before?: SqlValue } = {};
	for (const end of ["after", "before"] as const) {
		const id = ids[end];
		if (id === undefined) continue;
		const item = where(place, user, { key: id });
		const [found] = yield { sql: `SELECT "sort_id" FROM "prosodyarchive" WHERE ${item} LIMIT 1`, values: item.values };
		if (found?.[0] === undefined) return failed(not_found);
		range[end] = found[0];
	}
	return ok(range);
}

/** Adds `after` and `before`, and answers with their `sort_id`s; `item-not-found` where one of them is unknown. */
export function* add_range(
	place: QueryPlace,
	rows: Where,
	user: string | true | undefined,
	ids: ArchiveQuery,
): Steps<{ after?: SqlValue; before?: SqlValue }> {
	const range = yield* find_range(place, user, ids);
	if (!range.ok) return range;
	if (range.value.after !== undefined) rows.add(`"sort_id" > ?`, range.value.after);
	if (range.value.before !== undefined) rows.add(`"sort_id" < ?`, range.value.before);
	return range;
}

/** Whether a query is for all that a user has. */
function is_for_all({ start, end, with: with_whom, key, ids }: ArchiveQuery): boolean {
	return start === undefined && end === undefined && with_whom === undefined && key === undefined && ids === undefined;
}

/**
 * How many items there are, not counting `after` and `before`.
 * @param blocks what is known of the archive, where that is worth it
 */
export function* count(place: QueryPlace, user: string | undefined, query: ArchiveQuery, blocks?: ArchiveBlocks): Steps<number> {
	const is_all = is_for_all(query);
	const noted = is_all ? place.known_count(user) : undefined;
	if (noted !== undefined) return ok(noted);
	let total = blocks === undefined ? undefined : yield* count_by_blocks(place, user, query, blocks);
	if (total === undefined) {
		const rows = where(place, user, query);
		const [found] = yield { sql: `SELECT COUNT(*) FROM "prosodyarchive" WHERE ${rows}`, values: rows.values };
		total = Number(found?.[0] ?? 0);
	}
	if (is_all) place.note_count(user, total);
	return ok(total);
}

/** An item whose text is not parsed before somebody wants its stanza. */
class PlainItem implements ArchiveItem {
	readonly id: string;
	readonly when: number;
	readonly with: string;
	private parsed: Stanza | undefined;

	constructor(
		{ id, when, with: with_whom }: Omit<ArchiveItem, "stanza">,
		private readonly text: string,
		readonly plain: PlainStanza,
	) {
		this.id = id;
		this.when = when;
		this.with = with_whom;
	}

	get stanza(): Stanza {
		this.parsed ??= xml.parse(this.text);
		if (this.parsed === undefined) throw new Error(`what was taken for plain XML is none: ${this.text}`);
		return this.parsed;
	}
}

/** A row as an item; undefined, with a word in the log, where it holds no stanza, or a time that no calendar has. */
function read_item({ database, host, store, log }: QueryPlace, row: SqlValue[]): ArchiveItem | undefined {
	const [id, type, value, when, with_whom] = row;
	const heading = { id: column(id), when: Number(when), with: column(with_whom) };
	const left_out = (reason: string): undefined => {
		log("warn", "%s: archive %s of %s: the item %s is left out, since %s", database.name, store, host, id, reason);
		return undefined;
	};
	if (!datetime.is_time(heading.when)) return left_out("its time is none");
	const text = type === "xml" ? column(value) : "";
	const plain = plain_stanza(text, ns.client);
	if (plain !== undefined) return new PlainItem(heading, text, plain);
	const stanza = xml.parse(text);
	return stanza === undefined ? left_out("it holds no stanza") : { ...heading, stanza };
}

/** What rows to read of those that a condition is for. */
interface Wanted {
	readonly reverse?: boolean;
	/** All where none is given. */
	readonly limit?: number;
	/** Those that come after this `sort_id`. */
	readonly cursor?: SqlValue;
	/** The part of the archive to look through for them. */
	readonly stretch?: Stretch;
}

/** Reads a number of rows; returns the last `sort_id`, too, where there may be more. */
export function* read_rows(
	place: QueryPlace,
	rows: Where,
	{ reverse = false, limit, cursor, stretch }: Wanted,
): Steps<{ items: ArchiveItem[]; next: SqlValue | undefined }> {
	const behind = cursor === undefined ? "" : ` AND "sort_id" ${reverse ? "<" : ">"} ?`;
	const within = stretch === undefined ? "" : ` AND "sort_id" BETWEEN ? AND ?`;
	const sql = `SELECT "key", "type", "value", "when", "with", "sort_id" FROM "prosodyarchive"
			WHERE ${stretch === undefined ? rows : rows.plain()}${behind}${within} ORDER BY "sort_id" ${reverse ? "DESC" : "ASC"}${limit === undefined ? "" : " LIMIT ?"}`;
	const values = [...rows.values];
	if (cursor !== undefined) values.push(cursor);
	if (stretch !== undefined) values.push(stretch.from, stretch.to);
	if (limit !== undefined) values.push(limit);
	const found = yield { sql, values };
	const items: ArchiveItem[] = [];
	for (const row of found) {
		const item = read_item(place, row);
		if (item !== undefined) items.push(item);
	}
	return ok({ items, next: limit === undefined || found.length < limit ? undefined : found.at(-1)?.[5] });
}

/** Reads what is left of a page, from one part of the archive, or from all of it. */
function* read_page(
	place: QueryPlace,
	rows: Where,
	{ reverse = false, limit = Number.POSITIVE_INFINITY }: ArchiveQuery,
	{ items, page_by_page, stretch }: { items: ArchiveItem[]; page_by_page: boolean; stretch?: Stretch },
): Steps<void> {
	let left = limit - items.length;
	let cursor: SqlValue | undefined;
	do {
		const most = page_by_page ? Math.min(page_size, left) : left;
		const page = yield* read_rows(place, rows, {
			reverse,
			...(most === Number.POSITIVE_INFINITY ? {} : { limit: most }),
			...(cursor === undefined ? {} : { cursor }),
			...(stretch === undefined ? {} : { stretch }),
		});
		if (!page.ok) return page;
		for (const item of page.value.items) items.push(item);
		left -= most;
		cursor = page.value.next;
	} while (left > 0 && cursor !== undefined);
	return ok(undefined);
}

/** How many rows are looked through at once, and how often, for a page of an archive of which nothing is known. */
const window_size = 1024;
const most_windows = 4;

/**
 * Looks for a page among the rows next to where it begins, in archives of which nothing is known yet; undefined where it is not full
 * then.
 */
function* find_nearby(place: QueryPlace, user: string | undefined, query: ArchiveQuery): Steps<ArchiveItem[] | undefined> {
	const { reverse = false, limit = 0 } = query;
	const ranged = yield* find_range(place, user, query);
	if (!ranged.ok) return ranged;
	const { after = 0, before = Number.MAX_SAFE_INTEGER } = ranged.value;
	const rows = where(place, user, query);
	const all = where(place, user, {});
	const order = reverse ? "DESC" : "ASC";
	const edge = `SELECT "sort_id" FROM "prosodyarchive" WHERE ${all} AND "sort_id" > ? AND "sort_id" < ? ORDER BY "sort_id" ${order} LIMIT 1 OFFSET ?`;
	const items: ArchiveItem[] = [];
	let [from, to] = [Number(after), Number(before)];
	for (let window = 0; window < most_windows; window++) {
		const [end] = yield { sql: edge, values: [...all.values, from, to, window_size] };
		const stretch = reverse
			? { from: end === undefined ? from + 1 : Number(end[0]), to: to - 1 }
			: { from: from + 1, to: end === undefined ? to - 1 : Number(end[0]) };
		const page = yield* read_rows(place, rows, { reverse, limit: limit - items.length, stretch });
		if (!page.ok) return page;
		for (const item of page.value.items) items.push(item);
		if (items.length >= limit || end === undefined) return ok(items);
		if (reverse) to = stretch.from;
		else from = stretch.to;
	}
	return ok(undefined);
}

/** Whether a page is wanted sooner than the number of all that match, and begins at an end of the archive or at an item. */
function may_be_nearby({ total, is_urgent, limit = 0, start, end, key, ids }: ArchiveQuery): boolean {
	const others = [start, end, key, ids];
	return total === true && is_urgent === true && limit > 0 && others.every((one) => one === undefined);
}

/** Finds items; `page_by_page` where there is time between pages. */
export function* find(
	place: QueryPlace,
	user: string | undefined,
	query: ArchiveQuery,
	page_by_page: boolean,
): Steps<ArchivePage> {
	if (page_by_page && may_be_nearby(query) && (yield* is_unknown(place, user))) {
		const nearby = yield* find_nearby(place, user, query);
		if (!nearby.ok) return nearby;
		get_to_know(place, user);
		if (nearby.value !== undefined) return ok({ items: nearby.value });
	}
	const rows = where(place, user, query);
	const known = yield* known_blocks(place, user, query, page_by_page);
	const total = query.total ? yield* count(place, user, query, known) : undefined;
	if (total?.ok === false) return total;
	const items: ArchiveItem[] = [];
	if (query.limit !== 0) {
		const ranged = yield* add_range(place, rows, user, query);
		if (!ranged.ok) return ranged;
		for (const stretch of worthwhile_stretches(known, query, ranged.value)) {
			const read = yield* read_page(place, rows, query, {
				items,
				page_by_page,
				...(stretch === undefined ? {} : { stretch }),
			});
			if (!read.ok) return read;
			if (items.length >= (query.limit ?? Number.POSITIVE_INFINITY)) break;
		}
	}
	return ok(total === undefined ? { items } : { items, total: total.value });
}
