// Counterpart: migrator/prosody_sql.lua (reading). Prosody's tables in a SQLite file, looked at without changing it.

import { closeSync, existsSync, openSync, readSync, rmSync, statSync } from "node:fs";
import Sqlite from "better-sqlite3";
import { sqlite_problem } from "../../core/sqlite.ts";
import type { StoreMap, StoreValue } from "../../core/types.ts";
import { deserialize, column as text } from "../../plugins/storage_sql/values.ts";
import { entries } from "../../util/luatable.ts";
import * as xml from "../../util/xml.ts";
import { canonical_xml } from "./canonical_xml.ts";
import { LeftList } from "./internal_source.ts";
import type { ArchiveEntry, Source, Unit, Unreadable } from "./types.ts";

/** A value of a row, whatever a foreign hand put there. */
type Column = string | number | bigint | Buffer | null;

const expected_columns: { readonly [table: string]: readonly string[] } = {
	prosody: ["host", "user", "store", "key", "type", "value"],
	prosodyarchive: ["sort_id", "host", "user", "store", "key", "when", "with", "type", "value"],
};

/** A row as it is kept aside. */
export function raw_row(row: { readonly [column: string]: unknown }): Buffer {
	const shown = Object.entries(row).map(([name, value]) => [
		name,
		Buffer.isBuffer(value) ? { hex: value.toString("hex") } : value,
	]);
	return Buffer.from(`${JSON.stringify(Object.fromEntries(shown))}\n`);
}

/** Bytes 18 and 19 of the file say whether it has a log beside it while it is used (SQLite's file format, §1.3.3). */
function uses_log(file: string): boolean {
	const header = Buffer.alloc(20);
	const opened = openSync(file, "r");
	try {
		return readSync(opened, header, 0, 20, 0) === 20 && header[18] === 2;
	} finally {
		closeSync(opened);
	}
}

/** Opens a SQLite file to be looked at only; closing it leaves nothing behind. Throws where that cannot be done. */
export function open_read_only(file: string): { readonly database: Sqlite.Database; close(): void } {
	// Reading alone makes these files where the database uses a log, and nobody else would remove them.
	const traces = uses_log(file) ? [`${file}-wal`, `${file}-shm`].filter((path) => !existsSync(path)) : [];
	const database = new Sqlite(file, { readonly: true, fileMustExist: true });
	return {
		database,
		close() {
			database.close();
			for (const path of traces) if (existsSync(path) && (path.endsWith("-shm") || statSync(path).size === 0)) rmSync(path);
		},
	};
}

/**
 * A SQLite file with Prosody's tables as a source. Throws, with a text that names the file, where it cannot be read or is none.
 */
export function sqlite_source(file: string): Source {
	try {
		return read_source(file);
	} catch (error) {
		if (!(error instanceof Sqlite.SqliteError)) throw error;
		throw new Error(sqlite_problem(file, error).text, { cause: error });
	}
}

function read_source(file: string): Source {
	const { database, close } = open_read_only(file);
	const left = new LeftList();

	function columns_of(table: string): string[] {
		return database
			.prepare<[], { name: string }>(`PRAGMA table_info("${table}")`)
			.all()
			.map(({ name }) => name);
	}

	const present = new Set<string>();
	for (const [table, expected] of Object.entries(expected_columns)) {
		const columns = columns_of(table);
		if (columns.length === 0) continue;
		const missing = expected.filter((column) => !columns.includes(column));
		if (missing.length > 0) {
			close();
			throw new Error(
				`${file}: the table ${table} has no ${missing.join(", ")}: expected Prosody's columns, ${expected.join(", ")}`,
			);
		}
		present.add(table);
	}
	const others = database
		.prepare<[], { name: string }>(`SELECT "name" FROM "sqlite_schema" WHERE "type" = 'table' AND "name" NOT LIKE 'sqlite_%'`)
		.all()
		.filter(({ name }) => expected_columns[name] === undefined);
	for (const { name } of others) left.add(`table ${name}`, "not one of Prosody's");

	/** Everything is read as it was at one moment. */
	database.exec("BEGIN");
	const units: Unit[] = [];
	for (const [table, kind] of [
		["prosody", "keyval"],
		["prosodyarchive", "archive"],
	] as const) {
		if (!present.has(table)) continue;
		const rows = database
			.prepare<[], { host: Column; store: Column; user: Column; size: number }>(
				`SELECT "host", "store", "user", COUNT(*) AS "size" FROM "${table}" GROUP BY "host", "user", "store" ORDER BY "host", "store", "user"`,
			)
			.all();
		for (const { host, store, user, size } of rows) {
			units.push({ host: text(host), store: text(store), user: user === "" ? undefined : text(user), kind, size });
		}
	}

	const select_table = present.has("prosody")
		? database.prepare<string[], { id: number; key: Column; type: Column; value: Column }>(
				`SELECT "rowid" AS "id", * FROM "prosody" WHERE "host"=? AND "user"=? AND "store"=? ORDER BY "rowid"`,
			)
		: undefined;
	const select_archive = present.has("prosodyarchive")
		? database.prepare<
				(string | number)[],
				{ sort_id: number; key: Column; when: Column; with: Column; type: Column; value: Column }
			>(`SELECT * FROM "prosodyarchive" WHERE "host"=? AND "user"=? AND "store"=? AND "sort_id">? ORDER BY "sort_id"`)
		: undefined;

	/** What a driver for text puts in the place of bytes that are none. */
	const replaced = "\ufffd";
	const bytes_of_table = present.has("prosody")
		? database.prepare<[number], { value: Buffer }>(`SELECT CAST("value" AS BLOB) AS "value" FROM "prosody" WHERE "rowid"=?`)
		: undefined;
	const bytes_of_archive = present.has("prosodyarchive")
		? database.prepare<[number], { value: Buffer }>(
				`SELECT CAST("value" AS BLOB) AS "value" FROM "prosodyarchive" WHERE "sort_id"=?`,
			)
		: undefined;

	/** A row with its value as it is, byte for byte, where that is no UTF-8. */
	function exact<Row extends { value: Column }>(row: Row, id: number, bytes: typeof bytes_of_table): Row {
		if (typeof row.value !== "string" || !row.value.includes(replaced)) return row;
		return { ...row, value: bytes?.get(id)?.value ?? row.value };
	}

	return {
		name: `sql:${file}`,
		units: () => units,
		read_table({ host, user, store }) {
			const table: StoreMap = new Map();
			const unreadable: Unreadable[] = [];
			for (const found of select_table?.all(host, user ?? "", store) ?? []) {
				const row = exact(found, found.id, bytes_of_table);
				const key = text(row.key);
				const value = deserialize(text(row.type), text(row.value));
				if (!value.ok) {
					unreadable.push({ place: `${file}: key "${key}"`, reason: value.error, raw: raw_row(row) });
					continue;
				}
				add_row(table, key, value.value);
			}
			return { table: table.size === 0 ? undefined : table, unreadable };
		},
		*read_archive({ host, user, store }, from): Generator<ArchiveEntry> {
			for (const found of select_archive?.iterate(host, user ?? "", store, from) ?? []) {
				const row = exact(found, found.sort_id, bytes_of_archive);
				const next = row.sort_id;
				const when = Number(row.when);
				const stanza = text(row.type) === "xml" ? xml.parse(text(row.value)) : undefined;
				const key = text(row.key);
				if (stanza === undefined || !Number.isFinite(when)) {
					const reason = stanza === undefined ? "it holds no stanza that is well-formed XML" : "it has no time";
					yield { next, size: 1, unreadable: { place: `${file}: item ${key} (sort_id ${next})`, reason, raw: raw_row(row) } };
					continue;
				}
				const xml_text = canonical_xml(stanza);
				yield { next, size: 1, record: { key, when, with: text(row.with), stanza, xml: xml_text } };
			}
		},
		fingerprint: () => {
			const { size, mtimeMs: mtime_ms } = statSync(file);
			return `${size} ${mtime_ms}`;
		},
		left_behind: () => left.list(),
		close,
	};
}

/** Takes a row into a table; the row without a key holds all whose keys are no texts. */
export function add_row(table: StoreMap, key: string, value: StoreValue): void {
	if (key !== "") table.set(key, value);
	else if (typeof value === "object") for (const [other_key, item] of entries(value)) table.set(other_key, item);
}
