// Counterpart: ldblib.c, as it speaks of functions that are not Lua's, and without what reaches into all modules at once

import { is_none, kept } from "../vm/arguments.ts";
import type { LuaCFunction } from "../vm/fengari.ts";
import { lua, type Table, TValue } from "../vm/fengari.ts";
import { tags } from "../vm/live_table.ts";
import { bytes_of, text_of } from "../vm/text.ts";
import type { NativeFunction, Vm } from "../vm/vm.ts";

/** Fengari's name for JavaScript functions; Lua's name for C functions. */
const names: ReadonlyMap<string, string> = new Map([
	["J", "C"],
	["=[JS]", "=[C]"],
	["[JS]", "[C]"],
]);

/** Wraps fengari's `debug.getinfo`, so that host functions appear as C functions. */
export function create_getinfo(original: LuaCFunction): LuaCFunction {
	return (L) => {
		const count = original(L);
		if (lua.lua_type(L, -1) !== lua.LUA_TTABLE) return count;
		for (const field of ["what", "source", "short_src"]) {
			lua.lua_getfield(L, -1, bytes_of(field));
			const value = lua.lua_type(L, -1) === lua.LUA_TSTRING ? text_of(lua.lua_tolstring(L, -1) ?? new Uint8Array()) : "";
			lua.lua_pop(L, 1);
			const known = names.get(value);
			if (known === undefined) continue;
			lua.lua_pushstring(L, bytes_of(known));
			lua.lua_setfield(L, -2, bytes_of(field));
		}
		return count;
	};
}

/**
 * Removes from `debug` what would let one module change things for all others: hooks of their common thread, metatables of all
 * values of a type, the registry. Hooks of coroutines and metatables of tables are allowed.
 */
export function restrict_debug(vm: Vm): void {
	const library = vm.raw_get(vm.globals, "debug").value as Table;
	const original = (name: string): TValue => kept(vm.raw_get(library, name));
	const replace = (name: string, run: NativeFunction): void => vm.raw_set(library, name, vm.native(run));
	const sethook = original("sethook");
	const setmetatable = original("setmetatable");
	const getmetatable = original("getmetatable");
	const plain_getmetatable = kept(vm.raw_get(vm.globals, "getmetatable"));
	replace("sethook", (args, L) => {
		const [first] = args;
		const names_thread = first?.type === tags.thread;
		const thread: unknown = names_thread ? first.value : L;
		if (thread === L.l_G.mainthread && !is_none(args[names_thread ? 1 : 0])) {
			throw new Error("debug.sethook: only a coroutine can be watched, all modules share the main thread");
		}
		return vm.call(sethook, args);
	});
	replace("setmetatable", (args) => {
		const type = args[0]?.type;
		if (type !== tags.table && type !== tags.userdata) {
			throw new Error("debug.setmetatable: all values of a kind share their metatable, and all modules share these values");
		}
		return vm.call(setmetatable, args);
	});
	replace("getmetatable", (args) => {
		const is_string = ((args[0]?.type ?? tags.nil) & 15) === tags.short_string;
		return vm.call(is_string ? plain_getmetatable : getmetatable, args);
	});
	replace("debug", () => {
		throw new Error("debug.debug: nobody is at the server's terminal, and it would wait for them");
	});
	replace("getregistry", () => new TValue(tags.table, vm.new_table()));
}
