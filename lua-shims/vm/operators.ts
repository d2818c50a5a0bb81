// Counterpart: lvm.c and lobject.c of Lua 5.4: what operators do with values, in fengari's slots

import { ArithmeticError, float_operation, float_to_integer, integer_operation, operators, read_numeral } from "./arithmetic.ts";
import { type LuaState, type LuaThread, ldebug, ltm, lvm, TString, TValue } from "./fengari.ts";
import { spend_bytes } from "./guard.ts";
import { tags } from "./live_table.ts";
import { first_event, max_length } from "./opcodes.ts";
import { bytes_of } from "./text.ts";

export type Machine = LuaThread;

export function item<Item>(list: readonly Item[], index: number): Item {
	return list[index] as Item;
}

export function number_of(value: TValue): number {
	return value.value as number;
}

export function set_integer(to: TValue, value: number): void {
	to.type = tags.integer;
	to.value = value;
}

export function set_float(to: TValue, value: number): void {
	to.type = tags.float;
	to.value = value;
}

export function set_nil(to: TValue): void {
	to.type = tags.nil;
	to.value = null;
}

export function is_false(value: TValue): boolean {
	return value.type === tags.nil || (value.type === tags.boolean && value.value === false);
}

export function is_number(value: TValue): boolean {
	return (value.type & 15) === tags.float;
}

export function is_string(value: TValue): boolean {
	return (value.type & 15) === tags.short_string;
}

/** A number, or the number that a string stands for; undefined for anything else. */
export function numeral_of(value: TValue): TValue | undefined {
	if (is_number(value)) return value;
	if (!(value.value instanceof TString) || !is_string(value)) return undefined;
	const numeral = read_numeral(value.value.text);
	return numeral && new TValue(numeral.is_integer ? tags.integer : tags.float, numeral.value);
}

/** The integer of a value, or of a string; undefined where there is none. */
export function integer_of(value: TValue): number | undefined {
	if (value.type === tags.integer) return number_of(value);
	const numeral = numeral_of(value);
	if (numeral === undefined) return undefined;
	return numeral.type === tags.integer ? number_of(numeral) : float_to_integer(number_of(numeral));
}

/** Whether a string that was just made is longer than what the server can spare; those of the host are no longer than what made them. */
export function is_too_long(value: unknown): boolean {
	return value instanceof TString && value.constructor === TString && value.realstring.length > max_length;
}

export function fail(L: LuaState, message: string): never {
	return ldebug.luaG_runerror(L, bytes_of("%s"), bytes_of(message));
}

/** Applies an operator; returns whether its operands allow that. */
export function operate(L: LuaState | null, operator: number, left: TValue, right: TValue, to: TValue): boolean {
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

export function arithmetic(L: LuaState, operator: number, left: TValue, right: TValue, to: TValue): void {
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

export function equal(L: Machine, left: TValue, right: TValue): boolean {
	if (L.l_G.watch !== undefined) {
		const watched = L.l_G.watch.compare(left, right);
		if (watched !== undefined) return watched;
	}
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
export function compare_strings(L: LuaState, left: TValue, right: TValue): number {
	spend_bytes(L as Machine, (left.value as TString).getstr().length);
	return Buffer.compare((left.value as TString).getstr(), (right.value as TString).getstr());
}

export const original = { lessthan: lvm.luaV_lessthan, lessequal: lvm.luaV_lessequal };

export function less_than(L: LuaState, left: TValue, right: TValue): 0 | 1 {
	if (is_number(left) && is_number(right)) return number_of(left) < number_of(right) ? 1 : 0;
	if (is_string(left) && is_string(right)) return compare_strings(L, left, right) < 0 ? 1 : 0;
	return original.lessthan(L, left, right);
}

export function less_equal(L: LuaState, left: TValue, right: TValue): 0 | 1 {
	if (is_number(left) && is_number(right)) return number_of(left) <= number_of(right) ? 1 : 0;
	if (is_string(left) && is_string(right)) return compare_strings(L, left, right) <= 0 ? 1 : 0;
	return original.lessequal(L, left, right);
}

export function to_integer(value: TValue): number | false {
	return integer_of(value) ?? false;
}
