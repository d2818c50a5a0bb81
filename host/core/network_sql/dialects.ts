// Counterpart: plugins/mod_storage_sql.lua, where it looks at the driver

import { has_foreign_bytes } from "../../util/byte_text.ts";
import { on_conflict } from "../sqlite/dialect.ts";
import type { SqlCondition, SqlDialect, SqlValue } from "../types.ts";
import type { ServerAddress } from "./messages.ts";

/** Times are whole numbers of 32 bits in these databases. */
const last_time = 2 ** 31 - 1;

/** What is in a text that no database over the network can hold; undefined where nothing is. */
export function why_not_stored(value: SqlValue): string | undefined {
	if (typeof value !== "string") return undefined;
	if (value.includes("\0")) return "text with NUL";
	return has_foreign_bytes(value) ? "text that is not UTF-8" : undefined;
}

function since(column: string, time: number): SqlCondition {
	if (time > last_time) return { condition: "FALSE", values: [] };
	return { condition: `"${column}" >= ?`, values: [Math.max(-last_time, Math.floor(time))] };
}

function until(column: string, time: number): SqlCondition {
	if (time < -last_time) return { condition: "FALSE", values: [] };
	return { condition: `"${column}" <= ?`, values: [Math.min(last_time, Math.floor(time))] };
}

function kept_time(time: number): number | undefined {
	const whole = Math.floor(time);
	return Math.abs(whole) <= last_time ? whole : undefined;
}

const postgresql: SqlDialect = {
	upsert: on_conflict,
	one_of: (column, texts) => ({
		condition: `"${column}" IN (SELECT json_array_elements_text(?::json))`,
		// Its JSON has no other texts, either
		values: [JSON.stringify(texts.filter((text) => why_not_stored(text) === undefined && !/\p{Surrogate}/u.test(text)))],
	}),
	// Its text is UTF-8, always
	as_bytes: (column) => `"${column}"`,
	since,
	until,
	kept_time,
	delete_all_but: (table, id, condition, order) =>
		`DELETE FROM "${table}" WHERE "${id}" IN (SELECT "${id}" FROM "${table}" WHERE ${condition} ORDER BY ${order} OFFSET ?)`,
};

const mysql: SqlDialect = {
	upsert: (insert, _keys, columns) =>
		`${insert} ON DUPLICATE KEY UPDATE ${columns.map((name) => `"${name}"=VALUES("${name}")`).join(", ")}`,
	one_of: (column, texts) => ({
		condition: texts.length === 0 ? "FALSE" : `"${column}" IN (${texts.map(() => "?").join(",")})`,
		values: texts,
	}),
	as_bytes: (column) => `CAST("${column}" AS BINARY)`,
	since,
	until,
	kept_time,
	// A subquery must not read the table that is changed, unless it is a table of its own
	delete_all_but: (table, id, condition, order) =>
		`DELETE FROM "${table}" WHERE "${id}" IN (SELECT "${id}" FROM (SELECT "${id}" FROM "${table}" WHERE ${condition} ORDER BY ${order} LIMIT 18446744073709551615 OFFSET ?) AS "others")`,
};

/** Each database's way to say things. */
export const dialects: { readonly [Driver in ServerAddress["driver"]]: SqlDialect } = { PostgreSQL: postgresql, MySQL: mysql };
