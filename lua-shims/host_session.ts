// Counterpart: core/hostmanager.lua (hosts as modules in Lua see them, with the accounts that are online there)

import { ClientSession } from "../host/core/c2s_session.ts";
import { ActiveHost } from "../host/core/hostmanager.ts";
import { AccountSessions } from "../host/core/sessionmanager.ts";
import type { HostSession } from "../host/core/types.ts";
import { Stanza } from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import { type Field, type Fields, HostTable, read_only, remembered } from "./host_table.ts";
import { log_function } from "./log_format.ts";
import { auth_value, authz_value } from "./providers.ts";
import { answered, method } from "./session_methods.ts";
import { MapTable, table_value } from "./views.ts";
import type { TValue } from "./vm/fengari.ts";
import { type Key, LiveTable, nil } from "./vm/live_table.ts";

/** The modules of a host, by name: what each offers others. */
class ModulesTable extends LiveTable {
	constructor(
		private readonly host: LuaContext,
		readonly target: HostSession,
	) {
		super(host.vm.next_id());
	}

	get(key: Key): TValue {
		const loaded = typeof key === "string" ? this.target.modules.get(key) : undefined;
		return loaded === undefined ? nil : this.host.exports_value(loaded.name, this.target.host, loaded.exports);
	}

	set(key: Key): void {
		throw new TypeError(`hosts[…].modules.${String(key)} cannot be set: modules are loaded with core.modulemanager`);
	}

	keys(): readonly Key[] {
		return [...this.target.modules.keys()];
	}
}

/** A Map of the host that Lua cannot change; it may set what is there already. */
export class GivenMapTable extends MapTable {
	override set(key: Key, value: TValue): void {
		const known = this.target.get(this.host_key(key));
		if (known !== undefined && known === this.border.from_lua(value)) return;
		throw new TypeError(`[${String(key)}] cannot be set: the host keeps this table`);
	}
}

function host_fields(host: LuaContext): Fields<ActiveHost> {
	const { vm, border, server } = host;
	const send = method<ActiveHost>(
		"send",
		(session) => {
			// a function that replaces this one later may call it
			const { send } = session;
			return vm.native(([first, second]) => {
				const given = first?.value instanceof LiveTable && first.value.target === session ? second : first;
				const known = given === undefined ? undefined : border.from_lua(given);
				if (!(known instanceof Stanza)) throw new TypeError("bad argument to send: expected a stanza");
				return border.to_lua(send.call(session, known));
			});
		},
		(session, given) => {
			session.send = (stanza) => answered(vm.call(given, [border.to_lua(stanza)]));
			return () => void Reflect.deleteProperty(session, "send");
		},
	);
	return new Map<string, Field<ActiveHost>>([
		read_only("type"),
		read_only("host"),
		read_only("events"),
		["modules", { get: remembered<ActiveHost>((session) => table_value(new ModulesTable(host, session))) }],
		[
			"sessions",
			{
				get: remembered<ActiveHost>((session) =>
					session.type === "local" ? table_value(new GivenMapTable(border, session.sessions as Map<unknown, unknown>)) : nil,
				),
			},
		],
		[
			"s2sout",
			{ get: remembered<ActiveHost>(({ s2sout }) => table_value(new GivenMapTable(border, s2sout as Map<unknown, unknown>))) },
		],
		["users", { get: (session) => auth_value(host, session) }],
		["authz", { get: (session) => authz_value(host, session) }],
		["log", { get: remembered<ActiveHost>((session) => log_function(host.vm, session.log)) }],
		["ssl_ctx", { get: (session) => server.tls_context(session.host) && border.table({}) }],
		send,
	]);
}

/** Shows hosts and accounts to Lua. */
export function register_hosts(host: LuaContext): void {
	const { border, server } = host;
	const of_hosts = host_fields(host);
	border.register(ActiveHost.prototype, (_, object) => new HostTable(border, object as ActiveHost, "host", of_hosts));
	const of_accounts: Fields<AccountSessions> = new Map<string, Field<AccountSessions>>([
		["sessions", { get: (account) => account.sessions }],
		[
			"top_resources",
			{
				get: (account) => account.top_resources,
				set: (account, value) => {
					const list = value.ttisnil() ? undefined : border.copy(value);
					account.top_resources = Array.isArray(list) ? list.filter((item) => item instanceof ClientSession) : undefined;
				},
			},
		],
		["roster", { get: ({ username, host: name }) => server.rostermanager.load_roster(username, name), set: () => undefined }],
	]);
	border.register(
		AccountSessions.prototype,
		(_, object) => new HostTable(border, object as AccountSessions, "user", of_accounts),
	);
}
