// Counterpart: lstrlib.c of Lua 5.4: what looks through strings, or makes longer ones. Work is counted by what it takes.

import {
	type Arguments,
	bad_argument,
	buffer_value,
	bytes_at,
	integer_at,
	is_string,
	is_true,
	kept,
	number_text,
	optional_bytes_at,
	optional_integer_at,
	type_name,
} from "./arguments.ts";
import type { LuaThread, TValue } from "./fengari.ts";
import { spend, spend_bytes } from "./guard.ts";
import { Joined } from "./joined.ts";
import { bytes_value, is_function, nil, number_value, tags } from "./live_table.ts";
import { max_length } from "./opcodes.ts";
import { Matcher } from "./patterns.ts";
import { bytes_of } from "./text.ts";
import type { NativeFunction, Vm } from "./vm.ts";

/** The bytes of a string argument itself; they must not be changed. */
function raw_at(args: Arguments, index: number, name: string): Uint8Array {
	const value = args[index - 1];
	return is_string(value) ? value.value.getstr() : bytes_at(args, index, name);
}

const caret = 94;
const percent = 37;
const specials: ReadonlySet<number> = new Set(Buffer.from("^$*+?.([%-"));

/** A position as Lua gives it, from the end where it is negative, counted from 0. */
function start_of(given: number, length: number): number {
	if (given > 0) return given - 1;
	return given === 0 ? 0 : Math.max(0, length + given);
}

/** `string.find` and `string.match`. */
function search(args: Arguments, L: LuaThread, name: "find" | "match"): TValue | TValue[] {
	const source = raw_at(args, 1, name);
	const pattern = raw_at(args, 2, name);
	const init = start_of(optional_integer_at(args, 3, name, 1), source.length);
	if (init > source.length) return nil;
	if (name === "find" && (is_true(args[3]) || !pattern.some((byte) => specials.has(byte)))) {
		spend_bytes(L, source.length - init);
		const found = Buffer.prototype.indexOf.call(source, pattern, init);
		return found < 0 ? nil : [number_value(found + 1), number_value(found + pattern.length)];
	}
	const is_anchored = pattern[0] === caret;
	const matcher = new Matcher(L, source, pattern);
	for (let s = init; s <= source.length; s++) {
		const end = matcher.match_at(s, is_anchored ? 1 : 0);
		if (end >= 0) {
			if (name === "match") return matcher.captures(s, end);
			return [number_value(s + 1), number_value(end), ...matcher.captures(s, end, false)];
		}
		if (is_anchored) break;
	}
	return nil;
}

/** `string.gmatch`, whose third argument says where to begin. */
function create_gmatch(vm: Vm): NativeFunction {
	return (args) => {
		const source = raw_at(args, 1, "gmatch");
		const pattern = raw_at(args, 2, "gmatch");
		let position = start_of(optional_integer_at(args, 3, "gmatch", 1), source.length);
		let last_end = -1;
		return vm.native((_, L) => {
			const matcher = new Matcher(L, source, pattern);
			for (; position <= source.length; position++) {
				const end = matcher.match_at(position, 0);
				// nothing is found twice in one place
				if (end < 0 || end === last_end) continue;
				const start = position;
				position = end;
				last_end = end;
				return matcher.captures(start, end);
			}
			return nil;
		});
	};
}

/** Makes the replacement for a match in `string.gsub`. */
type Replace = (matcher: Matcher, s: number, e: number) => TValue;

/** The text of a replacement, with `%1` and the like. */
function replace_by_text(replacement: Buffer): Replace {
	if (!replacement.includes(percent)) {
		const value = buffer_value(replacement);
		return () => value;
	}
	return (matcher, s, e) => {
		const parts: Uint8Array[] = [];
		let from = 0;
		for (let at = replacement.indexOf(percent); at >= 0; at = replacement.indexOf(percent, from)) {
			parts.push(replacement.subarray(from, at));
			const letter = String.fromCharCode(replacement[at + 1] ?? 0);
			if (letter === "%") parts.push(replacement.subarray(at, at + 1));
			else if (letter === "0") parts.push(matcher.source.subarray(s, e));
			else if (/[1-9]/.test(letter)) {
				const index = Number(letter) - 1;
				parts.push(bytes_at([matcher.capture(index, s, e)], 1, "gsub"));
			} else throw new Error("invalid use of '%' in replacement string");
			from = at + 2;
		}
		parts.push(replacement.subarray(from));
		return buffer_value(Buffer.concat(parts));
	};
}

/** `string.gsub`. */
function create_gsub(vm: Vm): NativeFunction {
	const replacer = (args: Arguments): Replace => {
		const [, , given] = args;
		if (is_string(given) || typeof given?.value === "number") return replace_by_text(bytes_at(args, 3, "gsub"));
		const by = kept(given);
		if (given?.type === tags.table) return (matcher, s, e) => vm.index(by, matcher.capture(0, s, e));
		if (is_function(given)) return (matcher, s, e) => vm.call(by, matcher.captures(s, e))[0] ?? nil;
		throw bad_argument(3, "gsub", `string/function/table expected, got ${type_name(given)}`);
	};
	return (args, L) => {
		const source = raw_at(args, 1, "gsub");
		const pattern = raw_at(args, 2, "gsub");
		const replace = replacer(args);
		const most = optional_integer_at(args, 4, "gsub", source.length + 1);
		const is_anchored = pattern[0] === caret;
		const matcher = new Matcher(L, source, pattern);
		const parts = new Joined(L);
		let count = 0;
		let s = 0;
		/** The start of the text that is copied unchanged. */
		let unchanged = 0;
		let last_end = -1;
		while (count < most) {
			const end = matcher.match_at(s, is_anchored ? 1 : 0);
			if (end >= 0 && end !== last_end) {
				count++;
				parts.add(source.subarray(unchanged, s));
				parts.add(replaced(replace(matcher, s, end), source.subarray(s, end)));
				s = end;
				unchanged = end;
				last_end = end;
			} else if (s < source.length) s++;
			else break;
			if (is_anchored) break;
		}
		if (count === 0) return [bytes_value(source), number_value(0)];
		parts.add(source.subarray(unchanged));
		return [parts.value(), number_value(count)];
	};
}

/** The bytes that stand for a match: those it had where the replacement is nil or false. */
function replaced(value: TValue, original: Uint8Array): Uint8Array {
	if (value.ttisnil() || value.value === false) return original;
	if (is_string(value)) return value.value.getstr();
	if (typeof value.value === "number") return bytes_of(number_text(value));
	throw new Error(`invalid replacement value (a ${type_name(value)})`);
}

const char: NativeFunction = (args) => {
	const bytes = new Uint8Array(args.length);
	for (let index = 0; index < args.length; index++) {
		const code = integer_at(args, index + 1, "char");
		if (code < 0 || code > 255) throw bad_argument(index + 1, "char", "value out of range");
		bytes[index] = code;
	}
	return buffer_value(bytes);
};

/** `string.rep`, up to a limit. */
const repeat: NativeFunction = (args, L) => {
	const text = bytes_at(args, 1, "rep");
	const count = integer_at(args, 2, "rep");
	const separator = optional_bytes_at(args, 3, "rep");
	if (count <= 0) return buffer_value(new Uint8Array());
	const unit = separator === undefined ? text : Buffer.concat([text, separator]);
	const length = unit.length * count - (separator?.length ?? 0);
	if (length > max_length) throw new Error("resulting string too large");
	if (length === 0) return buffer_value(new Uint8Array());
	spend_bytes(L, length);
	return buffer_value(Buffer.alloc(length, unit));
};

/** A part of a string, from and to positions that may count from its end. */
const sub: NativeFunction = (args, L) => {
	const text = raw_at(args, 1, "sub");
	const from = start_of(integer_at(args, 2, "sub"), text.length);
	const given = optional_integer_at(args, 3, "sub", -1);
	const to = Math.min(text.length, given < 0 ? text.length + given + 1 : given);
	if (from >= to) return buffer_value(new Uint8Array());
	spend_bytes(L, to - from);
	return bytes_value(text.slice(from, to));
};

/** A function that changes bytes, each by itself. */
function each_byte(name: string, change: (bytes: Buffer) => Uint8Array): NativeFunction {
	return (args, L) => {
		const text = bytes_at(args, 1, name);
		spend(L, 1 + (text.length >> 5));
		return buffer_value(change(text));
	};
}

function shifted(bytes: Buffer, first: number, by: number): Uint8Array {
	const copy = new Uint8Array(bytes);
	for (let index = 0; index < copy.length; index++) {
		const c = copy[index] ?? 0;
		if (c >= first && c < first + 26) copy[index] = c + by;
	}
	return copy;
}

/** The functions of `string` that are ours; the others are fengari's. */
export function string_functions(vm: Vm): { readonly [name: string]: NativeFunction } {
	return {
		find: (args, L) => search(args, L, "find"),
		match: (args, L) => search(args, L, "match"),
		gmatch: create_gmatch(vm),
		gsub: create_gsub(vm),
		char,
		rep: repeat,
		sub,
		lower: each_byte("lower", (bytes) => shifted(bytes, 65, 32)),
		upper: each_byte("upper", (bytes) => shifted(bytes, 97, -32)),
		reverse: each_byte("reverse", (bytes) => new Uint8Array(bytes).reverse()),
	};
}
