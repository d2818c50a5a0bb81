// No counterpart: libraries of Prosody's own plugins that others ask for with `module:require`, in Lua of our own.

import adhoc from "./plugins/adhoc.lua";
import muc_util from "./plugins/muc/util.lua";

/** Source text by the name that modules ask for. They are for servers where no Prosody is installed; else there are its own. */
export const plugin_libraries: ReadonlyMap<string, string> = new Map([
	["adhoc", adhoc],
	["muc/util", muc_util],
]);
