// No counterpart: Prosody's Lua has 64-bit integers, fengari's have 32 bits.
// `1024 * 1024 * 1024 * 10` is an ordinary size limit in a configuration, and would come out as a negative number. Written with a
// decimal point the same product is computed as a double, which is exact up to 2^53. So numerals are rewritten before compiling,
// wherever a product could leave the 32 bits; line numbers stay as they are.

type TokenKind = "numeral" | "product" | "shift" | "other";

interface Token {
	readonly kind: TokenKind;
	readonly start: number;
	readonly end: number;
}

const max_integer = 2 ** 31 - 1;

const long_bracket = /\[(=*)\[/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const numeral_pattern =
	/0[xX](?:[0-9a-fA-F]|\.(?!\.))*(?:[pP][+-]?[0-9]+)?|(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const decimal_integer = /^[0-9]+$/;
const hexadecimal_integer = /^0[xX][0-9a-fA-F]+$/;

/** The text a sticky pattern matches at a position. */
function match_at(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
	pattern.lastIndex = at;
	return pattern.exec(text);
}

/** Where a long string or long comment that opens at `at` ends; `undefined` when none opens there. */
function skip_long_bracket(text: string, at: number): number | undefined {
	const opening = match_at(long_bracket, text, at);
	if (opening === null) return undefined;
	const closing = `]${opening[1]}]`;
	const end = text.indexOf(closing, at + opening[0].length);
	return end === -1 ? text.length : end + closing.length;
}

/** Where a quoted string that opens at `at` ends; the line's end when its closing quote is missing. */
function skip_quoted(text: string, at: number): number {
	const quote = text[at];
	let position = at + 1;
	while (position < text.length) {
		const character = text[position];
		if (character === "\\") position += 2;
		else if (character === quote) return position + 1;
		else if (character === "\n") return position;
		else position += 1;
	}
	return text.length;
}

function skip_comment(text: string, at: number): number {
	const long = skip_long_bracket(text, at + 2);
	if (long !== undefined) return long;
	const end = text.indexOf("\n", at);
	return end === -1 ? text.length : end;
}

function* tokens(text: string): Generator<Token> {
	let at = 0;
	while (at < text.length) {
		const character = text[at] ?? "";
		if (character === " " || character === "\t" || character === "\n" || character === "\r") {
			at += 1;
			continue;
		}
		if (text.startsWith("--", at)) {
			at = skip_comment(text, at);
			continue;
		}
		const start = at;
		let kind: TokenKind = "other";
		const numeral = match_at(numeral_pattern, text, at);
		if (numeral !== null) {
			kind = "numeral";
			at += numeral[0].length;
		} else if (character === '"' || character === "'") at = skip_quoted(text, at);
		else if (character === "[") at = skip_long_bracket(text, at) ?? at + 1;
		else if (character === "*") {
			kind = "product";
			at += 1;
		} else if (text.startsWith("<<", at)) {
			kind = "shift";
			at += 2;
		} else if (text.startsWith("...", at)) at += 3;
		else if (text.startsWith("..", at)) at += 2;
		else at += match_at(name, text, at)?.[0].length ?? 1;
		yield { kind, start, end: at };
	}
}

/** The value of an integer numeral as 64-bit Lua reads it; `undefined` for a numeral with a fraction or exponent. */
function integer_value(numeral: string): bigint | undefined {
	if (hexadecimal_integer.test(numeral)) return BigInt.asIntN(64, BigInt(numeral));
	if (decimal_integer.test(numeral)) return BigInt(numeral);
	return undefined;
}

function as_double(value: bigint): string {
	return value < 0n ? `(${value}.0)` : `${value}.0`;
}

/** What became of a source text, and what could not be made right. */
export interface WidenedSource {
	readonly source: Uint8Array;
	/** Whether it shifts bits to the left, which stays limited to 32 bits. */
	readonly shifts: boolean;
}

/**
 * Rewrites integer numerals so that products compute beyond 32 bits. A product of numerals alone that fits is left as it is, since
 * its text would change (`6`, `6.0`); one with variables becomes a double, so text made from it ends in `.0`.
 */
export function widen_integers(source: Uint8Array): WidenedSource {
	const text = Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString("latin1");
	const list = [...tokens(text)];
	const pieces: string[] = [];
	let copied = 0;
	const replace = (token: Token, replacement: string): void => {
		pieces.push(text.slice(copied, token.start), replacement);
		copied = token.end;
	};

	for (let index = 0; index < list.length; index += 1) {
		if (list[index]?.kind !== "numeral") continue;
		const first = index;
		while (list[index + 1]?.kind === "product" && list[index + 2]?.kind === "numeral") index += 2;
		const factors = list.slice(first, index + 1).filter((token) => token.kind === "numeral");
		const values = factors.map((token) => integer_value(text.slice(token.start, token.end)));
		const product = values.reduce<bigint>((result, value) => result * (value ?? 1n), 1n);
		const joins_others = list[first - 1]?.kind === "product" || list[index + 1]?.kind === "product";
		const widen = joins_others || (factors.length > 1 && product > max_integer);
		factors.forEach((token, position) => {
			const value = values[position];
			if (value === undefined) return;
			// fengari wraps hexadecimal numerals of more than 32 bits, though not decimal ones.
			const wraps = value < 0n || value > max_integer;
			if (widen || wraps) replace(token, as_double(value));
		});
	}
	const shifts = list.some((token) => token.kind === "shift");
	if (copied === 0) return { source, shifts };
	pieces.push(text.slice(copied));
	return { source: Buffer.from(pieces.join(""), "latin1"), shifts };
}
