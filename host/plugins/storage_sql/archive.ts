// Counterpart: plugins/mod_storage_sql.lua (archive_store)

import type {
	ArchiveItem,
	ArchivePage,
	ArchiveQuery,
	ArchiveStore,
	Log,
	SqlDatabase,
	SqlValue,
	StorageError,
} from "../../core/types.ts";
import type { Cache } from "../../util/cache.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import * as uuid from "../../util/uuid.ts";
import * as xml from "../../util/xml.ts";
import { column } from "./values.ts";

/** How many items {@link ArchiveStore.find_later} reads at once: a millisecond or two. */
const page_size = 100;

const insert = `INSERT INTO "prosodyarchive" ("host", "user", "store", "when", "with", "key", "type", "value") VALUES (?,?,?,?,?,?,'xml',?)`;
const delete_by_id = `DELETE FROM "prosodyarchive" WHERE "host"=? AND "user"=? AND "store"=? AND "key"=?`;
const count_all = `SELECT COUNT(*) FROM "prosodyarchive" WHERE "host"=? AND "user"=? AND "store"=?`;
const exists = `SELECT 1 FROM "prosodyarchive" WHERE "host"=? AND "user"=? AND "store"=? AND "key"=?`;
const select_users = `SELECT DISTINCT "user" FROM "prosodyarchive" WHERE "host"=? AND "store"=? AND "user"<>''`;

/** What an archive store works with. */
export interface ArchivePlace {
	readonly database: SqlDatabase;
	readonly host: string;
	readonly store: string;
	/** The most items one user may have; undefined for no limit. */
	readonly item_limit: number | undefined;
	/** How many items users have, as far as it is known, by store and user. */
	readonly counts: ItemCounts;
	readonly log: Log;
}

/** How many items archives have; forgotten whenever another process may have changed that. */
export class ItemCounts {
	private generation: number | undefined;

	/** Counts how often a number was known, and how often it was not. */
	readonly measures: { readonly hit: () => void; readonly miss: () => void };

	constructor(
		private readonly known: Cache<string, number>,
		measures: ItemCounts["measures"],
	) {
		this.measures = measures;
	}

	/** The numbers that are still right; only to be called while the database is read or written. */
	at(generation: number): Cache<string, number> {
		if (generation !== this.generation) this.known.clear();
		this.generation = generation;
		return this.known;
	}

	forget(): void {
		this.known.clear();
	}

	/** Adjusts a known number after a change made here. */
	change(key: string, difference: number): void {
		const before = difference === 0 ? undefined : this.known.get(key);
		if (before !== undefined) this.known.set(key, before + difference);
	}
}

const not_found: StorageError = { text: "item-not-found", condition: "item-not-found" };

/** A condition on the rows, and the values in it. */
class Where {
	readonly conditions: string[] = [];
	readonly values: SqlValue[] = [];

	add(condition: string, ...values: SqlValue[]): void {
		this.conditions.push(condition);
		this.values.push(...values);
	}

	[Symbol.toPrimitive](): string {
		return this.conditions.join(" AND ");
	}
}

function sum_up(row: SqlValue[] | undefined): number {
	return Number(row?.[0] ?? 0);
}

function between_turns(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}

/** Whether a query is for all that a user has. */
function is_for_all({ start, end, with: with_whom, key, ids }: ArchiveQuery): boolean {
	return start === undefined && end === undefined && with_whom === undefined && key === undefined && ids === undefined;
}

/** Archives of one store. */
export function archive_store(place: ArchivePlace): ArchiveStore {
	const { database, host, store, item_limit } = place;

	/** The condition on the user; the host's own rows have an empty name. */
	function owner(user: string | undefined): string {
		return user ?? "";
	}

	function count_key(user: string | undefined): string {
		return `${store}\0${owner(user)}`;
	}

	/** The rows that a query is for, not counting `after` and `before`. */
	function where(user: string | true | undefined, query: ArchiveQuery): Where {
		const rows = new Where();
		rows.add(`"host" = ?`, host);
		if (user !== true) rows.add(`"user" = ?`, owner(user));
		rows.add(`"store" = ?`, store);
		// As is_since has it; the column holds whole numbers as such
		if (query.start !== undefined) {
			rows.add(`"when" >= ?`, Math.floor(query.start));
			if (!Number.isInteger(query.start)) rows.add(`("when" >= ? OR typeof("when") = 'integer')`, query.start);
		}
		if (query.end !== undefined) rows.add(`"when" <= ?`, query.end);
		if (query.with !== undefined) rows.add(`"with" = ?`, query.with);
		if (query.key !== undefined) rows.add(`"key" = ?`, query.key);
		if (query.ids !== undefined) {
			const one_of = database.dialect.one_of("key", query.ids);
			rows.add(one_of.condition, ...one_of.values);
		}
		return rows;
	}

	/** Adds `after` and `before`; answers false where one of them is unknown. */
	function add_range(rows: Where, user: string | true | undefined, { after, before }: ArchiveQuery): boolean {
		for (const [id, condition] of [
			[after, `"sort_id" > ?`],
			[before, `"sort_id" < ?`],
		] as const) {
			if (id === undefined) continue;
			const item = where(user, { key: id });
			const found = database.first(`SELECT "sort_id" FROM "prosodyarchive" WHERE ${item} LIMIT 1`, ...item.values)?.[0];
			if (found === undefined) return false;
			rows.add(condition, found);
		}
		return true;
	}

	function count(user: string | undefined, query: ArchiveQuery, rows: Where): number {
		if (!is_for_all(query)) return sum_up(database.first(`SELECT COUNT(*) FROM "prosodyarchive" WHERE ${rows}`, ...rows.values));
		const known = place.counts.at(database.generation());
		let total = known.get(count_key(user));
		if (total !== undefined) place.counts.measures.hit();
		else {
			place.counts.measures.miss();
			total = sum_up(database.first(count_all, host, owner(user), store));
			known.set(count_key(user), total);
		}
		return total;
	}

	/** A row as an item; undefined, with a word in the log, where it holds no stanza. */
	function read_item([id, type, value, when, with_whom]: SqlValue[]): ArchiveItem | undefined {
		const stanza = type === "xml" ? xml.parse(column(value)) : undefined;
		if (stanza === undefined) {
			place.log(
				"warn",
				"%s: archive %s of %s: the item %s is left out, since it holds no stanza",
				database.name,
				store,
				host,
				id,
			);
			return undefined;
		}
		return { id: column(id), stanza, when: Number(when), with: column(with_whom) };
	}

	/** Reads a limited number of rows after a `sort_id`; returns the last `sort_id`, too. */
	function read_rows(
		rows: Where,
		reverse: boolean,
		cursor: SqlValue | undefined,
		limit: number,
	): { items: ArchiveItem[]; next: SqlValue | undefined } {
		const behind = cursor === undefined ? "" : ` AND "sort_id" ${reverse ? "<" : ">"} ?`;
		const sql = `SELECT "key", "type", "value", "when", "with", "sort_id" FROM "prosodyarchive"
			WHERE ${rows}${behind} ORDER BY "sort_id" ${reverse ? "DESC" : "ASC"} LIMIT ?`;
		const found = database.all(sql, ...rows.values, ...(cursor === undefined ? [] : [cursor]), limit);
		const items: ArchiveItem[] = [];
		for (const row of found) {
			const item = read_item(row);
			if (item !== undefined) items.push(item);
		}
		return { items, next: found.length < limit ? undefined : found.at(-1)?.[5] };
	}

	/** Begins a query: what to read, and the total where it is wanted. */
	function begin(
		user: string | undefined,
		query: ArchiveQuery,
	): Result<{ rows: Where; total: number | undefined; empty: boolean }, StorageError> {
		const rows = where(user, query);
		const total = query.total ? count(user, query, rows) : undefined;
		if (query.limit === 0) return ok({ rows, total, empty: true });
		return add_range(rows, user, query) ? ok({ rows, total, empty: false }) : failed(not_found);
	}

	function finish(items: ArchiveItem[], total: number | undefined): ArchivePage {
		return total === undefined ? { items } : { items, total };
	}

	function check_limit(user: string | undefined, id: string | undefined): StorageError | undefined {
		if (item_limit === undefined || count(user, {}, where(user, {})) < item_limit) return undefined;
		const replaces = id !== undefined && database.first(exists, host, owner(user), store, id) !== undefined;
		return replaces ? undefined : { text: "quota-limit" };
	}

	return {
		caps: {
			total: true,
			...(item_limit === undefined ? {} : { quota: item_limit }),
			full_id_range: true,
			ids: true,
			truncate: true,
			wildcard_delete: true,
		},
		append(user, id, stanza, when, with_whom) {
			const value = stanza.toString();
			if (id === undefined && item_limit === undefined) {
				const fresh = uuid.v7();
				const added = database.write_one(insert, host, owner(user), store, when, with_whom, fresh, value);
				if (!added.ok) return added;
				place.counts.change(count_key(user), 1);
				return ok(fresh);
			}
			return database.write(() => {
				const limit = check_limit(user, id);
				if (limit !== undefined) return failed(limit);
				const key = id ?? uuid.v7();
				const replaced = id === undefined ? 0 : database.run(delete_by_id, host, owner(user), store, id);
				database.run(insert, host, owner(user), store, when, with_whom, key, value);
				place.counts.change(count_key(user), 1 - replaced);
				return ok(key);
			});
		},
		find(user, query = {}) {
			return database.read(() => {
				const begun = begin(user, query);
				if (!begun.ok) return begun;
				const { rows, total, empty } = begun.value;
				return ok(finish(empty ? [] : read_rows(rows, query.reverse === true, undefined, query.limit ?? -1).items, total));
			});
		},
		async find_later(user, query = {}) {
			// By then, what this turn has written is committed.
			await between_turns();
			const begun = database.read(() => begin(user, query));
			if (!begun.ok) return begun;
			const { rows, total, empty } = begun.value;
			const items: ArchiveItem[] = [];
			let left = empty ? 0 : (query.limit ?? Number.POSITIVE_INFINITY);
			let cursor: SqlValue | undefined;
			while (left > 0) {
				const size = Math.min(page_size, left);
				const page = database.read(() => ok(read_rows(rows, query.reverse === true, cursor, size)));
				if (!page.ok) return page;
				items.push(...page.value.items);
				left -= size;
				cursor = page.value.next;
				if (cursor === undefined) break;
				if (left > 0) await between_turns();
			}
			return ok(finish(items, total));
		},
		get(user, id) {
			return database.read(() => {
				const rows = where(user, { key: id });
				return ok(read_rows(rows, false, undefined, 1).items[0]);
			});
		},
		set(user, id, stanza, when, with_whom) {
			const columns = new Where();
			columns.add(`"type" = 'xml', "value" = ?`, stanza.toString());
			if (when !== undefined) columns.add(`"when" = ?`, when);
			if (with_whom !== undefined) columns.add(`"with" = ?`, with_whom);
			const rows = where(user, { key: id });
			const updated = database.write_one(
				`UPDATE "prosodyarchive" SET ${columns.conditions.join(", ")} WHERE ${rows}`,
				...columns.values,
				...rows.values,
			);
			if (!updated.ok) return updated;
			return updated.value > 0 ? ok(undefined) : failed(not_found);
		},
		summary(user, query = {}) {
			return database.read(() => {
				const rows = where(user, query);
				if (!add_range(rows, user, query)) return failed(not_found);
				const summary = new Map<string, { count: number; first: number; last: number }>();
				const sql = `SELECT "with", COUNT(*), MIN("when"), MAX("when") FROM "prosodyarchive" WHERE ${rows} GROUP BY "with"`;
				for (const [with_whom, number, first, last] of database.all(sql, ...rows.values)) {
					summary.set(column(with_whom), { count: Number(number), first: Number(first), last: Number(last) });
				}
				return ok(summary);
			});
		},
		delete(user, query = {}) {
			return database.write(() => {
				const rows = where(user, query);
				if (!add_range(rows, user, query)) return failed(not_found);
				let condition = `${rows}`;
				if (query.truncate !== undefined) {
					const order = query.reverse ? "ASC" : "DESC";
					condition = `"sort_id" IN (SELECT "sort_id" FROM "prosodyarchive" WHERE ${condition} ORDER BY "sort_id" ${order} ${database.dialect.all_but})`;
					rows.values.push(query.truncate);
				}
				const deleted = database.run(`DELETE FROM "prosodyarchive" WHERE ${condition}`, ...rows.values);
				if (user !== true) place.counts.change(count_key(user), -deleted);
				else place.counts.forget();
				return ok(deleted);
			});
		},
		users() {
			return database.read(() => ok(database.all(select_users, host, store).map((row) => column(row[0]))));
		},
	};
}
