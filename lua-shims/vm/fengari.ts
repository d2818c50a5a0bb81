// No counterpart: fengari's inside, in one place. It is a copy of our own: what this folder changes in it, a machine loop and Lua's own
// numbers and tables that show the host's objects, nobody else's fengari has.

import type { LuaState } from "fengari";
import type { Thread } from "fengari/src/lstate.js";
import { copy_package } from "./package_copy.ts";

export type { LuaCFunction, LuaState, LuaString } from "fengari";
export type { CClosure, Instruction, LClosure, Prototype } from "fengari/src/lobject.js";
export type { CallInfo, Thread } from "fengari/src/lstate.js";
export type { Entry, Table } from "fengari/src/ltable.js";

/** A thread of Lua, from inside. */
export type LuaThread = LuaState & Thread;

interface Files {
	readonly "fengari.js": typeof import("fengari");
	readonly "ldebug.js": typeof import("fengari/src/ldebug.js").default;
	readonly "ldo.js": typeof import("fengari/src/ldo.js").default;
	readonly "lfunc.js": typeof import("fengari/src/lfunc.js").default;
	readonly "lobject.js": typeof import("fengari/src/lobject.js").default;
	readonly "lstate.js": typeof import("fengari/src/lstate.js").default;
	readonly "lstring.js": typeof import("fengari/src/lstring.js").default;
	readonly "ltable.js": typeof import("fengari/src/ltable.js").default;
	readonly "ltm.js": typeof import("fengari/src/ltm.js").default;
	readonly "lvm.js": typeof import("fengari/src/lvm.js").default;
}

const load = copy_package("fengari");

function file<Name extends keyof Files>(name: Name): Files[Name] {
	// the package ships no types; ours say what its files hold
	return load(name) as Files[Name];
}

export const { lauxlib, lua, lualib, to_luastring } = file("fengari.js");
export const ldebug = file("ldebug.js");
export const ldo = file("ldo.js");
export const lfunc = file("lfunc.js");
export const lobject = file("lobject.js");
export const lstate = file("lstate.js");
export const ltable = file("ltable.js");
export const ltm = file("ltm.js");
export const lvm = file("lvm.js");

export const { TValue, luaO_nilobject } = lobject;
export type TValue = import("fengari/src/lobject.js").TValue;
/** A value of the host that Lua holds with a metatable. */
export const { Udata } = lobject;
export type Udata = import("fengari/src/lobject.js").Udata;
export const { TString } = file("lstring.js");
export type TString = import("fengari/src/lstring.js").TString;
