// Counterpart: core/storagemanager.lua (what stores hold), between Lua and the host

import type { StorageError, StoreMap, StoreValue } from "../host/core/types.ts";
import { failed, ok, type Result } from "../host/util/error.ts";
import * as st from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { type Key, key_of, LiveTable, tags } from "./vm/live_table.ts";

/** The value for keys to remove with `set_keys`: a table that is the same in every store. */
const removal_marks = new WeakMap<LuaContext, TValue>();

/** See {@link removal_marks}. */
export function removal_mark(host: LuaContext): TValue {
	let mark = removal_marks.get(host);
	if (!mark) {
		mark = new TValue(tags.table, host.vm.new_table());
		removal_marks.set(host, mark);
	}
	return mark;
}

/** A value that cannot be stored. */
export class Unstorable extends Error {}

/** The entries of a table of either kind. */
export function* entries_of(host: LuaContext, table: Table | LiveTable): Generator<[Key, TValue]> {
	if (table instanceof LiveTable) {
		for (const key of table.keys()) {
			const value = table.get(key);
			if (!value.ttisnil()) yield [key, value];
		}
		return;
	}
	for (const [key, value] of host.vm.entries(table)) {
		const known = key_of(key);
		if (known !== undefined && !value.ttisnil()) yield [known, value];
	}
}

/** A deep copy of a Lua table as a store takes it. Throws {@link Unstorable}. */
export function map_to_store(host: LuaContext, value: TValue, path: string, depth: number): StoreMap {
	if (depth > 100) throw new Unstorable(`${path} is nested too deeply, or contains itself`);
	const map: StoreMap = new Map();
	for (const [key, item] of entries_of(host, value.value as Table | LiveTable)) {
		if (typeof key === "object") throw new Unstorable(`${path} has a table or function as a key`);
		map.set(key, value_to_store(host, item, `${path}.${String(key)}`, depth + 1));
	}
	return map;
}

/** The shapes that stores have for tables: lists, objects of named values, and maps for all others. */
function shaped(map: StoreMap): StoreValue {
	let names = true;
	for (const key of map.keys()) if (typeof key !== "string") names = false;
	if (names) return Object.fromEntries(map);
	const list: StoreValue[] = [];
	for (let index = 1; map.has(index); index++) {
		const item = map.get(index);
		if (item !== undefined) list.push(item);
	}
	return list.length === map.size ? list : map;
}

export function value_to_store(host: LuaContext, value: TValue, path: string, depth = 0): StoreValue {
	if (value.type === tags.table) {
		const stanza = stanza_of(host, value);
		return stanza ? (st.preserialize(stanza) as unknown as StoreValue) : shaped(map_to_store(host, value, path, depth));
	}
	const plain = host.border.from_lua(value);
	if (typeof plain === "string" || typeof plain === "number" || typeof plain === "boolean") return plain;
	throw new Unstorable(`${path} is a ${typeof plain === "function" ? "function" : "value"}, which no store can hold`);
}

export function stanza_of(host: LuaContext, value: TValue): st.Stanza | undefined {
	const { metatable } = value.value as { metatable?: unknown };
	if (metatable !== host.stanza.metatable) return undefined;
	const known = host.border.from_lua(value);
	return known instanceof st.Stanza ? known : undefined;
}

/** Makes stored values of Lua values. */
export class StoreReader {
	constructor(private readonly host: LuaContext) {}

	/** A deep copy; the error says what cannot be stored. */
	value(value: TValue): Result<StoreValue, StorageError> {
		try {
			return ok(value_to_store(this.host, value, "data"));
		} catch (error) {
			if (error instanceof Unstorable) return failed({ text: error.message });
			throw error;
		}
	}
}
