// No counterpart: the part of Lua's standard library a configuration may use.
import type { LuaCFunction, LuaState } from "fengari";
import { lauxlib, lua, lualib, to_luastring } from "fengari";
import type { ReadContext } from "./lua_values.ts";
import { decode, pushIterator, pushJson, pushText, raise, readValue, textAt, toJson, typeNameAt } from "./lua_values.ts";

/** Longest text `string.rep` may make, in bytes: a configuration has no use for more, and it runs uninterrupted. */
const MAX_REPEATED_BYTES = 1024 * 1024;

const BASE_FUNCTIONS = [
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

const OS_FUNCTIONS = ["clock", "date", "difftime", "time"] as const;

/** What is in Lua but not offered here, with what to use in its place. */
const REFUSED: ReadonlyMap<string, string> = new Map([
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

const REFUSED_IN_OS: ReadonlyMap<string, string> = new Map(
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
	mustEnd(): boolean;
	/** Receives what `print` was given. */
	print(L: LuaState, text: string): void;
	readonly readContext: ReadContext;
	/** Registry key of the table that stands for JSON's null. */
	readonly nullReference: number;
	/** What `prosody.*` shows. */
	readonly prosody: Readonly<Record<string, string>>;
}

function refusal(prefix: string, name: string, instead: string): string {
	return `${prefix}${name} is not available in a configuration file: ${instead}`;
}

/** The error text for a name of Lua's library that is not offered; `undefined` for other names. */
export function refusedName(name: string): string | undefined {
	const instead = REFUSED.get(name);
	return instead === undefined ? undefined : refusal("", name, instead);
}

function setFunction(L: LuaState, name: string, callback: LuaCFunction): void {
	lua.lua_pushcfunction(L, callback);
	lua.lua_setfield(L, -2, to_luastring(name));
}

/** Gives the table on top a metatable whose index names what is refused. */
function guard(L: LuaState, prefix: string, refused: ReadonlyMap<string, string>): void {
	lua.lua_newtable(L);
	setFunction(L, "__index", () => {
		const name = textAt(L, 2);
		const instead = name === undefined ? undefined : refused.get(name);
		if (name !== undefined && instead !== undefined) raise(L, refusal(prefix, name, instead));
		return 0;
	});
	lua.lua_setmetatable(L, -2);
}

/** Opens one of Lua's libraries, leaving its table on the stack but out of the globals. */
function openLibrary(L: LuaState, name: string, open: LuaCFunction): void {
	lauxlib.luaL_requiref(L, to_luastring(name), open, false);
}

/** Copies fields from the table at `from` into the table on top. */
function copyFields(L: LuaState, from: number, names: readonly string[]): void {
	const source = lua.lua_absindex(L, from);
	for (const name of names) {
		lua.lua_getfield(L, source, to_luastring(name));
		lua.lua_setfield(L, -2, to_luastring(name));
	}
}

/** string.rep with a limit on what it makes; the original is the upvalue. */
const limitedRepeat: LuaCFunction = (L) => {
	const unit = lua.lua_tolstring(L, 1)?.length ?? 0;
	const separator = lua.lua_type(L, 3) === lua.LUA_TSTRING ? (lua.lua_tolstring(L, 3)?.length ?? 0) : 0;
	const count = lua.lua_type(L, 2) === lua.LUA_TNUMBER ? lua.lua_tonumber(L, 2) : 0;
	if ((unit + separator) * count > MAX_REPEATED_BYTES) {
		raise(L, `string.rep would make more than ${MAX_REPEATED_BYTES} bytes`);
	}
	const argumentCount = lua.lua_gettop(L);
	lua.lua_pushvalue(L, lua.lua_upvalueindex(1));
	lua.lua_insert(L, 1);
	lua.lua_call(L, argumentCount, 1);
	return 1;
};

function addStringLibrary(L: LuaState): void {
	openLibrary(L, "string", lualib.luaopen_string);
	lua.lua_getfield(L, -1, to_luastring("rep"));
	lua.lua_pushcclosure(L, limitedRepeat, 1);
	lua.lua_setfield(L, -2, to_luastring("rep"));
	lua.lua_pushnil(L);
	lua.lua_setfield(L, -2, to_luastring("dump"));
	lua.lua_setfield(L, -2, to_luastring("string"));
}

/**
 * os.date with a format that begins with "!", for UTC. fengari keeps the "!" and takes local time, so it is given a moment whose local
 * time reads like that. The original is the upvalue.
 */
const dateWithUtc: LuaCFunction = (L) => {
	const format = textAt(L, 1);
	if (format?.startsWith("!") && !format.startsWith("!*t")) {
		const given = lua.lua_type(L, 2) === lua.LUA_TNUMBER ? new Date(lua.lua_tonumber(L, 2) * 1000) : new Date();
		lua.lua_settop(L, 0);
		pushText(L, format.slice(1));
		lua.lua_pushnumber(L, Math.floor(given.getTime() / 1000) + given.getTimezoneOffset() * 60);
	}
	const argumentCount = lua.lua_gettop(L);
	lua.lua_pushvalue(L, lua.lua_upvalueindex(1));
	lua.lua_insert(L, 1);
	lua.lua_call(L, argumentCount, 1);
	return 1;
};

function addOsLibrary(L: LuaState, host: LibraryHost): void {
	openLibrary(L, "os", lualib.luaopen_os);
	lua.lua_newtable(L);
	copyFields(L, -2, OS_FUNCTIONS);
	lua.lua_getfield(L, -1, to_luastring("date"));
	lua.lua_pushcclosure(L, dateWithUtc, 1);
	lua.lua_setfield(L, -2, to_luastring("date"));
	setFunction(L, "getenv", () => {
		const name = textAt(L, 1);
		if (name === undefined) raise(L, `os.getenv expected a variable's name, not ${typeNameAt(L, 1)}`);
		const value = host.environment[name];
		if (value === undefined) lua.lua_pushnil(L);
		else pushText(L, value);
		return 1;
	});
	guard(L, "os.", REFUSED_IN_OS);
	lua.lua_remove(L, -2);
	lua.lua_setfield(L, -2, to_luastring("os"));
}

/** pcall that cannot hold up the end of the run. */
function protectedCall(host: LibraryHost): LuaCFunction {
	return (L) => {
		lauxlib.luaL_checkany(L, 1);
		const status = lua.lua_pcall(L, lua.lua_gettop(L) - 1, lua.LUA_MULTRET, 0);
		if (status !== lua.LUA_OK && host.mustEnd()) lua.lua_error(L);
		lua.lua_pushboolean(L, status === lua.LUA_OK);
		lua.lua_insert(L, 1);
		return lua.lua_gettop(L);
	};
}

function addPrint(L: LuaState, host: LibraryHost): void {
	setFunction(L, "print", () => {
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
const orderedPairs: LuaCFunction = (L) => {
	lua.lua_settop(L, 1);
	if (lua.lua_type(L, 1) !== lua.LUA_TTABLE) raise(L, `pairs expected a table, not ${typeNameAt(L, 1)}`);
	pushIterator(L, "pairs");
	return 1;
};

/** Adds `require`, which knows util.json and nothing else. */
function addRequire(L: LuaState, host: LibraryHost): void {
	const pushNull = (): void => {
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, host.nullReference);
	};
	const encode: LuaCFunction = () => {
		pushText(L, toJson(readValue(L, 1, host.readContext)));
		return 1;
	};
	lua.lua_newtable(L);
	pushNull();
	lua.lua_setfield(L, -2, to_luastring("null"));
	setFunction(L, "encode", encode);
	setFunction(L, "encode_ordered", encode);
	setFunction(L, "decode", () => {
		const text = textAt(L, 1);
		if (text === undefined) raise(L, `json.decode expected text, not ${typeNameAt(L, 1)}`);
		let value: unknown;
		try {
			value = JSON.parse(text);
		} catch (problem) {
			lua.lua_pushnil(L);
			pushText(L, problem instanceof Error ? problem.message : String(problem));
			return 2;
		}
		pushJson(L, value, pushNull);
		return 1;
	});
	const jsonReference = lauxlib.luaL_ref(L, lua.LUA_REGISTRYINDEX);

	setFunction(L, "require", () => {
		const name = textAt(L, 1);
		if (name !== "util.json" && name !== "prosody.util.json") {
			raise(L, `require "${name ?? ""}" is not available in a configuration file: only "util.json" is offered`);
		}
		lua.lua_rawgeti(L, lua.LUA_REGISTRYINDEX, jsonReference);
		return 1;
	});
}

/**
 * Pushes the table that `Lua` names: strings, tables, numbers, the clock, JSON; nothing that reads or writes files, starts programs,
 * compiles code or looks into the interpreter.
 */
export function pushLibrary(L: LuaState, host: LibraryHost): void {
	openLibrary(L, "_G", lualib.luaopen_base);
	lua.lua_newtable(L);
	copyFields(L, -2, BASE_FUNCTIONS);
	lua.lua_remove(L, -2);
	setFunction(L, "pcall", protectedCall(host));
	setFunction(L, "pairs", orderedPairs);
	addPrint(L, host);
	addRequire(L, host);
	addStringLibrary(L);
	addOsLibrary(L, host);
	for (const [name, open] of [
		["math", lualib.luaopen_math],
		["table", lualib.luaopen_table],
		["utf8", lualib.luaopen_utf8],
	] as const) {
		openLibrary(L, name, open);
		lua.lua_setfield(L, -2, to_luastring(name));
	}
	lua.lua_newtable(L);
	for (const [name, value] of Object.entries(host.prosody)) {
		pushText(L, value);
		lua.lua_setfield(L, -2, to_luastring(name));
	}
	lua.lua_setfield(L, -2, to_luastring("prosody"));
	guard(L, "Lua.", REFUSED);
}
