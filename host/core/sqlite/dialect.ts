// Counterpart: util/sqlite3.lua

import type { SqlDialect } from "../types.ts";

/** SQLite's way to say things. */
export const sqlite_dialect: SqlDialect = {
	upsert(insert, keys, columns) {
		const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");
		const changes = columns.map((name) => `"${name}"=excluded."${name}"`).join(", ");
		return `${insert} ON CONFLICT (${quoted(keys)}) DO UPDATE SET ${changes}`;
	},
	one_of: (column, texts) => ({
		condition: `"${column}" IN (SELECT "value" FROM json_each(?))`,
		values: [JSON.stringify(texts)],
	}),
	as_bytes: (column) => `CAST("${column}" AS BLOB)`,
	all_but: "LIMIT -1 OFFSET ?",
};
