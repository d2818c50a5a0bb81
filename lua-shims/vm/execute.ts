// Counterpart: lvm.c of Lua 5.4, over fengari's stack, calls and tables. It runs what fengari compiles, in place of fengari's own loop:
// with integers of more than 32 bits, a new closure each time that one is made, and short ways for what is done most often.

import { operators } from "./arithmetic.ts";
import { adjust_top, begin_call, call, end_call } from "./calls.ts";
import { close_from, closes, is_mark, luaF_close, mark_for_closing } from "./closing.ts";
import { advance_loop, branch, copy_varargs, jump, make_closure, prepare_loop, replace_call } from "./control.ts";
import { type LClosure, type LuaState, ldebug, ltable, lvm, type Table, TString } from "./fengari.ts";
import { spend, spend_bytes } from "./guard.ts";
import { tags } from "./live_table.ts";
import { call_status, constant_bit, items_per_flush, line_or_count, multiple_results, op } from "./opcodes.ts";
import {
	arithmetic,
	equal,
	fail,
	is_false,
	is_too_long,
	item,
	less_equal,
	less_than,
	type Machine,
	number_of,
	set_integer,
	set_nil,
} from "./operators.ts";
import { get, set, set_items } from "./table_access.ts";

/** Runs the Lua function whose call is prepared, and those that it calls, until it returns. */
export function execute(state: LuaState): void {
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
					if (L.l_G.watch !== undefined) L.l_G.watch.stop();
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
					if (L.l_G.watch !== undefined) L.l_G.watch.used(item(stack, base + i.B));
					lvm.luaV_objlen(L, item(stack, at), item(stack, base + i.B));
					break;
				case op.concat: {
					L.top = base + i.C + 1;
					lvm.luaV_concat(L, i.C - i.B + 1);
					const joined = item(stack, base + i.B);
					if (joined.value instanceof TString) {
						if (is_too_long(joined.value)) fail(L, "resulting string too large");
						spend_bytes(L, joined.value.realstring.length);
					}
					item(stack, at).setfrom(joined);
					adjust_top(L, ci.top);
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
					if (i.B !== 0) adjust_top(L, at + i.B);
					if (begin_call(L, at, results)) {
						if (results >= 0) adjust_top(L, ci.top);
						break;
					}
					ci = L.ci;
					continue frame;
				}
				case op.tailcall: {
					if (i.B !== 0) adjust_top(L, at + i.B);
					if (prototype.p.length > 0 && closes(L, base)) {
						call(L, at, multiple_results);
						break;
					}
					if (begin_call(L, at, multiple_results)) break;
					replace_call(L, prototype.p.length > 0);
					ci = L.ci;
					continue frame;
				}
				case op.return: {
					if (prototype.p.length > 0) {
						if (closes(L, base)) close_from(L, base);
						luaF_close(L, base);
					}
					const fixed = end_call(L, ci, at, i.B !== 0 ? i.B - 1 : L.top - at);
					if ((ci.callstatus & call_status.fresh) !== 0) return;
					ci = L.ci;
					if (fixed) adjust_top(L, ci.top);
					continue frame;
				}
				case op.forloop:
					if (advance_loop(L, at)) {
						spend(L, 1);
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
					adjust_top(L, callee + 3);
					call(L, callee, i.C);
					adjust_top(L, ci.top);
					break;
				}
				case op.tforloop: {
					const control = item(stack, at + 1);
					if (control.type !== tags.nil) {
						item(stack, at).setfrom(control);
						spend(L, 1);
						ci.l_savedpc += i.sBx;
					}
					break;
				}
				case op.setlist: {
					const count = i.B === 0 ? L.top - at - 1 : i.B;
					const block = i.C === 0 ? item(code, ci.l_savedpc++).Ax : i.C;
					set_items(L, item(stack, at).value as Table, (block - 1) * items_per_flush, at, count);
					adjust_top(L, ci.top);
					break;
				}
				case op.closure: {
					const inner = item(prototype.p, i.Bx);
					if (is_mark(inner)) {
						const { idx, name } = item(inner.upvalues, 0);
						mark_for_closing(L, base + idx, name?.text ?? "?");
						set_nil(item(stack, at));
						break;
					}
					const made = make_closure(L, inner, closure, base);
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
