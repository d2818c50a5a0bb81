// Counterpart: lvm.c, lobject.c and lauxlib.c of Lua 5.4: puts our loop and Lua's own numbers in the place of fengari's, in our copy

import { float_to_integer, read_numeral } from "./arithmetic.ts";
import { close_after_error, closes, luaF_close } from "./closing.ts";
import { execute } from "./execute.ts";
import { type LuaState, type LuaThread, lauxlib, lfunc, lobject, lstate, ltm, lua, lvm, TString, TValue } from "./fengari.ts";
import { spend } from "./guard.ts";
import { tags } from "./live_table.ts";
import { float_string, integer_string } from "./number_text.ts";
import { first_event } from "./opcodes.ts";
import {
	item,
	less_equal,
	less_than,
	type Machine,
	number_of,
	numeral_of,
	operate,
	set_float,
	set_integer,
	to_integer,
} from "./operators.ts";
import { bytes_of, text_of } from "./text.ts";

// fengari looks these up for each use, so its own libraries and its compiler use them, too.
Object.assign(lvm, {
	luaV_execute: execute,
	luaV_lessthan: less_than,
	luaV_lessequal: less_equal,
	tointeger: to_integer,
	luaV_tointeger(value: TValue, mode: 0 | 1 | 2): number | false {
		const numeral = numeral_of(value);
		if (numeral === undefined) return false;
		const number = number_of(numeral);
		const rounded = mode === 1 ? Math.floor(number) : mode === 2 ? Math.ceil(number) : number;
		return float_to_integer(rounded) ?? (numeral.type === tags.integer ? rounded : false);
	},
});
Object.assign(lobject, {
	luaO_arith(L: Machine | null, operator: number, left: TValue, right: TValue, to: TValue | number): void {
		const target = typeof to !== "number" ? to : L === null ? new TValue(tags.nil, null) : item(L.stack, to);
		if (operate(L, operator, left, right, target) || L === null) return;
		ltm.luaT_trybinTM(L, left, right, to, first_event + operator);
	},
	luaO_str2num(bytes: Uint8Array, to: TValue): number {
		// fengari's compiler ends what it asks about with a zero
		const end = bytes.indexOf(0);
		const length = end < 0 ? bytes.length : end;
		const numeral = read_numeral(text_of(end < 0 ? bytes : bytes.subarray(0, end)));
		if (numeral === undefined) return 0;
		if (numeral.is_integer) set_integer(to, numeral.value);
		else set_float(to, numeral.value);
		return length + 1;
	},
	luaO_tostring(_L: LuaState, value: TValue): void {
		const number = number_of(value);
		const text = value.type === tags.integer ? integer_string(number) : float_string(number);
		value.setsvalue(new TString(undefined, bytes_of(text)));
	},
});

const original_tolstring = lauxlib.luaL_tolstring;
Object.assign(lauxlib, {
	/** Pushes a value's text, and returns it. */
	luaL_tolstring(L: LuaState, index: number): Uint8Array {
		if (lua.lua_type(L, index) !== lua.LUA_TNUMBER) return original_tolstring(L, index);
		lua.lua_pushvalue(L, index);
		return lua.lua_tolstring(L, -1) ?? new Uint8Array();
	},
});

// fengari reads `hookmask` before every instruction and every call. Counting there costs a decrement; its own count hook would cost a
// function call each.
Object.defineProperty(lstate.lua_State.prototype, "hookmask", {
	get(this: LuaThread & { mask: number }): number {
		spend(this, 1);
		return this.mask;
	},
	set(this: { mask: number }, mask: number): void {
		this.mask = mask;
	},
});

Object.assign(lfunc, {
	// our loop closes variables itself; everything else calls this when an error leaves functions
	luaF_close(L: LuaThread, level: number): void {
		if (closes(L, level)) close_after_error(L, level);
		luaF_close(L, level);
	},
});
