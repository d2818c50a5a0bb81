// No counterpart: Erlang's terms as text, as ejabberd's dumps have them. Prosody's tools read them in util/erlparse.lua.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { text_of } from "../../util/byte_text.ts";
import { failed, ok, type Result } from "../../util/error.ts";

/** A term: atoms and tuples are marked, binaries are text, strings are lists of numbers as they are in Erlang. */
export type Term = number | string | readonly Term[] | Atom | Tuple | Mapping;

export class Atom {
	constructor(readonly name: string) {}
}

export class Tuple {
	constructor(readonly items: readonly Term[]) {}
}

export class Mapping {
	constructor(readonly entries: readonly (readonly [Term, Term])[]) {}
}

/** How deep terms may lie in each other. */
const depth_limit = 200;
const block_size = 1024 * 1024;

/** Thrown and caught here. */
class Unreadable extends Error {}

const blank = /(?:[ \t\r\n]|%[^\n]*\n)*/y;
const atom = /[a-z][A-Za-z0-9_@]*/y;
const quoted = /'((?:[^'\\]|\\[\s\S])*)'/y;
const string = /"((?:[^"\\]|\\[\s\S])*)"/y;
const number = /-?\d+(?:\.\d+(?:[eE][+-]?\d+)?)?/y;
const radix = /(-?)(\d{1,2})#([0-9A-Za-z]+)/y;
const escape_sequence = /\\(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|([0-7]{1,3})|\^(.)|([\s\S]))/g;
const letters: { readonly [letter: string]: string } = {
	n: "\n",
	r: "\r",
	t: "\t",
	b: "\b",
	f: "\f",
	v: "\v",
	e: "\x1b",
	d: "\x7f",
	s: " ",
};

/** What stands between quotes, as code points. */
function unescaped(text: string): string {
	return text.replace(escape_sequence, (_, long?: string, short?: string, octal?: string, control?: string, letter?: string) => {
		const hex = long ?? short;
		if (hex !== undefined) {
			const point = Number.parseInt(hex, 16);
			if (point > 0x10ffff) throw new Unreadable(`no character: \\x{${hex}}`);
			return String.fromCodePoint(point);
		}
		if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
		if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) & 31);
		return letters[letter ?? ""] ?? letter ?? "";
	});
}

/** Reads one term out of text with one character for each byte. */
class Reader {
	private at = 0;

	constructor(private readonly text: string) {}

	read(): Term {
		const term = this.term(0);
		this.skip();
		if (this.text.charAt(this.at) === ".") this.at++;
		this.skip();
		if (this.at < this.text.length) this.fail("the end of the term");
		return term;
	}

	private fail(expected: string): never {
		const found = this.at >= this.text.length ? "the end" : JSON.stringify(this.text.slice(this.at, this.at + 20));
		throw new Unreadable(`expected ${expected}, found ${found}`);
	}

	private match(pattern: RegExp): RegExpExecArray | null {
		pattern.lastIndex = this.at;
		const found = pattern.exec(this.text);
		if (found !== null) this.at = pattern.lastIndex;
		return found;
	}

	private skip(): void {
		this.match(blank);
	}

	private take(sign: string): boolean {
		this.skip();
		if (!this.text.startsWith(sign, this.at)) return false;
		this.at += sign.length;
		return true;
	}

	private term(depth: number): Term {
		if (depth > depth_limit) this.fail(`terms no more than ${depth_limit} deep in each other`);
		if (this.take("<<")) return this.binary();
		if (this.take("{")) return new Tuple(this.items("}", depth));
		if (this.take("[")) return this.list(depth);
		if (this.take("#{")) return this.mapping(depth);
		const in_radix = this.match(radix);
		if (in_radix !== null) return Number.parseInt(`${in_radix[1]}${in_radix[3]}`, Number(in_radix[2]));
		const digits = this.match(number);
		if (digits !== null) return Number(digits[0]);
		const word = this.match(atom);
		if (word !== null) return new Atom(word[0]);
		const name = this.match(quoted);
		if (name !== null) return new Atom(unescaped(name[1] ?? ""));
		const text = this.strings();
		if (text !== undefined) return [...text].map((character) => character.codePointAt(0) ?? 0);
		return this.fail("a term");
	}

	/** Texts in quotes, several of which in a row are one; undefined where none begins here. */
	private strings(): string | undefined {
		let text: string | undefined;
		for (;;) {
			this.skip();
			const part = this.match(string);
			if (part === null) return text;
			text = (text ?? "") + unescaped(part[1] ?? "");
		}
	}

	private items(end: string, depth: number): Term[] {
		const items: Term[] = [];
		if (this.take(end)) return items;
		for (;;) {
			items.push(this.term(depth + 1));
			if (this.take(end)) return items;
			if (!this.take(",")) this.fail(`"," or "${end}"`);
		}
	}

	private list(depth: number): Term[] {
		const items: Term[] = [];
		if (this.take("]")) return items;
		for (;;) {
			items.push(this.term(depth + 1));
			if (this.take("]")) return items;
			if (!this.take(",")) this.fail('"," or "]"');
		}
	}

	private mapping(depth: number): Mapping {
		const entries: [Term, Term][] = [];
		if (this.take("}")) return new Mapping(entries);
		for (;;) {
			const key = this.term(depth + 1);
			if (!this.take("=>")) this.fail('"=>"');
			entries.push([key, this.term(depth + 1)]);
			if (this.take("}")) return new Mapping(entries);
			if (!this.take(",")) this.fail('"," or "}"');
		}
	}

	/** The bytes of a binary, as text. */
	private binary(): string {
		const parts: Buffer[] = [];
		while (!this.take(">>")) {
			if (parts.length > 0) this.take(",");
			this.skip();
			const byte = this.match(number);
			if (byte !== null) {
				const value = Number(byte[0]);
				if (!Number.isInteger(value) || value < 0 || value > 255) this.fail("a byte of at most 255");
				parts.push(Buffer.from([value]));
				continue;
			}
			const text = this.strings() ?? this.fail("a text or a byte");
			const is_utf8 = this.take("/utf8");
			parts.push(is_utf8 ? utf8_of(text) : Buffer.from(text, "latin1"));
		}
		return text_of(Buffer.concat(parts));
	}
}

/** The UTF-8 of a text whose characters stand in UTF-8 in the file, or as escapes. */
function utf8_of(text: string): Buffer {
	const is_bytes = [...text].every((character) => character.charCodeAt(0) < 256);
	return is_bytes ? Buffer.from(text, "latin1") : Buffer.from(text, "utf8");
}

/** Reads a term, from text with one character for each byte; an error says what was expected. */
export function read_term(text: string): Result<Term, string> {
	try {
		return ok(new Reader(text).read());
	} catch (error) {
		if (error instanceof Unreadable) return failed(error.message);
		throw error;
	}
}

/** The terms of a file from one place to another, each as text with one character for each byte. A line that ends in a dot ends one. */
export function* term_texts(
	path: string,
	from = 0,
	to = Number.POSITIVE_INFINITY,
): Generator<{ start: number; end: number; text: string }> {
	const file = openSync(path, "r");
	try {
		const size = Math.min(fstatSync(file).size, to);
		const block = Buffer.alloc(block_size);
		let start = from;
		let position = from;
		let pending = "";
		while (position < size) {
			const count = readSync(file, block, 0, Math.min(block.length, size - position), position);
			if (count === 0) break;
			position += count;
			const searched = Math.max(0, pending.length - 2);
			pending += block.toString("latin1", 0, count);
			let begin = 0;
			for (let at = pending.indexOf(".\n", searched); at >= 0; at = pending.indexOf(".\n", begin)) {
				yield { start: start + begin, end: start + at + 2, text: pending.slice(begin, at + 2) };
				begin = at + 2;
			}
			pending = pending.slice(begin);
			start += begin;
		}
		if (pending.trim() !== "") yield { start, end: start + pending.length, text: pending };
	} finally {
		closeSync(file);
	}
}
