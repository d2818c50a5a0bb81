// Counterpart: plugins/mod_storage_sql.lua (keyval_store, map_store)

import { key_expected } from "../../core/storage_shims.ts";
import type {
	KeyvalStore,
	MapStore,
	SqlDatabase,
	SqlDialect,
	SqlValue,
	StorageError,
	StoreKey,
	StoreMap,
	StoreTable,
	StoreValue,
} from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { entries, from_entries, to_record } from "../../util/luatable.ts";
import type { RowsAhead } from "./ahead.ts";
import { column, deserialize, type StoredValue, serialize } from "./values.ts";

/** The key of the row that holds one table with all values whose keys are not text. */
const extra_key = "";

const select_all = `SELECT "key", "type", "value" FROM "prosody" WHERE "host"=? AND "user"=? AND "store"=?`;
const select_one = `SELECT "type", "value" FROM "prosody" WHERE "host"=? AND "user"=? AND "store"=? AND "key"=? LIMIT 1`;
const of_one_key = `FROM "prosody" WHERE "host"=? AND "user"=? AND "store"=? AND "key"=? LIMIT 1`;
const select_users = `SELECT DISTINCT "user" FROM "prosody" WHERE "host"=? AND "store"=? AND "user"<>''`;
const select_from_all = `SELECT "user", "type", "value" FROM "prosody" WHERE "host"=? AND "store"=? AND "key"=? AND "user"<>''`;
const insert = `INSERT INTO "prosody" ("host", "user", "store", "key", "type", "value") VALUES (?,?,?,?,?,?)`;
const delete_one = `DELETE FROM "prosody" WHERE "host"=? AND "user"=? AND "store"=? AND "key"=?`;
const delete_from_all = `DELETE FROM "prosody" WHERE "host"=? AND "store"=? AND "key"=? AND "user"<>''`;

/** What the unique index of the table is over. */
const unique_key = ["host", "user", "store", "key"];
/** Statements that insert a row or else update it. */
const upserts = new WeakMap<SqlDialect, string>();

function upsert_of(dialect: SqlDialect): string {
	const known = upserts.get(dialect) ?? dialect.upsert(insert, unique_key, ["type", "value"]);
	upserts.set(dialect, known);
	return known;
}

/** What rows belong to. */
export interface Place {
	readonly database: SqlDatabase;
	/** Whether the index of the file lets the database replace a key by itself. */
	readonly has_unique_index: boolean;
	readonly host: string;
	readonly store: string;
	/** Rows that were read before; undefined where reading at once keeps nobody waiting. */
	readonly ahead?: RowsAhead | undefined;
}

/** The rows of one user's table. */
class Rows {
	private readonly database: SqlDatabase;
	private readonly user: string;

	constructor(
		private readonly place: Place,
		user: string | undefined,
	) {
		this.database = place.database;
		this.user = user ?? "";
	}

	private trouble(key: string, reason: string): { ok: false; error: StorageError } {
		const { host, store, database } = this.place;
		const owner = this.user === "" ? host : `${this.user}@${host}`;
		return failed({ text: `${database.name}: store ${store} of ${owner}, key "${key}": ${reason}`, refused: true });
	}

	/** A row's value as text, which also keeps bytes that are not UTF-8; SQLite's own text would lose them. */
	private text(key: string, value: SqlValue | undefined): string {
		const text = column(value);
		if (!text.includes("\ufffd")) return text;
		const bytes = this.database.first(
			`SELECT ${this.database.dialect.as_bytes("value")} ${of_one_key}`,
			this.place.host,
			this.user,
			this.place.store,
			key,
		)?.[0];
		return Buffer.isBuffer(bytes) ? column(bytes) : text;
	}

	/** Key, type and value of each row. */
	private rows(): SqlValue[][] {
		const { ahead, database, host, store } = this.place;
		const known = ahead?.of(host, this.user, store);
		if (known !== undefined) return known.map(({ key, value }) => [key, value.type, value.value]);
		return database.all(select_all, host, this.user, store);
	}

	/** Type and value of the row of a key. */
	private row(key: string): SqlValue[] | undefined {
		const { ahead, database, host, store } = this.place;
		const known = ahead?.of(host, this.user, store);
		if (known === undefined) return database.first(select_one, host, this.user, store, key);
		const found = known.find((row) => row.key === key)?.value;
		return found && [found.type, found.value];
	}

	/** Notes that rows are written. */
	private written(): void {
		const { ahead, host, store } = this.place;
		ahead?.forget(host, this.user, store);
	}

	private decode(key: string, row: StoredValue): Result<StoreValue, StorageError> {
		const value = deserialize(row.type, row.value);
		return value.ok ? value : this.trouble(key, value.error);
	}

	private select(): Map<string, StoredValue | "several"> {
		const found = new Map<string, StoredValue | "several">();
		for (const row of this.rows()) {
			const key = column(row[0]);
			found.set(key, found.has(key) ? "several" : { type: column(row[1]), value: this.text(key, row[2]) });
		}
		return found;
	}

	read_all(): Result<StoreMap | undefined, StorageError> {
		const table: StoreMap = new Map();
		let any = false;
		for (const row of this.rows()) {
			any = true;
			const key = column(row[0]);
			const value = this.decode(key, { type: column(row[1]), value: this.text(key, row[2]) });
			if (!value.ok) return value;
			if (key !== extra_key) table.set(key, value.value);
			else if (typeof value.value === "object") {
				for (const [other_key, item] of entries(value.value)) table.set(other_key, item);
			}
		}
		return ok(any ? table : undefined);
	}

	read_one(key: StoreKey): Result<StoreValue | undefined, StorageError> {
		if (typeof key !== "string" || key === "") {
			const extra = this.read_extra();
			return extra.ok ? ok(extra.value.get(key)) : extra;
		}
		const row = this.row(key);
		return row === undefined ? ok(undefined) : this.decode(key, { type: column(row[0]), value: this.text(key, row[1]) });
	}

	private read_extra(): Result<StoreMap, StorageError> {
		const row = this.row(extra_key);
		if (row === undefined) return ok(new Map());
		const value = this.decode(extra_key, { type: column(row[0]), value: this.text(extra_key, row[1]) });
		if (!value.ok) return value;
		return ok(new Map(typeof value.value === "object" ? entries(value.value) : []));
	}

	/** Makes the rows hold what the table holds; rows that do already are not changed at all. */
	replace_all(table: Iterable<readonly [StoreKey, StoreValue]>): Result<void, StorageError> {
		const wanted = new Map<string, StoreValue>();
		const extra: [StoreKey, StoreValue][] = [];
		for (const [key, value] of table) {
			if (typeof key === "string" && key !== "") wanted.set(key, value);
			else extra.push([key, value]);
		}
		if (extra.length > 0) wanted.set(extra_key, from_entries(extra));
		const rows = this.select();
		const changed = new Map<string, StoredValue | undefined>();
		for (const key of rows.keys()) if (!wanted.has(key)) changed.set(key, undefined);
		for (const [key, value] of wanted) {
			const serialized = serialize(value);
			if (!serialized.ok) return this.trouble(key, serialized.error);
			const row = rows.get(key);
			if (row === undefined || row === "several" || !says(row, serialized.value)) changed.set(key, serialized.value);
		}
		for (const key of changed.keys()) {
			const unreadable = this.unreadable(key, rows.get(key));
			if (unreadable !== undefined) return unreadable;
		}
		for (const [key, stored] of changed) {
			if (stored === undefined) this.remove(key);
			else if (rows.has(key)) this.put(key, stored);
			else this.add(key, stored);
		}
		return ok(undefined);
	}

	/** Why a row must stay: it cannot be read, so nobody knows what would be lost. */
	private unreadable(key: string, row: StoredValue | "several" | undefined): { ok: false; error: StorageError } | undefined {
		if (row === undefined || row === "several" || row.type === "string") return undefined;
		const value = deserialize(row.type, row.value);
		return value.ok ? undefined : this.trouble(key, `not stored: ${value.error}; the row is left as it is`);
	}

	write_one(key: StoreKey, value: StoreValue | undefined): Result<void, StorageError> {
		if (typeof key !== "string" || key === "") {
			const extra = this.read_extra();
			if (!extra.ok) return extra;
			if (value === undefined) extra.value.delete(key);
			else extra.value.set(key, value);
			return this.write_row(extra_key, extra.value.size > 0 ? from_entries(extra.value) : undefined);
		}
		return this.write_row(key, value);
	}

	private write_row(key: string, value: StoreValue | undefined): Result<void, StorageError> {
		const row = this.row(key);
		const unreadable = row && this.unreadable(key, { type: column(row[0]), value: column(row[1]) });
		if (unreadable !== undefined) return unreadable;
		if (value === undefined) {
			this.remove(key);
			return ok(undefined);
		}
		const serialized = serialize(value);
		if (!serialized.ok) return this.trouble(key, serialized.error);
		this.put(key, serialized.value);
		return ok(undefined);
	}

	private remove(key: string): void {
		this.written();
		this.database.change(delete_one, this.place.host, this.user, this.place.store, key);
	}

	private add(key: string, { type, value }: StoredValue): void {
		this.written();
		this.database.change(insert, this.place.host, this.user, this.place.store, key, type, value);
	}

	private put(key: string, stored: StoredValue): void {
		this.written();
		if (this.place.has_unique_index && this.database.can_upsert) {
			this.database.change(
				upsert_of(this.database.dialect),
				this.place.host,
				this.user,
				this.place.store,
				key,
				stored.type,
				stored.value,
			);
			return;
		}
		this.remove(key);
		this.add(key, stored);
	}
}

/** Whether a row already holds a value, even if it is written differently: `5.0`, or other escapes. */
function says(row: StoredValue, wanted: StoredValue): boolean {
	if (row.type === wanted.type && row.value === wanted.value) return true;
	if (row.type === "string" || wanted.type === "string") return false;
	const value = deserialize(row.type, row.value);
	if (!value.ok) return false;
	const again = serialize(value.value);
	return again.ok && again.value.type === wanted.type && again.value.value === wanted.value;
}

function select_user_names({ database, host, store }: Place): Result<string[], StorageError> {
	return database.read(() => ok(database.all(select_users, host, store).map((row) => column(row[0]))));
}

/** Whole tables, one row for each of their keys. */
export function keyval_store(place: Place): KeyvalStore {
	const { database } = place;
	const set = (user: string | undefined, data: StoreTable | StoreMap | undefined): Result<void, StorageError> => {
		const table = data === undefined ? [] : entries(data);
		return database.write(() => new Rows(place, user).replace_all(table));
	};
	return {
		get(user) {
			const table = database.read(() => new Rows(place, user).read_all());
			return table.ok ? ok(table.value && to_record(table.value)) : table;
		},
		get_table: (user) => database.read(() => new Rows(place, user).read_all()),
		set,
		set_table: set,
		users: () => select_user_names(place),
	};
}

/** The same tables, key by key. */
export function map_store(place: Place): MapStore {
	const { database, host, store } = place;
	const map: MapStore = {
		writes_by_key: true,
		get: (user, key) => database.read(() => new Rows(place, user).read_one(key)),
		set: (user, key, value) => map.set_keys(user, new Map([[key, value]])),
		set_keys(user, values) {
			return database.write(() => {
				const rows = new Rows(place, user);
				for (const [key, value] of values) {
					const written = rows.write_one(key, value);
					if (!written.ok) return written;
				}
				return ok(undefined);
			});
		},
		get_all(key) {
			if (key === "") return failed(key_expected);
			return database.read(() => {
				const found = new Map<string, StoreValue>();
				for (const row of database.all(select_from_all, host, store, key)) {
					const value = deserialize(column(row[1]), column(row[2]));
					if (!value.ok)
						return failed({
							text: `${database.name}: store ${store} of ${column(row[0])}@${host}, key "${key}": ${value.error}`,
							refused: true,
						});
					found.set(column(row[0]), value.value);
				}
				return ok(found);
			});
		},
		delete_all(key) {
			if (key === "") return failed(key_expected);
			place.ahead?.forget_all();
			return database.change_one(delete_from_all, host, store, key);
		},
	};
	return map;
}
