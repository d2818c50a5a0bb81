// Counterpart: util/serialization.lua

import { isUtf8 } from "node:buffer";
import { failed, ok, type Result } from "./error.ts";
import { from_entries, is_broken, type LuaKey, type LuaMap, type LuaTable, type LuaValue } from "./luatable.ts";
import { tonumber } from "./tonumber.ts";

/** How deep Prosody writes tables into each other; deeper ones it refuses. */
export const deepest_written = 127;
/** How deep Lua itself reads them. */
const deepest_read = 190;

const lone_surrogate = /\p{Surrogate}/u;
const escaped_byte = /[\udc80-\udcff]/;

/**
 * The text of bytes: UTF-8, in which a byte that is none becomes one of the characters U+DC80 to U+DCFF, which no UTF-8 has. So
 * every text of a file can be held, and {@link bytes_of} gives its bytes back.
 */
export function text_of(bytes: Buffer): string {
	if (isUtf8(bytes)) return bytes.toString("utf8");
	let text = "";
	for (let index = 0; index < bytes.length; ) {
		const lead = bytes[index] ?? 0;
		const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
		const character = bytes.subarray(index, index + length);
		if (character.length === length && isUtf8(character)) {
			text += character.toString("utf8");
			index += length;
		} else {
			text += String.fromCharCode(0xdc00 + lead);
			index++;
		}
	}
	return text;
}

/** The bytes of a text; the reverse of {@link text_of}. */
export function bytes_of(text: string): Buffer {
	if (!escaped_byte.test(text) || !lone_surrogate.test(text)) return Buffer.from(text, "utf8");
	const parts: Buffer[] = [];
	for (const character of text) {
		const code = character.charCodeAt(0);
		const is_byte = character.length === 1 && code >= 0xdc80 && code <= 0xdcff;
		parts.push(is_byte ? Buffer.from([code - 0xdc00]) : Buffer.from(character, "utf8"));
	}
	return Buffer.concat(parts);
}

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

function string_text(text: string): string {
	return plain_only.test(text) ? `"${text}"` : `"${text.replace(special, escape_run)}"`;
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

function number_text(value: number): string {
	if (Number.isNaN(value)) return "(0/0)";
	if (!Number.isFinite(value)) return value > 0 ? "(1/0)" : "(-1/0)";
	if (Number.isSafeInteger(value)) return String(value === 0 ? 0 : value);
	if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return BigInt(value).toString();
	return float_text(value);
}

/** What makes a value one that cannot be written. Thrown and caught in this file only. */
class Unwritable extends Error {}

function key_text(key: LuaKey): string {
	if (typeof key === "number" && Number.isNaN(key)) throw new Unwritable("a key that is no number");
	return scalar_text(key);
}

function scalar_text(value: string | number | boolean): string {
	if (typeof value === "number") return number_text(value);
	if (typeof value === "boolean") return String(value);
	if (is_broken(value)) throw new Unwritable("text that is no Unicode (half of a surrogate pair)");
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
 * A value as Prosody writes it: Lua, in ASCII only, one item a line. An error says what cannot be written. The order of the keys
 * is that of the table, lists first; Lua's own is by chance.
 */
export function serialize(value: LuaValue): Result<string, string> {
	try {
		return ok(value_text(value, 1));
	} catch (error) {
		if (error instanceof Unwritable) return failed(error.message);
		throw error;
	}
}

/** Told of a line. */
type Notice = (line: number) => void;

/** Where and why data is not what Prosody writes. Thrown and caught in this file only. */
class Unreadable extends Error {}

const blank = /[ \t\n\v\f\r]*/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const numeral = /-?[ \t]*(?:0[xX][0-9a-fA-F.]+(?:[pP][+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y;
const long_open = /\[(=*)\[/y;
const plain_text = /[^"'\\\n\r]*/y;
const simple_escapes: { readonly [letter: string]: string } = {
	a: "\x07",
	b: "\b",
	f: "\f",
	n: "\n",
	r: "\r",
	t: "\t",
	v: "\v",
	"\\": "\\",
	'"': '"',
	"'": "'",
	"\n": "\n",
};

/** Reads values out of Lua text, one character for each byte. Nothing is ever run: what is no plain value is an error. */
class Reader {
	private position = 0;

	constructor(
		private readonly text: string,
		private readonly notice: Notice | undefined,
	) {}

	private fail(expected: string): never {
		const found =
			this.position >= this.text.length ? "the end" : JSON.stringify(this.text.slice(this.position, this.position + 20));
		throw new Unreadable(`line ${this.line()}: expected ${expected}, found ${found}`);
	}

	private line(): number {
		return this.text.slice(0, this.position).split("\n").length;
	}

	private match(pattern: RegExp): RegExpExecArray | undefined {
		pattern.lastIndex = this.position;
		const found = pattern.exec(this.text);
		if (found === null) return undefined;
		this.position = pattern.lastIndex;
		return found;
	}

	private skip(): void {
		for (;;) {
			this.match(blank);
			if (!this.text.startsWith("--", this.position)) return;
			this.position += 2;
			if (this.long_string() !== undefined) continue;
			const end = this.text.indexOf("\n", this.position);
			this.position = end < 0 ? this.text.length : end;
		}
	}

	/** Takes a sign where it comes next. */
	private take(sign: string): boolean {
		this.skip();
		if (!this.text.startsWith(sign, this.position)) return false;
		this.position += sign.length;
		return true;
	}

	private expect(sign: string): void {
		if (!this.take(sign)) this.fail(`"${sign}"`);
	}

	/** Takes a word where it comes next, whole. */
	take_word(word: string): boolean {
		this.skip();
		const start = this.position;
		if (this.match(name)?.[0] === word) return true;
		this.position = start;
		return false;
	}

	expect_word(word: string): void {
		if (!this.take_word(word)) this.fail(`"${word}"`);
	}

	expect_end(): void {
		this.skip();
		if (this.position < this.text.length) this.fail("the end");
	}

	/** Takes the signs that may end a statement. */
	skip_semicolons(): void {
		while (this.take(";"));
	}

	/** The argument of a call: in parentheses, or a table without them. */
	argument(): LuaValue {
		if (!this.take("(")) return this.table(1);
		const value = this.value(1);
		this.expect(")");
		return value ?? this.fail("a value");
	}

	/** A value; undefined for nil. */
	value(depth: number): LuaValue | undefined {
		this.skip();
		const sign = this.text.charAt(this.position);
		if (sign === '"' || sign === "'") return this.short_string(sign);
		if (sign === "{") return this.table(depth);
		if (sign === "[") return this.long_string() ?? this.fail("a value");
		if (sign === "(") return this.quotient();
		if (this.take_word("true")) return true;
		if (this.take_word("false")) return false;
		if (this.take_word("nil")) return undefined;
		return this.number();
	}

	private number(): number {
		this.skip();
		const start = this.position;
		const value = tonumber(this.match(numeral)?.[0].replace(/[ \t]/g, ""));
		if (value !== undefined) return value === 0 ? 0 : value;
		this.position = start;
		return this.fail("a value");
	}

	/** A value in parentheses: what no numeral can say is written `(1/0)`, `(-1/0)` and `(0/0)`. */
	private quotient(): number {
		this.expect("(");
		let value = this.number();
		if (this.take("/")) value /= this.number();
		this.expect(")");
		return value;
	}

	private table(depth: number): LuaTable {
		if (depth > deepest_read) this.fail(`tables no more than ${deepest_read} deep in each other`);
		this.expect("{");
		const list: (LuaValue | undefined)[] = [];
		const keyed: [LuaKey, LuaValue][] = [];
		while (!this.take("}")) {
			const key = this.key();
			const value = this.value(depth + 1);
			if (key === undefined) list.push(value);
			else if (value !== undefined) keyed.push([key, value]);
			if (this.take(";") || this.take(",")) continue;
			this.expect("}");
			break;
		}
		if (list.length === 0) return from_entries(keyed);
		if (keyed.length === 0 && !list.includes(undefined)) return list.filter((item) => item !== undefined);
		const numbered = list.flatMap((item, index): [LuaKey, LuaValue][] => (item === undefined ? [] : [[index + 1, item]]));
		const taken = new Set(numbered.map(([key]) => key));
		return from_entries([...numbered, ...keyed.filter(([key]) => !taken.has(key))]);
	}

	/** The key before a value, with its `=`; undefined where the value stands for itself. */
	private key(): LuaKey | undefined {
		this.skip();
		const start = this.position;
		if (this.text.startsWith("[", start) && this.match(long_open) === undefined) {
			this.position = start + 1;
			const key = this.value(1);
			if (key === undefined || typeof key === "object" || Number.isNaN(key))
				this.fail("a key that is text, a number or a boolean");
			this.expect("]");
			this.expect("=");
			return key;
		}
		this.position = start;
		const word = this.match(name)?.[0];
		if (word !== undefined && this.take("=")) return word;
		this.position = start;
		return undefined;
	}

	private decode(bytes: string): string {
		if (!/[\x80-\xff]/.test(bytes)) return bytes;
		const text = text_of(Buffer.from(bytes, "latin1"));
		if (lone_surrogate.test(text)) this.notice?.(this.line());
		return text;
	}

	private short_string(quote: string): string {
		this.position++;
		let text = "";
		for (;;) {
			text += this.match(plain_text)?.[0] ?? "";
			const sign = this.text.charAt(this.position);
			if (sign === "" || sign === "\n" || sign === "\r") this.fail(`the end of a text, ${quote}`);
			this.position++;
			if (sign === quote) return this.decode(text);
			text += sign === "\\" ? this.escape() : sign;
		}
	}

	/** What comes after a backslash, as bytes. */
	private escape(): string {
		const decimal = this.match(/\d{1,3}/y)?.[0];
		if (decimal !== undefined) {
			if (Number(decimal) > 255) this.fail("a byte of at most 255");
			return String.fromCharCode(Number(decimal));
		}
		const hex = this.match(/x([0-9a-fA-F]{2})/y)?.[1];
		if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
		const code = this.match(/u\{([0-9a-fA-F]{1,6})\}/y)?.[1];
		if (code !== undefined) {
			const point = Number.parseInt(code, 16);
			if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) this.fail("a character of Unicode");
			return Buffer.from(String.fromCodePoint(point)).toString("latin1");
		}
		if (this.match(/z[ \t\n\v\f\r]*/y) !== undefined) return "";
		const simple = simple_escapes[this.text.charAt(this.position)] ?? this.fail("an escape that Lua knows");
		this.position++;
		return simple;
	}

	/** A text in long brackets; undefined where none begins here. */
	private long_string(): string | undefined {
		const level = this.match(long_open)?.[1];
		if (level === undefined) return undefined;
		const close = `]${level}]`;
		const end = this.text.indexOf(close, this.position);
		if (end < 0) this.fail(close);
		const content = this.text.slice(this.position, end).replace(/^\r?\n/, "");
		this.position = end + close.length;
		return this.decode(content);
	}
}

function read<T>(bytes: Buffer | string, work: (reader: Reader) => T, notice?: Notice): Result<T, string> {
	const text = typeof bytes === "string" ? bytes_of(bytes).toString("latin1") : bytes.toString("latin1");
	try {
		return ok(work(new Reader(text, notice)));
	} catch (error) {
		if (error instanceof Unreadable) return failed(error.message);
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
 * @param notice told the lines of texts that are not UTF-8
 */
export function read_data(text: Buffer | string, notice?: Notice): Result<LuaValue | undefined, string> {
	return read(
		text,
		(reader) => {
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
