// Counterpart: lauxlib.c (luaL_check…): arguments of functions that the host gives to Lua, and libraries made of such functions.

import { tonumber } from "../../host/util/tonumber.ts";
import { type TString, TValue } from "./fengari.ts";
import { bytes_value, is_function, type_name as lua_type_name, nil, number_value, tags, text_of_string } from "./live_table.ts";
import { float_string, integer_string } from "./number_text.ts";
import type { NativeFunction, Vm } from "./vm.ts";

/** Arguments of a native function; those that were not given are absent. */
export type Arguments = readonly TValue[];

/** What errors about arguments call the type of a value; "no value" where there is none. */
export function type_name(value: TValue | undefined): string {
	if (value === undefined) return "no value";
	return value.type === tags.light_userdata ? "light userdata" : lua_type_name(value);
}

/** The error of a wrong argument; counted from 1. */
export function bad_argument(index: number, name: string, problem: string): TypeError {
	return new TypeError(`bad argument #${index} to '${name}' (${problem})`);
}

function wrong_type(args: Arguments, index: number, name: string, expected: string): TypeError {
	return bad_argument(index, name, `${expected} expected, got ${type_name(args[index - 1])}`);
}

/** Whether an argument is absent or nil. */
export function is_none(value: TValue | undefined): value is undefined {
	return value === undefined || value.ttisnil();
}

/** Whether a value is true in Lua. */
export function is_true(value: TValue | undefined): boolean {
	return value !== undefined && !value.ttisnil() && value.value !== false;
}

/** Whether a value is a string. */
export function is_string(value: TValue | undefined): value is TValue & { value: TString } {
	return value !== undefined && (value.type & 15) === tags.short_string;
}

/** A number as Lua's `tostring` has it. */
export function number_text(value: TValue): string {
	const number = Number(value.value);
	return value.type === tags.integer ? integer_string(number) : float_string(number);
}

/** The text of an argument that has to be a string, or a number, which counts as its text. Errors name the function. */
export function text_at(args: Arguments, index: number, name: string): string {
	const value = args[index - 1];
	if (is_string(value)) return text_of_string(value);
	if (typeof value?.value === "number") return number_text(value);
	throw wrong_type(args, index, name, "string");
}

/** The same; undefined where the argument is absent or nil. */
export function optional_text_at(args: Arguments, index: number, name: string): string | undefined {
	return is_none(args[index - 1]) ? undefined : text_at(args, index, name);
}

/** The bytes of an argument that has to be a string. */
export function bytes_at(args: Arguments, index: number, name: string): Buffer {
	const value = args[index - 1];
	if (is_string(value)) {
		const bytes = value.value.getstr();
		return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}
	return Buffer.from(text_at(args, index, name));
}

/** The same; undefined where the argument is absent or nil. */
export function optional_bytes_at(args: Arguments, index: number, name: string): Buffer | undefined {
	return is_none(args[index - 1]) ? undefined : bytes_at(args, index, name);
}

/** An argument that has to be a number, or a string that is a numeral. */
export function number_at(args: Arguments, index: number, name: string): number {
	const value = args[index - 1];
	if (typeof value?.value === "number") return value.value;
	const number = is_string(value) ? tonumber(text_of_string(value)) : undefined;
	if (number === undefined) throw wrong_type(args, index, name, "number");
	return number;
}

/** The Lua number that a numeral stands for: an integer where it has neither point nor exponent; undefined for what is none. */
export function numeral_value(text: string): TValue | undefined {
	const number = tonumber(text);
	if (number === undefined) return undefined;
	// An integer has no negative zero
	return /^\s*[-+]?(?:0[xX][0-9a-fA-F]+|\d+)\s*$/.test(text) ? number_value(number + 0) : new TValue(tags.float, number);
}

/** A number argument; a default where it is absent or nil. */
export function optional_number_at<Default>(args: Arguments, index: number, name: string, fallback: Default): number | Default {
	return is_none(args[index - 1]) ? fallback : number_at(args, index, name);
}

/** An argument that has to be a whole number. */
export function integer_at(args: Arguments, index: number, name: string): number {
	const number = number_at(args, index, name);
	if (!Number.isInteger(number) || Math.abs(number) > 2 ** 63) {
		throw bad_argument(index, name, "number has no integer representation");
	}
	return number;
}

/** The same; a default where the argument is absent or nil. */
export function optional_integer_at<Default>(args: Arguments, index: number, name: string, fallback: Default): number | Default {
	return is_none(args[index - 1]) ? fallback : integer_at(args, index, name);
}

/** An argument that has to be a function. It may be kept. */
export function function_at(args: Arguments, index: number, name: string): TValue {
	const value = args[index - 1];
	if (!is_function(value)) throw wrong_type(args, index, name, "function");
	return kept(value);
}

/** An argument that has to be a table. It may be kept. */
export function table_at(args: Arguments, index: number, name: string): TValue {
	const value = args[index - 1];
	if (value?.type !== tags.table) throw wrong_type(args, index, name, "table");
	return kept(value);
}

// ------------------------------------------------------------------------------- arguments that are known by what they are

/** The text of an argument that has to be a string, or a number. Errors say what the argument is. */
export function text_argument(value: TValue | undefined, what: string): string {
	if (is_string(value)) return text_of_string(value);
	if (typeof value?.value === "number") return number_text(value);
	throw new TypeError(`bad argument (${what}): expected string, got ${value === undefined ? "nil" : lua_type_name(value)}`);
}

/** The text of an argument that may be missing; undefined for whatever is no string. */
export function optional_text(value: TValue | undefined): string | undefined {
	return is_string(value) ? text_of_string(value) : undefined;
}

/** The number of an argument that may be missing; undefined for whatever is none. */
export function optional_number(value: TValue | undefined): number | undefined {
	return typeof value?.value === "number" ? value.value : undefined;
}

/** A function. It may be kept. */
export function function_argument(value: TValue | undefined, what: string): TValue {
	if (is_function(value)) return kept(value);
	throw new TypeError(`bad argument (${what}): expected function, got ${value === undefined ? "nil" : lua_type_name(value)}`);
}

/** An argument that names an account. */
export const name_of = (value: TValue | undefined): string => text_argument(value, "username");
/** An argument that names a host. */
export const host_of = (value: TValue | undefined): string => text_argument(value, "host");

/** A copy to keep, since arguments are slots of Lua's stack, which change. */
export function kept(value: TValue | undefined): TValue {
	return value === undefined || value.ttisnil() ? nil : new TValue(value.type, value.value);
}

/** Lua's true or false. */
export function boolean_value(value: boolean): TValue {
	return new TValue(tags.boolean, value);
}

/** A Lua string of bytes, which must not be changed afterwards. */
export function buffer_value(bytes: Uint8Array): TValue {
	// fengari copies and compares plain arrays; a Buffer has other methods for that
	return bytes_value(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** A library of Lua: its functions and values by name; tables within tables too. */
export interface LibraryContents {
	readonly [name: string]: NativeFunction | TValue | LibraryContents;
}

/** Makes a library. */
export function make_library(vm: Vm, contents: LibraryContents): TValue {
	const table = vm.new_table();
	for (const name in contents) {
		const item = contents[name];
		if (item === undefined) continue;
		const value = typeof item === "function" ? vm.native(item) : item instanceof TValue ? item : make_library(vm, item);
		if (typeof item === "function") vm.natives.set(value.value as object, item);
		vm.raw_set(table, name, value);
	}
	return new TValue(tags.table, table);
}
