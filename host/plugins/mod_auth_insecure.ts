// Counterpart: plugins/mod_auth_insecure.lua

import type { AuthProvider, ModuleDefinition } from "../core/types.ts";
import { saslprep } from "../util/encodings.ts";
import { failed, ok } from "../util/error.ts";
import { new_sasl } from "../util/sasl.ts";
import { open_accounts } from "./auth_accounts.lib.ts";

/** The exact text that an administrator has to write in the option. */
const confession = "Yes please, I know what I'm doing!";

/** Lets anybody log in to any account, for tests. */
export const definition: ModuleDefinition = {
	name: "auth_insecure",
	load(module) {
		if (module.get_option_string("insecure_open_authentication") !== confession) {
			throw new Error(
				`authentication = "insecure" lets everybody in without a password; to have that, set insecure_open_authentication = "${confession}"`,
			);
		}
		const accounts = open_accounts(module);

		const provider: AuthProvider = {
			name: "insecure",
			test_password: () => ok(true),
			set_password(username, password: string) {
				const prepared = saslprep(password);
				return prepared === undefined ? failed("Password fails SASLprep.") : accounts.update(username, { password: prepared });
			},
			user_exists: () => true,
			users: accounts.users,
			create_user: (username, password: string | undefined) => accounts.create(username, { password }),
			delete_user: (username) => accounts.set(username, undefined),
			get_sasl_handler: () => new_sasl(module.host, { plain_test: () => ({ state: "enabled", correct: true }) }),
		};
		module.provides("auth", provider);
	},
};
