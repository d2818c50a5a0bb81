// No counterpart: Lua's operators on values, as far as data files can have them: Prosody runs these files.

import { bytes_of, has_foreign_bytes, text_of } from "../byte_text.ts";
import { exact_number, type LuaTable } from "../luatable.ts";
import { tonumber } from "../tonumber.ts";

/** A number in a calculation: Lua's integers, with 64 bits, are bigints, and its floats are numbers. */
export type Computed = bigint | number;

/** An operand: anything but tables, which only `#`, `==` and `~=` accept; undefined is nil. */
export type Operand = Computed | string | boolean | LuaTable | undefined;

/** An operator that cannot be applied; the text says what it needs. */
export class OperatorError extends Error {}

const digits_only = /^\d+$/;
const hex_digits = /^0[xX][0-9a-fA-F]+$/;

/** The number of a numeral, without its sign. Source: lobject.c, luaO_str2num. */
export function numeral_value(numeral: string): Computed | undefined {
	if (hex_digits.test(numeral)) return BigInt.asIntN(64, BigInt(numeral));
	if (!digits_only.test(numeral)) return tonumber(numeral);
	const integer = BigInt(numeral);
	return BigInt.asIntN(64, integer) === integer ? integer : Number(numeral);
}

/** A computed number as a stored value: as a JavaScript number, where that loses nothing. */
export function held_number(value: Computed): number | bigint {
	if (typeof value === "bigint") return exact_number(value);
	return value === 0 ? 0 : value;
}

function number_of(operand: Operand, operator: string): Computed {
	if (is_number(operand)) return operand;
	if (typeof operand === "string") {
		const [, sign, numeral = ""] = /^[ \t\n\v\f\r]*(-?)(.*?)[ \t\n\v\f\r]*$/s.exec(operand) ?? [];
		const value = /^[+-]/.test(numeral) ? undefined : numeral_value(numeral);
		if (value !== undefined) return sign === "-" ? negated(value) : value;
	}
	throw new OperatorError(`numbers around "${operator}"`);
}

function negated(value: Computed): Computed {
	return typeof value === "bigint" ? BigInt.asIntN(64, -value) : -value;
}

/** An integer for bitwise operators, which do not accept text. */
function integer_of(value: Operand, operator: string): bigint {
	if (typeof value === "bigint") return value;
	if (typeof value !== "number" || !Number.isInteger(value) || value < -(2 ** 63) || value >= 2 ** 63)
		throw new OperatorError(`integers around "${operator}"`);
	return BigInt(value);
}

/** A number as Lua writes it into a text. Source: lobject.c, tostringbuff. */
function number_text(value: Computed): string {
	if (typeof value === "bigint") return value.toString();
	if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
	const [mantissa = "", exponent_text = "0"] = value.toExponential(13).split("e");
	const exponent = Number(exponent_text);
	if (exponent < -4 || exponent >= 14) {
		const short = mantissa.replace(/\.?0+$/, "");
		return `${short}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
	}
	const text = value.toFixed(13 - exponent);
	const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
	return /[.n]/.test(short) ? short : `${short}.0`;
}

function concatenable(operand: Operand): string {
	if (typeof operand === "string") return operand;
	if (is_number(operand)) return number_text(operand);
	throw new OperatorError('texts or numbers around ".."');
}

function concatenate(left: Operand, right: Operand): string {
	const text = concatenable(left) + concatenable(right);
	// The two halves may have become one character
	return has_foreign_bytes(text) ? text_of(bytes_of(text)) : text;
}

/** Rounded down, as in Lua; JavaScript cuts off. */
function floor_divide(left: bigint, right: bigint): bigint {
	const quotient = left / right;
	return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient;
}

function float_modulo(left: number, right: number): number {
	const rest = left % right;
	return rest !== 0 && rest < 0 !== right < 0 ? rest + right : rest;
}

type IntegerOperation = (left: bigint, right: bigint) => bigint;
type FloatOperation = (left: number, right: number) => number;

/** By operator: on two integers, and on two numbers of which one is a float. */
const arithmetic: { readonly [operator: string]: readonly [IntegerOperation | undefined, FloatOperation] } = {
	"+": [(left, right) => left + right, (left, right) => left + right],
	"-": [(left, right) => left - right, (left, right) => left - right],
	"*": [(left, right) => left * right, (left, right) => left * right],
	"%": [(left, right) => left - floor_divide(left, right) * right, float_modulo],
	"//": [floor_divide, (left, right) => Math.floor(left / right)],
	"/": [undefined, (left, right) => left / right],
	"^": [undefined, (left, right) => left ** right],
};

/** A shift by 64 bits or more gives 0; a negative one shifts the other way. */
function shift_left(value: bigint, by: bigint): bigint {
	if (by <= -64n || by >= 64n) return 0n;
	return by >= 0n ? value << by : BigInt.asUintN(64, value) >> -by;
}

const bitwise: { readonly [operator: string]: IntegerOperation } = {
	"&": (left, right) => left & right,
	"|": (left, right) => left | right,
	"~": (left, right) => left ^ right,
	"<<": shift_left,
	">>": (left, right) => shift_left(left, -right),
};

function is_number(operand: Operand): operand is Computed {
	return typeof operand === "number" || typeof operand === "bigint";
}

function is_less(left: Operand, right: Operand, operator: string): boolean {
	if (typeof left === "string" && typeof right === "string") return Buffer.compare(bytes_of(left), bytes_of(right)) < 0;
	if (is_number(left) && is_number(right)) return left < right;
	throw new OperatorError(`two numbers or two texts around "${operator}"`);
}

/** In Lua, a float and an integer of the same value are equal. */
function is_equal(left: Operand, right: Operand): boolean {
	return is_number(left) && is_number(right) ? left <= right && left >= right : left === right;
}

/** Whether `and` or `or` gives its left operand, so that the right one is not evaluated. */
export function is_decided(operator: string, left: Operand): boolean {
	const is_true = left !== undefined && left !== false;
	return operator === "and" ? !is_true : operator === "or" && is_true;
}

/**
 * Applies an operator that stands between two values; not `and` and `or`, see {@link is_decided}. Throws an {@link OperatorError}
 * for wrong operands.
 */
export function binary(operator: string, left: Operand, right: Operand): Operand {
	switch (operator) {
		case "..":
			return concatenate(left, right);
		case "==":
			return is_equal(left, right);
		case "~=":
			return !is_equal(left, right);
		case "<":
			return is_less(left, right, operator);
		case ">":
			return is_less(right, left, operator);
		case "<=":
			return is_less(left, right, operator) || is_equal(left, right);
		case ">=":
			return is_less(right, left, operator) || is_equal(left, right);
	}
	const bits = bitwise[operator];
	if (bits !== undefined) return BigInt.asIntN(64, bits(integer_of(left, operator), integer_of(right, operator)));
	const [on_integers, on_floats] = arithmetic[operator] ?? [];
	if (on_floats === undefined) throw new OperatorError("an operator that Lua knows");
	const [one, other] = [number_of(left, operator), number_of(right, operator)];
	if (on_integers === undefined || typeof one === "number" || typeof other === "number")
		return on_floats(Number(one), Number(other));
	if (other === 0n && (operator === "//" || operator === "%")) throw new OperatorError(`no zero behind "${operator}"`);
	return BigInt.asIntN(64, on_integers(one, other));
}

/** Applies an operator that stands before a value. */
export function unary(operator: string, operand: Operand): Operand {
	switch (operator) {
		case "not":
			return operand === undefined || operand === false;
		case "-":
			return negated(number_of(operand, operator));
		case "~":
			return BigInt.asIntN(64, ~integer_of(operand, operator));
		default:
			if (typeof operand === "string") return BigInt(bytes_of(operand).length);
			if (typeof operand === "object") return BigInt(length_of(operand));
			throw new OperatorError('a text or a table behind "#"');
	}
}

function length_of(table: LuaTable): number {
	if (Array.isArray(table)) return table.length;
	let length = 0;
	while (table instanceof Map && table.has(length + 1)) length++;
	return length;
}

/** How tightly operators bind to the left and to the right. Source: lparser.c, priority. */
export const priorities: { readonly [operator: string]: readonly [left: number, right: number] } = {
	or: [1, 1],
	and: [2, 2],
	"<": [3, 3],
	">": [3, 3],
	"<=": [3, 3],
	">=": [3, 3],
	"~=": [3, 3],
	"==": [3, 3],
	"|": [4, 4],
	"~": [5, 5],
	"&": [6, 6],
	"<<": [7, 7],
	">>": [7, 7],
	"..": [9, 8],
	"+": [10, 10],
	"-": [10, 10],
	"*": [11, 11],
	"/": [11, 11],
	"//": [11, 11],
	"%": [11, 11],
	"^": [14, 13],
};

/** How tightly operators before a value bind. */
export const unary_priority = 12;
