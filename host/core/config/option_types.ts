// Counterpart: core/moduleapi.lua (get_option_*), without the reading, the defaults and the log
import { parse_duration, parse_duration_lax } from "../../util/human/io.ts";
import { tonumber } from "../../util/tonumber.ts";
import type { ConfigValue } from "./config.ts";

/** An option as the type asked for; `undefined` when it is not set or cannot be understood. */
export interface Parsed<T> {
	readonly value: T | undefined;
	/** What an administrator should know, in words that follow `Config option 'x' `; absent when all is well. */
	readonly problem?: string;
}

function parsed<T>(value: T | undefined, ...problems: (string | undefined)[]): Parsed<T> {
	const told = problems.filter((problem) => problem !== undefined);
	return told.length === 0 ? { value } : { value, problem: told.join("; ") };
}

/** The list part of a table, without what is named. */
function list_part(value: Exclude<ConfigValue, string | number | boolean>): ConfigValue[] {
	if (Array.isArray(value)) return value;
	if (!(value instanceof Map)) return [];
	const list: ConfigValue[] = [];
	for (let position = 1; ; position += 1) {
		const item = value.get(position);
		if (item === undefined) return list;
		list.push(item);
	}
}

/** A single value; of a list its first item. */
export function as_scalar(value: ConfigValue | undefined): Parsed<ConfigValue> {
	if (typeof value !== "object") return { value };
	const list = list_part(value);
	return parsed(list[0], list.length > 1 ? "takes one value, not a list; the first is used" : undefined);
}

/** A number as Lua's tostring writes it. */
function number_text(value: number): string {
	if (Number.isNaN(value)) return "nan";
	return Number.isFinite(value) ? String(value) : value < 0 ? "-inf" : "inf";
}

/** Text; numbers and truth values are written out. */
export function as_string(value: ConfigValue | undefined): Parsed<string> {
	const { value: single, problem } = as_scalar(value);
	if (typeof single === "object") return parsed<string>(undefined, problem, "expected text, not a table");
	if (single === undefined || typeof single === "string") return parsed(single, problem);
	return parsed(typeof single === "number" ? number_text(single) : String(single), problem);
}

function within_bounds(value: number, min: number | undefined, max: number | undefined): Parsed<number> {
	if (min !== undefined && value < min) {
		return { value: min, problem: `is ${number_text(value)} but must be at least ${number_text(min)}, which is used` };
	}
	if (max !== undefined && value > max) {
		return { value: max, problem: `is ${number_text(value)} but may be ${number_text(max)} at most, which is used` };
	}
	return { value };
}

/**
 * A number, or text that is one; a value beyond a bound becomes that bound. Give the default too when there is one: a value equal
 * to it is kept even out of bounds.
 */
export function as_number(value: ConfigValue | undefined, min?: number, max?: number, default_value?: number): Parsed<number> {
	const { value: single, problem } = as_scalar(value);
	if (single === undefined) return parsed<number>(undefined, problem);
	const number = typeof single === "string" ? tonumber(single) : single;
	if (typeof number !== "number") return parsed<number>(undefined, problem, "expected a number");
	if (number === default_value) return parsed(number, problem);
	const bounded = within_bounds(number, min, max);
	return parsed(bounded.value, problem, bounded.problem);
}

/** A whole number; fractions are cut off downwards. Bounds and default as for `as_number`. */
export function as_integer(value: ConfigValue | undefined, min?: number, max?: number, default_value?: number): Parsed<number> {
	const number = as_number(value, min ?? Number.MIN_SAFE_INTEGER, max ?? Number.MAX_SAFE_INTEGER, default_value);
	if (number.value === undefined || number.value === default_value || Number.isInteger(number.value)) return number;
	return parsed(
		Math.floor(number.value),
		number.problem,
		`expected a whole number, not ${number_text(number.value)}; it is rounded down`,
	);
}

/** `true`, `"true"` and 1, or `false`, `"false"` and 0. */
export function as_boolean(value: ConfigValue | undefined): Parsed<boolean> {
	const { value: single, problem } = as_scalar(value);
	if (single === undefined) return parsed<boolean>(undefined, problem);
	if (single === true || single === "true" || single === 1) return parsed(true, problem);
	if (single === false || single === "false" || single === 0) return parsed(false, problem);
	return parsed<boolean>(undefined, problem, "expected true or false");
}

/** A list of its own; a single value becomes a list of one, what is named in a table is left out. */
export function as_array(value: ConfigValue | undefined): Parsed<ConfigValue[]> {
	if (value === undefined) return { value };
	return { value: typeof value === "object" ? [...list_part(value)] : [value] };
}

/** As `as_array`, each value once. */
export function as_set(value: ConfigValue | undefined): Parsed<Set<ConfigValue>> {
	const { value: list } = as_array(value);
	return { value: list === undefined ? undefined : new Set(list) };
}

function bound(value: number | string | undefined): number | undefined {
	return typeof value === "string" ? parse_duration(value) : value;
}

function period_seconds(value: ConfigValue): Parsed<number> {
	if (typeof value === "number") return { value };
	if (typeof value !== "string") {
		const type = typeof value === "boolean" ? "boolean" : "table";
		return parsed<number>(undefined, `expected seconds or a period such as "3 hours", not a ${type}`);
	}
	const seconds = parse_duration(value);
	if (seconds !== undefined) return { value: seconds };
	const lax = parse_duration_lax(value);
	if (lax === undefined) return parsed<number>(undefined, `expected a period such as "2 days", not "${value}"`);
	const count = /\d+/.exec(value)?.[0] ?? "";
	const problem = `is "${value}", which could mean several periods; write it out, as "${count} months" or "${count} minutes"`;
	return { value: lax, problem };
}

/**
 * A time in seconds: a number, or text such as "5 minutes". "never", `false` and negative numbers are Infinity and not bounded.
 * Bounds may be text as well.
 */
export function as_period(value: ConfigValue | undefined, min?: number | string, max?: number | string): Parsed<number> {
	const { value: single, problem } = as_scalar(value);
	if (single === undefined) return parsed<number>(undefined, problem);
	if (single === "never" || single === false) return parsed(Number.POSITIVE_INFINITY, problem);
	const seconds = period_seconds(single);
	if (seconds.value === undefined) return parsed<number>(undefined, problem, seconds.problem);
	if (seconds.value < 0) return parsed(Number.POSITIVE_INFINITY, problem, seconds.problem);
	const bounded = within_bounds(seconds.value, bound(min), bound(max));
	return parsed(bounded.value, problem, seconds.problem, bounded.problem);
}

/** One of some values. Any other value is passed on nevertheless, as in Prosody, with a problem that says what is allowed. */
export function as_enum(value: ConfigValue | undefined, allowed: readonly ConfigValue[]): Parsed<ConfigValue> {
	const { value: single, problem } = as_scalar(value);
	if (single === undefined || allowed.includes(single)) return parsed(single, problem);
	const names = allowed.map((item) => as_string(item).value ?? "").join(", ");
	return parsed(single, problem, `expected one of ${names}`);
}
