// No counterpart: what functions of the host that Lua calls have in common: arguments, answers, tables of them.

import type { Result } from "../host/util/error.ts";
import { Stanza } from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import type { Table, TValue } from "./vm/fengari.ts";
import { nil, string_value } from "./vm/live_table.ts";
import type { NativeFunction } from "./vm/vm.ts";

/** A stanza as an argument. */
export function stanza_argument({ border }: LuaContext, value: TValue | undefined, what: string): Stanza {
	const known = value === undefined ? undefined : border.from_lua(value);
	if (known instanceof Stanza) return known;
	throw new TypeError(`bad argument (${what}): expected stanza`);
}

/** A result as Prosody's functions return it: the value, or `nil` and the reason. */
export function answer_value(host: LuaContext, result: Result<unknown, unknown>): TValue | readonly TValue[] {
	if (result.ok) return host.border.to_lua(result.value);
	const { error } = result;
	const text = typeof error === "object" && error !== null && "text" in error ? error.text : error;
	return [nil, host.border.to_lua(typeof text === "string" ? text : String(text))];
}

/** An array of util.array. */
export function array_value({ vm, border, libraries }: LuaContext, list: Iterable<unknown>): TValue {
	return vm.call(libraries.get("util.array"), [border.deep_table([...list])])[0] ?? nil;
}

/** Lua's iterator over texts. */
export function name_iterator(host: LuaContext, names: Iterable<string>): TValue {
	const iterator = names[Symbol.iterator]();
	return host.vm.native(() => {
		const step = iterator.next();
		return step.done === true ? nil : string_value(step.value);
	});
}

/** A table of functions and other fields. */
export function table_of(
	host: LuaContext,
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

/** Calls a function of Lua from outside of all that Lua does; its errors are in the log. */
export function call_back({ vm, server }: LuaContext, source: string, callback: TValue, results: readonly TValue[]): void {
	try {
		vm.call(callback, results);
	} catch (error) {
		const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
		server.logger(source)("error", "Error in callback: %s", told);
	}
}
