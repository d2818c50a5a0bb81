// No counterpart: finds where the sources read options of the configuration, for the spec of their documentation.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One place that reads an option. */
export interface OptionRead {
	/** The option, with `*` for what is put in; undefined where only a variable says which one. */
	readonly name: string | undefined;
	/** The last part of `get_option_…`; undefined where the value is taken as it is. */
	readonly kind: string | undefined;
	/** The default as it stands there, if any. */
	readonly default_value: string | undefined;
	/** Whether only the global section counts. */
	readonly is_global: boolean;
	/** From the root of the project. */
	readonly file: string;
	readonly line: number;
}

/** Where options are read for others, or are looked at without being used. */
const passed_over = ["host/core/types.ts", "host/core/moduleapi.ts", "host/core/config/", "host/compare.ts", "host/check/"];

const calls = /\.get_option(?:_(?<kind>[a-z_]+))?(?:<[^()]*?>)?\(|\bconfig\.(?:raw\(\w+\)\?\.)?get\(/g;

/** The arguments of a call, which `start` is the first character of. */
function read_arguments(text: string, start: number): string[] {
	const found: string[] = [];
	let argument = "";
	let depth = 1;
	for (let index = start; index < text.length; index++) {
		const character = text[index] ?? "";
		const quoted = /^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)/.exec(text.slice(index, index + 1000))?.[0];
		if (quoted !== undefined) {
			argument += quoted;
			index += quoted.length - 1;
			continue;
		}
		if ("([{".includes(character)) depth++;
		if (")]}".includes(character)) depth--;
		if (depth === 0) break;
		if (depth === 1 && character === ",") {
			found.push(argument.trim());
			argument = "";
		} else argument += character;
	}
	if (argument.trim() !== "") found.push(argument.trim());
	return found;
}

function name_in(argument: string | undefined): string | undefined {
	const template = /^`([^`]*)`$/.exec(argument ?? "")?.[1]?.replace(/\$\{[^}]*\}/g, "*");
	return template ?? /^["']([^"']*)["']$/.exec(argument ?? "")?.[1];
}

/** Every place in one source that reads an option. */
export function option_reads(text: string, file: string): OptionRead[] {
	// Modules of the whole server see its section only
	const is_global_module = /^\tglobal: true,$/m.test(text);
	return [...text.matchAll(calls)].map((match) => {
		const found = read_arguments(text, match.index + match[0].length);
		const is_module = match[0].startsWith(".get_option");
		const [first, second] = found;
		return {
			name: name_in(is_module || match[0].includes("raw") ? first : second),
			kind: match.groups?.["kind"],
			default_value: is_module ? second : undefined,
			is_global: is_module ? is_global_module : first === '"*"',
			file,
			line: text.slice(0, match.index).split("\n").length,
		};
	});
}

/** Every place in some folders of the project. */
export function all_option_reads(root: string, folders: readonly string[]): OptionRead[] {
	return folders.flatMap((folder) =>
		readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
			.map((name) => `${folder}/${name}`)
			.filter((file) => file.endsWith(".ts") && !passed_over.some((part) => file.startsWith(part)))
			.flatMap((file) => option_reads(readFileSync(join(root, file), "utf8"), file)),
	);
}

/** A default of the kind that can be told from the source: text, a number, a truth value or an empty list; else undefined. */
export function literal(expression: string | undefined): string | undefined {
	if (expression === undefined) return undefined;
	if (/^(?:true|false|\[\])$/.test(expression)) return expression === "[]" ? "{}" : expression;
	if (expression === "Number.POSITIVE_INFINITY") return "math.huge";
	if (/^-?\d+(?:\s*\*\s*\d+)*$/.test(expression)) {
		return String(expression.split("*").reduce((product, factor) => product * Number(factor), 1));
	}
	const text = /^"([^"\\]*)"$/.exec(expression)?.[1];
	return text === undefined ? undefined : JSON.stringify(text);
}
