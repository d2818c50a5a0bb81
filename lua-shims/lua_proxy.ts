// No counterpart: a table of Lua as code of the host uses it.

import type { Table, TValue } from "./vm/fengari.ts";
import { key_of, nil, number_value, string_value, tags } from "./vm/live_table.ts";
import type { Vm } from "./vm/vm.ts";

/** How many items of a list may come from its metatable, which could give one for any index. */
const most_computed = 10_000;

/** The part of the border that this needs. */
interface ProxySide {
	readonly vm: Vm;
	to_lua(value: unknown): TValue;
	from_lua(value: TValue): unknown;
	call(callee: TValue, ...args: readonly unknown[]): unknown;
}

/**
 * An object whose properties are the entries of a Lua table: numbers count from 0, as in an array. A function that the table has from
 * its metatable is a method, and gets the table itself first.
 */
export function make_proxy(border: ProxySide, value: TValue, table: Table): object {
	const { vm } = border;
	const key = (name: string): TValue => (/^(0|[1-9]\d{0,8})$/.test(name) ? number_value(Number(name) + 1) : string_value(name));
	const read = (name: string): unknown => {
		const own = vm.raw_get_value(table, key(name));
		if (!own.ttisnil()) return border.from_lua(own);
		if (name === "length" && !vm.raw_get(table, 1).ttisnil()) return vm.len(value);
		if (table.metatable === null) return undefined;
		const inherited = vm.index(value, key(name));
		if (inherited.type === tags.lua_function || inherited.type === tags.native_function)
			return (...args: unknown[]): unknown => border.call(inherited, value, ...args);
		return border.from_lua(inherited);
	};
	const names = (): string[] => {
		// a number and a string may have the same name in the host
		const found = new Set<string>();
		for (const [entry] of vm.entries(table)) {
			const known = key_of(entry);
			if (typeof known === "string") found.add(known);
			else if (typeof known === "number") found.add(String(known - 1));
		}
		return [...found];
	};
	const iterate = function* (): Generator<unknown> {
		for (let index = 0; ; index++) {
			const item = read(String(index));
			if (item === undefined) return;
			if (index >= most_computed && vm.raw_get(table, index + 1).ttisnil()) {
				throw new RangeError(`the table's metatable has more than ${most_computed} items for it`);
			}
			yield item;
		}
	};
	return new Proxy<Record<string, unknown>>(
		{},
		{
			get: (_, name) => (typeof name === "string" ? read(name) : name === Symbol.iterator ? iterate : undefined),
			has: (_, name) => typeof name === "string" && read(name) !== undefined,
			set: (_, name, given) => {
				if (typeof name === "string") vm.set_index(value, key(name), border.to_lua(given));
				return true;
			},
			deleteProperty: (_, name) => {
				if (typeof name === "string") vm.set_index(value, key(name), nil);
				return true;
			},
			ownKeys: names,
			getOwnPropertyDescriptor: (_, name) =>
				typeof name === "string" && read(name) !== undefined
					? { value: read(name), enumerable: true, configurable: true, writable: true }
					: undefined,
		},
	);
}
