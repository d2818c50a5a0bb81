// Counterpart: llex.c: the tokens of Lua code, and where what begins with one ends

/** One token of Lua: comments and white space are none. */
export interface Token {
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

export function token_at(code: string, from: number): Token | undefined {
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
export function group_end(code: string, first: Token): number {
	let depth = 0;
	for (let token: Token | undefined = first; token !== undefined; token = token_at(code, token.end)) {
		if (token.kind === "literal") continue;
		if (closers.has(token.text) || openers.has(token.text)) depth++;
		else if ([")", "]", "}", "end", "until"].includes(token.text) && --depth === 0) return token.end;
	}
	return code.length;
}

/** Where the expressions that begin at a place end. */
export function expressions_end(code: string, from: number): number {
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

const attribute = /<[ \t\r\n]*([A-Za-z_]\w*)[ \t\r\n]*>/y;

/** The attribute of a variable that stands there, such as `<const>`, with its name and where it begins and ends. */
export function match_attribute(
	code: string,
	from: number,
): { readonly name: string; readonly start: number; readonly end: number } | undefined {
	const token = token_at(code, from);
	if (token?.text !== "<") return undefined;
	attribute.lastIndex = token.start;
	const given = attribute.exec(code);
	return given === null ? undefined : { name: given[1] ?? "", start: token.start, end: token.start + given[0].length };
}

/** The line of a place, from 1. */
export function line_of(code: string, at: number): number {
	return code.slice(0, at).split("\n").length;
}
