// What this project uses of fengari's C-like API (the package ships no types). Strings that cross it are bytes: Uint8Array.
declare module "fengari" {
	/** A Lua thread; opaque. */
	export interface LuaState {
		readonly l_G: object;
	}

	/** A function Lua can call: takes its arguments from the stack, pushes its results and answers how many they are. */
	export type LuaCFunction = (L: LuaState) => number;

	/** Text as Lua has it. */
	export type LuaString = Uint8Array;

	/** Called by the virtual machine on the events asked for with lua_sethook. */
	export type LuaHook = (L: LuaState, activation: lua.lua_Debug) => void;

	export function to_luastring(text: string, cache?: boolean): LuaString;
	export function to_jsstring(bytes: LuaString, from?: number, to?: number, replacement_char?: boolean): string;

	export namespace lua {
		const LUA_YIELD: number;
		const LUA_OK: 0;
		const LUA_MULTRET: -1;
		const LUA_REGISTRYINDEX: number;
		const LUA_MASKCOUNT: number;

		const LUA_TNONE: -1;
		const LUA_TNIL: 0;
		const LUA_TBOOLEAN: 1;
		const LUA_TLIGHTUSERDATA: 2;
		const LUA_TNUMBER: 3;
		const LUA_TSTRING: 4;
		const LUA_TTABLE: 5;
		const LUA_TFUNCTION: 6;
		const LUA_TUSERDATA: 7;
		const LUA_TTHREAD: 8;

		/** Filled by lua_getstack and lua_getinfo. */
		class lua_Debug {
			source: LuaString | null;
			short_src: LuaString | null;
			/** -1 when there is none. */
			currentline: number;
		}

		function lua_absindex(L: LuaState, index: number): number;
		/** Sets the function that turns an exception thrown inside a LuaCFunction into a Lua error value. */
		function lua_atnativeerror(L: LuaState, handler: LuaCFunction | null): LuaCFunction | null;
		function lua_call(L: LuaState, argument_count: number, result_count: number): void;
		/** False when the stack cannot grow by so much. */
		function lua_checkstack(L: LuaState, slots: number): boolean;
		function lua_close(L: LuaState): void;
		/** Raises the value on top of the stack; does not return. */
		function lua_error(L: LuaState): never;
		function lua_getfield(L: LuaState, index: number, name: LuaString): number;
		/** Fills what the letters in `what` ask for; false when they are not understood. */
		function lua_getinfo(L: LuaState, what: LuaString, activation: lua_Debug): boolean | number;
		/** False when there is no table with that name. */
		function lua_getmetatable(L: LuaState, index: number): boolean;
		/** Falsy when the stack is not so deep. */
		function lua_getstack(L: LuaState, level: number, activation: lua_Debug): boolean | number;
		/** Pops a key and pushes the table's value of it, with metamethods. */
		function lua_gettable(L: LuaState, index: number): number;
		function lua_gettop(L: LuaState): number;
		function lua_insert(L: LuaState, index: number): void;
		function lua_isinteger(L: LuaState, index: number): boolean;
		/** Pushes the length, with metamethods. */
		function lua_len(L: LuaState, index: number): void;
		function lua_newtable(L: LuaState): void;
		/** Pushes a new thread, and answers with it. */
		function lua_newthread(L: LuaState): LuaState;
		/** Pops a key, pushes the next key and value; 0 at the end. */
		function lua_next(L: LuaState, index: number): number;
		function lua_pcall(L: LuaState, argument_count: number, result_count: number, handler_index: number): number;
		function lua_pop(L: LuaState, count: number): void;
		function lua_pushboolean(L: LuaState, value: boolean): void;
		function lua_pushcclosure(L: LuaState, callback: LuaCFunction, upvalue_count: number): void;
		function lua_pushcfunction(L: LuaState, callback: LuaCFunction): void;
		function lua_pushinteger(L: LuaState, value: number): void;
		function lua_pushnil(L: LuaState): void;
		function lua_pushnumber(L: LuaState, value: number): void;
		function lua_pushstring(L: LuaState, text: LuaString): LuaString;
		function lua_pushvalue(L: LuaState, index: number): void;
		function lua_rawequal(L: LuaState, first_index: number, second_index: number): boolean | number;
		function lua_rawget(L: LuaState, index: number): number;
		function lua_rawgeti(L: LuaState, index: number, position: number): number;
		function lua_rawlen(L: LuaState, index: number): number;
		function lua_rawset(L: LuaState, index: number): void;
		function lua_rawseti(L: LuaState, index: number, position: number): void;
		function lua_remove(L: LuaState, index: number): void;
		function lua_replace(L: LuaState, index: number): void;
		function lua_setfield(L: LuaState, index: number, name: LuaString): void;
		/** Starts a thread, or goes on with one, from another; answers with its status. */
		function lua_resume(L: LuaState, from: LuaState, argument_count: number): number;
		function lua_sethook(L: LuaState, hook: LuaHook | null, mask: number, count: number): void;
		function lua_setmetatable(L: LuaState, index: number): boolean;
		/** Pops a value and a key and sets it in the table, with metamethods. */
		function lua_settable(L: LuaState, index: number): void;
		function lua_settop(L: LuaState, index: number): void;
		/** Pops the value on top into the function's n-th upvalue and answers its name; null when there is none. */
		function lua_setupvalue(L: LuaState, function_index: number, n: number): LuaString | null;
		/** Has a thread wait; does not return. What it goes on with once it is resumed is what the continuation leaves on the stack. */
		function lua_yieldk(L: LuaState, result_count: number, context: number, continuation: LuaCFunction): never;
		function lua_toboolean(L: LuaState, index: number): boolean;
		function lua_tonumber(L: LuaState, index: number): number;
		/** The bytes of a string, or of a number (which becomes a string in place); null otherwise. */
		function lua_tolstring(L: LuaState, index: number): LuaString | null;
		/** An identity for tables, functions and threads; null for other values. */
		function lua_topointer(L: LuaState, index: number): object | null;
		function lua_touserdata(L: LuaState, index: number): unknown;
		function lua_type(L: LuaState, index: number): number;
		function lua_typename(L: LuaState, type: number): LuaString;
		function lua_upvalueindex(n: number): number;
	}

	export namespace lauxlib {
		const LUA_NOREF: -2;
		/** Raises an error when that argument is missing. */
		function luaL_checkany(L: LuaState, argument: number): void;
		function luaL_checkstack(L: LuaState, slots: number, message: LuaString): void;
		/** Raises `format`, preceded by the position of the Lua function that called; does not return. */
		function luaL_error(L: LuaState, format: LuaString, ...values: (LuaString | number)[]): never;
		function luaL_loadbufferx(L: LuaState, code: LuaString, size: number, chunk_name: LuaString, mode: LuaString | null): number;
		function luaL_newstate(): LuaState;
		/** Pops a value, keeps it in the table and answers its key there. */
		function luaL_ref(L: LuaState, table_index: number): number;
		/** Opens a library, leaves it on the stack, and makes it a global when `global` is true. */
		function luaL_requiref(L: LuaState, name: LuaString, open: LuaCFunction, global: boolean): void;
		/** Pushes and answers the text `tostring` gives. */
		function luaL_tolstring(L: LuaState, index: number): LuaString;
		/** Pushes the calls of a thread as text, after a message, from that level on. */
		function luaL_traceback(L: LuaState, of: LuaState, message: LuaString | null, level: number): void;
		/** Pushes the position of the function at that level, empty when it is not Lua's. */
		function luaL_where(L: LuaState, level: number): void;
	}

	export namespace lualib {
		const luaopen_base: LuaCFunction;
		const luaopen_math: LuaCFunction;
		const luaopen_os: LuaCFunction;
		const luaopen_string: LuaCFunction;
		const luaopen_table: LuaCFunction;
		const luaopen_utf8: LuaCFunction;
		function luaL_openlibs(L: LuaState): void;
	}
}
