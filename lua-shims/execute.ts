// Counterpart: lvm.c of Lua 5.4, over fengari's stack, calls and tables. It runs what fengari compiles, in place of fengari's own loop:
// with integers of more than 32 bits, a new closure each time that one is made, and short ways for what is done most often.

import type { LuaState } from "fengari";
import {
	ArithmeticError,
	float_operation,
	float_to_integer,
	integer_limit,
	integer_operation,
	operators,
	read_numeral,
} from "./arithmetic.ts";
import {
	type Instruction,
	type LClosure,
	lauxlib,
	ldebug,
	ldo,
	lfunc,
	lobject,
	ltable,
	ltm,
	lua,
	lvm,
	type Prototype,
	type Table,
	type Thread,
	TString,
	TValue,
} from "./fengari.ts";
import { nil, tags, type_name } from "./live_table.ts";
import { float_string, integer_string } from "./number_text.ts";
import { bytes_of, text_of } from "./text.ts";

type Machine = LuaState & Thread;

/** Opcodes of Lua 5.3, in which fengari compiles. */
const op = {
	move: 0,
	loadk: 1,
	loadkx: 2,
	loadbool: 3,
	loadnil: 4,
	getupval: 5,
	gettabup: 6,
	gettable: 7,
	settabup: 8,
	setupval: 9,
	settable: 10,
	newtable: 11,
	self: 12,
	add: 13,
	sub: 14,
	mul: 15,
	mod: 16,
	pow: 17,
	div: 18,
	idiv: 19,
	band: 20,
	bor: 21,
	bxor: 22,
	shl: 23,
	shr: 24,
	unm: 25,
	bnot: 26,
	not: 27,
	len: 28,
	concat: 29,
	jmp: 30,
	eq: 31,
	lt: 32,
	le: 33,
	test: 34,
	testset: 35,
	call: 36,
	tailcall: 37,
	return: 38,
	forloop: 39,
	forprep: 40,
	tforcall: 41,
	tforloop: 42,
	setlist: 43,
	closure: 44,
	vararg: 45,
} as const;

/** The bit of an operand that names a constant, not a register. */
const constant_bit = 256;
const call_status = { fresh: 8, tail: 32 } as const;
/** Hooks of `debug.sethook` by line and by count. */
const line_or_count = 4 | 8;
/** The metamethod of the first operator; the others follow in order. */
const first_event = 6;
/** How many items of a table's constructor come in one instruction. */
const items_per_flush = 50;
const multiple_results = -1;
/** The longest string that may come of joining others, in bytes. */
const max_length = 2 ** 28;

function item<Item>(list: readonly Item[], index: number): Item {
	return list[index] as Item;
}

function number_of(value: TValue): number {
	return value.value as number;
}

function set_integer(to: TValue, value: number): void {
	to.type = tags.integer;
	to.value = value;
}

function set_float(to: TValue, value: number): void {
	to.type = tags.float;
	to.value = value;
}

function set_nil(to: TValue): void {
	to.type = tags.nil;
	to.value = null;
}

function is_false(value: TValue): boolean {
	return value.type === tags.nil || (value.type === tags.boolean && value.value === false);
}

function is_number(value: TValue): boolean {
	return (value.type & 15) === tags.float;
}

function is_string(value: TValue): boolean {
	return (value.type & 15) === tags.short_string;
}

/** A number, or what a string stands for as one; undefined for all else. */
function numeral_of(value: TValue): TValue | undefined {
	if (is_number(value)) return value;
	if (!(value.value instanceof TString) || !is_string(value)) return undefined;
	const numeral = read_numeral(value.value.text);
	return numeral && new TValue(numeral.is_integer ? tags.integer : tags.float, numeral.value);
}

/** The integer that a value is, or stands for; undefined where it is none. */
function integer_of(value: TValue): number | undefined {
	if (value.type === tags.integer) return number_of(value);
	const numeral = numeral_of(value);
	if (numeral === undefined) return undefined;
	return numeral.type === tags.integer ? number_of(numeral) : float_to_integer(number_of(numeral));
}

/** Whether a string that was just made is longer than what the server can spare; those of the host are no longer than what made them. */
function is_too_long(value: unknown): boolean {
	return value instanceof TString && value.constructor === TString && value.realstring.length > max_length;
}

function fail(L: LuaState, message: string): never {
	return ldebug.luaG_runerror(L, bytes_of("%s"), bytes_of(message));
}

/** Does an operator; answers whether its operands are fit for it. */
function operate(L: LuaState | null, operator: number, left: TValue, right: TValue, to: TValue): boolean {
	if (operator >= operators.band && operator !== operators.unm) {
		if (!is_number(left) || !is_number(right)) return false;
		const a = integer_of(left);
		const b = integer_of(right);
		if (a === undefined || b === undefined) return false;
		set_integer(to, integer_operation(operator, a, b));
		return true;
	}
	const a = numeral_of(left);
	const b = numeral_of(right);
	if (a === undefined || b === undefined) return false;
	const of_integers = a.type === tags.integer && b.type === tags.integer;
	if (!of_integers || operator === operators.div || operator === operators.pow) {
		set_float(to, float_operation(operator, number_of(a), number_of(b)));
		return true;
	}
	try {
		set_integer(to, integer_operation(operator, number_of(a), number_of(b)));
	} catch (error) {
		if (!(error instanceof ArithmeticError) || L === null) throw error;
		fail(L, error.message);
	}
	return true;
}

function arithmetic(L: LuaState, operator: number, left: TValue, right: TValue, to: TValue): void {
	if (left.type === tags.integer && right.type === tags.integer) {
		const a = number_of(left);
		const b = number_of(right);
		// what needs no look at its bounds, or hardly one
		if (operator === operators.mul) {
			const product = a * b;
			if (Number.isSafeInteger(product)) {
				set_integer(to, product + 0);
				return;
			}
		} else if (operator === operators.mod && a >= 0 && b > 0) {
			set_integer(to, a % b);
			return;
		} else if (operator === operators.div) {
			set_float(to, a / b);
			return;
		}
	} else if (left.type === tags.float && right.type === tags.float && operator < operators.band) {
		set_float(to, float_operation(operator, number_of(left), number_of(right)));
		return;
	}
	if (!operate(L, operator, left, right, to)) ltm.luaT_trybinTM(L, left, right, to, first_event + operator);
}

/** `table[key]`, into a register. */
function get(L: Machine, table: TValue, key: TValue, to: number): void {
	if (table.type === tags.table) {
		const inside = table.value as Table;
		const { strong } = inside;
		let found: TValue;
		if (strong !== undefined && is_string(key)) found = strong.get((key.value as TString).hash)?.value ?? nil;
		else if (strong !== undefined && key.type === tags.integer) found = strong.get(key.value)?.value ?? nil;
		else found = ltable.luaH_get(L, inside, key);
		if (found.type !== tags.nil) {
			const target = item(L.stack, to);
			target.type = found.type;
			target.value = found.value;
			return;
		}
		if (inside.metatable === null) {
			set_nil(item(L.stack, to));
			return;
		}
	}
	lvm.luaV_gettable(L, table, key, to);
}

/** `table[key] = value`. */
function set(L: Machine, table: TValue, key: TValue, value: TValue): void {
	if (table.type === tags.table) {
		const inside = table.value as Table;
		const { strong } = inside;
		if (strong !== undefined && value.type !== tags.nil && (key.type === tags.integer || is_string(key))) {
			const entry = strong.get(key.type === tags.integer ? key.value : (key.value as TString).hash);
			if (entry !== undefined) {
				entry.value.type = value.type;
				entry.value.value = value.value;
				inside.flags = 0;
				return;
			}
		}
		if (inside.metatable === null) {
			ltable.luaH_setfrom(L, inside, key, value);
			ltable.invalidateTMcache(inside);
			return;
		}
	}
	lvm.settable(L, table, key, value);
}

function equal(L: Machine, left: TValue, right: TValue): boolean {
	if (left.type !== right.type) {
		return is_number(left) && is_number(right) && left.value === right.value;
	}
	if (left.value === right.value) return left.type !== tags.float || !Number.isNaN(left.value);
	switch (left.type) {
		case tags.nil:
			return true;
		case tags.string:
		case tags.short_string:
			return (left.value as TString).text === (right.value as TString).text;
		case tags.table:
		case tags.userdata:
			return lvm.luaV_equalobj(L, left, right) === 1;
		default:
			return false;
	}
}

/** The order of two strings by their bytes. */
function compare_strings(left: TValue, right: TValue): number {
	return Buffer.compare((left.value as TString).getstr(), (right.value as TString).getstr());
}

const original = { lessthan: lvm.luaV_lessthan, lessequal: lvm.luaV_lessequal };

function less_than(L: LuaState, left: TValue, right: TValue): 0 | 1 {
	if (is_number(left) && is_number(right)) return number_of(left) < number_of(right) ? 1 : 0;
	if (is_string(left) && is_string(right)) return compare_strings(left, right) < 0 ? 1 : 0;
	return original.lessthan(L, left, right);
}

function less_equal(L: LuaState, left: TValue, right: TValue): 0 | 1 {
	if (is_number(left) && is_number(right)) return number_of(left) <= number_of(right) ? 1 : 0;
	if (is_string(left) && is_string(right)) return compare_strings(left, right) <= 0 ? 1 : 0;
	return original.lessequal(L, left, right);
}

/** Asks the guard, after as many rounds of loops and calls as it wants to let pass. */
function tick(L: Machine): void {
	const { l_G } = L;
	if (l_G.guard !== undefined && --(l_G as { instructions: number }).instructions < 0) l_G.guard(L);
}

/** Goes on elsewhere in the function; variables that closures hold are left to them. */
function jump(L: Machine, { A, sBx: s_bx }: Instruction, further: number): void {
	const { ci } = L;
	if (A !== 0) lfunc.luaF_close(L, ci.l_base + A - 1);
	// before it goes, so that the error names the line of the loop
	if (s_bx < 0) tick(L);
	ci.l_savedpc += s_bx + further;
}

/** What follows a comparison: the jump behind it, or the instruction behind that. */
function branch(L: Machine, condition: boolean): void {
	const { ci } = L;
	if (condition) jump(L, item(ci.l_code, ci.l_savedpc), 1);
	else ci.l_savedpc++;
}

/** A number of a loop: strings count as what they stand for. */
function loop_number(L: LuaState, value: TValue, what: string): TValue {
	return numeral_of(value) ?? fail(L, `bad 'for' ${what} (number expected, got ${type_name(value)})`);
}

/** The last number that a loop may reach, as an integer. */
function loop_limit(L: LuaState, given: TValue, step: number): number {
	const limit = loop_number(L, given, "limit");
	const value = number_of(limit);
	if (limit.type === tags.integer) return value;
	// a loop without an end that is a number is never entered
	if (Number.isNaN(value)) return step < 0 ? integer_limit : -integer_limit;
	return Math.max(-integer_limit, Math.min(integer_limit, step < 0 ? Math.ceil(value) : Math.floor(value)));
}

/** Makes the three numbers of a loop ready: all integers, or all floats. The first is one step before the first round's. */
function prepare_loop(L: Machine, at: number): void {
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

/** One more round of a loop; whether there is one. */
function advance_loop(L: Machine, at: number): boolean {
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

/** Puts registers into a table that is being made. Its list comes first, whatever fields were made before, as a loop shows it. */
function set_items(L: Machine, table: Table, before: number, at: number, count: number): void {
	const first_field = before === 0 && count > 0 ? table.f : undefined;
	const last_field = table.l;
	if (first_field !== undefined) {
		table.f = undefined;
		table.l = undefined;
	}
	for (let index = 1; index <= count; index++) {
		ltable.luaH_setfrom(L, table, new TValue(tags.integer, before + index), item(L.stack, at + index));
	}
	if (first_field === undefined) return;
	const last_item = table.l;
	if (last_item === undefined) table.f = first_field;
	else {
		last_item.n = first_field;
		first_field.p = last_item;
	}
	table.l = last_field;
}

function make_closure(L: Machine, prototype: Prototype, around: LClosure, base: number): LClosure {
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
function copy_varargs(L: Machine, prototype: Prototype, at: number, wanted: number): void {
	const { ci, stack } = L;
	const count = Math.max(0, ci.l_base - ci.funcOff - prototype.numparams - 1);
	let copied = wanted;
	if (wanted < 0) {
		copied = count;
		ldo.luaD_checkstack(L, count);
		ldo.adjust_top(L, at + count);
	}
	const first = ci.l_base - count;
	for (let index = 0; index < copied; index++) {
		const to = item(stack, at + index);
		if (index < count) to.setfrom(item(stack, first + index));
		else set_nil(to);
	}
}

/** Puts the call that was just prepared in the place of the one that makes it. */
function replace_call(L: Machine, closes: boolean): void {
	const callee = L.ci;
	const caller = callee.previous;
	const arguments_end = callee.l_base + (callee.func.value as LClosure).p.numparams;
	if (closes) lfunc.luaF_close(L, caller.l_base);
	for (let offset = 0; callee.funcOff + offset < arguments_end; offset++) {
		item(L.stack, caller.funcOff + offset).setfrom(item(L.stack, callee.funcOff + offset));
	}
	caller.l_base = caller.funcOff + (callee.l_base - callee.funcOff);
	caller.top = caller.funcOff + (L.top - callee.funcOff);
	ldo.adjust_top(L, caller.top);
	caller.l_code = callee.l_code;
	caller.l_savedpc = callee.l_savedpc;
	caller.callstatus |= call_status.tail;
	caller.next = null;
	L.ci = caller;
}

/** Runs the Lua function whose call is prepared, and those that it calls, until it returns. */
function execute(state: LuaState): void {
	const L = state as Machine;
	const { stack } = L;
	let { ci } = L;
	ci.callstatus |= call_status.fresh;
	frame: for (;;) {
		const closure = ci.func.value as LClosure;
		const { p: prototype, upvals } = closure;
		const { k: constants } = prototype;
		const { l_code: code, l_base: base } = ci;
		for (;;) {
			const i = item(code, ci.l_savedpc++);
			if ((L.mask & line_or_count) !== 0) ldebug.luaG_traceexec(L);
			const at = base + i.A;
			switch (i.opcode) {
				case op.move: {
					const from = item(stack, base + i.B);
					const to = item(stack, at);
					to.type = from.type;
					to.value = from.value;
					break;
				}
				case op.loadk: {
					const from = item(constants, i.Bx);
					const to = item(stack, at);
					to.type = from.type;
					to.value = from.value;
					break;
				}
				case op.loadkx:
					item(stack, at).setfrom(item(constants, item(code, ci.l_savedpc++).Ax));
					break;
				case op.loadbool: {
					const to = item(stack, at);
					to.type = tags.boolean;
					to.value = i.B !== 0;
					if (i.C !== 0) ci.l_savedpc++;
					break;
				}
				case op.loadnil:
					for (let offset = 0; offset <= i.B; offset++) set_nil(item(stack, at + offset));
					break;
				case op.getupval: {
					const from = item(upvals, i.B);
					const to = item(stack, at);
					to.type = from.type;
					to.value = from.value;
					break;
				}
				case op.gettabup:
					get(L, item(upvals, i.B), i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C), at);
					break;
				case op.gettable:
					get(L, item(stack, base + i.B), i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C), at);
					break;
				case op.settabup:
					set(
						L,
						item(upvals, i.A),
						i.B & constant_bit ? item(constants, i.B & 255) : item(stack, base + i.B),
						i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C),
					);
					break;
				case op.setupval:
					item(upvals, i.B).setfrom(item(stack, at));
					break;
				case op.settable:
					set(
						L,
						item(stack, at),
						i.B & constant_bit ? item(constants, i.B & 255) : item(stack, base + i.B),
						i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C),
					);
					break;
				case op.newtable: {
					const table = ltable.luaH_new(L);
					const to = item(stack, at);
					to.type = tags.table;
					to.value = table;
					break;
				}
				case op.self: {
					const from = item(stack, base + i.B);
					const self = item(stack, at + 1);
					self.type = from.type;
					self.value = from.value;
					get(L, from, i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C), at);
					break;
				}
				case op.add: {
					const left = i.B & constant_bit ? item(constants, i.B & 255) : item(stack, base + i.B);
					const right = i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C);
					if (left.type === tags.integer && right.type === tags.integer) {
						const sum = number_of(left) + number_of(right);
						if (Number.isSafeInteger(sum)) {
							set_integer(item(stack, at), sum);
							break;
						}
					}
					arithmetic(L, operators.add, left, right, item(stack, at));
					break;
				}
				case op.sub: {
					const left = i.B & constant_bit ? item(constants, i.B & 255) : item(stack, base + i.B);
					const right = i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C);
					if (left.type === tags.integer && right.type === tags.integer) {
						const difference = number_of(left) - number_of(right);
						if (Number.isSafeInteger(difference)) {
							set_integer(item(stack, at), difference);
							break;
						}
					}
					arithmetic(L, operators.sub, left, right, item(stack, at));
					break;
				}
				case op.mul:
				case op.mod:
				case op.pow:
				case op.div:
				case op.idiv:
				case op.band:
				case op.bor:
				case op.bxor:
				case op.shl:
				case op.shr:
					arithmetic(
						L,
						i.opcode - op.add,
						i.B & constant_bit ? item(constants, i.B & 255) : item(stack, base + i.B),
						i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C),
						item(stack, at),
					);
					break;
				case op.unm:
				case op.bnot: {
					const operand = item(stack, base + i.B);
					arithmetic(L, i.opcode - op.add, operand, operand, item(stack, at));
					break;
				}
				case op.not: {
					const is_not = is_false(item(stack, base + i.B));
					const to = item(stack, at);
					to.type = tags.boolean;
					to.value = is_not;
					break;
				}
				case op.len:
					lvm.luaV_objlen(L, item(stack, at), item(stack, base + i.B));
					break;
				case op.concat: {
					L.top = base + i.C + 1;
					lvm.luaV_concat(L, i.C - i.B + 1);
					const joined = item(stack, base + i.B);
					if (joined.type !== tags.table && is_too_long(joined.value)) fail(L, "resulting string too large");
					item(stack, at).setfrom(joined);
					ldo.adjust_top(L, ci.top);
					break;
				}
				case op.jmp:
					jump(L, i, 0);
					break;
				case op.eq: {
					const left = i.B & constant_bit ? item(constants, i.B & 255) : item(stack, base + i.B);
					const right = i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C);
					branch(L, equal(L, left, right) === (i.A !== 0));
					break;
				}
				case op.lt: {
					const left = i.B & constant_bit ? item(constants, i.B & 255) : item(stack, base + i.B);
					const right = i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C);
					branch(L, less_than(L, left, right) === i.A);
					break;
				}
				case op.le: {
					const left = i.B & constant_bit ? item(constants, i.B & 255) : item(stack, base + i.B);
					const right = i.C & constant_bit ? item(constants, i.C & 255) : item(stack, base + i.C);
					branch(L, less_equal(L, left, right) === i.A);
					break;
				}
				case op.test:
					branch(L, is_false(item(stack, at)) === (i.C === 0));
					break;
				case op.testset: {
					const from = item(stack, base + i.B);
					const holds = is_false(from) === (i.C === 0);
					if (holds) item(stack, at).setfrom(from);
					branch(L, holds);
					break;
				}
				case op.call: {
					const results = i.C - 1;
					if (i.B !== 0) ldo.adjust_top(L, at + i.B);
					if (ldo.luaD_precall(L, at, results)) {
						if (results >= 0) ldo.adjust_top(L, ci.top);
						break;
					}
					ci = L.ci;
					continue frame;
				}
				case op.tailcall: {
					if (i.B !== 0) ldo.adjust_top(L, at + i.B);
					if (ldo.luaD_precall(L, at, multiple_results)) break;
					replace_call(L, prototype.p.length > 0);
					ci = L.ci;
					continue frame;
				}
				case op.return: {
					if (prototype.p.length > 0) lfunc.luaF_close(L, base);
					const fixed = ldo.luaD_poscall(L, ci, at, i.B !== 0 ? i.B - 1 : L.top - at);
					if ((ci.callstatus & call_status.fresh) !== 0) return;
					ci = L.ci;
					if (fixed) ldo.adjust_top(L, ci.top);
					continue frame;
				}
				case op.forloop:
					if (advance_loop(L, at)) {
						tick(L);
						ci.l_savedpc += i.sBx;
					}
					break;
				case op.forprep:
					prepare_loop(L, at);
					ci.l_savedpc += i.sBx;
					break;
				case op.tforcall: {
					const callee = at + 3;
					item(stack, callee + 2).setfrom(item(stack, at + 2));
					item(stack, callee + 1).setfrom(item(stack, at + 1));
					item(stack, callee).setfrom(item(stack, at));
					ldo.adjust_top(L, callee + 3);
					ldo.luaD_call(L, callee, i.C);
					ldo.adjust_top(L, ci.top);
					break;
				}
				case op.tforloop: {
					const control = item(stack, at + 1);
					if (control.type !== tags.nil) {
						item(stack, at).setfrom(control);
						tick(L);
						ci.l_savedpc += i.sBx;
					}
					break;
				}
				case op.setlist: {
					const count = i.B === 0 ? L.top - at - 1 : i.B;
					const block = i.C === 0 ? item(code, ci.l_savedpc++).Ax : i.C;
					set_items(L, item(stack, at).value as Table, (block - 1) * items_per_flush, at, count);
					ldo.adjust_top(L, ci.top);
					break;
				}
				case op.closure: {
					const made = make_closure(L, item(prototype.p, i.Bx), closure, base);
					const to = item(stack, at);
					to.type = tags.lua_function;
					to.value = made;
					break;
				}
				case op.vararg:
					copy_varargs(L, prototype, at, i.B - 1);
					break;
				default:
					throw new RangeError(`the virtual machine has no instruction ${i.opcode}`);
			}
		}
	}
}

function to_integer(value: TValue): number | false {
	return integer_of(value) ?? false;
}

// fengari looks all of these up for each use, so that its own libraries and its compiler count alike.
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
	/** Pushes a value's text, and answers with it. */
	luaL_tolstring(L: LuaState, index: number): Uint8Array {
		if (lua.lua_type(L, index) !== lua.LUA_TNUMBER) return original_tolstring(L, index);
		lua.lua_pushvalue(L, index);
		return lua.lua_tolstring(L, -1) ?? new Uint8Array();
	},
});
