// What the border needs of fengari's inside: its values and its table functions (the package ships no types).
declare module "fengari/src/lobject.js" {
	/** A value with its type: a stack slot, a table's value, an upvalue. Slots are changed in place. */
	export class TValue {
		constructor(type: number, value: unknown);
		type: number;
		value: unknown;
		ttisnil(): boolean;
		setfrom(other: TValue): void;
		setsvalue(text: import("fengari/src/lstring.js").TString): void;
		ttisinteger(): boolean;
	}
	/** A Lua function with its upvalues. */
	export class LClosure {
		readonly p: { readonly source: { getstr(): Uint8Array } | null; readonly linedefined: number };
	}
	/** A JavaScript function with upvalues. */
	export class CClosure {
		readonly f: import("fengari").LuaCFunction;
	}
	/** A value of the host that Lua holds with a metatable. */
	export class Udata {
		constructor(L: import("fengari").LuaState, size: number);
		metatable: import("fengari/src/ltable.js").Table | null;
		data: object;
	}
	const lobject: {
		luaO_tostring(L: import("fengari").LuaState, value: TValue): void;
		readonly TValue: typeof TValue;
		readonly Udata: typeof Udata;
		/** The nil that absent table entries answer with; frozen. */
		readonly luaO_nilobject: TValue;
	};
	export default lobject;
}
declare module "fengari/src/lstring.js" {
	/** A Lua string: bytes, and what tables know it by. */
	export class TString {
		constructor(L: unknown, bytes: Uint8Array);
		/** What tables know it by. */
		readonly hash: string;
		/** Ours: what the host makes of it. */
		text: string;
		realstring: Uint8Array;
		getstr(): Uint8Array;
	}
	const lstring: { readonly TString: typeof TString };
	export default lstring;
}
declare module "fengari/src/ltable.js" {
	import type { LuaState } from "fengari";
	import type { TValue } from "fengari/src/lobject.js";
	/** An entry; those of a table form a chain in the order in which they were added. */
	export interface Entry {
		readonly key: TValue;
		readonly value: TValue;
		/** The entries before and behind. */
		p: Entry | undefined;
		n: Entry | undefined;
	}
	export class Table {
		constructor(L: LuaState);
		readonly id: number;
		/** Entries by hash; absent in our live tables, which is how they are told apart. */
		readonly strong: Map<unknown, Entry> | undefined;
		/** The first entry. */
		f: Entry | undefined;
		metatable: Table | null;
		flags: number;
	}
	/** The table functions; the virtual machine looks them up here for each call, so that they can be replaced. */
	interface TableFunctions {
		luaH_get(L: LuaState, table: Table, key: TValue): TValue;
		luaH_getint(table: Table, key: number): TValue;
		luaH_getstr(table: Table, key: import("fengari/src/lstring.js").TString): TValue;
		luaH_getn(table: Table): number;
		luaH_setfrom(L: LuaState, table: Table, key: TValue, value: TValue): void;
		luaH_setint(table: Table, key: number, value: TValue): void;
		luaH_next(L: LuaState, table: Table, key_index: number): boolean;
		luaH_new(L: LuaState): Table;
		Table: typeof Table;
	}
	const functions: TableFunctions;
	export default functions;
}
declare module "fengari/src/lstate.js" {
	import type { TValue } from "fengari/src/lobject.js";
	/** What the threads of a state share. */
	export interface Global {
		id_counter: number;
		/** Ours: how many instructions may run until the guard is asked. */
		instructions?: number;
		/** Ours: called when they have run. */
		guard?: (L: import("fengari").LuaState & Thread) => void;
	}
	/** A thread, from inside. */
	export interface Thread {
		readonly stack: TValue[];
		/** The first free slot. */
		top: number;
		/** The call that runs: its function's slot stands before its arguments. */
		readonly ci: { readonly funcOff: number };
		readonly l_G: Global;
	}
	const lstate: { lua_State: { readonly prototype: object } };
	export default lstate;
}
declare module "fengari/src/ldebug.js" {
	import type { LuaState } from "fengari";

	const ldebug: { luaG_runerror(L: LuaState, format: Uint8Array, ...values: unknown[]): never };
	export default ldebug;
}
