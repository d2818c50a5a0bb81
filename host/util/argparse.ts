// Counterpart: util/argparse.lua

import { failed, ok, type Result } from "./error.ts";

/** What words with dashes a command knows; the names are those after the dashes, with `_` for `-`. */
export interface FlagSettings {
	/** Long names by letter: `{ v: "verbose" }`. */
	readonly short_params?: Readonly<Record<string, string>>;
	/** Flags that are there or not. */
	readonly kv_params?: Readonly<Record<string, boolean>>;
	/** Flags with a value. */
	readonly value_params?: Readonly<Record<string, boolean>>;
	/** Flags with a value that may be said several times. */
	readonly array_params?: Readonly<Record<string, boolean>>;
	/** Refuses what is none of these. */
	readonly strict?: boolean;
	/** Takes everything behind the first word without dashes as it is. */
	readonly stop_on_positional?: boolean;
}

export interface ParsedArguments {
	readonly positional: string[];
	readonly flags: { [name: string]: string | boolean | string[] };
}

export type ArgumentProblem = { readonly kind: "missing-value" | "param-not-found"; readonly param: string };

/** Sorts the words of a command line into flags and the rest. */
export function parse_arguments(words: readonly string[], settings: FlagSettings): Result<ParsedArguments, ArgumentProblem> {
	const { short_params = {}, kv_params = {}, value_params = {}, array_params = {}, strict = false } = settings;
	const stops = settings.stop_on_positional !== false;
	const rest = [...words];
	const positional: string[] = [];
	const flags: ParsedArguments["flags"] = Object.create(null);
	for (let raw = rest[0]; raw !== undefined; raw = rest[0]) {
		const dashes = /^--?/.exec(raw)?.[0];
		if (dashes === undefined && stops) break;
		rest.shift();
		if (raw === "--") break;
		if (dashes === undefined) {
			positional.push(raw);
			continue;
		}
		const given = raw.slice(dashes.length);
		const param = given.length === 1 ? (Object.hasOwn(short_params, given) ? short_params[given] : undefined) : given;
		if (param === undefined) return failed({ kind: "param-not-found", param: raw });
		const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(param) ?? [];
		const key = name.replaceAll("-", "_");
		const takes_list = Object.hasOwn(array_params, key);
		if (takes_list || Object.hasOwn(value_params, key)) {
			const text = value ?? rest.shift();
			if (text === undefined) return failed({ kind: "missing-value", param: raw });
			const before = flags[key];
			flags[key] = takes_list ? [...(Array.isArray(before) ? before : []), text] : text;
			continue;
		}
		const is_no = (value === undefined || value === "") && name.startsWith("no-");
		const flag = is_no ? key.slice(3) : key;
		if (strict && !Object.hasOwn(kv_params, flag)) return failed({ kind: "param-not-found", param: raw });
		flags[flag] = is_no ? false : value || true;
	}
	return ok({ positional: [...positional, ...rest], flags });
}
