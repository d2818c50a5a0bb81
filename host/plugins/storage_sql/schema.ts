// Counterpart: plugins/mod_storage_sql.lua (create_table, upgrade_table)

import type { AsideTables, SqliteDatabase } from "../../core/sqlite.ts";
import type { StorageError } from "../../core/types.ts";
import { failed, ok, type Result } from "../../util/error.ts";

/** Prosody's tables with their columns, as its SQL library writes them for SQLite. */
const tables: Record<string, Record<string, string>> = {
	prosody: {
		host: "TEXT NOT NULL",
		user: "TEXT NOT NULL",
		store: "TEXT NOT NULL",
		key: "TEXT NOT NULL",
		type: "TEXT NOT NULL",
		value: "TEXT NOT NULL",
	},
	prosodyarchive: {
		sort_id: "INTEGER PRIMARY KEY AUTOINCREMENT",
		host: "TEXT NOT NULL",
		user: "TEXT NOT NULL",
		store: "TEXT NOT NULL",
		key: "TEXT NOT NULL",
		when: "INTEGER NOT NULL",
		with: "TEXT NOT NULL",
		type: "TEXT NOT NULL",
		value: "TEXT NOT NULL",
	},
};

const archive_indexes = [
	`CREATE UNIQUE INDEX IF NOT EXISTS "prosodyarchive_index" ON "prosodyarchive" ("host", "user", "store", "key")`,
	`CREATE INDEX IF NOT EXISTS "prosodyarchive_with_when" ON "prosodyarchive" ("host", "user", "store", "with", "when")`,
	`CREATE INDEX IF NOT EXISTS "prosodyarchive_when" ON "prosodyarchive" ("host", "user", "store", "when")`,
	`CREATE INDEX IF NOT EXISTS "prosodyarchive_sort" ON "prosodyarchive" ("host", "user", "store", "sort_id")`,
];

/** Items that wait for a lock have a `sort_id` from here on; no archive gets that far. */
const first_waiting = 2 ** 52;

/** Where rows go while another process keeps the file locked. A row without a type stands for one that is to be deleted. */
export const aside_tables: AsideTables = {
	create: [
		`CREATE TEMP TABLE "waiting" ("host" TEXT, "user" TEXT, "store" TEXT, "key" TEXT, "type" TEXT, "value" TEXT,
			PRIMARY KEY ("host", "user", "store", "key"))`,
		`CREATE TEMP VIEW "prosody" AS
			SELECT "host", "user", "store", "key", "type", "value" FROM main."prosody" AS "real" WHERE NOT EXISTS (
				SELECT 1 FROM temp."waiting" AS "new" WHERE "new"."host" = "real"."host" AND "new"."user" = "real"."user"
					AND "new"."store" = "real"."store" AND "new"."key" = "real"."key")
			UNION ALL SELECT "host", "user", "store", "key", "type", "value" FROM temp."waiting" WHERE "type" IS NOT NULL`,
		`CREATE TEMP TRIGGER "prosody_insert" INSTEAD OF INSERT ON temp."prosody" BEGIN
			INSERT OR REPLACE INTO "waiting" VALUES (NEW."host", NEW."user", NEW."store", NEW."key", NEW."type", NEW."value"); END`,
		`CREATE TEMP TRIGGER "prosody_delete" INSTEAD OF DELETE ON temp."prosody" BEGIN
			INSERT OR REPLACE INTO "waiting" VALUES (OLD."host", OLD."user", OLD."store", OLD."key", NULL, NULL); END`,
		`CREATE TEMP TABLE "waiting_archive" ("sort_id" INTEGER PRIMARY KEY, "host" TEXT, "user" TEXT, "store" TEXT, "key" TEXT,
			"when" INTEGER, "with" TEXT, "type" TEXT, "value" TEXT)`,
		`CREATE TEMP VIEW "prosodyarchive" AS
			SELECT "sort_id", "host", "user", "store", "key", "when", "with", "type", "value" FROM main."prosodyarchive"
				WHERE "sort_id" NOT IN (SELECT "sort_id" FROM temp."waiting_archive")
			UNION ALL SELECT "sort_id", "host", "user", "store", "key", "when", "with", "type", "value"
				FROM temp."waiting_archive" WHERE "type" IS NOT NULL`,
		`CREATE TEMP TRIGGER "prosodyarchive_insert" INSTEAD OF INSERT ON temp."prosodyarchive" BEGIN
			INSERT OR REPLACE INTO "waiting_archive" VALUES (
				(SELECT max(coalesce(max("sort_id") + 1, 0), ${first_waiting}) FROM "waiting_archive"),
				NEW."host", NEW."user", NEW."store", NEW."key", NEW."when", NEW."with", NEW."type", NEW."value"); END`,
		`CREATE TEMP TRIGGER "prosodyarchive_update" INSTEAD OF UPDATE ON temp."prosodyarchive" BEGIN
			INSERT OR REPLACE INTO "waiting_archive" VALUES (OLD."sort_id",
				NEW."host", NEW."user", NEW."store", NEW."key", NEW."when", NEW."with", NEW."type", NEW."value"); END`,
		`CREATE TEMP TRIGGER "prosodyarchive_delete" INSTEAD OF DELETE ON temp."prosodyarchive" BEGIN
			INSERT OR REPLACE INTO "waiting_archive" ("sort_id") VALUES (OLD."sort_id"); END`,
	],
	apply: [
		`DELETE FROM main."prosody" WHERE ("host", "user", "store", "key") IN (SELECT "host", "user", "store", "key" FROM temp."waiting")`,
		`INSERT INTO main."prosody" ("host", "user", "store", "key", "type", "value")
			SELECT "host", "user", "store", "key", "type", "value" FROM temp."waiting" WHERE "type" IS NOT NULL`,
		`DELETE FROM main."prosodyarchive" WHERE "sort_id" IN (SELECT "sort_id" FROM temp."waiting_archive")`,
		`INSERT INTO main."prosodyarchive" ("sort_id", "host", "user", "store", "key", "when", "with", "type", "value")
			SELECT iif("sort_id" < ${first_waiting}, "sort_id", NULL), "host", "user", "store", "key", "when", "with", "type", "value"
				FROM temp."waiting_archive" WHERE "type" IS NOT NULL ORDER BY "sort_id"`,
	],
	drop: [
		`DROP VIEW IF EXISTS temp."prosody"`,
		`DROP TABLE IF EXISTS temp."waiting"`,
		`DROP VIEW IF EXISTS temp."prosodyarchive"`,
		`DROP TABLE IF EXISTS temp."waiting_archive"`,
	],
};

const unique_index = `CREATE UNIQUE INDEX "prosody_unique_index" ON "prosody" ("host", "user", "store", "key")`;

function create_table(name: string): string {
	const columns = Object.entries(tables[name] ?? {}).map(([column, type]) => `"${column}" ${type}`);
	return `CREATE TABLE "${name}" (${columns.join(", ")})`;
}

/** Columns and indexes of the two tables in a file. */
interface Found {
	readonly missing: string[];
	/** Indexes of the table `prosody` by name, with whether each is unique. */
	readonly indexes: Map<string, boolean>;
}

function text(value: unknown): string {
	return typeof value === "string" ? value : "";
}

/** Looks at what is there, and refuses tables that are not Prosody's, which a newer version may have made. Changes nothing. */
function examine(database: SqliteDatabase): Result<Found, StorageError> {
	return database.read(() => {
		const missing: string[] = [];
		for (const [name, columns] of Object.entries(tables)) {
			const present = database.all(`PRAGMA table_info("${name}")`).map((row) => text(row[1]));
			if (present.length === 0) missing.push(name);
			else if (present.length !== Object.keys(columns).length || present.some((column) => columns[column] === undefined)) {
				return failed<StorageError>({
					text: `${database.name}: the table ${name} has the columns ${present.join(", ")}: expected ${Object.keys(columns).join(", ")}`,
				});
			}
		}
		const indexes = database.all(`PRAGMA index_list("prosody")`).map((row): [string, boolean] => [text(row[1]), row[2] === 1]);
		return ok({ missing, indexes: new Map(indexes) });
	});
}

/**
 * Checks the tables of a file and makes those that are missing, in the form of Prosody 13, which 0.12 takes too. Files of 0.12 keep
 * their own index.
 * @param manage false where missing tables must not be made (option `sql_manage_tables`)
 * @returns whether a key of a user can only be stored once, so that the database itself can replace it
 */
export function check_tables(database: SqliteDatabase, manage: boolean): Result<boolean, StorageError> {
	const found = examine(database);
	if (!found.ok) return found;
	const { missing, indexes } = found.value;
	if (!manage) {
		if (missing.length === 0) return ok(indexes.get("prosody_unique_index") === true);
		return failed({
			text: `${database.name}: there is no table ${missing.join(" and ")}, and sql_manage_tables forbids to make it`,
		});
	}
	const statements = missing.map(create_table);
	const has_index = indexes.has("prosody_unique_index") || indexes.has("prosody_index");
	if (!has_index) statements.push(unique_index);
	if (statements.length > 0 || !has_archive_indexes(database)) {
		const made = database.set_up([...statements, ...archive_indexes]);
		if (!made.ok) return made;
	}
	return ok(!has_index || indexes.get("prosody_unique_index") === true);
}

function has_archive_indexes(database: SqliteDatabase): boolean {
	const present = database.read(() => ok(database.all(`PRAGMA index_list("prosodyarchive")`).length));
	return present.ok && present.value >= archive_indexes.length;
}
