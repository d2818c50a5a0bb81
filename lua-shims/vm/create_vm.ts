// Counterpart: linit.c of Lua 5.4

import { type LuaThread, type Table, TString, TValue } from "./fengari.ts";
import { spend } from "./guard.ts";
import { tags } from "./live_table.ts";
import { create_string_format } from "./string_format.ts";
import { string_functions } from "./string_library.ts";
import { table_functions } from "./table_library.ts";
import { type NativeFunction, Vm } from "./vm.ts";

/** How long the string in a slot is; 0 where there is none. */
function length_at(L: LuaThread, slot: number): number {
	const text = slot < L.top ? L.stack[slot]?.value : undefined;
	return text instanceof TString ? text.realstring.length : 0;
}

/** How many characters are read or written in the time of one instruction. */
const characters_per_instruction = 16;

/**
 * Makes a Lua state with Lua's own libraries, in which the time limit holds in native functions, too.
 * @param timeout how long code that the host calls may run, in seconds
 */
export function create_vm(timeout: number): Vm {
	const vm = new Vm(timeout);
	const library = (name: string): Table => vm.raw_get(vm.globals, name).value as Table;
	const replace = (name: string, functions: { readonly [name: string]: NativeFunction }): void => {
		for (const [key, run] of Object.entries(functions)) vm.raw_set(library(name), key, vm.native(run));
	};
	replace("string", string_functions(vm));
	replace("table", table_functions(vm));
	const format = create_string_format() as (L: LuaThread) => number;
	const counted_format = (L: LuaThread): number => {
		const count = format(L);
		spend(L, Math.floor(length_at(L, L.top - 1) / characters_per_instruction));
		return count;
	};
	vm.raw_set(library("string"), "format", new TValue(tags.native_function, counted_format));
	for (const name of ["len", "codepoint", "offset"]) {
		const original = vm.raw_get(library("utf8"), name).value as (L: LuaThread) => number;
		const counted = (L: LuaThread): number => {
			spend(L, Math.floor(length_at(L, L.ci.funcOff + 1) / characters_per_instruction));
			return original(L);
		};
		vm.raw_set(library("utf8"), name, new TValue(tags.native_function, counted));
	}
	return vm;
}
