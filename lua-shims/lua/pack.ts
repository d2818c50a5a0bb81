// Counterpart: lstrlib.c of Lua 5.4 (string.pack, string.unpack, string.packsize), with integers of 64 bits

import {
	type Arguments,
	bad_argument,
	buffer_value,
	bytes_at,
	integer_at,
	is_none,
	number_at,
	optional_integer_at,
} from "../vm/arguments.ts";
import { integer_limit } from "../vm/arithmetic.ts";
import { TValue } from "../vm/fengari.ts";
import { number_value, tags } from "../vm/live_table.ts";
import type { NativeFunction } from "../vm/vm.ts";

/** What a letter of a format stands for. */
type Item =
	| { readonly kind: "integer"; readonly size: number; readonly signed: boolean }
	| { readonly kind: "float" | "double" | "string" | "fixed" | "zero" | "padding" | "none"; readonly size: number };

const max_integer_size = 16;
const native_alignment = 8;

/** Reads a format, item by item. */
class Format {
	private position = 0;
	little = true;
	private max_alignment = 1;

	constructor(private readonly text: string) {}

	get is_done(): boolean {
		return this.position >= this.text.length;
	}

	private number(fallback: number): number {
		const digits = /^\d+/.exec(this.text.slice(this.position))?.[0];
		if (digits === undefined) return fallback;
		this.position += digits.length;
		return Number(digits);
	}

	private integer_size(fallback: number): number {
		const size = this.number(fallback);
		if (size < 1 || size > max_integer_size) throw new Error(`integral size (${size}) out of limits [1,${max_integer_size}]`);
		return size;
	}

	private item(): Item {
		const letter = this.text.charAt(this.position++);
		const integer = (size: number, signed: boolean): Item => ({ kind: "integer", size, signed });
		switch (letter) {
			case "b":
			case "B":
				return integer(1, letter === "b");
			case "h":
			case "H":
				return integer(2, letter === "h");
			case "i":
			case "I":
				return integer(this.integer_size(4), letter === "i");
			case "l":
			case "L":
			case "j":
			case "J":
				return integer(8, letter === "l" || letter === "j");
			case "T":
				return integer(8, false);
			case "f":
				return { kind: "float", size: 4 };
			case "d":
			case "n":
				return { kind: "double", size: 8 };
			case "s":
				return { kind: "string", size: this.integer_size(8) };
			case "c": {
				const size = this.number(-1);
				if (size < 0) throw new Error("missing size for format option 'c'");
				return { kind: "fixed", size };
			}
			case "z":
				return { kind: "zero", size: 0 };
			case "x":
				return { kind: "padding", size: 1 };
			case "<":
			case "=":
				this.little = true;
				break;
			case ">":
				this.little = false;
				break;
			case "!":
				this.max_alignment = this.integer_size(native_alignment);
				break;
			case " ":
				break;
			default:
				throw new Error(`invalid format option '${letter}'`);
		}
		return { kind: "none", size: 0 };
	}

	/** The next item, and how many bytes come before it so that it is aligned. */
	next(offset: number): { readonly item: Item; readonly padding: number } {
		let item: Item;
		let alignment: number;
		if (this.text.charAt(this.position) === "X") {
			this.position++;
			const model = this.is_done ? undefined : this.item();
			if (model === undefined || model.kind === "fixed" || model.size === 0) {
				throw bad_argument(1, "pack", "invalid next option for option 'X'");
			}
			item = { kind: "none", size: 0 };
			alignment = model.size;
		} else {
			item = this.item();
			alignment = ["integer", "float", "double", "string"].includes(item.kind) ? item.size : 1;
		}
		alignment = Math.min(alignment, this.max_alignment);
		if (alignment <= 1) return { item, padding: 0 };
		if ((alignment & (alignment - 1)) !== 0) throw bad_argument(1, "pack", "format asks for alignment not power of 2");
		return { item, padding: (alignment - (offset & (alignment - 1))) & (alignment - 1) };
	}
}

function format_at(args: Arguments, name: string): Format {
	return new Format(bytes_at(args, 1, name).toString("latin1"));
}

function integer_bytes(value: number, size: number, little: boolean): Buffer {
	// the largest integer is one less than the number that stands for it
	let rest = value >= integer_limit ? 2n ** 63n - 1n : BigInt(value);
	const bytes = Buffer.alloc(size);
	for (let index = 0; index < size; index++) {
		bytes[little ? index : size - 1 - index] = Number(rest & 0xffn);
		rest >>= 8n;
	}
	return bytes;
}

function read_integer(bytes: Buffer, little: boolean, signed: boolean): number {
	let value = 0n;
	const { length } = bytes;
	for (let index = 0; index < length; index++) value = (value << 8n) | BigInt(bytes[little ? length - 1 - index : index] ?? 0);
	if (signed) value = BigInt.asIntN(length * 8, value);
	if (length > 8 && (value >= 2n ** 64n || value < -(2n ** 63n)))
		throw new Error(`${length}-byte integer does not fit into Lua Integer`);
	return Number(BigInt.asIntN(64, value));
}

function float_bytes(value: number, size: number, little: boolean): Buffer {
	const bytes = Buffer.alloc(size);
	if (size === 4) bytes.writeFloatLE(value);
	else bytes.writeDoubleLE(value);
	return little ? bytes : bytes.reverse();
}

function read_float(bytes: Buffer, little: boolean): number {
	const ordered = little ? bytes : Buffer.from(bytes).reverse();
	return bytes.length === 4 ? ordered.readFloatLE() : ordered.readDoubleLE();
}

/** `string.pack`. */
export const pack: NativeFunction = (args) => {
	const format = format_at(args, "pack");
	const parts: Buffer[] = [];
	let length = 0;
	let argument = 1;
	const add = (bytes: Buffer): void => {
		parts.push(bytes);
		length += bytes.length;
	};
	while (!format.is_done) {
		const { item, padding } = format.next(length);
		add(Buffer.alloc(padding));
		switch (item.kind) {
			case "integer": {
				const value = integer_at(args, ++argument, "pack");
				if (item.size < 8) {
					const bound = 2 ** (item.size * 8 - (item.signed ? 1 : 0));
					if (item.signed ? value < -bound || value >= bound : value < 0 || value >= bound) {
						throw bad_argument(argument, "pack", item.signed ? "integer overflow" : "unsigned overflow");
					}
				}
				add(integer_bytes(value, item.size, format.little));
				break;
			}
			case "float":
			case "double":
				add(float_bytes(number_at(args, ++argument, "pack"), item.size, format.little));
				break;
			case "fixed": {
				const bytes = bytes_at(args, ++argument, "pack");
				if (bytes.length > item.size) throw bad_argument(argument, "pack", "string longer than given size");
				add(bytes);
				add(Buffer.alloc(item.size - bytes.length));
				break;
			}
			case "string": {
				const bytes = bytes_at(args, ++argument, "pack");
				if (item.size < 8 && bytes.length >= 2 ** (item.size * 8)) {
					throw bad_argument(argument, "pack", "string length does not fit in given size");
				}
				add(integer_bytes(bytes.length, item.size, format.little));
				add(bytes);
				break;
			}
			case "zero": {
				const bytes = bytes_at(args, ++argument, "pack");
				if (bytes.includes(0)) throw bad_argument(argument, "pack", "string contains zeros");
				add(bytes);
				add(Buffer.alloc(1));
				break;
			}
			case "padding":
				add(Buffer.alloc(1));
				break;
			default:
		}
	}
	return buffer_value(Buffer.concat(parts));
};

/** `string.packsize`. */
export const packsize: NativeFunction = (args) => {
	const format = format_at(args, "packsize");
	let length = 0;
	while (!format.is_done) {
		const { item, padding } = format.next(length);
		if (item.kind === "string" || item.kind === "zero") throw bad_argument(1, "packsize", "variable-length format");
		length += padding + item.size;
		if (length > 2 ** 31 - 1) throw bad_argument(1, "packsize", "format result too large");
	}
	return number_value(length);
};

/** `string.unpack`: the values, and the position behind them. */
export const unpack: NativeFunction = (args) => {
	const format = format_at(args, "unpack");
	const data = bytes_at(args, 2, "unpack");
	const given = is_none(args[2]) ? 1 : optional_integer_at(args, 3, "unpack", 1);
	let position = (given >= 0 ? given : Math.max(0, data.length + given + 1)) - 1;
	if (position < 0 || position > data.length) throw bad_argument(3, "unpack", "initial position out of string");
	const take = (size: number): Buffer => {
		if (size > data.length - position) throw bad_argument(2, "unpack", "data string too short");
		position += size;
		return data.subarray(position - size, position);
	};
	const results: TValue[] = [];
	while (!format.is_done) {
		const { item, padding } = format.next(position);
		take(padding);
		switch (item.kind) {
			case "integer":
				results.push(new TValue(tags.integer, read_integer(take(item.size), format.little, item.signed)));
				break;
			case "float":
			case "double":
				results.push(new TValue(tags.float, read_float(take(item.size), format.little)));
				break;
			case "fixed":
				results.push(buffer_value(Uint8Array.from(take(item.size))));
				break;
			case "string": {
				const size = read_integer(take(item.size), format.little, false);
				results.push(buffer_value(Uint8Array.from(take(size < 0 ? Number.POSITIVE_INFINITY : size))));
				break;
			}
			case "zero": {
				const end = data.indexOf(0, position);
				if (end < 0) throw bad_argument(2, "unpack", "unfinished string for format 'z'");
				results.push(buffer_value(Uint8Array.from(take(end - position))));
				position++;
				break;
			}
			case "padding":
				take(1);
				break;
			default:
		}
	}
	results.push(number_value(position + 1));
	return results;
};
