// Counterpart: lvm.c of Lua 5.4: jumps, loops, closures and calls of what runs

import { integer_limit } from "./arithmetic.ts";
import { adjust_top } from "./calls.ts";
import { close_from, closes, luaF_close } from "./closing.ts";
import { type Instruction, type LClosure, type LuaState, ldo, lobject, type Prototype, type TValue } from "./fengari.ts";
import { spend } from "./guard.ts";
import { tags, type_name } from "./live_table.ts";
import { call_status } from "./opcodes.ts";
import { fail, item, type Machine, number_of, numeral_of, set_float, set_integer, set_nil } from "./operators.ts";

/** Goes on elsewhere in the function; variables that closures hold are left to them. */
export function jump(L: Machine, { A, sBx: s_bx }: Instruction, further: number): void {
	const { ci } = L;
	if (A !== 0) {
		if (closes(L, ci.l_base + A - 1)) close_from(L, ci.l_base + A - 1);
		luaF_close(L, ci.l_base + A - 1);
	}
	// before it goes, so that the error names the line of the loop
	if (s_bx < 0) spend(L, 1);
	ci.l_savedpc += s_bx + further;
}

/** What follows a comparison: the jump after it, or the instruction after that. */
export function branch(L: Machine, condition: boolean): void {
	const { ci } = L;
	if (condition) jump(L, item(ci.l_code, ci.l_savedpc), 1);
	else ci.l_savedpc++;
}

/** A number of a loop; strings count as numbers. */
export function loop_number(L: LuaState, value: TValue, what: string): TValue {
	return numeral_of(value) ?? fail(L, `bad 'for' ${what} (number expected, got ${type_name(value)})`);
}

/** The last number that a loop may reach, as an integer. */
export function loop_limit(L: LuaState, given: TValue, step: number): number {
	const limit = loop_number(L, given, "limit");
	const value = number_of(limit);
	if (limit.type === tags.integer) return value;
	// a loop whose end is NaN is never entered
	if (Number.isNaN(value)) return step < 0 ? integer_limit : -integer_limit;
	return Math.max(-integer_limit, Math.min(integer_limit, step < 0 ? Math.ceil(value) : Math.floor(value)));
}

/** Makes the three numbers of a loop ready: all integers, or all floats. The first is one step before the first round's. */
export function prepare_loop(L: Machine, at: number): void {
	const start = item(L.stack, at);
	const limit = item(L.stack, at + 1);
	const step = item(L.stack, at + 2);
	if (start.type === tags.integer && step.type === tags.integer) {
		if (step.value === 0) fail(L, "'for' step is zero");
		set_integer(limit, loop_limit(L, limit, number_of(step)));
		start.value = number_of(start) - number_of(step);
		return;
	}
	set_float(limit, number_of(loop_number(L, limit, "limit")));
	set_float(step, number_of(loop_number(L, step, "step")));
	if (step.value === 0) fail(L, "'for' step is zero");
	set_float(start, number_of(loop_number(L, start, "initial value")) - number_of(step));
}

/** Goes on with a loop; returns whether there is another round. */
export function advance_loop(L: Machine, at: number): boolean {
	const index = item(L.stack, at);
	const step = number_of(item(L.stack, at + 2));
	const limit = number_of(item(L.stack, at + 1));
	const next = number_of(index) + step;
	if (0 < step ? !(next <= limit) : !(next >= limit)) return false;
	index.value = next;
	const shown = item(L.stack, at + 3);
	shown.type = index.type;
	shown.value = next;
	return true;
}

export function make_closure(L: Machine, prototype: Prototype, around: LClosure, base: number): LClosure {
	const { upvalues } = prototype;
	const closure = new lobject.LClosure(L, upvalues.length);
	closure.p = prototype;
	for (let index = 0; index < upvalues.length; index++) {
		const { instack, idx } = item(upvalues, index);
		closure.upvals[index] = instack ? item(L.stack, base + idx) : item(around.upvals, idx);
	}
	return closure;
}

/** Copies a function's further arguments to registers; all of them where no count is wanted. */
export function copy_varargs(L: Machine, prototype: Prototype, at: number, wanted: number): void {
	const { ci, stack } = L;
	const count = Math.max(0, ci.l_base - ci.funcOff - prototype.numparams - 1);
	let copied = wanted;
	if (wanted < 0) {
		copied = count;
		ldo.luaD_checkstack(L, count);
		adjust_top(L, at + count);
	}
	const first = ci.l_base - count;
	for (let index = 0; index < copied; index++) {
		const to = item(stack, at + index);
		if (index < count) to.setfrom(item(stack, first + index));
		else set_nil(to);
	}
}

/** Replaces the current call by the one that was just prepared (a tail call). */
export function replace_call(L: Machine, closes: boolean): void {
	const callee = L.ci;
	const caller = callee.previous;
	const arguments_end = callee.l_base + (callee.func.value as LClosure).p.numparams;
	if (closes) luaF_close(L, caller.l_base);
	for (let offset = 0; callee.funcOff + offset < arguments_end; offset++) {
		item(L.stack, caller.funcOff + offset).setfrom(item(L.stack, callee.funcOff + offset));
	}
	caller.l_base = caller.funcOff + (callee.l_base - callee.funcOff);
	caller.top = caller.funcOff + (L.top - callee.funcOff);
	adjust_top(L, caller.top);
	caller.l_code = callee.l_code;
	caller.l_savedpc = callee.l_savedpc;
	caller.callstatus |= call_status.tail;
	caller.next = null;
	L.ci = caller;
}
