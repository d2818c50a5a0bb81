// No counterpart: what Lua's own tables and numbers are, for values that come from Lua's files and go back into them.

import { failed, ok, type Result } from "./error.ts";

/** What can be a key in a stored table. */
export type LuaKey = string | number | bigint | boolean;

/**
 * A value as Prosody stores it: lists are arrays, tables with text keys only are objects, all other tables are Maps. Integers that
 * no JavaScript number equals are bigints; see {@link exact_number}.
 */
export type LuaValue = string | number | bigint | boolean | LuaTable;
export type LuaTable = LuaValue[] | LuaRecord | LuaMap;
export interface LuaRecord {
	[key: string]: LuaValue | undefined;
}
export type LuaMap = Map<LuaKey, LuaValue>;

/** How deep tables may be nested. Deeper ones contain themselves, or were made to do harm. */
export const max_depth = 500;

const surrogate = /\p{Surrogate}/u;
/** The characters that stand for bytes which are not UTF-8. */
const byte = /[\udc80-\udcff]/;

/** A table without keys, which inherits nothing, so that `constructor` is not a key of it. */
export function new_record(): LuaRecord {
	return Object.create(null);
}

/** An integer of Lua as a stored value: a number, where one equals it. */
export function exact_number(integer: bigint): number | bigint {
	const number = Number(integer);
	return BigInt(number) === integer ? number : integer;
}

/** Whether a value is a table. */
export function is_table(value: LuaValue): value is LuaTable {
	return typeof value === "object";
}

/** The value of one key; undefined where there is none, or where the value is not a table. */
export function get(table: LuaTable | undefined, key: LuaKey): LuaValue | undefined {
	if (table === undefined) return undefined;
	if (table instanceof Map) return table.get(key);
	if (Array.isArray(table)) return typeof key === "number" ? table[key - 1] : undefined;
	return typeof key === "string" && Object.hasOwn(table, key) ? table[key] : undefined;
}

/** All keys with their values; those of arrays count from 1. */
export function entries(table: LuaTable): [LuaKey, LuaValue][] {
	if (Array.isArray(table)) return table.map((value, index) => [index + 1, value]);
	if (table instanceof Map) return [...table];
	const found: [LuaKey, LuaValue][] = [];
	for (const [key, value] of Object.entries(table)) {
		if (value !== undefined) found.push([key, value]);
	}
	return found;
}

/**
 * A table with these entries, in the form that its keys need. Where a key comes twice, the last value counts. Without entries it is
 * an object.
 */
export function from_entries(given: Iterable<readonly [LuaKey, LuaValue]>): LuaTable {
	const map: LuaMap = new Map(given);
	let all_text = true;
	for (const key of map.keys()) {
		if (typeof key !== "string") {
			all_text = false;
			break;
		}
	}
	if (all_text) return to_record(map);
	const list: LuaValue[] = [];
	for (let value = map.get(1); value !== undefined; value = map.get(list.length + 1)) list.push(value);
	return list.length === map.size ? list : map;
}

/** The part of a table that has text keys. */
export function to_record(map: ReadonlyMap<LuaKey, LuaValue>): LuaRecord {
	const record = new_record();
	for (const [key, value] of map) {
		if (typeof key === "string") record[key] = value;
	}
	return record;
}

/** A copy that shares no table with the original. */
export function copy(value: LuaValue): LuaValue {
	if (typeof value !== "object") return value;
	if (Array.isArray(value)) return value.map(copy);
	if (value instanceof Map) return copy_map(value);
	return copy_record(value);
}

/** {@link copy} of an object. */
export function copy_record(record: LuaRecord): LuaRecord {
	const copied = new_record();
	for (const key of Object.keys(record)) {
		const item = record[key];
		if (item !== undefined) copied[key] = copy(item);
	}
	return copied;
}

/** {@link copy} of a Map. */
export function copy_map(map: ReadonlyMap<LuaKey, LuaValue>): LuaMap {
	const copied: LuaMap = new Map();
	for (const [key, item] of map) copied.set(key, copy(item));
	return copied;
}

/** Whether a text has half a surrogate pair that does not stand for a byte (see util/serialization.ts). */
export function is_broken(text: string): boolean {
	return surrogate.test(text) && surrogate.test(text.replace(/\p{Surrogate}/gu, (half) => (byte.test(half) ? "" : half)));
}

/** Why a value cannot be stored; undefined when it can. Takes anything, since values also come from Lua. */
export function problem(value: unknown, depth = 0): string | undefined {
	switch (typeof value) {
		case "boolean":
			return undefined;
		case "string":
			return is_broken(value) ? "text that is no Unicode (half of a surrogate pair)" : undefined;
		case "number":
			return Number.isFinite(value) ? undefined : `the number ${value}`;
		case "bigint":
			return BigInt.asIntN(64, value) === value ? undefined : `the number ${value}, which has more than 64 bits,`;
		case "object":
			break;
		default:
			return `a value of type ${typeof value}`;
	}
	if (value === null) return "null";
	if (depth >= max_depth) return `tables more than ${max_depth} deep in each other`;
	if (Array.isArray(value)) {
		for (const item of value) {
			const found = problem(item, depth + 1);
			if (found !== undefined) return found;
		}
		return undefined;
	}
	if (value instanceof Map) {
		for (const [key, item] of value) {
			if (typeof key === "object") return "a table as a key";
			const found = problem(key, depth + 1) ?? problem(item, depth + 1);
			if (found !== undefined) return found;
		}
		return undefined;
	}
	const prototype: unknown = Object.getPrototypeOf(value);
	if (prototype !== null && prototype !== Object.prototype) return "an object that is no plain table";
	for (const [key, item] of Object.entries(value)) {
		const found = problem(key, depth + 1) ?? (item === undefined ? undefined : problem(item, depth + 1));
		if (found !== undefined) return found;
	}
	return undefined;
}

/**
 * A number as Lua's tostring writes it, integers without a point; but with all digits that are needed to read the same number
 * again, where Lua writes 14. An error for what Lua cannot read back.
 */
export function number_text(value: number | bigint): Result<string, string> {
	if (typeof value === "bigint") return ok(value.toString());
	if (!Number.isFinite(value)) return failed(`the number ${value} cannot be stored`);
	const magnitude = Math.abs(value);
	if (Number.isInteger(value)) {
		if (magnitude < 2 ** 53) return ok(String(value));
		if (magnitude < 2 ** 63) return ok(BigInt(value).toString());
	} else if (magnitude >= 1e-4) {
		return ok(String(value));
	}
	const [digits = "0", exponent = "+0"] = value.toExponential().split("e");
	return ok(`${digits}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, "0")}`);
}
