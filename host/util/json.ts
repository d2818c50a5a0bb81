// Counterpart: util/json.lua

import { has_foreign_bytes } from "./byte_text.ts";
import { failed, ok, type Result } from "./error.ts";
import {
	entries,
	exact_number,
	from_entries,
	type LuaKey,
	type LuaMap,
	type LuaRecord,
	type LuaTable,
	type LuaValue,
	max_depth,
	new_record,
	number_text,
	problem,
} from "./luatable.ts";

/** The key for a table's list when the table has other keys as well. */
const list_part = "__array";
/** The key for entries whose keys are not text: key, value, key, value. */
const hash_part = "__hash";

/** The six characters of an escape that JavaScript writes in lower case, and Prosody in upper case. */
const escaped_control = /\\u00[0-1][a-f]/g;

/**
 * Halves of surrogate pairs that stand for bytes which are not UTF-8; they are written as these bytes, since there is no escape for
 * them.
 */
const foreign_bytes = /[\udc80-\udcff]/gu;

function text(value: string): string {
	if (!has_foreign_bytes(value)) return unicode_text(value);
	let written = "";
	let end = 0;
	for (const { 0: byte, index } of value.matchAll(foreign_bytes)) {
		written += unicode_text(value.slice(end, index)).slice(1, -1) + byte;
		end = index + 1;
	}
	return `"${written}${unicode_text(value.slice(end)).slice(1, -1)}"`;
}

function unicode_text(value: string): string {
	return JSON.stringify(value).replace(escaped_control, (found) => `\\u${found.slice(2).toUpperCase()}`);
}

function write(value: LuaValue): string {
	switch (typeof value) {
		case "string":
			return text(value);
		case "boolean":
			return String(value);
		case "bigint":
		case "number": {
			const digits = number_text(value);
			return digits.ok ? digits.value : "null";
		}
		default:
			return Array.isArray(value) ? `[${value.map(write).join(",")}]` : write_keys(value);
	}
}

function write_keys(table: LuaRecord | LuaMap): string {
	const list: string[] = [];
	if (table instanceof Map) {
		for (let item = table.get(1); item !== undefined; item = table.get(list.length + 1)) list.push(write(item));
	}
	const named: string[] = [];
	const others: string[] = [];
	for (const [key, value] of entries(table)) {
		if (typeof key === "string" && key !== list_part && key !== hash_part) named.push(`${text(key)}:${write(value)}`);
		else if (!in_list(key, list.length)) others.push(write(key), write(value));
	}
	if (list.length > 0 && named.length === 0 && others.length === 0) return `[${list.join(",")}]`;
	if (others.length > 0) named.push(`"${hash_part}":[${others.join(",")}]`);
	if (list.length > 0) named.push(`"${list_part}":[${list.join(",")}]`);
	return `{${named.join(",")}}`;
}

function in_list(key: LuaKey, length: number): boolean {
	return typeof key === "number" && Number.isInteger(key) && key >= 1 && key <= length;
}

/**
 * Writes a value as Prosody does: a table that is both list and keys has its list under `__array`, and keys that are no text
 * under `__hash`. An error names what cannot be written as JSON.
 */
export function encode(value: LuaValue): Result<string, string> {
	const found = problem(value);
	return found === undefined ? ok(write(value)) : failed(`${found} cannot be stored`);
}

class Unreadable extends Error {}

function read(value: unknown, depth: number): LuaValue | undefined {
	if (typeof value === "string" || typeof value === "boolean") return value;
	if (typeof value === "bigint") return value;
	if (typeof value === "number") {
		if (!Number.isFinite(value)) throw new Unreadable("a number that is too large");
		return value;
	}
	// Prosody has a marker for null, which modules do not expect; here null is nil.
	if (typeof value !== "object" || value === null) return undefined;
	if (depth >= max_depth) throw new Unreadable(`tables more than ${max_depth} deep in each other`);
	return Array.isArray(value) ? read_list(value, depth) : read_keys(value, depth);
}

function read_list(list: readonly unknown[], depth: number): LuaTable {
	const items: [LuaKey, LuaValue][] = [];
	for (const [index, item] of list.entries()) {
		const value = read(item, depth + 1);
		if (value !== undefined) items.push([index + 1, value]);
	}
	return items.length === list.length ? items.map(([, value]) => value) : from_entries(items);
}

function read_keys(object: object, depth: number): LuaTable {
	const record = new_record();
	let list: readonly unknown[] | undefined;
	let hash: readonly unknown[] | undefined;
	for (const [key, item] of Object.entries(object)) {
		if (key === list_part) list = expect_list(key, item);
		else if (key === hash_part) hash = expect_list(key, item);
		else {
			const value = read(item, depth + 1);
			if (value !== undefined) record[key] = value;
		}
	}
	if (list === undefined && hash === undefined) return record;
	const items = entries(record);
	if (list !== undefined) items.push(...entries(read_list(list, depth)));
	for (let index = 0; hash !== undefined && index + 1 < hash.length; index += 2) {
		const key = read(hash[index], depth + 1);
		const value = read(hash[index + 1], depth + 1);
		if (key !== undefined && typeof key !== "object" && value !== undefined) items.push([key, value]);
	}
	return from_entries(items);
}

function expect_list(key: string, value: unknown): readonly unknown[] {
	if (!Array.isArray(value)) throw new Unreadable(`no list under "${key}"`);
	return value;
}

const long_integer = /\d{16}/;
const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
const whole = /^-?\d{16,19}$/;

/** Parses JSON in which integers that no JavaScript number equals come as bigints, as Lua has them with up to 64 bits. */
function parse(json: string): unknown {
	if (!long_integer.test(json)) return JSON.parse(json);
	const found: bigint[] = [];
	/** The prefix of texts that stand for integers. */
	let mark = "#";
	while (json.includes(`"${mark}`)) mark += "#";
	const marked = json.replace(token, (text) => {
		if (!whole.test(text)) return text;
		const integer = BigInt(text);
		if (BigInt.asIntN(64, integer) !== integer || typeof exact_number(integer) === "number") return text;
		return `"${mark}${found.push(integer) - 1}"`;
	});
	if (found.length === 0) return JSON.parse(json);
	return JSON.parse(marked, (_key, value: unknown) =>
		typeof value === "string" && value.startsWith(mark) ? found[Number(value.slice(mark.length))] : value,
	);
}

/** Reads what {@link encode} or Prosody wrote. An error says what is wrong with the text. */
export function decode(json: string): Result<LuaValue, string> {
	try {
		const value = read(parse(json), 0);
		return value === undefined ? failed("null is no value") : ok(value);
	} catch (error) {
		if (error instanceof SyntaxError || error instanceof Unreadable) return failed(error.message);
		throw error;
	}
}
