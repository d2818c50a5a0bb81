// Counterpart: Lua's linit.c: the parts of Lua's own libraries that fengari has not, or not right.

import { type Table, TValue } from "../fengari.ts";
import { tags } from "../live_table.ts";
import type { LuaHost } from "../lua_host.ts";
import { create_string_format } from "../string_format.ts";
import { io_library } from "./io.ts";
import { os_library } from "./os.ts";

/** Puts them into the globals of the state, before those of modules are made of them. */
export function replace_libraries(host: LuaHost): void {
	const { vm } = host;
	const { globals } = vm;
	const string = vm.raw_get(globals, "string").value as Table;
	vm.raw_set(string, "format", new TValue(tags.native_function, create_string_format()));
	vm.raw_set(globals, "io", io_library(host));
	vm.raw_set(globals, "os", os_library(host));
}
