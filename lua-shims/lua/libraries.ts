// Counterpart: Lua's linit.c: the parts of Lua's own libraries that fengari has not, or not right.

import type { LuaContext } from "../context.ts";
import { text_at } from "../vm/arguments.ts";
import type { LuaCFunction, LuaState } from "../vm/fengari.ts";
import { lauxlib, type Table, TValue } from "../vm/fengari.ts";
import { bytes_value, tags } from "../vm/live_table.ts";
import { close_coroutine, collect_garbage } from "./coroutines.ts";
import { create_getinfo } from "./debug.ts";
import { io_library } from "./io.ts";
import { math_library, to_number } from "./math.ts";
import { os_library } from "./os.ts";
import { pack, packsize, unpack } from "./pack.ts";
import { create_setmetatable } from "./weak_table.ts";

/** `tostring`, with Lua's own texts of numbers. */
function to_string(L: LuaState): number {
	lauxlib.luaL_checkany(L, 1);
	lauxlib.luaL_tolstring(L, 1);
	return 1;
}

/** Puts them into the globals of the state, before those of modules are made of them. */
export function replace_libraries(host: LuaContext): void {
	const { vm } = host;
	const { globals } = vm;
	const set = (name: string, value: TValue): void => vm.raw_set(globals, name, value);
	set("tostring", new TValue(tags.native_function, to_string));
	set("tonumber", vm.native(to_number));
	set("collectgarbage", vm.native(collect_garbage));
	set(
		"warn",
		vm.native((args) => {
			const text = args.map((_, index) => text_at(args, index + 1, "warn")).join("");
			// texts with an at sign would switch warnings on and off for all modules
			if (!text.startsWith("@")) host.server.logger("general")("warn", "%s", text);
			return undefined;
		}),
	);
	set("math", math_library(host));
	set("io", io_library(host));
	set("os", os_library(host));
	const library = (name: string): Table => vm.raw_get(globals, name).value as Table;
	vm.raw_set(library("coroutine"), "close", vm.native(close_coroutine));
	const resume = vm.raw_get(library("coroutine"), "resume").value as LuaCFunction;
	vm.raw_set(library("coroutine"), "resume", vm.resume_function(resume));
	vm.raw_set(
		library("utf8"),
		"charpattern",
		bytes_value(Uint8Array.from(Buffer.from("[\0-\x7f\xc2-\xfd][\x80-\xbf]*", "latin1"))),
	);
	const strings = library("string");
	vm.raw_set(strings, "pack", vm.native(pack));
	vm.raw_set(strings, "packsize", vm.native(packsize));
	vm.raw_set(strings, "unpack", vm.native(unpack));
	const setmetatable = vm.raw_get(globals, "setmetatable").value as LuaCFunction;
	set("setmetatable", new TValue(tags.native_function, create_setmetatable(setmetatable)));
	const getinfo = vm.raw_get(library("debug"), "getinfo").value as LuaCFunction;
	vm.raw_set(library("debug"), "getinfo", new TValue(tags.native_function, create_getinfo(getinfo)));
}
