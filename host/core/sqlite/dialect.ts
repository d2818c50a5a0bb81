// Counterpart: util/sqlite3.lua

import type { SqlDialect } from "../types.ts";

/** Makes an insert one that updates columns where there is a row of the same key, as SQLite and PostgreSQL have it. */
export function on_conflict(insert: string, keys: readonly string[], columns: readonly string[]): string {
	const quoted = keys.map((name) => `"${name}"`).join(", ");
	const changes = columns.map((name) => `"${name}"=excluded."${name}"`).join(", ");
	return `${insert} ON CONFLICT (${quoted}) DO UPDATE SET ${changes}`;
}

/** SQLite's way to say things. */
export const sqlite_dialect: SqlDialect = {
	upsert: on_conflict,
	one_of: (column, texts) => ({
		condition: `"${column}" IN (SELECT "value" FROM json_each(?))`,
		values: [JSON.stringify(texts)],
	}),
	as_bytes: (column) => `CAST("${column}" AS BLOB)`,
	until: (column, time) => ({ condition: `"${column}" <= ?`, values: [time] }),
	kept_time: (time) => time,
	since: (column, time) => ({
		condition: Number.isInteger(time)
			? `"${column}" >= ?`
			: `"${column}" >= ? AND ("${column}" >= ? OR typeof("${column}") = 'integer')`,
		values: Number.isInteger(time) ? [time] : [Math.floor(time), time],
	}),
	delete_all_but: (table, id, condition, order) =>
		`DELETE FROM "${table}" WHERE "${id}" IN (SELECT "${id}" FROM "${table}" WHERE ${condition} ORDER BY ${order} LIMIT -1 OFFSET ?)`,
};
