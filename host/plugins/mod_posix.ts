// Counterpart: plugins/mod_posix.lua

import type { ModuleDefinition } from "../core/types.ts";

/**
 * Nothing is left to do: the program itself writes the pid file, sets the umask and listens for signals, as Prosody 13 does.
 * Modules ask for this one to see whether there are signals.
 */
export const definition: ModuleDefinition = {
	name: "posix",
	global: true,
	load: () => ({ features: { signal_events: true } }),
};
