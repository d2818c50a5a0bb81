// Counterpart: lparser.c of Lua 5.4 (attribs), which fengari's parser of 5.3 has not

import { failed, ok, type Result } from "../../host/util/error.ts";

/** The text by which the machine recognises the function that marks a variable to be closed; no code contains it by chance. */
export const closing_mark = "\u0001 to be closed";
/** The same as code writes it. */
const written_mark = "\\001 to be closed";

const attribute = /<[ \t\r\n]*([A-Za-z_]\w*)[ \t\r\n]*>/y;

/** One token of Lua: comments and white space are none. */
interface Token {
	readonly text: string;
	readonly kind: "name" | "literal" | "symbol";
	readonly start: number;
	readonly end: number;
}

const blank = /(?:[ \t\r\n\f\v]+|--\[(=*)\[.*?\]\1\]|--(?!\[=*\[)[^\n]*)+/sy;
const name = /[A-Za-z_]\w*/sy;
const literal =
	/\[(=*)\[.*?\]\1\]|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|0[xX](?:[0-9a-fA-F.]|[pP][+-]?)+|(?:\d|\.\d)(?:[\d.]|[eE][+-]?)*/sy;
const symbol = /\.\.\.|\.\.|[=~<>]=|\/\/|<<|>>|::|./sy;

function match_at(pattern: RegExp, code: string, at: number): string | undefined {
	pattern.lastIndex = at;
	return pattern.exec(code)?.[0];
}

function token_at(code: string, from: number): Token | undefined {
	const start = from + (match_at(blank, code, from)?.length ?? 0);
	if (start >= code.length) return undefined;
	for (const [kind, pattern] of [
		["name", name],
		["literal", literal],
		["symbol", symbol],
	] as const) {
		const text = match_at(pattern, code, start);
		if (text !== undefined) return { text, kind, start, end: start + text.length };
	}
	return undefined;
}

const closers: ReadonlyMap<string, string> = new Map([
	["(", ")"],
	["[", "]"],
	["{", "}"],
]);
/** Keywords that begin what `end` or `until` ends; `while` and `for` do with their `do`. */
const openers = new Set(["function", "do", "if", "repeat"]);
const infix = new Set([
	"and",
	"or",
	"+",
	"-",
	"*",
	"/",
	"//",
	"%",
	"^",
	"..",
	"<",
	">",
	"<=",
	">=",
	"==",
	"~=",
	"&",
	"|",
	"~",
	"<<",
	">>",
]);
const prefix = new Set(["not", "-", "#", "~"]);

/** Where a group that begins at a token ends: brackets, or a function's body. */
function group_end(code: string, first: Token): number {
	let depth = 0;
	for (let token: Token | undefined = first; token !== undefined; token = token_at(code, token.end)) {
		if (token.kind === "literal") continue;
		if (closers.has(token.text) || openers.has(token.text)) depth++;
		else if ([")", "]", "}", "end", "until"].includes(token.text) && --depth === 0) return token.end;
	}
	return code.length;
}

/** Where the expressions that begin at a place end. */
function expressions_end(code: string, from: number): number {
	let at = from;
	for (;;) {
		let token = token_at(code, at);
		while (token !== undefined && prefix.has(token.text)) token = token_at(code, token.end);
		if (token === undefined) return at;
		at = token.kind !== "literal" && (token.text === "function" || closers.has(token.text)) ? group_end(code, token) : token.end;
		for (;;) {
			token = token_at(code, at);
			if (token === undefined) return at;
			if (token.text === "." || token.text === ":") at = token_at(code, token.end)?.end ?? code.length;
			else if (token.kind === "symbol" && closers.has(token.text)) at = group_end(code, token);
			else if (token.kind === "literal" && /^["'[]/.test(token.text)) at = token.end;
			else break;
		}
		if (token.text !== "," && !infix.has(token.text)) return at;
		at = token.end;
	}
}

/** Names that a statement declares, and their attributes. */
interface Declared {
	readonly closed: string | undefined;
	/** Where attributes stand. */
	readonly attributes: readonly { readonly start: number; readonly end: number }[];
	readonly end: number;
}

function declared_at(code: string, from: number): Result<Declared, string> | undefined {
	const attributes: { start: number; end: number }[] = [];
	let closed: string | undefined;
	for (let at = from; ; ) {
		const variable = token_at(code, at);
		if (variable?.kind !== "name") return undefined;
		let next = token_at(code, variable.end);
		if (next?.text === "<") {
			attribute.lastIndex = next.start;
			const given = attribute.exec(code);
			if (given === null) return undefined;
			const line = code.slice(0, next.start).split("\n").length;
			if (given[1] !== "const" && given[1] !== "close") return failed(`${line}: unknown attribute '${given[1]}'`);
			if (given[1] === "close") {
				if (closed !== undefined) return failed(`${line}: multiple to-be-closed variables in local list`);
				closed = variable.text;
			}
			const end = next.start + given[0].length;
			attributes.push({ start: next.start, end });
			next = token_at(code, end);
			if (next?.text !== ",") return ok({ closed, attributes, end });
		} else if (next?.text !== ",") return ok({ closed, attributes, end: variable.end });
		at = next.end;
	}
}

/**
 * Removes the attributes of Lua 5.4 from code without moving lines. `<const>` needs nothing else. After a variable to be closed, a
 * function that uses it is inserted: so the compiler knows where its block ends, and the machine knows that it is to be closed (see
 * closing.ts).
 * @param code one character for each byte
 */
export function without_attributes(code: string): Result<string, string> {
	if (!/<[ \t\r\n]*\w+[ \t\r\n]*>/.test(code)) return ok(code);
	let plain = "";
	let copied = 0;
	/** What is still to be inserted, and where. */
	const marks: { readonly at: number; readonly text: string }[] = [];
	const copy_to = (end: number): void => {
		while (marks.length > 0) {
			const [mark] = marks;
			if (mark === undefined || mark.at > end) break;
			marks.shift();
			plain += code.slice(copied, mark.at) + mark.text;
			copied = mark.at;
		}
		plain += code.slice(copied, end);
		copied = end;
	};
	for (let token = token_at(code, 0); token !== undefined; token = token_at(code, token.end)) {
		if (token.kind !== "name" || token.text !== "local") continue;
		const found = declared_at(code, token.end);
		if (found === undefined) continue;
		if (!found.ok) return found;
		const { closed, attributes, end } = found.value;
		for (const { start, end: behind } of attributes) {
			copy_to(start);
			plain += code.slice(start, behind).replace(/[^\n]/g, " ");
			copied = behind;
		}
		if (closed === undefined) continue;
		const next = token_at(code, end);
		const at = next?.text === "=" ? expressions_end(code, next.end) : end;
		marks.push({ at, text: ` local ${closed}_closing = function() return ${closed}, "${written_mark}" end ` });
		marks.sort((one, other) => one.at - other.at);
	}
	copy_to(code.length);
	return ok(plain);
}

/** Code as fengari's parser reads it: without a first line for the system, and without what only Lua 5.4 has. */
export function readable_code(code: Uint8Array): Result<Uint8Array, string> {
	const bytes = Buffer.from(code.buffer, code.byteOffset, code.byteLength);
	const is_script = bytes[0] === 0x23;
	if (!is_script && !bytes.includes("const") && !bytes.includes("close")) return ok(code);
	const text = without_attributes(bytes.toString("latin1").replace(/^#/, "--"));
	return text.ok ? ok(Uint8Array.from(Buffer.from(text.value, "latin1"))) : text;
}
