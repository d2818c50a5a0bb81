// Counterpart: core/usermanager.lua (what providers of accounts and rights look like), between Lua and the host

import type { ActiveHost } from "../host/core/hostmanager.ts";
import type { AuthProvider, AuthzProvider, C2sSession, HostSession } from "../host/core/types.ts";
import type { Result } from "../host/util/error.ts";
import { Role } from "../host/util/roles.ts";
import type { LuaContext } from "./context.ts";
import { answer_value, name_iterator, table_of } from "./native_calls.ts";
import { sasl_from_lua } from "./sasl.ts";
import { optional_text, text_argument } from "./vm/arguments.ts";
import { TValue } from "./vm/fengari.ts";
import { is_function, nil, string_value, tags } from "./vm/live_table.ts";
import type { NativeFunction } from "./vm/vm.ts";

const known_providers = new WeakMap<LuaContext, WeakMap<object, TValue>>();

/** A provider's table: the one from Lua, or one with the host's functions. */
function provider_value(host: LuaContext, provider: object, make: () => TValue): TValue {
	let known = known_providers.get(host);
	if (!known) {
		known = new WeakMap();
		known_providers.set(host, known);
	}
	let value = known.get(provider);
	if (!value) {
		const lua = host.items_of_lua.get(provider);
		value = lua ?? make();
		known.set(provider, value);
		if (!lua) host.border.bind(provider, value);
	}
	return value;
}

/** `hosts[…].users`. */
export function auth_value(host: LuaContext, session: ActiveHost | HostSession): TValue {
	const { users } = session;
	const { border } = host;
	const name_of = (value: TValue | undefined): string => text_argument(value, "username");
	const optional = <Function>(present: Function | undefined, run: NativeFunction): NativeFunction | undefined =>
		present === undefined ? undefined : run;
	return provider_value(host, users, () =>
		table_of(
			host,
			{
				test_password: ([username, password]) =>
					answer_value(host, users.test_password(name_of(username), text_argument(password, "password"))),
				set_password: ([username, password]) =>
					answer_value(host, users.set_password(name_of(username), text_argument(password, "password"))),
				user_exists: ([username]) => border.to_lua(users.user_exists(name_of(username))),
				create_user: ([username, password]) => answer_value(host, users.create_user(name_of(username), optional_text(password))),
				delete_user: ([username]) => answer_value(host, users.delete_user(name_of(username))),
				users: () => name_iterator(host, users.users()),
				get_sasl_handler: ([given = nil]) => border.to_lua(users.get_sasl_handler(border.from_lua(given) as C2sSession)),
				get_password: optional(users.get_password, ([username]) => border.to_lua(users.get_password?.(name_of(username)))),
				get_account_info: optional(users.get_account_info, ([username]) => {
					const info = users.get_account_info?.(name_of(username));
					return info?.ok ? border.deep_table({ ...info.value }) : info ? answer_value(host, info) : nil;
				}),
				is_enabled: optional(users.is_enabled, ([username]) => {
					const enabled = users.is_enabled?.(name_of(username));
					return enabled ? answer_value(host, enabled) : nil;
				}),
				enable: optional(users.enable, ([username]) => {
					const enabled = users.enable?.(name_of(username));
					return enabled ? answer_value(host, enabled) : nil;
				}),
				disable: optional(users.disable, ([username]) => {
					const disabled = users.disable?.(name_of(username));
					return disabled ? answer_value(host, disabled) : nil;
				}),
			},
			{ name: users.name },
		),
	);
}

/** `hosts[…].authz`. */
export function authz_value(host: LuaContext, session: ActiveHost | HostSession): TValue {
	const { authz } = session;
	const { border } = host;
	const user = (value: TValue | undefined): string => text_argument(value, "username");
	const role = (value: TValue | undefined): string => text_argument(value, "role");
	const jid = (value: TValue | undefined): string => text_argument(value, "jid");
	return provider_value(host, authz, () =>
		table_of(
			host,
			{
				get_user_role: ([name]) => border.to_lua(authz.get_user_role(user(name))),
				set_user_role: ([name, wanted]) => answer_value(host, authz.set_user_role(user(name), role(wanted))),
				get_user_secondary_roles: ([name]) => border.to_lua(authz.get_user_secondary_roles(user(name))),
				add_user_secondary_role: ([name, wanted]) => answer_value(host, authz.add_user_secondary_role(user(name), role(wanted))),
				remove_user_secondary_role: ([name, wanted]) =>
					answer_value(host, authz.remove_user_secondary_role(user(name), role(wanted))),
				user_can_assume_role: ([name, wanted]) => border.to_lua(authz.user_can_assume_role(user(name), role(wanted))),
				get_users_with_role: ([wanted]) => border.deep_table(authz.get_users_with_role(role(wanted))),
				get_jid_role: ([address]) => border.to_lua(authz.get_jid_role(jid(address))),
				set_jid_role: ([address, wanted]) => answer_value(host, authz.set_jid_role(jid(address), role(wanted))),
				get_jids_with_role: ([wanted]) => border.deep_table(authz.get_jids_with_role(role(wanted))),
				get_role_by_name: ([wanted]) => border.to_lua(authz.get_role_by_name(role(wanted))),
				get_all_roles: () => border.to_lua(new Map(authz.get_all_roles())),
				add_default_permission: ([wanted, permission]) => {
					authz.add_default_permission(role(wanted), text_argument(permission, "permission"));
					return border.to_lua(true);
				},
				remove_default_permission: ([wanted, permission]) => {
					authz.remove_default_permission(role(wanted), text_argument(permission, "permission"));
					return border.to_lua(true);
				},
				// Prosody 0.12: somebody's roles, as a table with their names as keys
				get_roles: ([name]) => {
					const found = authz.get_user_role(user(name));
					return found === undefined ? nil : border.deep_table({ [found.name]: true });
				},
				get_jid_roles: ([address]) => {
					const found = authz.get_jid_role(jid(address));
					return found === undefined ? nil : border.deep_table({ [found.name]: true });
				},
			},
			{ name: "internal" },
		),
	);
}

/** The result of a function of a Lua provider. */
export function result_of(host: LuaContext, results: readonly TValue[]): Result<true, string> {
	const [first = nil, reason = nil] = results;
	if (!first.ttisnil() && first.value !== false) return { ok: true, value: true };
	const known = host.border.from_lua(reason);
	return { ok: false, error: typeof known === "string" ? known : "failed" };
}

/** A field of a Lua table that is a function. */
export function function_field(host: LuaContext, item: TValue, name: string): TValue | undefined {
	const value = host.vm.index(item, string_value(name));
	return is_function(value) ? new TValue(value.type, value.value) : undefined;
}

/** An `auth-provider` of Lua. Source: the providers of plugins/mod_auth_*.lua. */
export function auth_from_lua(host: LuaContext, item: TValue): AuthProvider {
	const { vm, border } = host;
	const call = (name: string, ...args: unknown[]): readonly TValue[] => {
		const run = function_field(host, item, name);
		if (!run) return [nil, string_value("method not implemented")];
		return vm.call(
			run,
			args.map((arg) => border.to_lua(arg)),
		);
	};
	const provider: AuthProvider = {
		name: optional_text(vm.index(item, string_value("name"))) ?? "",
		test_password: (username, password) => result_of(host, call("test_password", username, password)),
		set_password: (username, password) => result_of(host, call("set_password", username, password)),
		user_exists: (username) => result_of(host, call("user_exists", username)).ok,
		create_user: (username, password) => result_of(host, call("create_user", username, password)),
		delete_user: (username) => result_of(host, call("delete_user", username)),
		users() {
			const [next = nil, state = nil, first = nil] = call("users");
			const names: string[] = [];
			if (!is_function(next)) return names;
			for (let [name = nil] = vm.call(next, [state, first]); !name.ttisnil(); [name = nil] = vm.call(next, [state, name])) {
				names.push(vm.to_string(name));
			}
			return names;
		},
		get_sasl_handler: (session) => sasl_from_lua(host, call("get_sasl_handler", session)[0] ?? nil),
	};
	if (function_field(host, item, "get_password")) {
		provider.get_password = (username) => optional_text(call("get_password", username)[0]);
	}
	if (function_field(host, item, "is_enabled")) {
		provider.is_enabled = (username) => {
			const [enabled = nil, reason] = call("is_enabled", username);
			const why = optional_text(reason);
			return enabled.ttisnil() && why !== undefined ? { ok: false, error: why } : { ok: true, value: enabled.value === true };
		};
	}
	if (function_field(host, item, "enable")) provider.enable = (username) => result_of(host, call("enable", username));
	if (function_field(host, item, "disable")) {
		provider.disable = (username, meta) => result_of(host, call("disable", username, meta));
	}
	if (function_field(host, item, "get_account_info")) {
		provider.get_account_info = (username) => {
			const [info = nil, reason] = call("get_account_info", username);
			if (info.type !== tags.table) return { ok: false, error: optional_text(reason) ?? "no information" };
			const number = (name: string): number | undefined => {
				const { value } = vm.index(info, string_value(name));
				return typeof value === "number" ? value : undefined;
			};
			const created = number("created");
			const password_updated = number("password_updated");
			return {
				ok: true,
				value: {
					...(created === undefined ? {} : { created }),
					...(password_updated === undefined ? {} : { password_updated }),
				},
			};
		};
	}
	return provider;
}

/**
 * An `authz-provider` of Lua: Prosody 13's, whose roles are objects, or 0.12's, which only names them. Source:
 * plugins/mod_authz_internal.lua.
 */
export function authz_from_lua(host: LuaContext, item: TValue): AuthzProvider {
	const { vm, border } = host;
	const all = (name: string, ...args: unknown[]): readonly TValue[] => {
		const run = function_field(host, item, name);
		if (!run) return [nil, string_value("method not implemented")];
		return vm.call(
			run,
			args.map((arg) => border.to_lua(arg)),
		);
	};
	const role_in = (results: readonly TValue[]): Role | undefined => {
		const known = border.from_lua(results[0] ?? nil);
		return known instanceof Role ? known : undefined;
	};
	/** 0.12 has tables with the roles' names as keys; the host knows what they may do by the names of 13. */
	const named = (results: readonly TValue[]): Role | undefined => {
		const [found = nil] = results;
		if (found.type !== tags.table) return undefined;
		const names = Object.keys(Object(border.copy(found)));
		const name = ["prosody:operator", "prosody:admin"].find((role) => names.includes(role)) ?? names[0];
		return name === undefined ? undefined : new Role({ name });
	};
	const role_result = (results: readonly TValue[], name: string): Result<Role, string> => {
		const done = result_of(host, results);
		if (!done.ok) return done;
		return { ok: true, value: role_in(results) ?? provider.get_role_by_name(name) ?? new Role({ name }) };
	};
	const names = (results: readonly TValue[]): string[] => {
		const [found = nil] = results;
		const copied = found.type === tags.table ? border.copy(found) : [];
		return Array.isArray(copied) ? copied.map(String) : Object.keys(Object(copied));
	};
	const roles = (results: readonly TValue[]): Map<string, Role> => {
		const [found = nil] = results;
		const by_name = new Map<string, Role>();
		if (found.type !== tags.table) return by_name;
		const known = border.from_lua(found);
		const entries = known instanceof Map ? [...known] : Object.entries(Object(known));
		for (const [name, role] of entries) if (role instanceof Role) by_name.set(String(name), role);
		return by_name;
	};
	const provider: AuthzProvider = {
		get_user_role: (username) =>
			function_field(host, item, "get_user_role")
				? role_in(all("get_user_role", username))
				: named(all("get_user_roles", username)),
		set_user_role: (username, role) => role_result(all("set_user_role", username, role), role),
		get_user_secondary_roles: (username) => roles(all("get_user_secondary_roles", username)),
		add_user_secondary_role: (username, role) => role_result(all("add_user_secondary_role", username, role), role),
		remove_user_secondary_role: (username, role) => result_of(host, all("remove_user_secondary_role", username, role)),
		user_can_assume_role: (username, role) => result_of(host, all("user_can_assume_role", username, role)).ok,
		get_users_with_role: (role) => names(all("get_users_with_role", role)),
		get_jid_role: (jid) =>
			function_field(host, item, "get_jid_role") ? role_in(all("get_jid_role", jid)) : named(all("get_jid_roles", jid)),
		set_jid_role: (jid, role) => result_of(host, all("set_jid_role", jid, role)),
		get_jids_with_role: (role) => names(all("get_jids_with_role", role)),
		get_role_by_name: (name) => role_in(all("get_role_by_name", name)),
		get_all_roles: () => roles(all("get_all_roles")),
		add_default_permission: (role, permission) => void all("add_default_permission", role, permission),
		remove_default_permission: (role, permission) => void all("remove_default_permission", role, permission),
	};
	return provider;
}
