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
const passed_over = [
	"host/core/types/",
	"host/core/moduleapi.ts",
	"host/core/module_options.ts",
	"host/core/config/",
	"host/cli/",
];

/** Options that a file reads through a variable; each stands in the file as a text. */
export const indirect: { readonly [file: string]: readonly string[] } = {
	"host/startup.ts": ["data_path", "pidfile"],
	"host/core/certmanager.ts": ["certificate", "ssl", "c2s_ssl"],
	"host/core/hostmanager.ts": ["name", "disco_hidden"],
	"host/core/modulemanager.ts": ["modules_enabled", "modules_disabled"],
	"host/core/storagemanager.ts": ["default_storage"],
	"host/core/usermanager.ts": ["authentication", "authorization"],
	// What is typed
	"host/plugins/admin_shell/config.ts": [],
	"host/plugins/mod_authz_internal.ts": ["add_permissions", "remove_permissions"],
	"host/plugins/mod_register_limits.ts": [
		"registration_allowlist",
		"registration_blocklist",
		"registration_whitelist",
		"registration_blacklist",
	],
};

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

/** The module that a source belongs to; `core` for what every server has. */
export function module_of(file: string): string {
	const named = /(?:^|\/)mod_([a-z0-9_]+)\.ts$/.exec(file)?.[1];
	if (named !== undefined) return named;
	if (file.startsWith("muc/mam/")) return "muc_mam";
	if (file.startsWith("muc/moderation/")) return "muc_moderation";
	if (file.startsWith("muc/")) return "muc";
	const library = /^host\/plugins\/(?:([a-z_]+)\/|(http|auth_accounts|limits)[a-z_]*\.lib\.ts)/.exec(file);
	return library?.[1] ?? (library?.[2] === "http" ? "http" : "core");
}

/** Who reads each option: modules, or `core`, in order and separated by blanks. */
export function readers_by_option(root: string): { readonly [option: string]: string } {
	const readers = new Map<string, Set<string>>();
	for (const { name, file } of all_option_reads(root, ["host", "muc", "lua-shims"])) {
		for (const option of name === undefined ? (indirect[file] ?? []) : [name]) {
			readers.set(option, (readers.get(option) ?? new Set()).add(module_of(file)));
		}
	}
	return Object.fromEntries([...readers].sort().map(([option, names]) => [option, [...names].sort().join(" ")]));
}

/** The modules that each of ours has loaded with it. */
export function dependencies_by_module(root: string): { readonly [module: string]: string } {
	const found = new Map<string, Set<string>>();
	for (const folder of ["host/plugins", "muc"]) {
		for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
			if (!name.endsWith(".ts")) continue;
			const module = module_of(`${folder}/${name}`);
			for (const [, other = ""] of readFileSync(join(root, folder, name), "utf8").matchAll(/\.depends\("([a-z0-9_]+)"/g)) {
				found.set(module, (found.get(module) ?? new Set()).add(other));
			}
		}
	}
	return Object.fromEntries([...found].sort().map(([module, names]) => [module, [...names].sort().join(" ")]));
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
