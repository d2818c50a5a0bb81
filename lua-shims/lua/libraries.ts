// Counterpart: Lua's linit.c: the parts of Lua's own libraries that fengari has not, or not right.

import type { LuaState } from "fengari";
import { lauxlib, TValue } from "../fengari.ts";
import { tags } from "../live_table.ts";
import type { LuaHost } from "../lua_host.ts";
import { io_library } from "./io.ts";
import { math_library, to_number } from "./math.ts";
import { os_library } from "./os.ts";

/** `tostring`, with Lua's own texts of numbers. */
function to_string(L: LuaState): number {
	lauxlib.luaL_checkany(L, 1);
	lauxlib.luaL_tolstring(L, 1);
	return 1;
}

/** Puts them into the globals of the state, before those of modules are made of them. */
export function replace_libraries(host: LuaHost): void {
	const { vm } = host;
	const { globals } = vm;
	const set = (name: string, value: TValue): void => vm.raw_set(globals, name, value);
	set("tostring", new TValue(tags.native_function, to_string));
	set("tonumber", vm.native(to_number));
	set("math", math_library(host));
	set("io", io_library(host));
	set("os", os_library(host));
}
