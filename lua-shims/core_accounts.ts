// Counterpart: core/usermanager.lua, core/rostermanager.lua, as modules in Lua require them

import { AccountRoster } from "../host/core/rostermanager.ts";
import type { C2sSession, Roster } from "../host/core/types.ts";
import * as jid from "../host/util/jid.ts";
import { Stanza } from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import { answer_value, name_iterator } from "./native_calls.ts";
import { host_of, make_library, name_of, optional_text, text_argument } from "./vm/arguments.ts";
import type { Table, TValue } from "./vm/fengari.ts";
import { LiveTable, nil, string_value, tags } from "./vm/live_table.ts";
import type { NativeFunction } from "./vm/vm.ts";

type Functions = { readonly [name: string]: NativeFunction };

/** Source: core/usermanager.lua. */
export function usermanager(host: LuaContext): TValue {
	const { border, server, libraries, vm } = host;
	const { usermanager: users } = server;
	const role_of = (value: TValue | undefined): string => text_argument(value, "role");
	const array = (list: readonly string[]): TValue => vm.call(libraries.get("util.array"), [border.deep_table(list)])[0] ?? nil;
	/** Prosody 0.12: names of roles as the keys of a table. */
	const legacy_roles = (address: string, on: string): TValue => {
		const role = users.get_jid_role(jid.bare(address) ?? address, on);
		if (!role) return nil;
		const names = new Set([role.name]);
		if (users.is_admin(jid.bare(address) ?? address, on)) names.add("prosody:admin");
		return border.deep_table(Object.fromEntries([...names].map((name) => [name, true])));
	};
	const functions: Functions = {
		initialize_host: () => undefined,
		test_password: ([username, on, password]) =>
			answer_value(host, users.test_password(name_of(username), host_of(on), text_argument(password, "password"))),
		get_password: ([username, on]) => border.to_lua(users.get_password(name_of(username), host_of(on))),
		set_password: ([username, password, on, resource]) =>
			answer_value(
				host,
				users.set_password(name_of(username), host_of(on), text_argument(password, "password"), optional_text(resource)),
			),
		get_account_info: ([username, on]) => {
			const info = users.get_account_info(name_of(username), host_of(on));
			return info.ok ? border.deep_table({ ...info.value }) : answer_value(host, info);
		},
		user_exists: ([username, on]) => border.to_lua(users.user_exists(name_of(username), host_of(on))),
		create_user: ([username, password, on]) =>
			answer_value(host, users.create_user(name_of(username), host_of(on), optional_text(password))),
		create_user_with_role: ([username, password, on, role]) =>
			answer_value(host, users.create_user_with_role(name_of(username), host_of(on), optional_text(password), role_of(role))),
		delete_user: ([username, on]) => answer_value(host, users.delete_user(name_of(username), host_of(on))),
		user_is_enabled: ([username, on]) => answer_value(host, users.user_is_enabled(name_of(username), host_of(on))),
		enable_user: ([username, on]) => answer_value(host, users.enable_user(name_of(username), host_of(on))),
		disable_user: ([username, on]) => answer_value(host, users.disable_user(name_of(username), host_of(on))),
		users: ([on]) => name_iterator(host, users.users(host_of(on))),
		get_sasl_handler: ([on, session = nil]) =>
			border.to_lua(users.get_sasl_handler(host_of(on), border.from_lua(session) as C2sSession)),
		get_provider: ([on]) => {
			const session = server.hosts.get(host_of(on));
			return session === undefined ? nil : vm.index(border.to_lua(session), string_value("users"));
		},
		get_user_role: ([username, on]) => border.to_lua(users.get_user_role(name_of(username), host_of(on))),
		set_user_role: ([username, on, role]) =>
			answer_value(host, users.set_user_role(name_of(username), host_of(on), role_of(role))),
		user_can_assume_role: ([username, on, role]) =>
			border.to_lua(users.user_can_assume_role(name_of(username), host_of(on), role_of(role))),
		add_user_secondary_role: ([username, on, role]) =>
			answer_value(host, users.add_user_secondary_role(name_of(username), host_of(on), role_of(role))),
		remove_user_secondary_role: ([username, on, role]) =>
			answer_value(host, users.remove_user_secondary_role(name_of(username), host_of(on), role_of(role))),
		get_user_secondary_roles: ([username, on]) => border.to_lua(users.get_user_secondary_roles(name_of(username), host_of(on))),
		get_users_with_role: ([role, on]) => array(users.get_users_with_role(role_of(role), host_of(on))),
		get_jid_role: ([address, on]) => border.to_lua(users.get_jid_role(text_argument(address, "jid"), host_of(on))),
		set_jid_role: ([address, on, role]) =>
			answer_value(host, users.set_jid_role(text_argument(address, "jid"), host_of(on), role_of(role))),
		get_jids_with_role: ([role, on]) => array(users.get_jids_with_role(role_of(role), optional_text(on) ?? "*")),
		get_role_by_name: ([role, on]) => border.to_lua(users.get_role_by_name(role_of(role), host_of(on))),
		get_all_roles: ([on]) => border.to_lua(new Map(users.get_all_roles(host_of(on)))),
		get_roles: ([address, on]) => legacy_roles(text_argument(address, "jid"), optional_text(on) ?? "*"),
		set_roles: ([address, on, roles = nil]) => {
			const [name] = roles.type === tags.table ? [...keys_of(host, roles)] : [];
			const { node, host: domain } = jid.split(text_argument(address, "jid"));
			const given_host = host_of(on);
			if (name === undefined) return [nil, string_value("no role given")];
			if (node !== undefined && domain === given_host) return answer_value(host, users.set_user_role(node, given_host, name));
			return answer_value(host, users.set_jid_role(text_argument(address, "jid"), given_host, name));
		},
		is_admin: ([address, on]) => {
			const known = optional_text(address);
			return border.to_lua(known !== undefined && users.is_admin(known, optional_text(on) ?? "*"));
		},
	};
	return make_library(host.vm, functions);
}

/** The keys of a table that are text. */
function* keys_of(host: LuaContext, value: TValue): Generator<string> {
	const { value: table } = value;
	if (table instanceof LiveTable) {
		for (const key of table.keys()) if (typeof key === "string") yield key;
	} else {
		for (const [key] of host.vm.entries(table as Table)) {
			const name = optional_text(key);
			if (name !== undefined) yield name;
		}
	}
}

/** Source: core/rostermanager.lua. */
export function rostermanager(host: LuaContext): TValue {
	const { border, server, vm } = host;
	const { rostermanager: rosters } = server;
	const jid_of = (value: TValue | undefined): string => text_argument(value, "jid");
	const truth = (value: boolean): TValue => border.to_lua(value);
	/** The roster that the caller gives, or else the account's. */
	const roster_of = (username: string, on: string, value: TValue | undefined): Roster => {
		const known = value === undefined ? undefined : border.from_lua(value);
		return known instanceof AccountRoster ? known : rosters.load_roster(username, on);
	};
	/** Changes a session's contact, and undoes that where it cannot be saved. */
	const change = (session: TValue, address: string, item: TValue): readonly TValue[] | TValue => {
		const field = (name: string): TValue => vm.index(session, string_value(name));
		const roster = field("roster");
		if (roster.type !== tags.table) {
			return [nil, string_value("auth"), string_value("not-authorized"), string_value("Session's roster not loaded")];
		}
		const old = vm.index(roster, string_value(address));
		vm.set_index(roster, string_value(address), item);
		const username = name_of(field("username"));
		const on = host_of(field("host"));
		if (rosters.save_roster(username, on, roster_of(username, on, roster), address)) return truth(true);
		vm.set_index(roster, string_value(address), old);
		return [nil, string_value("wait"), string_value("internal-server-error"), string_value("Unable to save roster")];
	};
	type Question = (username: string, on: string, address: string) => boolean;
	const asked =
		(run: Question): NativeFunction =>
		([username, on, address]) =>
			// a stanza without `from` comes from nobody, so there is no contact
			truth(optional_text(address) !== undefined && run(name_of(username), host_of(on), jid_of(address)));
	const pending_out: Question = (username, on, address) =>
		rosters.load_roster(username, on).items.get(address)?.ask !== undefined;
	return make_library(host.vm, {
		load_roster: ([username, on]) => {
			const roster = rosters.load_roster(name_of(username), host_of(on));
			return roster.broken ? [border.to_lua(roster), string_value("the roster could not be read")] : border.to_lua(roster);
		},
		save_roster: ([username, on, roster, address]) => {
			const account = name_of(username);
			const domain = host_of(on);
			const given = roster_of(account, domain, roster);
			if (rosters.save_roster(account, domain, given, optional_text(address))) return truth(true);
			return given.broken ? [nil, string_value("Not saving broken roster")] : nil;
		},
		add_to_roster: ([session = nil, address, item = nil]) => change(session, jid_of(address), item),
		remove_from_roster: ([session = nil, address]) => change(session, jid_of(address), nil),
		roster_push: ([username, on, address]) => {
			rosters.roster_push(name_of(username), host_of(on), jid_of(address));
			return undefined;
		},
		is_contact_subscribed: asked(rosters.is_contact_subscribed),
		is_user_subscribed: asked(rosters.is_user_subscribed),
		is_contact_preapproved: asked(rosters.is_contact_preapproved),
		is_contact_pending_in: asked(rosters.is_contact_pending_in),
		is_contact_pending_out: asked(pending_out),
		set_contact_pending_in: ([username, on, address, stanza = nil]) => {
			const [account, domain, contact] = [name_of(username), host_of(on), jid_of(address)];
			if (rosters.is_contact_subscribed(account, domain, contact)) return undefined;
			const request = border.from_lua(stanza);
			return truth(rosters.set_contact_pending_in(account, domain, contact, request instanceof Stanza ? request : true));
		},
		set_contact_pending_out: asked(rosters.set_contact_pending_out),
		unsubscribe: asked(rosters.unsubscribe),
		subscribed: asked(rosters.subscribed),
		unsubscribed: ([username, on, address]) => {
			const was_pending = rosters.is_contact_pending_in(name_of(username), host_of(on), jid_of(address));
			const { success, was_subscribed } = rosters.unsubscribed(name_of(username), host_of(on), jid_of(address));
			return [truth(success), truth(was_pending), truth(was_subscribed)];
		},
		process_inbound_subscription_approval: asked(rosters.process_inbound_subscription_approval),
		process_inbound_subscription_cancellation: asked(rosters.process_inbound_subscription_cancellation),
		process_inbound_unsubscribe: asked(rosters.process_inbound_unsubscribe),
		process_outbound_subscription_request: asked(rosters.set_contact_pending_out),
	});
}
