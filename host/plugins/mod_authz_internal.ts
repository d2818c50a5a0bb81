// Counterpart: plugins/mod_authz_internal.lua

import type { AuthzProvider, ModuleApi, ModuleDefinition, StoreTable } from "../core/types.ts";
import { failed, ok, type Result } from "../util/error.ts";
import * as jid from "../util/jid.ts";
import { Role, type RoleConfig } from "../util/roles.ts";

/** The built-in roles, weakest first; each inherits from the one before. */
const default_roles: readonly { readonly name: string; readonly priority: number }[] = [
	// guests and other unknown people
	{ name: "prosody:guest", priority: 15 },
	// accounts that people made for themselves
	{ name: "prosody:registered", priority: 25 },
	// accounts that were made for known people
	{ name: "prosody:member", priority: 35 },
	// administrators of a host
	{ name: "prosody:admin", priority: 50 },
	// administrators of the server
	{ name: "prosody:operator", priority: 75 },
];

/** The key under which a store keeps the primary role; all others are names of secondary roles. */
const primary_key = "_default";

/** Prepared JIDs out of an option; values that are no JIDs are logged. */
function jid_set(module: ModuleApi, option: string, values: Iterable<unknown>): Set<string> {
	const jids = new Set<string>();
	for (const value of values) {
		const prepared = typeof value === "string" ? jid.prep(value) : undefined;
		if (prepared !== undefined) jids.add(prepared);
		else
			module.log("error", "Config option '%s' holds %s: expected a JID such as user@example.org", option, JSON.stringify(value));
	}
	return jids;
}

/** A table in an option, by its text keys; empty for anything else. */
function entries(value: unknown): [string, unknown][] {
	if (value instanceof Map) return [...value].filter((entry): entry is [string, unknown] => typeof entry[0] === "string");
	if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
	return Object.entries(value);
}

function texts(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** The roles of one host, by name. */
class RoleRegistry {
	readonly roles = new Map<string, Role>();

	register(config: RoleConfig & { readonly name: string }): void {
		this.roles.set(config.name, new Role(config));
	}

	/** Adds a role of `custom_roles`; returns what is wrong with it. */
	register_custom(config: unknown): string | undefined {
		const table = new Map(entries(config));
		const name = table.get("name");
		if (typeof name !== "string" || name === "") return "a role needs a name";
		if (this.roles.has(name)) return `there is a role '${name}' already`;
		const inherits: Role[] = [];
		for (const parent_name of texts(table.get("inherits"))) {
			const parent = this.roles.get(parent_name);
			if (!parent) return `it inherits from '${parent_name}', which is no role`;
			inherits.push(parent);
		}
		const permissions = new Map<string, boolean>();
		for (const [permission, policy] of entries(table.get("permissions"))) permissions.set(permission, policy === true);
		for (const permission of texts(table.get("allow"))) permissions.set(permission, true);
		for (const permission of texts(table.get("deny"))) permissions.set(permission, false);
		const priority = table.get("priority");
		const description = table.get("description");
		this.register({
			name,
			inherits,
			permissions,
			...(typeof priority === "number" ? { priority } : {}),
			...(typeof description === "string" ? { description } : {}),
		});
		return undefined;
	}
}

function create_registry(module: ModuleApi): RoleRegistry {
	const registry = new RoleRegistry();
	let weaker: Role | undefined;
	for (const { name, priority } of default_roles) {
		registry.register({ name, priority, inherits: weaker ? [weaker] : [] });
		weaker = registry.roles.get(name);
	}
	for (const [index, config] of module.get_option_array("custom_roles", []).entries()) {
		const problem = registry.register_custom(config);
		if (problem !== undefined) module.log("error", "Error registering custom role %d: %s", index + 1, problem);
	}
	for (const [option, policy] of [
		["add_permissions", true],
		["remove_permissions", false],
	] as const) {
		for (const [role_name, permissions] of entries(module.get_option(option))) {
			const role = registry.roles.get(role_name);
			if (!role) module.log("error", "Config option '%s' names the role '%s', which there is not", option, role_name);
			for (const permission of texts(permissions)) role?.set_permission(permission, policy, true);
		}
	}
	return registry;
}

/** The roles of a host's accounts and of its visitors: `admins` from the configuration, all others from the store `account_roles`. */
export const definition: ModuleDefinition = {
	name: "authz_internal",
	load(module) {
		const { host, server, log } = module;
		const { roles } = create_registry(module);

		const global_option = server.config.get("*", "admins");
		const global_admins = new Set<unknown>(global_option === undefined ? [] : [global_option].flat());
		const operator_jids = jid_set(module, "admins", global_admins);
		// Global ones count here, too; problems with them are already logged.
		const all_admins = [...module.get_option_inherited_set("admins", [])];
		const host_admin_jids = jid_set(
			module,
			"admins",
			all_admins.filter((admin) => !global_admins.has(admin)),
		);
		const admin_jids = new Set([...operator_jids, ...host_admin_jids]);

		const is_component = module.get_host_type() === "component";
		const parent_host = module.get_option_string("parent_host", host.replace(/^[^.]+\./, ""));
		const is_guest_host = module.get_option_string("authentication") === "anonymous";
		const default_user_role = module.get_option_string(
			"default_user_role",
			is_guest_host ? "prosody:guest" : "prosody:registered",
		);
		const host_user_role = module.get_option_string("host_user_role", "prosody:registered");
		const server_user_role = module.get_option_string("server_user_role", "prosody:guest");
		const public_user_role = module.get_option_string("public_user_role", "prosody:guest");

		const role_store = module.open_store("account_roles");
		const role_map_store = module.open_store("account_roles", "map");

		/** The role that the configuration gives to a bare JID. */
		function configured_role(bare_jid: string): Role | undefined {
			if (operator_jids.has(bare_jid)) return roles.get("prosody:operator");
			return admin_jids.has(bare_jid) ? roles.get("prosody:admin") : undefined;
		}

		function get_stored(username: string): Result<StoreTable, string> {
			const stored = role_store.get(username);
			if (stored.ok) return ok(stored.value ?? {});
			log("error", "Cannot read the roles of '%s': %s", username, stored.error.text);
			return failed(stored.error.text);
		}

		/** Writes keys of an account's roles; undefined removes one. */
		function change_stored(
			username: string,
			...changes: [key: string, value: string | true | undefined][]
		): Result<true, string> {
			const changed = role_map_store.set_keys(username, new Map(changes));
			return changed.ok ? ok(true) : failed(changed.error.text);
		}

		function get_user_role(username: string): Role | undefined {
			const configured = configured_role(`${username}@${host}`);
			if (configured) return configured;
			const stored = get_stored(username);
			if (!stored.ok) return undefined;
			const name = stored.value[primary_key] ?? default_user_role;
			const role = typeof name === "string" ? roles.get(name) : undefined;
			if (!role) log("warn", "Account '%s' has the role '%s', which there is not", username, name);
			return role;
		}

		function get_user_secondary_roles(username: string): Map<string, Role> {
			const stored = get_stored(username);
			const secondary = new Map<string, Role>();
			for (const name of stored.ok ? Object.keys(stored.value) : []) {
				const role = roles.get(name);
				if (role) secondary.set(name, role);
			}
			return secondary;
		}

		function with_role<Value>(name: string, act: (role: Role) => Result<Value, string>): Result<Value, string> {
			const role = roles.get(name);
			return role ? act(role) : failed(`unknown role: ${name}`);
		}

		/** Usernames that have something under a key of the store. */
		function users_with(key: string): Map<string, unknown> {
			const found = role_map_store.get_all(key);
			if (found.ok) return found.value;
			log("error", "Cannot list who has a role: %s", found.error.text);
			return new Map();
		}

		function configured_jids(role_name: string): ReadonlySet<string> {
			if (role_name === "prosody:operator") return operator_jids;
			return role_name === "prosody:admin" ? admin_jids : new Set();
		}

		function get_users_with_role(role_name: string): string[] {
			const users = new Set<string>();
			for (const address of configured_jids(role_name)) {
				const { node, host: of_host } = jid.split(address);
				if (of_host === host && node !== undefined) users.add(node);
			}
			for (const [username, primary] of users_with(primary_key)) {
				if (primary === role_name) users.add(username);
			}
			for (const username of users_with(role_name).keys()) users.add(username);
			return [...users];
		}

		function get_jid_role(address: string): Role | undefined {
			const bare_jid = jid.bare(address);
			if (bare_jid === undefined) return undefined;
			const configured = configured_role(bare_jid);
			if (configured || !is_component) return configured;
			const from_host = jid.host(bare_jid) ?? "";
			if (from_host === parent_host) return roles.get(host_user_role);
			return roles.get(server.hosts.has(from_host) ? server_user_role : public_user_role);
		}

		/** How many default permissions modules have set. */
		const defaults = new Map<string, number>();

		const provider: AuthzProvider = {
			get_user_role,
			set_user_role: (username, role_name) =>
				with_role(role_name, (role) => {
					// The default role is not stored, so that it may change. The primary role is not a secondary one as well.
					const primary = role_name === default_user_role ? undefined : role_name;
					const changed = change_stored(username, [primary_key, primary], [role_name, undefined]);
					return changed.ok ? ok(role) : changed;
				}),
			get_user_secondary_roles,
			add_user_secondary_role: (username, role_name) =>
				with_role(role_name, (role) => {
					const changed = change_stored(username, [role_name, true]);
					return changed.ok ? ok(role) : changed;
				}),
			remove_user_secondary_role: (username, role_name) => change_stored(username, [role_name, undefined]),
			user_can_assume_role: (username, role_name) =>
				get_user_role(username)?.name === role_name || get_user_secondary_roles(username).has(role_name),
			get_users_with_role,
			get_jid_role,
			set_jid_role: () => failed("not-implemented"),
			get_jids_with_role(role_name) {
				const jids = new Set(configured_jids(role_name));
				for (const username of get_users_with_role(role_name)) jids.add(`${username}@${host}`);
				return [...jids];
			},
			get_role_by_name: (name) => roles.get(name),
			get_all_roles: () => roles,
			add_default_permission(role_name, permission) {
				const role = roles.get(role_name);
				if (!role) {
					log("warn", "Attempt to add default permission for unknown role: %s", role_name);
					return;
				}
				const key = JSON.stringify([role_name, permission]);
				const users = defaults.get(key);
				if (users !== undefined) defaults.set(key, users + 1);
				else if (role.own_policy(permission) === undefined) {
					role.set_permission(permission, true);
					defaults.set(key, 1);
				}
			},
			remove_default_permission(role_name, permission) {
				const key = JSON.stringify([role_name, permission]);
				const users = defaults.get(key);
				if (users === undefined) return;
				if (users > 1) defaults.set(key, users - 1);
				else {
					defaults.delete(key);
					roles.get(role_name)?.set_permission(permission, undefined, true);
				}
			},
		};
		module.provides("authz", provider);
	},
};
