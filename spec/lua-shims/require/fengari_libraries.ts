// Runs Lua with our own libraries, as plain as fengari can: what the host gives is a few lines of Lua here.

import { lauxlib, lua, lualib, to_jsstring, to_luastring } from "fengari";
import { protocols } from "../../../lua-shims/require/protocols.ts";
import { structures } from "../../../lua-shims/require/structures.ts";
import { create_string_format } from "../../../lua-shims/string_format.ts";

/** The part of the host's libraries that ours require. */
const host_libraries: { readonly [name: string]: string } = {
	"util.encodings": "return { utf8 = { valid = function(text) return utf8.len(text) ~= nil end } }",
	"util.id": 'local count = 0; return { short = function() count = count + 1; return "id" .. count end }',
	"util.logger": "return { init = function() return function() end end }",
	"util.time": "return { now = os.time }",
	"util.pposix": "return {}",
};

/** Runs code and answers the text it returns. Throws its error, with a traceback. */
export function run_with_ours(code: string): string {
	const L = lauxlib.luaL_newstate();
	lualib.luaL_openlibs(L);
	lua.lua_settop(L, 0);

	const get_global = (...path: string[]): void => {
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, 2);
		for (const name of path) {
			lua.lua_getfield(L, -1, to_luastring(name));
			lua.lua_remove(L, -2);
		}
	};
	const load = (text: string, name: string): void => {
		const bytes = to_luastring(text);
		if (lauxlib.luaL_loadbufferx(L, bytes, bytes.length, to_luastring(`=${name}`), null) !== lua.LUA_OK)
			throw new Error(to_jsstring(lauxlib.luaL_tolstring(L, -1)));
	};

	get_global("string");
	lua.lua_pushcfunction(L, create_string_format());
	lua.lua_setfield(L, -2, to_luastring("format"));
	get_global("package", "preload");
	for (const [name, text] of Object.entries({ ...host_libraries, ...protocols, ...structures })) {
		// Compiled when it is required.
		lua.lua_pushcfunction(L, () => {
			load(text, name);
			lua.lua_call(L, 0, 1);
			return 1;
		});
		lua.lua_setfield(L, -2, to_luastring(name));
	}

	get_global("debug", "traceback");
	const handler = lua.lua_gettop(L);
	load(code, "test");
	const status = lua.lua_pcall(L, 0, 1, handler);
	const text = to_jsstring(lauxlib.luaL_tolstring(L, -1));
	lua.lua_close(L);
	if (status !== lua.LUA_OK) throw new Error(text);
	return text;
}
