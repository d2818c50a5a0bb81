// No counterpart: libraries of Prosody's own plugins that others ask for with `module:require`, in Lua of our own.

import adhoc from "./plugins/adhoc.lua";
import muc_util from "./plugins/muc/util.lua";

/**
 * Source texts by the names for `module:require`. They are for machines without an installed Prosody, whose own are used otherwise.
 */
export const plugin_libraries: ReadonlyMap<string, string> = new Map([
	["adhoc", adhoc],
	["muc/util", muc_util],
]);
