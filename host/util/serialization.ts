// Counterpart: util/serialization.lua

import { bytes_of } from "./byte_text.ts";
import { failed, ok, type Result } from "./error.ts";
import { is_broken, type LuaKey, type LuaMap, type LuaTable, type LuaValue } from "./luatable.ts";
import { type Notice, read } from "./serialization/reader.ts";

/** How deep Prosody nests tables when it writes them; it refuses deeper ones. */
export const deepest_written = 127;

const plain_only = /^[ !#-&(-[\]-~]*$/;
const special = /[^ !#-&(-[\]-~]+/g;
const escapes: { readonly [character: string]: string } = {
	"\x07": "\\a",
	"\b": "\\b",
	"\f": "\\f",
	"\n": "\\n",
	"\r": "\\r",
	"\t": "\\t",
	"\v": "\\v",
	"\\": "\\\\",
	'"': '\\"',
	"'": "\\'",
};

function escape_run(run: string): string {
	let escaped = "";
	for (const byte of bytes_of(run)) escaped += escapes[String.fromCharCode(byte)] ?? `\\${String(byte).padStart(3, "0")}`;
	return escaped;
}

/** Why a value cannot be written. Only thrown and caught in this file. */
class Unwritable extends Error {}

function string_text(text: string): string {
	// Most texts are of this kind, and some tables have a hundred thousand of them
	if (plain_only.test(text)) return `"${text}"`;
	if (is_broken(text)) throw new Unwritable("text that is no Unicode (half of a surrogate pair)");
	return `"${text.replace(special, escape_run)}"`;
}

/** A number with 18 significant digits, as C's `%.18g` has it, which goes to the even digit from halfway between two. */
function float_text(value: number): string {
	const [mantissa = "", exponent_text = "0"] = Math.abs(value).toExponential(100).split("e");
	const all = mantissa.replace(".", "");
	const rest = all.slice(18);
	const halfway = "5".padEnd(rest.length, "0");
	const up = rest > halfway || (rest === halfway && Number(all.charAt(17)) % 2 === 1);
	const rounded = (BigInt(all.slice(0, 18)) + (up ? 1n : 0n)).toString();
	const exponent = Number(exponent_text) + rounded.length - 18;
	const digits = rounded.replace(/0+$/, "") || "0";
	const sign = value < 0 ? "-" : "";
	if (exponent < -4 || exponent >= 18) {
		const short = digits.length === 1 ? digits : `${digits.charAt(0)}.${digits.slice(1)}`;
		return `${sign}${short}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
	}
	if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
	const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
	const fraction = digits.slice(exponent + 1);
	return sign + (fraction === "" ? whole : `${whole}.${fraction}`);
}

function number_text(value: number | bigint): string {
	if (typeof value === "bigint") return value.toString();
	if (Number.isNaN(value)) return "(0/0)";
	if (!Number.isFinite(value)) return value > 0 ? "(1/0)" : "(-1/0)";
	if (Number.isSafeInteger(value)) return String(value === 0 ? 0 : value);
	if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return BigInt(value).toString();
	return float_text(value);
}

function key_text(key: LuaKey): string {
	if (typeof key === "number" && Number.isNaN(key)) throw new Unwritable("a key that is no number");
	return scalar_text(key);
}

function scalar_text(value: string | number | bigint | boolean): string {
	if (typeof value === "bigint" && BigInt.asIntN(64, value) !== value)
		throw new Unwritable(`the number ${value}, which has more than 64 bits,`);
	if (typeof value === "number" || typeof value === "bigint") return number_text(value);
	if (typeof value === "boolean") return String(value);
	return string_text(value);
}

function table_text(table: LuaTable, depth: number): string {
	if (depth > deepest_written) throw new Unwritable(`tables more than ${deepest_written} deep in each other`);
	const indent = `\n${"\t".repeat(depth)}`;
	const items: string[] = [];
	const add = (key: LuaKey, item: LuaValue): void => {
		items.push(`${indent}[${key_text(key)}] = ${value_text(item, depth + 1)}`);
	};
	if (Array.isArray(table) || table instanceof Map) {
		for (const item of Array.isArray(table) ? table : sequence(table)) items.push(indent + value_text(item, depth + 1));
	}
	if (table instanceof Map) {
		const listed = items.length;
		for (const [key, item] of table) {
			if (typeof key !== "number" || !Number.isInteger(key) || key < 1 || key > listed) add(key, item);
		}
	} else if (!Array.isArray(table)) {
		for (const key of Object.keys(table)) {
			const item = table[key];
			if (item !== undefined) add(key, item);
		}
	}
	return items.length === 0 ? "{}" : `{${items.join(";")};\n${"\t".repeat(depth - 1)}}`;
}

/** The values of the keys 1, 2, 3 and so on. */
function* sequence(map: LuaMap): Generator<LuaValue, void> {
	for (let index = 1; ; index++) {
		const item = map.get(index);
		if (item === undefined) return;
		yield item;
	}
}

function value_text(value: LuaValue, depth: number): string {
	return typeof value === "object" ? table_text(value, depth) : scalar_text(value);
}

/**
 * A value as Prosody writes it: Lua, in ASCII only, one item a line. An error says what cannot be written. Keys are in the
 * table's order, lists first; in Lua the order is by chance.
 */
export function serialize(value: LuaValue): Result<string, string> {
	try {
		return ok(value_text(value, 1));
	} catch (error) {
		if (error instanceof Unwritable) return failed(error.message);
		throw error;
	}
}

/** Reads what {@link serialize} has written; undefined for nil. An error names the line, and what was expected there. */
export function deserialize(text: Buffer | string): Result<LuaValue | undefined, string> {
	return read(text, (reader) => {
		const value = reader.value(1);
		reader.expect_end();
		return value;
	});
}

/**
 * Reads a `.dat` file of Prosody, `return { … };`, without running it.
 * @param notice called with the lines of texts that are not UTF-8
 */
export function read_data(text: Buffer | string, notice?: Notice): Result<LuaValue | undefined, string> {
	return read(
		text,
		(reader) => {
			reader.skip_first_line();
			reader.expect_word("return");
			const value = reader.value(1);
			reader.skip_semicolons();
			reader.expect_end();
			return value;
		},
		notice,
	);
}

/** Reads one entry of a `.list` file of Prosody, `item({ … });`, without running it. */
export function read_item(text: Buffer | string): Result<LuaValue, string> {
	return read(text, (reader) => {
		reader.expect_word("item");
		const value = reader.argument();
		reader.skip_semicolons();
		reader.expect_end();
		return value;
	});
}
