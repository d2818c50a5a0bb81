// No counterpart: what functions of the host that Lua calls have in common: arguments, answers, tables of them.

import type { Result } from "../host/util/error.ts";
import { type Table, TValue } from "./fengari.ts";
import { nil, string_value, tags, text_of_string } from "./live_table.ts";
import type { LuaHost } from "./lua_host.ts";
import type { NativeFunction } from "./vm.ts";

/** The text of an argument that has to be one. */
export function text_argument(value: TValue | undefined, what: string): string {
	if (value !== undefined && (value.type & 15) === 4) return text_of_string(value);
	if (typeof value?.value === "number") return String(value.value);
	throw new TypeError(
		`bad argument (${what}): expected string, got ${value === undefined || value.ttisnil() ? "nil" : "another value"}`,
	);
}

/** The text of an argument that may be missing. */
export function optional_text(value: TValue | undefined): string | undefined {
	return value !== undefined && (value.type & 15) === 4 ? text_of_string(value) : undefined;
}

/** An argument that names an account. */
export const name_of = (value: TValue | undefined): string => text_argument(value, "username");
/** An argument that names a host. */
export const host_of = (value: TValue | undefined): string => text_argument(value, "host");

/** An answer as Prosody's functions give it: what was asked for, or `nil` and why not. */
export function answer_value(host: LuaHost, result: Result<unknown, unknown>): TValue | readonly TValue[] {
	if (result.ok) return host.border.to_lua(result.value);
	const { error } = result;
	const text = typeof error === "object" && error !== null && "text" in error ? error.text : error;
	return [nil, host.border.to_lua(typeof text === "string" ? text : String(text))];
}

/** Lua's iterator over texts. */
export function name_iterator(host: LuaHost, names: Iterable<string>): TValue {
	const iterator = names[Symbol.iterator]();
	return host.vm.native(() => {
		const step = iterator.next();
		return step.done === true ? nil : string_value(step.value);
	});
}

/** A table of functions and other fields. */
export function table_of(
	host: LuaHost,
	functions: { readonly [name: string]: NativeFunction | undefined },
	fields: { readonly [name: string]: unknown },
): TValue {
	const value = host.border.table(fields);
	for (const name in functions) {
		const run = functions[name];
		if (run) host.vm.raw_set(value.value as Table, name, host.vm.native(run));
	}
	return value;
}

/** Makes natives of functions by name. */
export function native_table(host: LuaHost, functions: { readonly [name: string]: NativeFunction }): TValue {
	const { vm } = host;
	const table = vm.new_table();
	for (const name in functions) {
		const run = functions[name];
		if (run) vm.raw_set(table, name, vm.native(run));
	}
	return new TValue(tags.table, table);
}
