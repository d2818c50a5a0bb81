// Counterpart: core/sessionmanager.lua, util/session.lua (sessions as Lua modules see those of the host)

import { ClientSession } from "../host/core/c2s_session.ts";
import { ActiveHost } from "../host/core/hostmanager.ts";
import { AccountSessions } from "../host/core/sessionmanager.ts";
import type { Connection, HostSession, LogLevel, Roster, Session, StreamError } from "../host/core/types.ts";
import * as id from "../host/util/id.ts";
import { address, Stanza } from "../host/util/stanza.ts";
import { connection_value } from "./connection.ts";
import { type Table, TValue } from "./fengari.ts";
import { type Field, type Fields, HostTable, read_only, same } from "./host_table.ts";
import { type Key, LiveTable, nil, string_value, tags, text_of_string } from "./live_table.ts";
import { format_message } from "./log_format.ts";
import type { LuaHost } from "./lua_host.ts";
import { auth_value, authz_value } from "./providers.ts";
import { MapTable, table_value } from "./views.ts";
import type { NativeFunction } from "./vm.ts";

const log_levels: ReadonlySet<string> = new Set(["debug", "info", "warn", "error"]);

function is_log_level(level: string): level is LogLevel {
	return log_levels.has(level);
}

/** `session.log`, `module._log` and the like: a level, a message, and what belongs in it. */
export function log_function(host: LuaHost, log: Session["log"]): TValue {
	return host.vm.native(([level, message = nil, ...args]) => {
		const known = level === undefined ? "" : text_of_string(level);
		log(is_log_level(known) ? known : "info", "%s", format_message(host.vm, host.vm.to_string(message), args));
		return undefined;
	});
}

/** Why a stream ends, as Lua says it: a condition, a table of `condition`, `text` and `extra`, or a stanza to send before. */
export function stream_error_of(host: LuaHost, value: TValue | undefined): StreamError | undefined {
	if (value === undefined || value.ttisnil()) return undefined;
	const known = host.border.from_lua(value);
	if (typeof known === "string") return { condition: "undefined-condition", text: known };
	if (typeof known !== "object" || known === null) return undefined;
	if (known instanceof Stanza) return { condition: "undefined-condition", extra: known };
	const field = (name: string): unknown => Reflect.get(known, name);
	const condition = field("condition");
	const text = field("text");
	const extra = field("extra");
	return {
		condition: typeof condition === "string" ? condition : "undefined-condition",
		...(typeof text === "string" ? { text } : {}),
		...(extra instanceof Stanza ? { extra } : {}),
	};
}

/** Methods of the host that Lua gives from one session to another; each has its own of them. */
const native_methods = new WeakSet<object>();

/** What of a session Lua may replace by a function of its own, which then counts for the host, too. */
interface Replaced {
	readonly value: TValue;
	restore(): void;
}

const replaced = new WeakMap<object, Map<string, Replaced>>();

function is_function(value: TValue): boolean {
	return (value.type & 15) === 6;
}

/** A method that Lua calls as the host made it until it puts one of its own in place. */
function method<Target extends object>(
	name: string,
	native: (target: Target) => TValue,
	replace: (target: Target, given: TValue) => () => void,
): [string, Field<Target>] {
	const natives = new WeakMap<Target, TValue>();
	return [
		name,
		{
			get(target) {
				const own = replaced.get(target)?.get(name);
				if (own) return own.value;
				let value = natives.get(target);
				if (!value) {
					value = native(target);
					natives.set(target, value);
					native_methods.add(value.value as object);
				}
				return value;
			},
			set(target, given) {
				let of_target = replaced.get(target);
				if (!of_target) {
					of_target = new Map();
					replaced.set(target, of_target);
				}
				of_target.get(name)?.restore();
				of_target.delete(name);
				if (!is_function(given) || native_methods.has(given.value as object)) return;
				const value = new TValue(given.type, given.value);
				of_target.set(name, { value, restore: replace(target, value) });
			},
		},
	];
}

/** Text that a Lua function left of what it was given to pass on. */
function answered(results: readonly TValue[]): boolean {
	const [first] = results;
	return first === undefined || first.ttisnil() || first.value !== false;
}

function client_fields(host: LuaHost): Fields<ClientSession> {
	const { vm, border, server } = host;
	const prototype = ClientSession.prototype;
	const send = method<ClientSession>(
		"send",
		(session) =>
			vm.native(([first, second]) => {
				// `session.send(x)`; some call it as a method
				const given = first?.value instanceof LiveTable && first.value.target === session ? second : first;
				const known = given === undefined ? undefined : border.from_lua(given);
				if (known instanceof Stanza) return border.to_lua(prototype.send.call(session, known));
				if (typeof known === "string") return border.to_lua(prototype.send_text.call(session, known));
				throw new TypeError("bad argument to send: expected a stanza or a string");
			}),
		(session, given) => {
			const own = (data: Stanza | string): boolean => answered(vm.call(given, [border.to_lua(data)]));
			session.send = own;
			session.send_text = (text) => own(typeof text === "string" ? text : address(text, session.full_jid ?? ""));
			// so that nobody sends text past it that was made for many
			session.has_filter = (kind) => kind === "stanzas/out" || prototype.has_filter.call(session, kind);
			return () => {
				for (const name of ["send", "send_text", "has_filter"]) Reflect.deleteProperty(session, name);
			};
		},
	);
	const close = method<ClientSession>(
		"close",
		(session) =>
			vm.native(([, reason]) => {
				prototype.close.call(session, stream_error_of(host, reason));
				return undefined;
			}),
		(session, given) => {
			session.close = (reason) => void vm.call(given, [border.to_lua(session), border.to_lua(reason)]);
			return () => void Reflect.deleteProperty(session, "close");
		},
	);
	const constant = (name: string, make: (session: ClientSession) => unknown): [string, Field<ClientSession>] => {
		const known = new WeakMap<ClientSession, TValue>();
		return [
			name,
			{
				get(session) {
					let value = known.get(session);
					if (!value) {
						value = border.to_lua(make(session));
						known.set(session, value);
					}
					return value;
				},
				set(session, value) {
					known.set(session, new TValue(value.type, value.value));
				},
			},
		];
	};
	/** Those of util.filters. */
	const filters = new WeakMap<ClientSession, TValue>();
	const roster_of = (session: ClientSession): Roster | undefined => {
		const { username, host: name, resource } = session;
		if (username === undefined || name === undefined || resource === undefined) return undefined;
		return server.rostermanager.load_roster(username, name);
	};
	return new Map<string, Field<ClientSession>>([
		read_only("id"),
		same("type"),
		["base_type", { get: () => "c2s" }],
		same("host"),
		same("username"),
		same("resource"),
		same("full_jid"),
		same("secure"),
		same("presence"),
		same("priority"),
		same("role"),
		same("sasl_handler"),
		same("streamid"),
		same("version"),
		read_only("conntime"),
		[
			"ip",
			{ get: (session) => session.ip, set: (session, value) => void Object.assign(session, { ip: border.from_lua(value) }) },
		],
		// where Prosody has nothing rather than false
		[
			"notopen",
			{
				get: (session) => session.notopen || undefined,
				set: (session, value) => void Object.assign(session, { notopen: truth(value) }),
			},
		],
		[
			"interested",
			{
				get: (session) => session.interested || undefined,
				set: (session, value) => void Object.assign(session, { interested: truth(value) }),
			},
		],
		["destroyed", { get: (session) => session.destroyed || undefined, set: () => undefined }],
		[
			"directed",
			{
				get: (session) => session.directed,
				set: (session, value) => {
					session.directed = value.ttisnil() ? undefined : new Set(live_names(host, value));
				},
			},
		],
		["roster", { get: roster_of, set: () => undefined }],
		[
			"conn",
			{
				get: (session) => (session.conn === undefined ? undefined : connection_value(host, session.conn)),
				set: (session, value) => {
					const known = value.ttisnil() ? undefined : border.from_lua(value);
					session.conn = known === undefined ? undefined : (known as Connection);
				},
			},
		],
		send,
		close,
		// without any of util.filters, all passes
		constant("filter", () => vm.native(([, data]) => data)),
		[
			"filters",
			{
				get: (session) => filters.get(session),
				set: (session, value) => {
					// with those that go, stanzas do not pass any more
					const old = filters.get(session);
					if (old && old.value !== value.value) disconnect_filters(host, old);
					if (value.ttisnil()) filters.delete(session);
					else filters.set(session, new TValue(value.type, value.value));
				},
			},
		],
		constant("stream", (session) =>
			native_table(host, {
				set_session: ([, given = nil]) => {
					const other = border.from_lua(given);
					if (other instanceof ClientSession && other !== session) other.resume_over(session);
					return undefined;
				},
			}),
		),
		constant("rawsend", (session) =>
			vm.native(([text]) => border.to_lua(text === undefined ? false : prototype.send_text.call(session, vm.to_string(text)))),
		),
		constant("log", (session) => log_function(host, session.log)),
		constant("reset_stream", (session) =>
			vm.native(() => {
				session.reset_stream();
				return undefined;
			}),
		),
		constant("dispatch_stanza", (session) =>
			vm.native(([, stanza = nil]) => {
				const known = border.from_lua(stanza);
				if (known instanceof Stanza) server.router.process_stanza(session, known);
				return border.to_lua(known instanceof Stanza);
			}),
		),
	]);
}

/** Ends what util.filters connected for a session. */
function disconnect_filters(host: LuaHost, filters: TValue): void {
	if (filters.type !== tags.table || filters.value instanceof LiveTable) return;
	for (const [, list] of host.vm.entries(filters.value as Table)) {
		const disconnect = list.type === tags.table ? host.vm.index(list, string_value("disconnect")) : nil;
		if (is_function(disconnect)) host.vm.call(disconnect, []);
	}
}

function truth(value: TValue): boolean {
	return !value.ttisnil() && value.value !== false;
}

/** The names that are keys of a table with something true for their value. */
function* live_names(host: LuaHost, value: TValue): Generator<string> {
	const { value: table } = value;
	if (table instanceof LiveTable) {
		for (const key of table.keys()) if (typeof key === "string") yield key;
	} else if (value.type === tags.table) {
		for (const [key, item] of host.vm.entries(table as Table)) {
			if ((key.type & 15) === 4 && truth(item)) yield text_of_string(key);
		}
	}
}

/** The modules of a host, by name: what each offers others. */
class ModulesTable extends LiveTable {
	constructor(
		private readonly host: LuaHost,
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

/** A Map of the host that only the host itself puts something into. */
export class GivenMapTable extends MapTable {
	override set(key: Key): void {
		throw new TypeError(`[${String(key)}] cannot be set: the host keeps this table`);
	}
}

function host_fields(host: LuaHost): Fields<ActiveHost> {
	const { vm, border, server } = host;
	const per_host = (make: (session: ActiveHost) => TValue): ((session: ActiveHost) => TValue) => {
		const known = new WeakMap<ActiveHost, TValue>();
		return (session) => {
			let value = known.get(session);
			if (!value) {
				value = make(session);
				known.set(session, value);
			}
			return value;
		};
	};
	const send = method<ActiveHost>(
		"send",
		(session) =>
			vm.native(([first, second]) => {
				const given = first?.value instanceof LiveTable && first.value.target === session ? second : first;
				const known = given === undefined ? undefined : border.from_lua(given);
				if (!(known instanceof Stanza)) throw new TypeError("bad argument to send: expected a stanza");
				return border.to_lua(ActiveHost.prototype.send.call(session, known));
			}),
		(session, given) => {
			session.send = (stanza) => answered(vm.call(given, [border.to_lua(stanza)]));
			return () => void Reflect.deleteProperty(session, "send");
		},
	);
	return new Map<string, Field<ActiveHost>>([
		read_only("type"),
		read_only("host"),
		read_only("events"),
		["modules", { get: per_host((session) => table_value(new ModulesTable(host, session))) }],
		[
			"sessions",
			{
				get: per_host((session) =>
					session.type === "local" ? table_value(new GivenMapTable(border, session.sessions as Map<unknown, unknown>)) : nil,
				),
			},
		],
		["s2sout", { get: per_host(() => border.table({})) }],
		["users", { get: (session) => auth_value(host, session) }],
		["authz", { get: (session) => authz_value(host, session) }],
		["log", { get: per_host((session) => log_function(host, session.log)) }],
		["ssl_ctx", { get: (session) => server.tls_context(session.host) && border.table({}) }],
		send,
	]);
}

/** Shows the host's sessions, of clients and of hosts, to Lua. */
export function register_sessions(host: LuaHost): void {
	const { border, server } = host;
	const of_clients = client_fields(host);
	border.register(ClientSession.prototype, (_, object) => new HostTable(border, object as ClientSession, "session", of_clients));
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

/** Whether something is a session of the host. */
function is_session(value: unknown): value is Session {
	return value instanceof ClientSession || value instanceof ActiveHost;
}

/**
 * An origin that Lua made: a table with `send` and whatever it needs, perhaps with a session behind it that has the rest.
 * @param fallback whose name and log stand in where the table has none
 */
export function lua_origin(host: LuaHost, value: TValue): Session {
	const { border, vm, server } = host;
	const known = border.from_lua(value);
	if (is_session(known)) return known;
	if (value.type !== tags.table || value.value instanceof LiveTable)
		throw new TypeError("an origin is a session, or a table with a function send");
	const adopted = border.adopted(value.value as Table);
	if (adopted !== undefined) return adopted as Session;
	const kept = new TValue(value.type, value.value);
	const field = (name: string): TValue => vm.index(kept, string_value(name));
	const base = session_behind(host, kept);
	const own = (name: string): unknown => border.from_lua(field(name));
	const log = server.logger("origin");
	const methods: { [name: string]: unknown } = {
		send: (data: Stanza | string): boolean => {
			const send = field("send");
			return is_function(send) && answered(vm.call(send, [border.to_lua(data)]));
		},
		log: (level: LogLevel, message: string, ...args: unknown[]): void => {
			if (base) base.log(level, message, ...args);
			else log(level, message, ...args);
		},
		close: (reason?: StreamError): void => {
			const close = field("close");
			if (is_function(close)) vm.call(close, [kept, border.to_lua(reason)]);
		},
	};
	// whoever sends finished text gives it to the same function
	methods["send_text"] = methods["send"];
	methods["has_filter"] = (kind: string) => kind === "stanzas/out";
	const fallback_id = id.short();
	const origin = new Proxy<Record<string, unknown>>(
		{},
		{
			get: (_, name) => {
				if (typeof name !== "string") return undefined;
				if (name in methods) return methods[name];
				const given = own(name);
				if (given !== undefined) return given;
				if (base) {
					const inherited: unknown = Reflect.get(base, name);
					return typeof inherited === "function" ? inherited.bind(base) : inherited;
				}
				return name === "id" ? fallback_id : name === "type" ? "local" : undefined;
			},
			has: (_, name) =>
				typeof name === "string" && (name in methods ? name !== "close" || is_function(field("close")) : own(name) !== undefined),
			set: (_, name, given) => {
				if (typeof name === "string") vm.set_index(kept, string_value(name), border.to_lua(given));
				return true;
			},
		},
	);
	border.adopt(value.value as Table, origin);
	return origin as unknown as Session;
}

/** The session of the host that a table inherits from, by `__index` of its metatables. */
function session_behind(host: LuaHost, value: TValue): Session | undefined {
	let { metatable } = value.value as Table;
	for (let depth = 0; depth < 8 && metatable !== null; depth++) {
		const index = host.vm.raw_get(metatable, "__index");
		if (index.type !== tags.table) return undefined;
		const { value: table } = index;
		if (table instanceof LiveTable) return is_session(table.target) ? table.target : undefined;
		({ metatable } = table as Table);
	}
	return undefined;
}

/** Makes natives of functions by name. */
export function native_table(host: LuaHost, functions: { readonly [name: string]: NativeFunction }): TValue {
	const { vm } = host;
	const table = vm.new_table();
	for (const name in functions) {
		const run = functions[name];
		if (run) vm.raw_set(table, name, vm.native(run));
	}
	return new TValue(tags.table, table);
}
