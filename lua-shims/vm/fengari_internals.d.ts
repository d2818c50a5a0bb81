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
	/** The compiled form of a Lua function. */
	export interface Prototype {
		readonly source: { getstr(): Uint8Array } | null;
		readonly linedefined: number;
		/** Constants. */
		readonly k: readonly TValue[];
		/** Functions within. */
		readonly p: readonly Prototype[];
		readonly code: readonly Instruction[];
		/** Where a closure's upvalues come from: the stack of the function around it, or that one's upvalues. */
		readonly upvalues: readonly {
			readonly instack: boolean | number;
			readonly idx: number;
			readonly name: import("fengari/src/lstring.js").TString | null;
		}[];
		readonly numparams: number;
		readonly maxstacksize: number;
		readonly is_vararg: boolean | number;
	}
	/** An instruction, taken apart. */
	export interface Instruction {
		readonly opcode: number;
		readonly A: number;
		readonly B: number;
		readonly C: number;
		readonly Ax: number;
		readonly Bx: number;
		readonly sBx: number;
	}
	/** A Lua function with its upvalues. */
	export class LClosure {
		constructor(L: import("fengari").LuaState, upvalue_count: number);
		p: Prototype;
		readonly upvals: TValue[];
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
		/** The operator, its operands, and what gets the result or where on the stack that is. No thread while constants are folded. */
		luaO_arith(L: import("fengari").LuaState | null, operator: number, left: TValue, right: TValue, to: TValue | number): void;
		/** Puts what a numeral stands for into a value; answers with the numeral's length and one, or 0. */
		luaO_str2num(bytes: Uint8Array, to: TValue): number;
		readonly LClosure: typeof LClosure;
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
		/** The last entry. */
		l: Entry | undefined;
		metatable: Table | null;
		flags: number;
	}
	/** The table functions; the virtual machine looks them up here for each call, so that they can be replaced. */
	export interface TableFunctions {
		invalidateTMcache(table: Table): void;
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
		readonly mainthread: Thread;
		id_counter: number;
		/** Ours: how many instructions may run until the guard is asked. */
		instructions: number;
		/** Ours: called when they have run. */
		guard?: (L: import("fengari").LuaState & Thread) => void;
		/** Ours: watches what runs. */
		watch: import("./watch.ts").Watch | undefined;
	}
	/** A thread, from inside. */
	export interface Thread {
		readonly stack: TValue[];
		/** The first free slot. */
		top: number;
		/** The call that runs. */
		ci: CallInfo;
		/** By how many calls in JavaScript it is kept from waiting. */
		nny: number;
		/** How deep calls by JavaScript are nested. */
		nCcalls: number;
		/** Where the stack has to grow. */
		readonly stack_last: number;
		/** LUA_OK, LUA_YIELD, or why it failed. */
		status: number;
		readonly base_ci: CallInfo;
		readonly l_G: Global;
		/** Ours: the slots that are to be closed where their block ends, the last one last. */
		closing?: number[];
		/** Ours: what `hookmask` was set to. */
		readonly mask: number;
	}
	/** A call of a function. */
	export interface CallInfo {
		func: TValue;
		/** The function's slot, which stands before its arguments. */
		funcOff: number;
		/** How many results are wanted; -1 for all. */
		nresults: number;
		top: number;
		/** The first slot of a Lua function's own. */
		l_base: number;
		l_code: readonly import("fengari/src/lobject.js").Instruction[];
		/** The instruction that is next. */
		l_savedpc: number;
		callstatus: number;
		readonly previous: CallInfo;
		next: CallInfo | null;
	}
	const lstate: {
		lua_State: { readonly prototype: object };
		/** Adds a call to those that run. */
		luaE_extendCI(L: Thread): CallInfo;
	};
	export default lstate;
}
declare module "fengari/src/ldebug.js" {
	import type { LuaState } from "fengari";

	const ldebug: {
		luaG_runerror(L: LuaState, format: Uint8Array, ...values: unknown[]): never;
		/** Runs the hooks of `debug.sethook`. */
		luaG_traceexec(L: LuaState): void;
	};
	export default ldebug;
}
declare module "fengari/src/lvm.js" {
	import type { LuaState } from "fengari";
	import type { TValue } from "fengari/src/lobject.js";

	/** The virtual machine; all but itself looks its functions up here for each call, so that they can be replaced. */
	export interface Machine {
		luaV_execute(L: LuaState): void;
		luaV_gettable(L: LuaState, table: TValue, key: TValue, to: number): void;
		settable(L: LuaState, table: TValue, key: TValue, value: TValue): void;
		luaV_concat(L: LuaState, count: number): void;
		luaV_objlen(L: LuaState, to: TValue, value: TValue): void;
		luaV_equalobj(L: LuaState | null, left: TValue, right: TValue): 0 | 1;
		luaV_lessthan(L: LuaState, left: TValue, right: TValue): 0 | 1;
		luaV_lessequal(L: LuaState, left: TValue, right: TValue): 0 | 1;
		tointeger(value: TValue): number | false;
		/** Rounds to the next integer: not at all, down, or up. */
		luaV_tointeger(value: TValue, mode: 0 | 1 | 2): number | false;
	}
	const lvm: Machine;
	export default lvm;
}
declare module "fengari/src/ldo.js" {
	import type { LuaState } from "fengari";

	/** Calls and the stack. */
	const ldo: {
		adjust_top(L: LuaState, top: number): void;
		/** Prepares a call, and makes it where the function is one of JavaScript's: then it answers with true. */
		luaD_precall(L: LuaState, func: number, results: number): boolean;
		/** Ends a call; whether the number of results was fixed. */
		luaD_poscall(L: LuaState, ci: import("fengari/src/lstate.js").CallInfo, first: number, count: number): boolean;
		luaD_call(L: LuaState, func: number, results: number): void;
		luaD_checkstack(L: LuaState, count: number): void;
	};
	export default ldo;
}
declare module "fengari/src/ltm.js" {
	import type { LuaState } from "fengari";
	import type { TValue } from "fengari/src/lobject.js";

	/** Metamethods. */
	const ltm: {
		/** Has an operator's metamethod make the result; raises an error where there is none. */
		luaT_trybinTM(L: LuaState, left: TValue, right: TValue, to: TValue | number, event: number): void;
	};
	export default ltm;
}
declare module "fengari/src/lfunc.js" {
	/** Closures. */
	const lfunc: {
		/** Takes the slots from one on off the stack, since closures hold them. */
		luaF_close(L: import("fengari").LuaState, level: number): void;
	};
	export default lfunc;
}
