// Counterpart: ldo.c of Lua 5.4 (luaD_precall, luaD_poscall, luaD_call): calls, in fengari's stack. Slots that are free again are set
// to undefined: fengari deletes them, which takes much longer than the call itself.

import type { CallInfo, CClosure, LClosure, LuaCFunction, TValue as Value } from "./fengari.ts";
import { ldo, lstate, lvm, type Prototype, TValue } from "./fengari.ts";
import { spend } from "./guard.ts";
import { tags } from "./live_table.ts";
import { call_status } from "./opcodes.ts";
import { item, type Machine, set_nil } from "./operators.ts";

const original = { ...ldo };

/** How many slots a function of the host can count on. */
const native_slots = 20;
/** How deep calls of Lua from the host's functions may be nested; from there on fengari says what is wrong. */
const most_nested = 200;

/** Sets where the stack ends. */
export function adjust_top(L: Machine, top: number): void {
	const stack: (Value | undefined)[] = L.stack;
	while (L.top < top) stack[L.top++] = new TValue(tags.nil, null);
	while (L.top > top) stack[--L.top] = undefined;
}

/** Ends the stack behind what is wanted of a call's results, which are moved to where the function was. */
function move_results(L: Machine, first: number, to: number, count: number, wanted: number): boolean {
	const stack: (Value | undefined)[] = L.stack;
	const most = wanted < 0 ? count : wanted;
	for (let index = 0; index < most; index++) {
		const from = index < count ? stack[first + index] : undefined;
		const slot = stack[to + index];
		if (slot === undefined || to + index >= L.top) {
			stack[to + index] = from === undefined ? new TValue(tags.nil, null) : new TValue(from.type, from.value);
		} else if (from === undefined) set_nil(slot);
		else {
			slot.type = from.type;
			slot.value = from.value;
		}
	}
	const top = to + most;
	for (let index = L.top - 1; index >= top; index--) stack[index] = undefined;
	L.top = top;
	return wanted >= 0;
}

/** Hooks of `debug.sethook` that follow calls, and those that see them begin. */
const after_call = 2 | 4;
const before_call = 1 | 4;

/** Ends a call; whether the number of results was fixed. */
export function end_call(L: Machine, ci: CallInfo, first: number, count: number): boolean {
	spend(L, 1);
	if ((L.mask & after_call) !== 0) return original.luaD_poscall(L, ci, first, count);
	const { previous } = ci;
	L.ci = previous;
	previous.next = null;
	return move_results(L, first, ci.funcOff, count, ci.nresults);
}

/** Moves the parameters of a function behind its arguments, the rest of which it takes by `...`; returns where they begin. */
function fixed_parameters(L: Machine, { numparams }: Prototype, given: number): number {
	const { stack } = L;
	const first = L.top - given;
	const base = L.top;
	for (let index = 0; index < numparams; index++) {
		const from = index < given ? item(stack, first + index) : undefined;
		stack[L.top++] = from === undefined ? new TValue(tags.nil, null) : new TValue(from.type, from.value);
		if (from !== undefined) set_nil(from);
	}
	return base;
}

/** Prepares a call, and makes it where the function is one of the host's: then it answers with true. */
export function begin_call(L: Machine, at: number, results: number): boolean {
	const func = item(L.stack, at);
	if ((L.mask & before_call) !== 0) {
		L.l_G.watch?.stop();
		return original.luaD_precall(L, at, results);
	}
	switch (func.type) {
		case tags.native_function:
		case tags.native_closure: {
			const run = func.type === tags.native_closure ? (func.value as CClosure).f : (func.value as LuaCFunction);
			if (L.stack_last - L.top <= native_slots) ldo.luaD_checkstack(L, native_slots);
			const ci = lstate.luaE_extendCI(L);
			ci.funcOff = at;
			ci.nresults = results;
			ci.func = func;
			ci.top = L.top + native_slots;
			ci.callstatus = 0;
			spend(L, 1);
			const { watch } = L.l_G;
			const count = watch === undefined ? run(L) : watch.call(L, func.value, run);
			end_call(L, ci, L.top - count, count);
			return true;
		}
		case tags.lua_function: {
			const { p: prototype } = func.value as LClosure;
			const { maxstacksize: size } = prototype;
			if (L.stack_last - L.top <= size) ldo.luaD_checkstack(L, size);
			let base = at + 1;
			if (prototype.is_vararg) base = fixed_parameters(L, prototype, L.top - base);
			const ci = lstate.luaE_extendCI(L);
			ci.funcOff = at;
			ci.nresults = results;
			ci.func = func;
			ci.l_base = base;
			ci.top = base + size;
			adjust_top(L, ci.top);
			ci.l_code = prototype.code;
			ci.l_savedpc = 0;
			ci.callstatus = call_status.lua;
			spend(L, 1);
			return false;
		}
		default:
			// metamethods, and errors
			L.l_G.watch?.stop();
			return original.luaD_precall(L, at, results);
	}
}

/** Calls what stands in a slot before its arguments, which its results replace. */
export function call(L: Machine, at: number, results: number): void {
	if (L.nCcalls + 1 >= most_nested) {
		L.l_G.watch?.stop();
		original.luaD_call(L, at, results);
		return;
	}
	L.nCcalls++;
	if (!begin_call(L, at, results)) lvm.luaV_execute(L);
	L.nCcalls--;
}

function call_at_once(L: Machine, at: number, results: number): void {
	L.nny++;
	call(L, at, results);
	L.nny--;
}

// fengari looks these up for each call
Object.assign(ldo, {
	adjust_top,
	luaD_precall: begin_call,
	luaD_poscall: end_call,
	luaD_call: call,
	luaD_callnoyield: call_at_once,
});
