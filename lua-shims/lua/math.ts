// Counterpart: Lua's lmathlib.c, and tostring and tonumber of lbaselib.c, for integers of more than 32 bits

import { randomBytes } from "node:crypto";
import type { LuaContext } from "../context.ts";
import {
	type Arguments,
	bad_argument,
	boolean_value,
	integer_at,
	is_none,
	is_string,
	kept,
	make_library,
	number_at,
	type_name,
} from "../vm/arguments.ts";
import { float_mod, float_to_integer, integer_limit, read_numeral } from "../vm/arithmetic.ts";
import { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value, tags, text_of_string } from "../vm/live_table.ts";
import type { NativeFunction } from "../vm/vm.ts";
import { Random } from "./random.ts";

function integer_value(value: number): TValue {
	return new TValue(tags.integer, value);
}

function float_value(value: number): TValue {
	return new TValue(tags.float, value);
}

/** A float rounded in one direction: an integer where it fits into one. */
function rounded(value: number): TValue {
	const integer = float_to_integer(value);
	return integer === undefined ? float_value(value) : integer_value(integer);
}

/** A number argument; integers stay integers. A string becomes a float. */
function numeral_at(args: Arguments, index: number, name: string): TValue {
	const value = args[index - 1];
	if (typeof value?.value === "number" && value.type !== tags.light_userdata) return kept(value);
	return float_value(number_at(args, index, name));
}

function unary(name: string, compute: (value: number) => number): NativeFunction {
	return (args) => float_value(compute(number_at(args, 1, name)));
}

function round(name: string, compute: (value: number) => number): NativeFunction {
	return (args) => {
		const value = numeral_at(args, 1, name);
		return value.type === tags.integer ? value : rounded(compute(Number(value.value)));
	};
}

/** The largest or the smallest of numbers. */
function extreme(name: string, is_better: (candidate: number, best: number) => boolean): NativeFunction {
	return (args) => {
		if (args.length === 0) throw bad_argument(1, name, "value expected");
		let best = numeral_at(args, 1, name);
		for (let index = 2; index <= args.length; index++) {
			const candidate = numeral_at(args, index, name);
			if (is_better(Number(candidate.value), Number(best.value))) best = candidate;
		}
		return best;
	};
}

function remainder(args: Arguments): TValue {
	const left = numeral_at(args, 1, "fmod");
	const right = numeral_at(args, 2, "fmod");
	if (left.type !== tags.integer || right.type !== tags.integer) return float_value(Number(left.value) % Number(right.value));
	if (right.value === 0) throw bad_argument(2, "fmod", "zero");
	// the sign is that of the first operand, unlike with the operator
	return integer_value((Number(left.value) % Number(right.value)) + 0);
}

/** `math`. */
export function math_library(host: LuaContext): TValue {
	let random = new Random(randomBytes(8).readBigUInt64LE(), randomBytes(8).readBigUInt64LE());

	/** A number from 0 up to 1, or an integer of a range. */
	function random_number(args: Arguments): TValue {
		if (args.length === 0) return float_value(random.fraction());
		let low = 1;
		let high = integer_at(args, 1, "random");
		if (args.length === 1 && high === 0) return integer_value(Number(BigInt.asIntN(64, random.next())));
		if (args.length > 2) throw new Error("wrong number of arguments");
		if (args.length === 2) {
			low = high;
			high = integer_at(args, 2, "random");
		}
		if (low > high) throw bad_argument(1, "random", "interval is empty");
		return number_value(low + Number(random.below(BigInt(high) - BigInt(low))));
	}

	return make_library(host.vm, {
		abs(args) {
			const value = numeral_at(args, 1, "abs");
			return value.type === tags.integer
				? integer_value(Math.abs(Number(value.value)))
				: float_value(Math.abs(Number(value.value)));
		},
		ceil: round("ceil", Math.ceil),
		floor: round("floor", Math.floor),
		sqrt: unary("sqrt", Math.sqrt),
		exp: unary("exp", Math.exp),
		sin: unary("sin", Math.sin),
		cos: unary("cos", Math.cos),
		tan: unary("tan", Math.tan),
		asin: unary("asin", Math.asin),
		acos: unary("acos", Math.acos),
		atan: (args) => float_value(Math.atan2(number_at(args, 1, "atan"), is_none(args[1]) ? 1 : number_at(args, 2, "atan"))),
		deg: unary("deg", (value) => value * (180 / Math.PI)),
		rad: unary("rad", (value) => value * (Math.PI / 180)),
		log(args) {
			const value = number_at(args, 1, "log");
			if (is_none(args[1])) return float_value(Math.log(value));
			const base = number_at(args, 2, "log");
			return float_value(base === 2 ? Math.log2(value) : base === 10 ? Math.log10(value) : Math.log(value) / Math.log(base));
		},
		// functions of versions before 5.3
		pow: (args) => float_value(number_at(args, 1, "pow") ** number_at(args, 2, "pow")),
		log10: unary("log10", Math.log10),
		fmod: remainder,
		mod: (args) => float_value(float_mod(number_at(args, 1, "mod"), number_at(args, 2, "mod"))),
		modf(args) {
			const value = number_at(args, 1, "modf");
			const whole = Math.trunc(value);
			return [rounded(whole), float_value(Number.isFinite(value) ? value - whole : Number.isNaN(value) ? value : 0)];
		},
		max: extreme("max", (candidate, best) => candidate > best),
		min: extreme("min", (candidate, best) => candidate < best),
		tointeger(args) {
			const [value] = args;
			if (value === undefined) throw bad_argument(1, "tointeger", "value expected");
			if (value.type === tags.integer) return kept(value);
			const numeral = is_string(value) ? read_numeral(text_of_string(value)) : undefined;
			if (numeral?.is_integer) return integer_value(numeral.value);
			const float = numeral?.value ?? (value.type === tags.float ? Number(value.value) : Number.NaN);
			const integer = float_to_integer(float);
			return integer === undefined ? nil : integer_value(integer);
		},
		type(args) {
			const [value] = args;
			if (value === undefined) throw bad_argument(1, "type", "value expected");
			if (value.type === tags.integer) return string_value("integer");
			return value.type === tags.float ? string_value("float") : nil;
		},
		ult(args) {
			const left = BigInt.asUintN(64, BigInt(integer_at(args, 1, "ult")));
			return boolean_value(left < BigInt.asUintN(64, BigInt(integer_at(args, 2, "ult"))));
		},
		random: random_number,
		randomseed(args) {
			if (args.length === 0) random = new Random(randomBytes(8).readBigUInt64LE(), randomBytes(8).readBigUInt64LE());
			else {
				const seed = number_at(args, 1, "randomseed");
				const first = float_to_integer(seed) ?? Math.floor(seed);
				const second = is_none(args[1]) ? 0 : integer_at(args, 2, "randomseed");
				random = new Random(BigInt(Number.isFinite(first) ? first : 0), BigInt(second));
			}
			return undefined;
		},
		pi: float_value(Math.PI),
		huge: float_value(Number.POSITIVE_INFINITY),
		maxinteger: integer_value(integer_limit),
		mininteger: integer_value(-integer_limit),
	});
}

/** `tonumber`: of a numeral, or of digits to a base. */
export const to_number: NativeFunction = (args) => {
	const [value] = args;
	if (is_none(args[1])) {
		if (value === undefined) throw bad_argument(1, "tonumber", "value expected");
		if (typeof value.value === "number" && value.type !== tags.light_userdata) return kept(value);
		const numeral = is_string(value) ? read_numeral(text_of_string(value)) : undefined;
		return numeral === undefined ? nil : numeral.is_integer ? integer_value(numeral.value) : float_value(numeral.value);
	}
	const base = integer_at(args, 2, "tonumber");
	if (!is_string(value)) throw bad_argument(1, "tonumber", `string expected, got ${type_name(value)}`);
	if (base < 2 || base > 36) throw bad_argument(2, "tonumber", "base out of range");
	const [, sign, digits = ""] = /^[ \t\n\v\f\r]*(-?)([0-9a-zA-Z]+)[ \t\n\v\f\r]*$/.exec(text_of_string(value)) ?? [];
	let whole = 0n;
	for (const digit of digits) {
		const worth = Number.parseInt(digit, 36);
		if (worth >= base) return nil;
		whole = whole * BigInt(base) + BigInt(worth);
	}
	return digits === "" ? nil : integer_value(Number(BigInt.asIntN(64, sign === "-" ? -whole : whole)) + 0);
};
