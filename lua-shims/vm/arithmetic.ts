// Counterpart: lvm.c, lobject.c and lmathlib.c of Lua 5.4, as far as they are about numbers. fengari's integers have 32 bits and wrap
// where they overflow; here they have as many as fit in a JavaScript number, 53, and wrap where Lua's of 64 bits do.

import { tonumber } from "../../host/util/tonumber.ts";

/** The operators by which {@link integer_operation} and {@link float_operation} know them, in the order of fengari's opcodes. */
export const operators = {
	add: 0,
	sub: 1,
	mul: 2,
	mod: 3,
	pow: 4,
	div: 5,
	idiv: 6,
	band: 7,
	bor: 8,
	bxor: 9,
	shl: 10,
	shr: 11,
	unm: 12,
	bnot: 13,
} as const;

/** The first number that is too large for an integer; the smallest integer is its negative. */
export const integer_limit = 2 ** 63;

/** What an operation of integers raises where it has no result. */
export class ArithmeticError extends Error {}

function big(value: number): bigint {
	return BigInt(value);
}

/** A 64-bit integer as the nearest JavaScript number. */
function wrapped(value: bigint): number {
	return Number(BigInt.asIntN(64, value));
}

function exact(value: number, recompute: () => bigint): number {
	return Number.isSafeInteger(value) ? value : wrapped(recompute());
}

export function integer_add(left: number, right: number): number {
	return exact(left + right, () => big(left) + big(right));
}

export function integer_sub(left: number, right: number): number {
	return exact(left - right, () => big(left) - big(right));
}

export function integer_mul(left: number, right: number): number {
	// integer zero has no sign
	return exact(left * right, () => big(left) * big(right)) + 0;
}

export function integer_mod(left: number, right: number): number {
	if (right === 0) throw new ArithmeticError("attempt to perform 'n%0'");
	const rest = left % right;
	return (rest !== 0 && rest < 0 !== right < 0 ? rest + right : rest) + 0;
}

export function integer_idiv(left: number, right: number): number {
	if (right === 0) throw new ArithmeticError("attempt to divide by zero");
	return exact((left - integer_mod(left, right)) / right, () => {
		const quotient = big(left) / big(right);
		return big(left) % big(right) !== 0n && left < 0 !== right < 0 ? quotient - 1n : quotient;
	});
}

function is_small(value: number): boolean {
	return (value | 0) === value;
}

/** Shifted to the left by so many bits, to the right by a negative number of them; zeros move in. */
export function integer_shift(value: number, bits: number): number {
	if (bits <= -64 || bits >= 64) return 0;
	if (bits >= 0) return exact(value * 2 ** bits, () => big(value) << big(bits)) + 0;
	if (value >= 0 && value < integer_limit) return Math.floor(value / 2 ** -bits);
	return wrapped(BigInt.asUintN(64, big(value)) >> big(-bits));
}

/** The result of an operator that takes integers and makes one. */
export function integer_operation(operator: number, left: number, right: number): number {
	switch (operator) {
		case operators.add:
			return integer_add(left, right);
		case operators.sub:
			return integer_sub(left, right);
		case operators.mul:
			return integer_mul(left, right);
		case operators.mod:
			return integer_mod(left, right);
		case operators.idiv:
			return integer_idiv(left, right);
		// what both numbers' upper 32 bits are copies of the 32nd is what the result's are too
		case operators.band:
			return is_small(left) && is_small(right) ? left & right : wrapped(big(left) & big(right));
		case operators.bor:
			return is_small(left) && is_small(right) ? left | right : wrapped(big(left) | big(right));
		case operators.bxor:
			return is_small(left) && is_small(right) ? left ^ right : wrapped(big(left) ^ big(right));
		case operators.shl:
			return integer_shift(left, right);
		case operators.shr:
			return integer_shift(left, -right);
		case operators.unm:
			return integer_sub(0, left);
		default:
			return -left - 1;
	}
}

export function float_mod(left: number, right: number): number {
	const rest = left % right;
	return (rest > 0 ? right < 0 : rest < 0 && right !== rest && right > 0) ? rest + right : rest;
}

export function float_pow(left: number, right: number): number {
	// C's pow has a result where JavaScript's gives NaN
	if (left === 1 || (left === -1 && Math.abs(right) === Number.POSITIVE_INFINITY)) return 1;
	return left ** right;
}

/** The result of an operator of floats. */
export function float_operation(operator: number, left: number, right: number): number {
	switch (operator) {
		case operators.add:
			return left + right;
		case operators.sub:
			return left - right;
		case operators.mul:
			return left * right;
		case operators.mod:
			return float_mod(left, right);
		case operators.pow:
			return float_pow(left, right);
		case operators.div:
			return left / right;
		case operators.idiv:
			return Math.floor(left / right);
		default:
			return -left;
	}
}

/** The integer that equals a float; undefined where there is none. */
export function float_to_integer(value: number): number | undefined {
	return Number.isInteger(value) && value >= -integer_limit && value < integer_limit ? value + 0 : undefined;
}

/** A number as a Lua numeral stands for it. */
export interface Numeral {
	readonly value: number;
	readonly is_integer: boolean;
}

const blanks = /^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g;

/** The number of a numeral: an integer where it has neither point nor exponent and fits; undefined for what is none. */
export function read_numeral(text: string): Numeral | undefined {
	const numeral = text.replace(blanks, "");
	if (/^[-+]?\d+$/.test(numeral)) {
		const value = Number(numeral);
		if (Number.isSafeInteger(value)) return { value: value + 0, is_integer: true };
		const whole = big_of(numeral);
		const fits = BigInt.asIntN(64, whole) === whole;
		return { value: fits ? Number(whole) : value, is_integer: fits };
	}
	if (/^[-+]?0[xX][0-9a-fA-F]+$/.test(numeral)) return { value: wrapped(big_of(numeral)), is_integer: true };
	const value = tonumber(numeral);
	return value === undefined ? undefined : { value, is_integer: false };
}

function big_of(numeral: string): bigint {
	const digits = numeral.replace(/^[-+]/, "");
	return numeral.startsWith("-") ? -BigInt(digits) : BigInt(digits);
}
