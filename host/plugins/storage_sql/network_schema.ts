// Counterpart: plugins/mod_storage_sql.lua (create_table, upgrade_table), util/sql.lua (_create_table, _create_index, set_encoding)

import type { NetworkDatabase } from "../../core/network_sql/database.ts";
import type { ServerAddress } from "../../core/network_sql/messages.ts";
import type { SqlValue, StorageError } from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";
import { column } from "./values.ts";

/** Prosody's tables with their columns, and the form in which each database has those. */
const columns: Readonly<Record<string, readonly string[]>> = {
	prosody: ["host", "user", "store", "key", "type", "value"],
	prosodyarchive: ["sort_id", "host", "user", "store", "key", "when", "with", "type", "value"],
};

/** Indexes of Prosody 13, which 0.12 takes too. Tables of 0.12 keep their own one, `prosody_index`. */
const unique_index = "prosody_unique_index";
const archive_indexes: Readonly<Record<string, readonly string[]>> = {
	prosodyarchive_index: ["host", "user", "store", "key"],
	prosodyarchive_with_when: ["host", "user", "store", "with", "when"],
	prosodyarchive_when: ["host", "user", "store", "when"],
	prosodyarchive_sort: ["host", "user", "store", "sort_id"],
};

/** How a kind of database has tables, and how it tells what it has. */
interface SchemaForm {
	column_type(name: string): string;
	/** What stands behind the columns of a table. */
	readonly table_options: string;
	index(name: string, table: string, names: readonly string[], is_unique: boolean): string;
	/** Queries with the name of a table as their `?`: the names of its columns in their order; its indexes, and whether each is unique. */
	readonly list_columns: string;
	readonly list_indexes: string;
	/** Why tables that are there are not what Prosody wants now; undefined where they are. */
	old_format(database: NetworkDatabase): string | undefined;
	/** Whether the database itself replaces a row of the same key. */
	readonly has_upsert: boolean;
	/** Whether there are characters that the database cannot store. */
	refuses_texts(database: NetworkDatabase): boolean;
}

function quoted(names: readonly string[]): string {
	return names.map((name) => `"${name}"`).join(", ");
}

const upgrade = "Prosody's `prosodyctl mod_storage_sql upgrade` brings it up to date";

const postgresql: SchemaForm = {
	column_type: (name) => (name === "sort_id" ? "BIGSERIAL PRIMARY KEY" : `${name === "when" ? "INTEGER" : "TEXT"} NOT NULL`),
	table_options: "",
	index: (name, table, names, is_unique) =>
		`CREATE ${is_unique ? "UNIQUE " : ""}INDEX IF NOT EXISTS "${name}" ON "${table}" (${quoted(names)})`,
	list_columns: `SELECT "attname" FROM "pg_attribute" WHERE "attrelid" = to_regclass(?) AND "attnum" > 0 AND NOT "attisdropped" ORDER BY "attnum"`,
	list_indexes: `SELECT "relname", "indisunique" FROM "pg_index" JOIN "pg_class" ON "pg_class"."oid" = "indexrelid" WHERE "indrelid" = to_regclass(?)`,
	old_format: () => undefined,
	has_upsert: true,
	refuses_texts: (database) => column(database.first("SHOW server_encoding")?.[0]) !== "UTF8",
};

const mysql: SchemaForm = {
	column_type(name) {
		if (name === "sort_id") return "INTEGER PRIMARY KEY AUTO_INCREMENT";
		return `${name === "when" ? "INTEGER" : name === "value" ? "MEDIUMTEXT" : "TEXT"} NOT NULL`;
	},
	table_options: " CHARACTER SET 'utf8mb4' COLLATE 'utf8mb4_bin'",
	// A text is known in an index by its beginning, so that no index is unique
	index(name, table, names) {
		const parts = names.map((part) => (part === "when" || part === "sort_id" ? `"${part}"` : `"${part}"(20)`));
		return `CREATE INDEX "${name}" ON "${table}" (${parts.join(", ")})`;
	},
	list_columns: `SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
	list_indexes: `SELECT DISTINCT INDEX_NAME, NON_UNIQUE = 0 FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
	old_format(database) {
		const found = database.all(
			`SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, COLLATION_NAME FROM information_schema.COLUMNS
				WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('prosody', 'prosodyarchive')`,
		);
		for (const [table, name, type, collation] of found) {
			const place = `the column ${column(name)} of the table ${column(table)}`;
			if (table === "prosody" && name === "value" && type === "text") return `${place} takes short texts only: ${upgrade}`;
			if (collation !== null && collation !== "utf8mb4_bin") {
				return `${place} has the collation ${column(collation)}, and not utf8mb4_bin: ${upgrade}`;
			}
		}
		const unique = database.all(mysql.list_indexes, "prosodyarchive").find(([name]) => name === "prosodyarchive_index");
		if (unique !== undefined && Number(unique[1]) === 1) return `the index prosodyarchive_index is unique: ${upgrade}`;
		return undefined;
	},
	has_upsert: false,
	refuses_texts: () => false,
};

const forms: { readonly [Driver in ServerAddress["driver"]]: SchemaForm } = { PostgreSQL: postgresql, MySQL: mysql };

/** What a database has of Prosody's tables. */
export interface FoundSchema {
	/** Tables that are not there. */
	readonly missing: readonly string[];
	/** Indexes of all tables by name, with whether each is unique. */
	readonly indexes: ReadonlyMap<string, boolean>;
}

function is_true(value: SqlValue | undefined): boolean {
	return value === "t" || value === 1 || value === "1";
}

/** Looks at what is there, and refuses tables that are not Prosody's, or not of its present format. Changes nothing. */
export function examine(database: NetworkDatabase, driver: ServerAddress["driver"]): Result<FoundSchema, StorageError> {
	const form = forms[driver];
	return database.read(() => {
		const missing: string[] = [];
		const indexes = new Map<string, boolean>();
		for (const [table, expected] of Object.entries(columns)) {
			const present = database.all(form.list_columns, table).map(([name]) => column(name));
			if (present.length === 0) missing.push(table);
			else if (present.length !== expected.length || present.some((name) => !expected.includes(name))) {
				const text = `the table ${table} has the columns ${present.join(", ")}: expected ${expected.join(", ")}`;
				return failed<StorageError>({ text: `${database.name}: ${text}` });
			}
			for (const [name, is_unique] of database.all(form.list_indexes, table)) indexes.set(column(name), is_true(is_unique));
		}
		const old = form.old_format(database);
		if (old !== undefined) return failed<StorageError>({ text: `${database.name}: ${old}` });
		database.refuses_texts = form.refuses_texts(database);
		return ok({ missing, indexes });
	});
}

/**
 * Checks the tables of a database and makes those that are missing, with missing indexes.
 * @param manage false where nothing must be made (option `sql_manage_tables`)
 * @returns whether a key of a user can only be stored once, so that the database itself can replace it
 */
export function check_network_tables(
	database: NetworkDatabase,
	driver: ServerAddress["driver"],
	manage: boolean,
): Result<boolean, StorageError> {
	const form = forms[driver];
	const found = examine(database, driver);
	if (!found.ok) return found;
	const { missing, indexes } = found.value;
	if (!manage) {
		if (missing.length === 0) return ok(form.has_upsert && indexes.get(unique_index) === true);
		const text = `there is no table ${missing.join(" and ")}, and sql_manage_tables forbids to make it`;
		return failed({ text: `${database.name}: ${text}` });
	}
	const statements = missing.map((table) => {
		const all = (columns[table] ?? []).map((name) => `"${name}" ${form.column_type(name)}`);
		return `CREATE TABLE "${table}" (${all.join(", ")})${form.table_options}`;
	});
	const has_index = indexes.has(unique_index) || indexes.has("prosody_index");
	if (!has_index) statements.push(form.index(unique_index, "prosody", ["host", "user", "store", "key"], form.has_upsert));
	for (const [name, names] of Object.entries(archive_indexes)) {
		const is_unique = form.has_upsert && name === "prosodyarchive_index";
		if (!indexes.has(name)) statements.push(form.index(name, "prosodyarchive", names, is_unique));
	}
	if (statements.length > 0) {
		const made = database.set_up(statements);
		if (!made.ok) return made;
	}
	return ok(form.has_upsert && (!has_index || indexes.get(unique_index) === true));
}
