// Counterpart: plugins/mod_register.lua

import type { ModuleDefinition } from "../core/types.ts";

/** Loads the modules for XEP-0077; the one for making new accounts only with `allow_registration`. */
export const definition: ModuleDefinition = {
	name: "register",
	load(module) {
		if (module.get_option_boolean("allow_registration", false)) {
			module.depends("register_ibr");
			module.depends("watchregistrations");
		}
		module.depends("user_account_management");
	},
};
