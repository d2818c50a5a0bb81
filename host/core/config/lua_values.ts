// No counterpart: values across the border between a configuration's Lua and ours.
import { isUtf8 } from "node:buffer";
import type { LuaState, LuaString } from "../../../lua-shims/vm/fengari.ts";
import { lauxlib, lua, to_luastring } from "../../../lua-shims/vm/fengari.ts";
import type { ConfigMixedTable, ConfigValue } from "./config.ts";

/** Tables deeper than this are refused; also ends tables that contain themselves. */
const max_depth = 64;

const tolerant_utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes as text; what is not UTF-8 becomes U+FFFD. */
export function decode(bytes: LuaString | null): string {
	return bytes === null ? "" : tolerant_utf8.decode(bytes);
}

/** Pushes text as UTF-8. */
export function push_text(L: LuaState, text: string): void {
	lua.lua_pushstring(L, to_luastring(text));
}

/** Raises an error whose position is the line of the configuration that called. */
export function raise(L: LuaState, message: string): never {
	lauxlib.luaL_where(L, 1);
	push_text(L, decode(lua.lua_tolstring(L, -1)) + message);
	return lua.lua_error(L);
}

/** The text of a string argument; `undefined` for any other type (numbers too, unlike Lua's own functions). */
export function text_at(L: LuaState, index: number): string | undefined {
	return lua.lua_type(L, index) === lua.LUA_TSTRING ? decode(lua.lua_tolstring(L, index)) : undefined;
}

/** What a Lua value is called in a message. */
export function type_name_at(L: LuaState, index: number): string {
	const type = lua.lua_type(L, index);
	return type === lua.LUA_TNONE || type === lua.LUA_TNIL ? "nothing" : decode(lua.lua_typename(L, type));
}

/** Calls back for each entry of a table, with the key at -2 and the value at -1; leaves the stack as it was. */
export function each_entry(L: LuaState, index: number, visit: () => void): void {
	const table = lua.lua_absindex(L, index);
	lauxlib.luaL_checkstack(L, 4, to_luastring("table nested too deeply"));
	lua.lua_pushnil(L);
	while (lua.lua_next(L, table) !== 0) {
		visit();
		lua.lua_pop(L, 1);
	}
}

/**
 * Pops a table and pushes an iterator that gives its keys and values, or the values alone. The list part comes first and in order, as
 * in Prosody's Lua: fengari's own `next` goes through a list as it was filled, and `{ "a", "b" }` is filled from behind.
 */
export function push_iterator(L: LuaState, gives: "pairs" | "values"): void {
	let length = 0;
	while (lua.lua_rawgeti(L, -1, length + 1) !== lua.LUA_TNIL) {
		lua.lua_pop(L, 1);
		length += 1;
	}
	const table = lua.lua_upvalueindex(1);
	const last_key = lua.lua_upvalueindex(2);
	let position = 0;
	const is_in_list = (): boolean => {
		if (!lua.lua_isinteger(L, -2)) return false;
		const key = lua.lua_tonumber(L, -2);
		return key >= 1 && key <= length;
	};
	const step = (): number => {
		lua.lua_settop(L, 0);
		while (position < length) {
			position += 1;
			lua.lua_pushinteger(L, position);
			if (lua.lua_rawgeti(L, table, position) !== lua.LUA_TNIL) return gives === "pairs" ? 2 : 1;
			lua.lua_settop(L, 0);
		}
		lua.lua_pushvalue(L, last_key);
		while (lua.lua_next(L, table) !== 0) {
			lua.lua_pushvalue(L, -2);
			lua.lua_replace(L, last_key);
			if (!is_in_list()) return gives === "pairs" ? 2 : 1;
			lua.lua_pop(L, 1);
		}
		return 0;
	};
	lua.lua_pop(L, 1);
	lua.lua_pushnil(L);
	lua.lua_pushcclosure(L, step, 2);
}

/** What reading a value needs from its caller. */
export interface ReadContext {
	/** Replaces the table on top of the stack with what it stands for, if it stands for something. */
	resolve(L: LuaState): void;
	/** Called with what could not be kept, in words that follow the option's name. */
	lost(reason: string): void;
}

/** Why a value could not be read at all. */
export class UnreadableValue extends Error {}

type Entry<Key> = readonly [Key, ConfigValue];

/** Chooses array, object or Map for a table's entries (see ConfigValue). */
function table_from(named: Entry<string>[], numbered: Entry<number>[]): ConfigValue {
	if (numbered.length === 0) return named.length === 0 ? [] : Object.fromEntries(named);
	numbered.sort(([left], [right]) => left - right);
	const mixed: ConfigMixedTable = new Map<string | number, ConfigValue>([...numbered, ...named]);
	const list: ConfigValue[] = [];
	for (let position = 1; position <= mixed.size; position += 1) {
		const value = mixed.get(position);
		if (value === undefined) return mixed;
		list.push(value);
	}
	return list;
}

function key_at(L: LuaState, index: number): string | number | undefined {
	const type = lua.lua_type(L, index);
	if (type === lua.LUA_TNUMBER) return lua.lua_tonumber(L, index);
	return type === lua.LUA_TSTRING ? decode(lua.lua_tolstring(L, index)) : undefined;
}

function read_table(L: LuaState, index: number, context: ReadContext, depth: number): ConfigValue {
	if (depth >= max_depth) {
		throw new UnreadableValue(`holds tables more than ${max_depth} levels deep, or one that contains itself`);
	}
	const named: Entry<string>[] = [];
	const numbered: Entry<number>[] = [];
	each_entry(L, index, () => {
		const value = read_value(L, -1, context, depth + 1);
		const key = key_at(L, -2);
		if (key === undefined) context.lost(`has a ${type_name_at(L, -2)} as a key; expected text or a number`);
		else if (value !== undefined && typeof key === "string") named.push([key, value]);
		else if (value !== undefined && typeof key === "number") numbered.push([key, value]);
	});
	return table_from(named, numbered);
}

/**
 * Reads the Lua value at an index. `undefined` for nil and for what a configuration cannot hold (functions and the like), which is
 * reported as lost. Throws UnreadableValue for endless tables.
 */
export function read_value(L: LuaState, index: number, context: ReadContext, depth = 0): ConfigValue | undefined {
	switch (lua.lua_type(L, index)) {
		case lua.LUA_TBOOLEAN:
			return lua.lua_toboolean(L, index);
		case lua.LUA_TNUMBER:
			return lua.lua_tonumber(L, index);
		case lua.LUA_TSTRING: {
			const bytes = lua.lua_tolstring(L, index);
			if (bytes !== null && !isUtf8(bytes)) context.lost("holds bytes that are not UTF-8; they were replaced");
			return decode(bytes);
		}
		case lua.LUA_TTABLE: {
			lauxlib.luaL_checkstack(L, 2, to_luastring("table nested too deeply"));
			lua.lua_pushvalue(L, index);
			context.resolve(L);
			const table = lua.lua_type(L, -1) === lua.LUA_TTABLE ? read_table(L, -1, context, depth) : undefined;
			lua.lua_pop(L, 1);
			return table;
		}
		case lua.LUA_TNIL:
		case lua.LUA_TNONE:
			return undefined;
		default:
			context.lost(`holds a ${type_name_at(L, index)}, which only Lua modules could use; it was left out`);
			return undefined;
	}
}
