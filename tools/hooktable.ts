// No counterpart: reads which events Prosody's modules hook, out of their Lua sources

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { failed, ok, type Result } from "../host/util/error.ts";

/** One handler that a module adds while it loads. */
export interface Hook {
	readonly event: string;
	readonly priority: number;
	/** Whether it is hooked on the whole server's bus, not the host's. */
	readonly global: boolean;
	readonly file: string;
	/** From 1. */
	readonly line: number;
}

/** A place that was not understood. */
export interface HookProblem {
	readonly file: string;
	readonly line: number;
	/** What was found there, and what was expected. */
	readonly message: string;
}

/** All hooks of some sources, in their order, with what could not be read. */
export interface HookTable {
	readonly hooks: readonly Hook[];
	readonly problems: readonly HookProblem[];
}

// ------------------------------------------------------------------------------------------------------------ Lua's words

interface Token {
	readonly kind: "name" | "string" | "number" | "symbol";
	/** A string without its quotes and with its escapes as they stand. */
	readonly text: string;
	readonly line: number;
}

/** Blanks and comments; long strings; short strings; names; numbers; symbols that matter here, or single characters. */
const words =
	/(?<passed>\s+|--\[(?<level>=*)\[[\s\S]*?\]\k<level>\]|--[^\n]*)|\[(?<equals>=*)\[(?<long>[\s\S]*?)\]\k<equals>\]|"(?<double>(?:[^"\\\n]|\\[\s\S])*)"|'(?<single>(?:[^'\\\n]|\\[\s\S])*)'|(?<name>[A-Za-z_]\w*)|(?<number>0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<symbol>\.{2,3}|[=~<>]=|::|[^\s])/gy;

function read_tokens(text: string): Token[] {
	const tokens: Token[] = [];
	let line = 1;
	for (const match of text.matchAll(words)) {
		const { long, double, single, name, number, symbol } = match.groups ?? {};
		const string = long ?? double ?? single;
		if (string !== undefined) tokens.push({ kind: "string", text: string, line });
		else if (name !== undefined) tokens.push({ kind: "name", text: name, line });
		else if (number !== undefined) tokens.push({ kind: "number", text: number, line });
		else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol, line });
		line += match[0].split("\n").length - 1;
	}
	return tokens;
}

/** How much deeper it goes after a token: brackets, and blocks that `end` or `until` closes. */
function nesting({ kind, text }: Token): number {
	if (kind === "name") {
		// `for` and `while` have their `do`, `elseif` belongs to its `if`
		if (text === "function" || text === "if" || text === "do" || text === "repeat") return 1;
		return text === "end" || text === "until" ? -1 : 0;
	}
	if (kind !== "symbol") return 0;
	if (text === "(" || text === "{" || text === "[") return 1;
	return text === ")" || text === "}" || text === "]" ? -1 : 0;
}

/** The parts of a group in brackets that begins at `start`; only separators of the outermost level count. */
function read_parts(tokens: readonly Token[], start: number, separators: string): { parts: Token[][]; end: number } {
	const parts: Token[][] = [];
	let part: Token[] = [];
	let depth = 1;
	let index = start;
	for (; index < tokens.length; index++) {
		const token = tokens[index];
		if (token === undefined) break;
		depth += nesting(token);
		if (depth === 0) break;
		if (depth === 1 && token.kind === "symbol" && separators.includes(token.text)) {
			parts.push(part);
			part = [];
		} else part.push(token);
	}
	if (part.length > 0) parts.push(part);
	return { parts, end: index };
}

// ------------------------------------------------------------------------------------------------------------- its values

/** What names stand for: the texts that a constant, or the variable of a loop over a table, has. */
type Constants = ReadonlyMap<string, readonly string[]>;

function is_symbol(token: Token | undefined, text: string): boolean {
	return token?.kind === "symbol" && token.text === text;
}

function is_name(token: Token | undefined, text: string): boolean {
	return token?.kind === "name" && token.text === text;
}

/** The texts that an expression may be: a string, a constant, a loop's variable, or some of these joined by `..`. */
function texts_of(expression: readonly Token[], constants: Constants): readonly string[] | undefined {
	let texts: readonly string[] | undefined;
	for (const [index, token] of expression.entries()) {
		if (index % 2 === 1) {
			if (!is_symbol(token, "..")) return undefined;
			continue;
		}
		const found = token.kind === "string" ? [token.text] : token.kind === "name" ? constants.get(token.text) : undefined;
		if (found === undefined) return undefined;
		texts = texts === undefined ? found : texts.flatMap((left) => found.map((right) => left + right));
	}
	return expression.length % 2 === 1 ? texts : undefined;
}

/** The value of a sum of numbers such as `90-2`; undefined where it is something else. */
function number_of(expression: readonly Token[]): number | undefined {
	let sum = 0;
	let sign: number | undefined = 1;
	for (const token of expression) {
		if (token.kind === "number") {
			if (sign === undefined) return undefined;
			sum += sign * Number(token.text);
			sign = undefined;
		} else if (is_symbol(token, "-")) sign = -(sign ?? 1);
		else if (is_symbol(token, "+")) sign ??= 1;
		else return undefined;
	}
	return sign === undefined ? sum : undefined;
}

/** `local NAME = "text"`, at one place of the file and only there. */
function constant_at(tokens: readonly Token[], index: number): [string, string] | undefined {
	const [local, name, equals, value, after] = tokens.slice(index, index + 5);
	if (!is_name(local, "local") || name?.kind !== "name" || !is_symbol(equals, "=") || value?.kind !== "string") return undefined;
	return is_symbol(after, "..") ? undefined : [name.text, value.text];
}

/** `for KEY, VALUE in pairs { … }` and its like with brackets and `ipairs`: the names with their texts. */
function loop_at(tokens: readonly Token[], index: number): [string, readonly string[]][] {
	const [head, key, comma, value, in_word, iterator] = tokens.slice(index, index + 6);
	if (
		!is_name(head, "for") ||
		key?.kind !== "name" ||
		!is_symbol(comma, ",") ||
		value?.kind !== "name" ||
		!is_name(in_word, "in")
	)
		return [];
	if (!is_name(iterator, "pairs") && !is_name(iterator, "ipairs")) return [];
	let start = index + 6;
	if (is_symbol(tokens[start], "(")) start++;
	if (!is_symbol(tokens[start], "{")) return [];
	const keys: string[] = [];
	const values: string[] = [];
	for (const part of read_parts(tokens, start + 1, ",;").parts) {
		const assigned = part.findIndex((token) => is_symbol(token, "="));
		const [first, second] = part;
		const name = is_symbol(first, "[") ? second : first;
		if (assigned > 0 && name !== undefined) keys.push(name.text);
		const last = part.at(-1);
		if (last?.kind === "string") values.push(last.text);
	}
	return [
		[key.text, keys],
		[value.text, values],
	];
}

// -------------------------------------------------------------------------------------------------------------- the hooks

/** The events of one call of `module`, and which argument is the priority. Source: core/moduleapi.lua. */
const methods: { readonly [name: string]: { events(name: string): readonly string[]; priority?: number; global?: boolean } } = {
	hook: { events: (name) => [name], priority: 2 },
	hook_global: { events: (name) => [name], priority: 2, global: true },
	handle_items: { events: (name) => [`item-added/${name}`, `item-removed/${name}`] },
};

/** Methods that hook as well, but are not understood here. */
const unread: ReadonlySet<string> = new Set(["hook_tag", "hook_stanza", "hook_object_event", "wrap_event", "wrap_object_event"]);

/**
 * Reads the hooks of one source.
 * @param text Lua
 * @param file its name, for the results
 */
export function hooks_of(text: string, file: string): HookTable {
	const tokens = read_tokens(text);
	const hooks: Hook[] = [];
	const problems: HookProblem[] = [];
	const constants = new Map<string, readonly string[]>();
	for (let index = 0; index < tokens.length; index++) {
		const constant = constant_at(tokens, index);
		if (constant) constants.set(constant[0], [constant[1]]);
		for (const [name, texts] of loop_at(tokens, index)) constants.set(name, texts);

		const [module, colon, name, open] = tokens.slice(index, index + 4);
		if (!is_name(module, "module") || !is_symbol(colon, ":") || name?.kind !== "name") continue;
		const { text: called, line } = name;
		const method = Object.hasOwn(methods, called) ? methods[called] : undefined;
		if (method === undefined) {
			if (unread.has(called))
				problems.push({ file, line, message: `module:${called}: expected hook, hook_global or handle_items` });
			continue;
		}
		const { parts } = is_symbol(open, "(") ? read_parts(tokens, index + 4, ",") : { parts: [] };
		const names = texts_of(parts[0] ?? [], constants);
		const written = method.priority === undefined ? undefined : parts[method.priority];
		const priority = written === undefined ? 0 : number_of(written);
		if (names === undefined || names.length === 0) {
			problems.push({ file, line, message: `module:${called}: expected the event's name as a text that stands in the file` });
		} else if (priority === undefined) {
			problems.push({ file, line, message: `module:${called}: expected numbers as the priority` });
		} else {
			for (const event of names.flatMap(method.events)) {
				hooks.push({ event, priority, global: method.global ?? false, file, line });
			}
		}
	}
	return { hooks, problems };
}

/**
 * Reads the hooks of all Lua sources that lie in a folder, not in those below it.
 * @returns why the folder cannot be read, or that there is no Lua in it
 */
export function read_hooks(folder: string): Result<HookTable, string> {
	try {
		const files = readdirSync(folder).filter((name) => name.endsWith(".lua"));
		if (files.length === 0) return failed(`${folder}: expected a folder with Lua sources, files that end in .lua`);
		const tables = files.sort().map((file) => hooks_of(readFileSync(join(folder, file), "utf8"), file));
		return ok({ hooks: tables.flatMap(({ hooks }) => hooks), problems: tables.flatMap(({ problems }) => problems) });
	} catch (problem) {
		return failed(
			`${folder}: expected a folder with Lua sources: ${problem instanceof Error ? problem.message : String(problem)}`,
		);
	}
}
