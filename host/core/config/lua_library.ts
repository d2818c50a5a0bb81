// No counterpart: the part of Lua's standard library a configuration may use.
import type { LuaCFunction, LuaState } from "fengari";
import { lauxlib, lua, lualib, to_luastring } from "fengari";
import type { ReadContext } from "./lua_values.ts";
import { decode, push_iterator, push_json, push_text, raise, read_value, text_at, to_json, type_name_at } from "./lua_values.ts";

/** Longest text `string.rep` may make, in bytes: a configuration has no use for more, and it runs uninterrupted. */
const max_repeated_bytes = 1024 * 1024;

const base_functions = [
	"_VERSION",
	"assert",
	"error",
	"getmetatable",
	"ipairs",
	"next",
	"rawequal",
	"rawget",
	"rawlen",
	"rawset",
	"select",
	"setmetatable",
	"tonumber",
	"tostring",
	"type",
] as const;

const os_functions = ["clock", "date", "difftime", "time"] as const;

/** What is in Lua but not offered here, with what to use in its place. */
const refused: ReadonlyMap<string, string> = new Map([
	["io", "use FileContents, FileLine or FileLines to read a file"],
	["dofile", "use Include for another configuration file, RunScript for a script that answers a value"],
	["loadfile", "use Include for another configuration file, RunScript for a script that answers a value"],
	["load", "code cannot be compiled at run time"],
	["loadstring", "code cannot be compiled at run time"],
	["package", 'only Lua.require "util.json" is offered'],
	["debug", "it is not needed in a configuration"],
	["coroutine", "it is not needed in a configuration"],
	["collectgarbage", "it is not needed in a configuration"],
	["xpcall", "use Lua.pcall"],
	["unpack", "use Lua.table.unpack"],
]);

const refused_in_os: ReadonlyMap<string, string> = new Map(
	["execute", "exit", "remove", "rename", "setlocale", "tmpname"].map((name) => [
		name,
		"a configuration may not act on the system",
	]),
);

/** What the library needs from the one who runs the configuration. */
export interface LibraryHost {
	/** What os.getenv sees. */
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** True when the run must end now: pcall then passes errors on. */
	must_end(): boolean;
	/** Receives what `print` was given. */
	print(L: LuaState, text: string): void;
	readonly read_context: ReadContext;
	/** Registry key of the table that stands for JSON's null. */
	readonly null_reference: number;
	/** What `prosody.*` shows. */
	readonly prosody: Readonly<Record<string, string>>;
}

function refusal(prefix: string, name: string, instead: string): string {
	return `${prefix}${name} is not available in a configuration file: ${instead}`;
}

/** The error text for a name of Lua's library that is not offered; `undefined` for other names. */
export function refused_name(name: string): string | undefined {
	const instead = refused.get(name);
	return instead === undefined ? undefined : refusal("", name, instead);
}

function set_function(L: LuaState, name: string, callback: LuaCFunction): void {
	lua.lua_pushcfunction(L, callback);
	lua.lua_setfield(L, -2, to_luastring(name));
}

/** Gives the table on top a metatable whose index names what is refused. */
function guard(L: LuaState, prefix: string, refused: ReadonlyMap<string, string>): void {
	lua.lua_newtable(L);
	set_function(L, "__index", () => {
		const name = text_at(L, 2);
		const instead = name === undefined ? undefined : refused.get(name);
		if (name !== undefined && instead !== undefined) raise(L, refusal(prefix, name, instead));
		return 0;
	});
	lua.lua_setmetatable(L, -2);
}

/** Opens one of Lua's libraries, leaving its table on the stack but out of the globals. */
function open_library(L: LuaState, name: string, open: LuaCFunction): void {
	lauxlib.luaL_requiref(L, to_luastring(name), open, false);
}

/** Copies fields from the table at `from` into the table on top. */
function copy_fields(L: LuaState, from: number, names: readonly string[]): void {
	const source = lua.lua_absindex(L, from);
	for (const name of names) {
		lua.lua_getfield(L, source, to_luastring(name));
		lua.lua_setfield(L, -2, to_luastring(name));
	}
}

/** string.rep with a limit on what it makes; the original is the upvalue. */
const limited_repeat: LuaCFunction = (L) => {
	const unit = lua.lua_tolstring(L, 1)?.length ?? 0;
	const separator = lua.lua_type(L, 3) === lua.LUA_TSTRING ? (lua.lua_tolstring(L, 3)?.length ?? 0) : 0;
	const count = lua.lua_type(L, 2) === lua.LUA_TNUMBER ? lua.lua_tonumber(L, 2) : 0;
	if ((unit + separator) * count > max_repeated_bytes) {
		raise(L, `string.rep would make more than ${max_repeated_bytes} bytes`);
	}
	const argument_count = lua.lua_gettop(L);
	lua.lua_pushvalue(L, lua.lua_upvalueindex(1));
	lua.lua_insert(L, 1);
	lua.lua_call(L, argument_count, 1);
	return 1;
};

function add_string_library(L: LuaState): void {
	open_library(L, "string", lualib.luaopen_string);
	lua.lua_getfield(L, -1, to_luastring("rep"));
	lua.lua_pushcclosure(L, limited_repeat, 1);
	lua.lua_setfield(L, -2, to_luastring("rep"));
	lua.lua_pushnil(L);
	lua.lua_setfield(L, -2, to_luastring("dump"));
	lua.lua_setfield(L, -2, to_luastring("string"));
}

/**
 * os.date with a format that begins with "!", for UTC. fengari keeps the "!" and takes local time, so it is given a moment whose local
 * time reads like that. The original is the upvalue.
 */
const date_with_utc: LuaCFunction = (L) => {
	const format = text_at(L, 1);
	if (format?.startsWith("!") && !format.startsWith("!*t")) {
		const given = lua.lua_type(L, 2) === lua.LUA_TNUMBER ? new Date(lua.lua_tonumber(L, 2) * 1000) : new Date();
		lua.lua_settop(L, 0);
		push_text(L, format.slice(1));
		lua.lua_pushnumber(L, Math.floor(given.getTime() / 1000) + given.getTimezoneOffset() * 60);
	}
	const argument_count = lua.lua_gettop(L);
	lua.lua_pushvalue(L, lua.lua_upvalueindex(1));
	lua.lua_insert(L, 1);
	lua.lua_call(L, argument_count, 1);
	return 1;
};

function add_os_library(L: LuaState, host: LibraryHost): void {
	open_library(L, "os", lualib.luaopen_os);
	lua.lua_newtable(L);
	copy_fields(L, -2, os_functions);
	lua.lua_getfield(L, -1, to_luastring("date"));
	lua.lua_pushcclosure(L, date_with_utc, 1);
	lua.lua_setfield(L, -2, to_luastring("date"));
	set_function(L, "getenv", () => {
		const name = text_at(L, 1);
		if (name === undefined) raise(L, `os.getenv expected a variable's name, not ${type_name_at(L, 1)}`);
		const value = host.environment[name];
		if (value === undefined) lua.lua_pushnil(L);
		else push_text(L, value);
		return 1;
	});
	guard(L, "os.", refused_in_os);
	lua.lua_remove(L, -2);
	lua.lua_setfield(L, -2, to_luastring("os"));
}

/** pcall that cannot hold up the end of the run. */
function protected_call(host: LibraryHost): LuaCFunction {
	return (L) => {
		lauxlib.luaL_checkany(L, 1);
		const status = lua.lua_pcall(L, lua.lua_gettop(L) - 1, lua.LUA_MULTRET, 0);
		if (status !== lua.LUA_OK && host.must_end()) lua.lua_error(L);
		lua.lua_pushboolean(L, status === lua.LUA_OK);
		lua.lua_insert(L, 1);
		return lua.lua_gettop(L);
	};
}

function add_print(L: LuaState, host: LibraryHost): void {
	set_function(L, "print", () => {
		const words: string[] = [];
		for (let index = 1; index <= lua.lua_gettop(L); index += 1) {
			words.push(decode(lauxlib.luaL_tolstring(L, index)));
			lua.lua_pop(L, 1);
		}
		host.print(L, words.join("\t"));
		return 0;
	});
}

/** pairs, in the order Prosody's Lua has. */
const ordered_pairs: LuaCFunction = (L) => {
	lua.lua_settop(L, 1);
	if (lua.lua_type(L, 1) !== lua.LUA_TTABLE) raise(L, `pairs expected a table, not ${type_name_at(L, 1)}`);
	push_iterator(L, "pairs");
	return 1;
};

/** Adds `require`, which knows util.json and nothing else. */
function add_require(L: LuaState, host: LibraryHost): void {
	const push_null = (): void => {
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, host.null_reference);
	};
	const encode: LuaCFunction = () => {
		push_text(L, to_json(read_value(L, 1, host.read_context)));
		return 1;
	};
	lua.lua_newtable(L);
	push_null();
	lua.lua_setfield(L, -2, to_luastring("null"));
	set_function(L, "encode", encode);
	set_function(L, "encode_ordered", encode);
	set_function(L, "decode", () => {
		const text = text_at(L, 1);
		if (text === undefined) raise(L, `json.decode expected text, not ${type_name_at(L, 1)}`);
		let value: unknown;
		try {
			value = JSON.parse(text);
		} catch (problem) {
			lua.lua_pushnil(L);
			push_text(L, problem instanceof Error ? problem.message : String(problem));
			return 2;
		}
		push_json(L, value, push_null);
		return 1;
	});
	const json_reference = lauxlib.luaL_ref(L, lua.LUA_REGISTRYINDEX);

	set_function(L, "require", () => {
		const name = text_at(L, 1);
		if (name !== "util.json" && name !== "prosody.util.json") {
			raise(L, `require "${name ?? ""}" is not available in a configuration file: only "util.json" is offered`);
		}
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, json_reference);
		return 1;
	});
}

/**
 * Pushes the table that `Lua` names: strings, tables, numbers, the clock, JSON; nothing that reads or writes files, starts programs,
 * compiles code or looks into the interpreter.
 */
export function push_library(L: LuaState, host: LibraryHost): void {
	open_library(L, "_G", lualib.luaopen_base);
	lua.lua_newtable(L);
	copy_fields(L, -2, base_functions);
	lua.lua_remove(L, -2);
	set_function(L, "pcall", protected_call(host));
	set_function(L, "pairs", ordered_pairs);
	add_print(L, host);
	add_require(L, host);
	add_string_library(L);
	add_os_library(L, host);
	for (const [name, open] of [
		["math", lualib.luaopen_math],
		["table", lualib.luaopen_table],
		["utf8", lualib.luaopen_utf8],
	] as const) {
		open_library(L, name, open);
		lua.lua_setfield(L, -2, to_luastring(name));
	}
	lua.lua_newtable(L);
	for (const [name, value] of Object.entries(host.prosody)) {
		push_text(L, value);
		lua.lua_setfield(L, -2, to_luastring(name));
	}
	lua.lua_setfield(L, -2, to_luastring("prosody"));
	guard(L, "Lua.", refused);
}
