// Counterpart: core/usermanager.lua (new_null_provider, fallback_authz_provider)

import { failed } from "../util/error.ts";
import { new_sasl } from "../util/sasl.ts";
import type { AuthProvider, AuthzProvider } from "./types.ts";

const not_implemented = failed("method not implemented");
const no_such_role = failed("no-such-role");

/** Accounts where no provider was loaded: nobody has one, and no mechanism is offered. */
export const null_provider: AuthProvider = {
	name: "null",
	test_password: () => not_implemented,
	set_password: () => not_implemented,
	user_exists: () => false,
	create_user: () => not_implemented,
	delete_user: () => not_implemented,
	users: () => [],
	get_sasl_handler: () => new_sasl(undefined, {}),
};

/** Rights where no provider was loaded: nobody has a role, so nobody may do anything. */
export const null_authz: AuthzProvider = {
	get_user_role: () => undefined,
	set_user_role: () => no_such_role,
	get_user_secondary_roles: () => new Map(),
	add_user_secondary_role: () => no_such_role,
	remove_user_secondary_role: () => no_such_role,
	user_can_assume_role: () => false,
	get_users_with_role: () => [],
	get_jid_role: () => undefined,
	set_jid_role: () => no_such_role,
	get_jids_with_role: () => [],
	get_role_by_name: () => undefined,
	get_all_roles: () => new Map(),
	add_default_permission: () => undefined,
	remove_default_permission: () => undefined,
};
