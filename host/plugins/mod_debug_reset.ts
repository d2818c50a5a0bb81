// Counterpart: plugins/mod_debug_reset.lua

import type { ModuleDefinition } from "../core/types.ts";

/** Brings every host down and up again when the last client has left, so that test runs do not see each other. */
export const definition: ModuleDefinition = {
	name: "debug_reset",
	global: true,
	load(module) {
		module.add_host = (host_module) => {
			host_module.hook("resource-unbind", () => {
				if (module.server.full_sessions.size > 0) return;
				// The session is still being destroyed; its own module must not be unloaded meanwhile.
				setImmediate(() => {
					if (module.server.full_sessions.size > 0) return;
					module.log("info", "Performing reset...");
					module.server.reset();
				});
			});
		};
	},
};
