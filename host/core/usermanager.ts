// Counterpart: core/usermanager.lua

import { failed, ok, type Result } from "../util/error.ts";
import * as jid from "../util/jid.ts";
import type { Role } from "../util/roles.ts";
import { new_sasl } from "../util/sasl.ts";
import { null_authz, null_provider } from "./null_providers.ts";
import { telling } from "./telling.ts";
import type { AccountInfo, AuthProvider, HostSession, ModuleManager, Password, Server, UserManager } from "./types.ts";

const default_provider = "internal_hashed";
const default_authorization = "internal";
const unknown_host = failed("unknown-host");
/** The answer of a provider that cannot disable accounts. */
const not_supported = failed("method not supported");

/** Roles that count as an admin's for Prosody 0.12. */
const legacy_admin_roles: ReadonlySet<string> = new Set(["prosody:admin", "prosody:operator"]);

/** The user manager with what the host manager needs of it. */
export interface UserManagerInternals extends UserManager {
	/** Loads the modules that hold a host's accounts and rights, before any other. Source: usermanager.initialize_host. */
	initialize_host(host: string): void;
}

/** What of a server its accounts need. */
export interface AccountNeeds extends Pick<Server, "config" | "events" | "hosts" | "logger"> {
	readonly modulemanager: Pick<ModuleManager, "load">;
}

/** Does something on a host; an error where the host is not served. */
function with_host<Value>(
	server: Pick<Server, "hosts">,
	host: string,
	act: (session: HostSession) => Result<Value, string>,
): Result<Value, string> {
	const session = server.hosts.get(host);
	return session ? act(session) : unknown_host;
}

/** Looks after the accounts of one server's hosts. */
export function create_usermanager(server: AccountNeeds): UserManagerInternals {
	const log = server.logger("usermanager");
	const report = telling(log);
	let warned_of_is_admin = false;

	function option_text(host: string, name: string): string | undefined {
		const value = server.config.get(host, name);
		return typeof value === "string" ? value : undefined;
	}

	function provider_name(host: string): string {
		// Prosody before 0.8 had an option of its own for guests.
		if (server.config.get(host, "anonymous_login") === true) return "anonymous";
		return option_text(host, "authentication") ?? default_provider;
	}

	function follow_provider(session: HostSession): void {
		const { events, host } = session;
		const wanted = provider_name(host);
		events.add_handler("item-added/auth-provider", (event) => {
			const provider: AuthProvider = event.item;
			if (provider.name !== wanted) return;
			session.users = provider;
			log("debug", "Host '%s' now set to use user provider '%s'", host, provider.name);
		});
		events.add_handler("item-removed/auth-provider", (event) => {
			if (session.users === event.item) session.users = null_provider;
		});
		session.users = null_provider;
		if (server.config.get(host, "anonymous_login") === true) {
			log("error", 'The option anonymous_login of %s is deprecated: use authentication = "anonymous"', host);
		}
		if (wanted !== null_provider.name) server.modulemanager.load(host, `auth_${wanted}`);
	}

	function initialize_host(host: string): void {
		const session = server.hosts.get(host);
		if (!session) return;
		session.events.add_handler("item-added/authz-provider", (event) => {
			session.authz = event.item;
		});
		session.events.add_handler("item-removed/authz-provider", (event) => {
			if (session.authz === event.item) session.authz = null_authz;
		});
		server.modulemanager.load(host, `authz_${option_text(host, "authorization") ?? default_authorization}`);
		if (session.type === "local") follow_provider(session);
	}

	const users_of = (host: string): AuthProvider => server.hosts.get(host)?.users ?? null_provider;
	const authz_of = (host: string) => server.hosts.get(host)?.authz ?? null_authz;

	function set_password(username: string, host: string, password: Password, resource?: string): Result<true, string> {
		return with_host(server, host, ({ users }) => {
			const changed = users.set_password(username, password);
			if (changed.ok) {
				log("info", "Account password changed: %s@%s", username, host);
				server.events.tell("user-password-changed", { username, host, ...(resource === undefined ? {} : { resource }) }, report);
			}
			return changed;
		});
	}

	function get_account_info(username: string, host: string): Result<AccountInfo, string> {
		return with_host(server, host, ({ users }) => users.get_account_info?.(username) ?? not_supported);
	}

	function create_user(username: string, host: string, password: Password | undefined): Result<true, string> {
		return with_host(server, host, ({ users }) => {
			const created = users.create_user(username, password);
			if (created.ok) log("info", "User account created: %s@%s", username, host);
			return created;
		});
	}

	function delete_user(username: string, host: string): Result<true, string> {
		return with_host(server, host, ({ users }) => {
			const deleted = users.delete_user(username);
			if (!deleted.ok) return deleted;
			log("info", "User account deleted: %s@%s", username, host);
			server.events.tell("user-deleted", { username, host }, report);
			return ok(true);
		});
	}

	function user_is_enabled(username: string, host: string): Result<boolean, string> {
		return with_host(server, host, ({ users }) => {
			if (users.is_enabled) return users.is_enabled(username);
			const info = users.get_account_info?.(username);
			if (info && !info.ok) return info;
			return ok(info?.value.enabled ?? true);
		});
	}

	function enable_user(username: string, host: string): Result<true, string> {
		return with_host(server, host, ({ users }) => {
			const enabled = users.enable?.(username) ?? not_supported;
			if (enabled.ok) {
				log("info", "User account enabled: %s@%s", username, host);
				server.events.tell("user-enabled", { username, host }, report);
			}
			return enabled;
		});
	}

	function set_user_role(username: string, host: string, role_name: string): Result<Role, string> {
		return with_host(server, host, ({ authz }) => {
			const role = authz.set_user_role(username, role_name);
			if (role.ok) {
				log("info", "Account %s@%s role changed to %s", username, host, role_name);
				server.events.tell("user-role-changed", { username, host, role: role.value }, report);
			}
			return role;
		});
	}

	/** Makes the account disabled, and enables it when it has its role. */
	function create_user_with_role(
		username: string,
		host: string,
		password: Password | undefined,
		role: string,
	): Result<true, string> {
		// Otherwise a mistake of the caller could take over an existing account.
		if (users_of(host).user_exists(username)) return failed("User exists");
		const created = create_user(username, host, undefined);
		if (!created.ok) return created;
		const assigned = set_user_role(username, host, role);
		if (!assigned.ok) {
			delete_user(username, host);
			return failed(`Failed to assign role: ${assigned.error}`);
		}
		if (password === undefined) return ok(true);
		const was_protected = set_password(username, host, password);
		if (!was_protected.ok) {
			// An account that nobody can use would only block the name.
			delete_user(username, host);
			return failed(`Failed to set password: ${was_protected.error}`);
		}
		if (!users_of(host).enable) return ok(true);
		const enabled = enable_user(username, host);
		return enabled.ok ? enabled : failed(`Failed to enable account: ${enabled.error}`);
	}

	function get_jid_role(address: string, host: string): Role | undefined {
		const parts = jid.split(address);
		const authz = authz_of(host);
		return parts.host === host && parts.node !== undefined ? authz.get_user_role(parts.node) : authz.get_jid_role(address);
	}

	return {
		initialize_host,
		test_password: (username, host, password) => with_host(server, host, ({ users }) => users.test_password(username, password)),
		check_password(username, host, password, whose) {
			const session = server.hosts.get(host);
			if (session === undefined) return unknown_host;
			return session.users.check_password?.(username, password, whose) ?? session.users.test_password(username, password);
		},
		hash_password: (username, host, password, whose) => users_of(host).hash_password?.(username, password, whose) ?? ok(password),
		get_password: (username, host) => users_of(host).get_password?.(username),
		set_password,
		get_account_info,
		user_exists: (username, host) =>
			server.hosts.get(host)?.sessions.has(username) === true || users_of(host).user_exists(username),
		create_user,
		create_user_with_role,
		delete_user,
		user_is_enabled,
		enable_user,
		disable_user: (username, host, meta) =>
			with_host(server, host, ({ users }) => {
				const disabled = users.disable?.(username, meta) ?? not_supported;
				if (disabled.ok) {
					log("info", "User account disabled: %s@%s", username, host);
					server.events.tell("user-disabled", { username, host, ...(meta === undefined ? {} : { meta }) }, report);
				}
				return disabled;
			}),
		users: (host) => users_of(host).users(),
		get_provider: (host) => server.hosts.get(host)?.users,
		get_sasl_handler: (host, session) => server.hosts.get(host)?.users.get_sasl_handler(session) ?? new_sasl(undefined, {}),
		get_user_role: (username, host) => authz_of(host).get_user_role(username),
		set_user_role,
		get_user_secondary_roles: (username, host) => authz_of(host).get_user_secondary_roles(username),
		add_user_secondary_role: (username, host, role_name) =>
			with_host(server, host, ({ authz }) => {
				const role = authz.add_user_secondary_role(username, role_name);
				if (role.ok) server.events.tell("user-role-added", { username, host, role_name, role: role.value }, report);
				return role;
			}),
		remove_user_secondary_role: (username, host, role_name) =>
			with_host(server, host, ({ authz }) => {
				const removed = authz.remove_user_secondary_role(username, role_name);
				if (removed.ok) server.events.tell("user-role-removed", { username, host, role_name }, report);
				return removed;
			}),
		user_can_assume_role: (username, host, role_name) => authz_of(host).user_can_assume_role(username, role_name),
		get_users_with_role: (role_name, host) => authz_of(host).get_users_with_role(role_name),
		get_jid_role,
		set_jid_role: (address, host, role_name) =>
			with_host(server, host, ({ authz }) =>
				jid.host(address) === host ? failed("unexpected-local-jid") : authz.set_jid_role(address, role_name),
			),
		get_jids_with_role: (role_name, host) => authz_of(host).get_jids_with_role(role_name),
		get_role_by_name: (role_name, host) => authz_of(host).get_role_by_name(role_name),
		get_all_roles: (host) => authz_of(host).get_all_roles(),
		is_admin(address, host) {
			if (server.config.get("*", "strict_deprecate_is_admin") === true) {
				log("error", "Somebody asked is_admin() of %s, which strict_deprecate_is_admin forbids", address);
				return false;
			}
			if (!warned_of_is_admin) {
				warned_of_is_admin = true;
				log("warn", "A module uses is_admin(), which Prosody is about to drop; it should ask for permissions (module:may)");
			}
			const role = get_jid_role(address, host);
			return role !== undefined && legacy_admin_roles.has(role.name);
		},
	};
}
