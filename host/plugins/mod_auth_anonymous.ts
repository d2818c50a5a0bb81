// Counterpart: plugins/mod_auth_anonymous.lua

import type { AuthProvider, ModuleDefinition } from "../core/types.ts";
import { failed } from "../util/error.ts";
import { new_sasl } from "../util/sasl.ts";

const no_passwords = failed("Password based auth not supported.");
const no_changes = failed("Account creation/modification not supported.");

/** Guests under random names, who exist for as long as they are online. */
export const definition: ModuleDefinition = {
	name: "auth_anonymous",
	load(module) {
		if (!module.get_option_boolean("allow_anonymous_s2s", false)) {
			// Nobody took it: the router tells the guest so.
			module.hook("route/remote", () => false, 300);
		}

		const provider: AuthProvider = {
			name: "anonymous",
			test_password: () => no_passwords,
			set_password: () => no_passwords,
			user_exists: () => false,
			users: () => [...module.host_session().sessions.keys()],
			create_user: () => no_changes,
			delete_user: () => no_changes,
			get_sasl_handler: () => new_sasl(module.host, { anonymous: () => true }),
		};
		module.provides("auth", provider);
	},
};
