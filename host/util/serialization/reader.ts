// Counterpart: util/serialization.lua (deserialize), which runs what it reads

import { bytes_of, has_foreign_bytes, text_of } from "../byte_text.ts";
import { failed, ok, type Result } from "../error.ts";
import { from_entries, type LuaKey, type LuaTable, type LuaValue } from "../luatable.ts";
import {
	binary,
	held_number,
	is_decided,
	numeral_value,
	type Operand,
	OperatorError,
	priorities,
	unary,
	unary_priority,
} from "./operators.ts";

/** How deep nested tables Lua itself can read. */
const deepest_read = 190;

/** Called with a line. */
export type Notice = (line: number) => void;

/** Where and why data are not what Prosody writes. {@link read} makes an error value of it. */
class Unreadable extends Error {}

const blank = /[ \t\n\v\f\r]*/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const numeral = /(?:0[xX][0-9a-fA-F.]+(?:[pP][+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y;
const long_open = /\[(=*)\[/y;
/** A whole number that JavaScript can hold exactly, and what may follow a value. */
const plain_integer = /-?\d{1,15}(?=[;,)\]}\n\r])/y;
/** What shows that a value goes on after the part that was read. */
const operator_sign = /\.\.(?!\.)|==|~=|<=|>=|<<|>>|\/\/|[-+*/%^<>|~&]|(?:and|or)(?![A-Za-z0-9_])/y;
const plain_text = /[^"'\\\n\r]*/y;
/** What a letter after a backslash stands for. */
export const letter_escapes: { readonly [letter: string]: string } = {
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
};
const simple_escapes: { readonly [letter: string]: string } = { ...letter_escapes, "\n": "\n" };

/**
 * Reads values out of Lua text, one character for each byte. Nothing is ever run: only values and operators are understood;
 * variables, calls and functions are errors.
 */
class Reader {
	private position = 0;
	/** How many enclosing operands are not evaluated, such as one after `true or`. */
	private passed_over = 0;

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

	/** Reads a sign where it comes next. */
	take(sign: string): boolean {
		this.skip();
		if (!this.text.startsWith(sign, this.position)) return false;
		this.position += sign.length;
		return true;
	}

	expect(sign: string): void {
		if (!this.take(sign)) this.fail(`"${sign}"`);
	}

	/** Reads a whole word where it comes next. */
	take_word(word: string): boolean {
		this.skip();
		const start = this.position;
		if (this.match(name)?.[0] === word) return true;
		this.position = start;
		return false;
	}

	/** Takes a name where one comes next. */
	take_name(): string | undefined {
		this.skip();
		return this.match(name)?.[0];
	}

	expect_name(): string {
		return this.take_name() ?? this.fail("a name");
	}

	expect_word(word: string): void {
		if (!this.take_word(word)) this.fail(`"${word}"`);
	}

	expect_end(): void {
		this.skip();
		if (this.position < this.text.length) this.fail("the end");
	}

	/** Skips what Lua skips at the beginning of a file: a byte order mark and a line for the shell. */
	skip_first_line(): void {
		this.match(/(?:\xef\xbb\xbf)?(?:#[^\n]*)?/y);
	}

	/** Reads the signs that may end a statement. */
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

	/** The arguments of a call as Lua has them: in parentheses, or a text or a table without them. */
	call_arguments(): (LuaValue | undefined)[] {
		const found: (LuaValue | undefined)[] = [];
		if (!this.take("(")) return [this.value(1)];
		if (this.take(")")) return found;
		do found.push(this.value(1));
		while (this.take(","));
		this.expect(")");
		return found;
	}

	/** Whether the arguments of a call come next. */
	get has_arguments(): boolean {
		this.skip();
		return /^(?:[("'{]|\[=*\[)/.test(this.text.slice(this.position, this.position + 20));
	}

	/** A value, which may have operators in it; undefined for nil. */
	value(depth: number): LuaValue | undefined {
		this.skip();
		const integer = this.match(plain_integer)?.[0];
		if (integer !== undefined) return Number(integer) + 0;
		return this.held(this.expression(depth, 0));
	}

	private held(value: Operand): LuaValue | undefined {
		if (typeof value === "number" || typeof value === "bigint") return held_number(value);
		return value;
	}

	/** Values with operators between them that bind tighter than a limit. Source: lparser.c, subexpr. */
	private expression(depth: number, limit: number): Operand {
		if (depth > deepest_read) this.fail(`operators and tables no more than ${deepest_read} deep in each other`);
		let value = this.operand(depth);
		for (;;) {
			this.skip();
			const start = this.position;
			const operator = this.match(operator_sign)?.[0];
			const [left, right] = priorities[operator ?? ""] ?? [0, 0];
			if (operator === undefined || left <= limit) {
				this.position = start;
				return value;
			}
			value = this.combine(depth, start, operator, value, right);
		}
	}

	/** The result of an operator on the value to its left and the next one. */
	private combine(depth: number, place: number, operator: string, left: Operand, limit: number): Operand {
		if (operator !== "and" && operator !== "or") {
			const right = this.expression(depth + 1, limit);
			return this.apply(place, () => binary(operator, left, right));
		}
		if (!is_decided(operator, left)) return this.expression(depth + 1, limit);
		this.passed_over++;
		this.expression(depth + 1, limit);
		this.passed_over--;
		return left;
	}

	/** Applies an operator; an error names its place. */
	private apply(place: number, work: () => Operand): Operand {
		if (this.passed_over > 0) return undefined;
		try {
			return work();
		} catch (error) {
			if (!(error instanceof OperatorError)) throw error;
			this.position = place;
			return this.fail(error.message);
		}
	}

	/** One value with the operators before it. */
	private operand(depth: number): Operand {
		this.skip();
		const start = this.position;
		const operator = this.take_word("not") ? "not" : this.match(/[-#~]/y)?.[0];
		if (operator === undefined) return this.plain_value(depth);
		const value = this.expression(depth + 1, unary_priority);
		return this.apply(start, () => unary(operator, value));
	}

	private plain_value(depth: number): Operand {
		const sign = this.text.charAt(this.position);
		if (sign === '"' || sign === "'") return this.short_string(sign);
		if (sign === "{") return this.table(depth);
		if (sign === "[") return this.long_string() ?? this.fail("a value");
		if (sign === "(") return this.parenthesis(depth);
		if (this.take_word("true")) return true;
		if (this.take_word("false")) return false;
		if (this.take_word("nil")) return undefined;
		return this.number();
	}

	private number(): Operand {
		const start = this.position;
		const value = numeral_value(this.match(numeral)?.[0] ?? "");
		if (value !== undefined) return value;
		this.position = start;
		return this.fail("a value");
	}

	private parenthesis(depth: number): Operand {
		this.expect("(");
		const value = this.expression(depth + 1, 0);
		this.expect(")");
		return value;
	}

	private table(depth: number): LuaTable {
		if (depth > deepest_read) this.fail(`tables no more than ${deepest_read} deep in each other`);
		this.expect("{");
		const list: (LuaValue | undefined)[] = [];
		const keyed: [LuaKey, LuaValue][] = [];
		while (!this.take("}")) {
			const key = this.key(depth + 1);
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

	/** The key before a value, with its `=`; undefined for a value without a key. */
	private key(depth: number): LuaKey | undefined {
		this.skip();
		const start = this.position;
		if (this.text.startsWith("[", start) && this.match(long_open) === undefined) {
			this.position = start + 1;
			const key = this.value(depth);
			if (key === undefined || typeof key === "object" || (typeof key === "number" && Number.isNaN(key)))
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
		if (has_foreign_bytes(text)) this.notice?.(this.line());
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

/** Runs a reader on a text; the error names the line, and what was expected there. */
export function read<T>(bytes: Buffer | string, work: (reader: Reader) => T, notice?: Notice): Result<T, string> {
	const text = typeof bytes === "string" ? bytes_of(bytes).toString("latin1") : bytes.toString("latin1");
	try {
		return ok(work(new Reader(text, notice)));
	} catch (error) {
		if (error instanceof Unreadable) return failed(error.message);
		throw error;
	}
}
