// No counterpart: fengari's inside, in one place. Its files require one another in circles, and only load in the order in which
// the package itself does it: so the package first.

import { lauxlib, lua, lualib } from "fengari";
import ldebug from "fengari/src/ldebug.js";
import ldo from "fengari/src/ldo.js";
import lfunc from "fengari/src/lfunc.js";
import lobject from "fengari/src/lobject.js";
import lstate from "fengari/src/lstate.js";
import lstring from "fengari/src/lstring.js";
import ltable from "fengari/src/ltable.js";
import ltm from "fengari/src/ltm.js";
import lvm from "fengari/src/lvm.js";

export type { Instruction, LClosure, Prototype } from "fengari/src/lobject.js";
export type { CallInfo, Thread } from "fengari/src/lstate.js";
export type { Entry, Table } from "fengari/src/ltable.js";
export { lauxlib, ldebug, ldo, lfunc, lobject, lstate, ltable, ltm, lua, lualib, lvm };

export const { TValue, luaO_nilobject } = lobject;
export type TValue = import("fengari/src/lobject.js").TValue;
/** A value of the host that Lua holds with a metatable. */
export const { Udata } = lobject;
export type Udata = import("fengari/src/lobject.js").Udata;
export const { TString } = lstring;
export type TString = import("fengari/src/lstring.js").TString;
