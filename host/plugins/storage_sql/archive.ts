// Counterpart: plugins/mod_storage_sql.lua (archive_store)

import type { ArchiveStore, Log, SqlDatabase, StorageError } from "../../core/types.ts";
import type { Cache } from "../../util/cache.ts";
import { failed, ok } from "../../util/error.ts";
import * as uuid from "../../util/uuid.ts";
import type { KnownBlocks } from "../archive_blocks.lib.ts";
import { add_range, count, find, not_found, read_rows } from "./archive_query.ts";
import { delete_in_parts } from "./archive_removal.ts";
import { later, now, owner, type QueryPlace, Where, where } from "./archive_rows.ts";
import { is_large_and_unknown, touch, touch_ids } from "./blocks.ts";
import { column } from "./values.ts";

const insert = `INSERT INTO "prosodyarchive" ("host", "user", "store", "when", "with", "key", "type", "value") VALUES (?,?,?,?,?,?,'xml',?)`;
const delete_by_id = `DELETE FROM "prosodyarchive" WHERE "host"=? AND "user"=? AND "store"=? AND "key"=?`;
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
	/** What is known of archives block by block. */
	readonly blocks: KnownBlocks;
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

/** Archives of one store. */
export function archive_store(place: ArchivePlace): ArchiveStore {
	const { database, host, store, item_limit } = place;

	function count_key(user: string | undefined): string {
		return `${store}\0${owner(user)}`;
	}

	const queries: QueryPlace = {
		database,
		host,
		store,
		log: place.log,
		blocks: database.is_far ? undefined : place.blocks,
		known_count(user) {
			const known = database.read(() => ok(place.counts.at(database.generation()).get(count_key(user))));
			const count = known.ok ? known.value : undefined;
			if (count === undefined) place.counts.measures.miss();
			else place.counts.measures.hit();
			return count;
		},
		note_count: (user, total) => void place.counts.at(database.generation()).set(count_key(user), total),
	};
	// What is counted between turns may have changed by the time it is noted
	const later_queries: QueryPlace = { ...queries, note_count: () => undefined };
	const bad_time = (when: number): { ok: false; error: StorageError } =>
		failed({ text: `${database.name}: archive ${store} of ${host}: the time ${when} cannot be stored`, refused: true });

	function check_limit(user: string | undefined, id: string | undefined): StorageError | undefined {
		if (item_limit === undefined) return undefined;
		const total = now(database, count(queries, user, {}));
		if (!total.ok) return total.error;
		if (total.value < item_limit) return undefined;
		const replaces = id !== undefined && database.first(exists, host, owner(user), store, id) !== undefined;
		return replaces ? undefined : { text: "quota-limit" };
	}

	return {
		...(database.is_far ? { is_far: true } : {}),
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
			const time = database.dialect.kept_time(when);
			if (time === undefined) return bad_time(when);
			if (id === undefined && item_limit === undefined) {
				const fresh = uuid.v7();
				const added = database.change_one(insert, host, owner(user), store, time, with_whom, fresh, value);
				if (!added.ok) return added;
				place.counts.change(count_key(user), 1);
				return ok(fresh);
			}
			return database.write(() => {
				const limit = check_limit(user, id);
				if (limit !== undefined) return failed(limit);
				const key = id ?? uuid.v7();
				if (id !== undefined) touch_ids(queries, user, [id]);
				const replaced = id === undefined ? 0 : database.run(delete_by_id, host, owner(user), store, id);
				database.change(insert, host, owner(user), store, time, with_whom, key, value);
				place.counts.change(count_key(user), 1 - replaced);
				return ok(key);
			});
		},
		takes_long: (user) => {
			const found = database.read(() => ok(is_large_and_unknown(queries, user)));
			return found.ok && found.value;
		},
		find: (user, query = {}) => database.read(() => now(database, find(queries, user, query, false))),
		find_later: (user, query = {}) => later(database, find(later_queries, user, query, true)),
		get: (user, id) =>
			database.read(() => {
				const found = now(database, read_rows(queries, where(queries, user, { key: id }), { limit: 1 }));
				return found.ok ? ok(found.value.items[0]) : found;
			}),
		set(user, id, stanza, when, with_whom) {
			const time = when === undefined ? undefined : database.dialect.kept_time(when);
			if (when !== undefined && time === undefined) return bad_time(when);
			const columns = new Where();
			columns.add(`"type" = 'xml', "value" = ?`, stanza.toString());
			if (time !== undefined) columns.add(`"when" = ?`, time);
			if (with_whom !== undefined) columns.add(`"with" = ?`, with_whom);
			const rows = where(queries, user, { key: id });
			if (time !== undefined || with_whom !== undefined) database.read(() => ok(touch_ids(queries, user, [id])));
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
				const rows = where(queries, user, query);
				const ranged = now(database, add_range(queries, rows, user, query));
				if (!ranged.ok) return ranged;
				const summary = new Map<string, { count: number; first: number; last: number }>();
				const sql = `SELECT "with", COUNT(*), MIN("when"), MAX("when") FROM "prosodyarchive" WHERE ${rows} GROUP BY "with"`;
				for (const [with_whom, number, first, last] of database.all(sql, ...rows.values)) {
					summary.set(column(with_whom), { count: Number(number), first: Number(first), last: Number(last) });
				}
				return ok(summary);
			});
		},
		delete_later: (user, query) =>
			delete_in_parts(queries, user, query, (deleted) => {
				if (user !== true) place.counts.change(count_key(user), -deleted);
				else place.counts.forget();
			}),
		delete(user, query = {}) {
			return database.write(() => {
				const rows = where(queries, user, query);
				const ranged = now(database, add_range(queries, rows, user, query));
				if (!ranged.ok) return ranged;
				const { truncate } = query;
				touch(queries, user, query);
				if (query.uncounted && database.is_far && truncate === undefined) {
					database.change(`DELETE FROM "prosodyarchive" WHERE ${rows}`, ...rows.values);
					place.counts.forget();
					return ok(0);
				}
				const deleted =
					truncate === undefined
						? database.run(`DELETE FROM "prosodyarchive" WHERE ${rows}`, ...rows.values)
						: database.run(
								database.dialect.delete_all_but(
									"prosodyarchive",
									"sort_id",
									`${rows}`,
									`"sort_id" ${query.reverse ? "ASC" : "DESC"}`,
								),
								...rows.values,
								truncate,
							);
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
