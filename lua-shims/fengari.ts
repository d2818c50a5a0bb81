// No counterpart: fengari's inside, in one place. Its files require one another in circles, and only load in the order in which
// the package itself does it: so the package first.

import { lauxlib, lua, lualib } from "fengari";
import ldebug from "fengari/src/ldebug.js";
import lobject from "fengari/src/lobject.js";
import lstate from "fengari/src/lstate.js";
import lstring from "fengari/src/lstring.js";
import ltable from "fengari/src/ltable.js";

export type { Thread } from "fengari/src/lstate.js";
export type { Entry, Table } from "fengari/src/ltable.js";
export { lauxlib, ldebug, lobject, lstate, ltable, lua, lualib };

export const { TValue, luaO_nilobject } = lobject;
export type TValue = import("fengari/src/lobject.js").TValue;
/** A value of the host that Lua holds with a metatable. */
export const { Udata } = lobject;
export type Udata = import("fengari/src/lobject.js").Udata;
export const { TString } = lstring;
export type TString = import("fengari/src/lstring.js").TString;
