// Counterpart: luaossl's openssl.c (openssl.bignum)

import type { LuaContext } from "../../context.ts";
import {
	type Arguments,
	bad_argument,
	boolean_value,
	buffer_value,
	bytes_at,
	make_library,
	number_at,
	text_at,
} from "../../vm/arguments.ts";
import type { TValue } from "../../vm/fengari.ts";
import { string_value } from "../../vm/live_table.ts";
import { ObjectKind } from "../../vm/userdata.ts";
import type { LuaThread } from "../../vm/vm.ts";

/** Powers and shifts that would make larger numbers are refused, in bits. */
const most_bits = 65_536;

/** A number, or the bytes of a point of a curve, which OpenSSL hands out as one. */
export interface Bignum {
	readonly number: bigint;
}

/** The number that bytes stand for, the highest first. */
export function number_of_bytes(bytes: Buffer): bigint {
	return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString("hex")}`);
}

function hex_of(number: bigint): string {
	const digits = (number < 0n ? -number : number).toString(16).toUpperCase();
	return `${number < 0n ? "-" : ""}${digits.length % 2 === 0 ? digits : `0${digits}`}`;
}

/** The bytes of a number, the highest first, without its sign. */
function bytes_of_number(number: bigint): Buffer {
	return number === 0n ? Buffer.alloc(0) : Buffer.from(hex_of(number).replace("-", ""), "hex");
}

function parse(text: string): bigint | undefined {
	const [, sign = "", digits] = /^\s*(-?)(0[xX][0-9a-fA-F]+|[0-9]+)\s*$/.exec(text) ?? [];
	if (digits === undefined || digits.length > most_bits / 3) return undefined;
	return sign === "-" ? -BigInt(digits) : BigInt(digits);
}

function small(number: bigint, size: bigint): bigint {
	const bits = BigInt(number.toString(2).length) * (size < 0n ? 0n : size);
	if (bits > BigInt(most_bits)) throw new RangeError(`the result has more than ${most_bits} bits`);
	return size;
}

/** The remainder that is never below zero. */
function positive_remainder(number: bigint, by: bigint): bigint {
	const rest = number % by;
	return rest < 0n ? rest + (by < 0n ? -by : by) : rest;
}

/** `openssl.bignum`, and the kind of its numbers. */
export function bignum_library(host: LuaContext): { kind: ObjectKind<Bignum>; library: TValue } {
	const number_in = (args: Arguments, index: number, name: string): bigint => {
		const known = kind.target_of(args[index - 1]);
		if (known !== undefined) return known.number;
		if (typeof args[index - 1]?.value === "number") {
			const number = number_at(args, index, name);
			if (!Number.isInteger(number)) throw bad_argument(index, name, "number has no integer representation");
			return BigInt(number);
		}
		const number = parse(text_at(args, index, name));
		if (number === undefined) throw bad_argument(index, name, "invalid number");
		return number;
	};
	const binary =
		(name: string, run: (left: bigint, right: bigint) => bigint) =>
		(args: Arguments, L: LuaThread): TValue =>
			kind.value(L, { number: run(number_in(args, 1, name), number_in(args, 2, name)) });
	const compare =
		(name: string, run: (left: bigint, right: bigint) => boolean) =>
		(args: Arguments): TValue =>
			boolean_value(run(number_in(args, 1, name), number_in(args, 2, name)));
	const divisor = (by: bigint): bigint => {
		if (by === 0n) throw new RangeError("bignum: division by zero");
		return by;
	};
	const kind: ObjectKind<Bignum> = new ObjectKind<Bignum>(host.vm, "BIGNUM*", () => {
		const to_hex = ({ number }: Bignum): TValue => string_value(hex_of(number));
		const to_decimal = ({ number }: Bignum): TValue => string_value(String(number));
		const to_binary = ({ number }: Bignum): TValue => buffer_value(bytes_of_number(number));
		return {
			methods: {
				toBinary: to_binary,
				tobin: to_binary,
				toHex: to_hex,
				tohex: to_hex,
				toDecimal: to_decimal,
				todec: to_decimal,
			},
			metamethods: {
				__add: binary("__add", (left, right) => left + right),
				__sub: binary("__sub", (left, right) => left - right),
				__mul: binary("__mul", (left, right) => left * right),
				__div: binary("__div", (left, right) => left / divisor(right)),
				__idiv: binary("__idiv", (left, right) => left / divisor(right)),
				__mod: binary("__mod", (left, right) => positive_remainder(left, divisor(right))),
				__pow: binary("__pow", (left, right) => left ** small(left, right)),
				__unm: (args, L) => kind.value(L, { number: -number_in(args, 1, "__unm") }),
				__eq: compare("__eq", (left, right) => left === right),
				__lt: compare("__lt", (left, right) => left < right),
				__le: compare("__le", (left, right) => left <= right),
				__tostring: (args) => string_value(String(number_in(args, 1, "__tostring"))),
			},
		};
	});
	const library = make_library(host.vm, {
		new: (args, L) => kind.value(L, { number: args.length === 0 ? 0n : number_in(args, 1, "new") }),
		fromBinary: (args, L) => kind.value(L, { number: number_of_bytes(bytes_at(args, 1, "fromBinary")) }),
	});
	return { kind, library };
}
