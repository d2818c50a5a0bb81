// Counterpart: ldblib.c (debug.getinfo), as it speaks of functions that are not Lua's

import type { LuaCFunction } from "fengari";
import { lua } from "../fengari.ts";
import { bytes_of, text_of } from "../text.ts";

/** What fengari calls its functions of JavaScript, and Lua its functions of C. */
const names: ReadonlyMap<string, string> = new Map([
	["J", "C"],
	["=[JS]", "=[C]"],
	["[JS]", "[C]"],
]);

/** Makes `debug.getinfo` of fengari's: functions of the host are what Lua code knows as functions of C. */
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
