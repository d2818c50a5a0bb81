// Counterpart: core/sessionmanager.lua, util/session.lua (sessions as Lua modules see those of the host)

import { ClientSession } from "../host/core/c2s_session.ts";
import { ActiveHost } from "../host/core/hostmanager.ts";
import type { Connection, LogLevel, Roster, Session, StreamError } from "../host/core/types.ts";
import * as id from "../host/util/id.ts";
import { address, Stanza } from "../host/util/stanza.ts";
import { connection_value } from "./connection.ts";
import type { LuaContext } from "./context.ts";
import { type Field, type Fields, HostTable, read_only, same } from "./host_table.ts";
import { log_function } from "./log_format.ts";
import { answered, method } from "./session_methods.ts";
import { make_library } from "./vm/arguments.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { is_function, LiveTable, nil, string_value, tags, text_of_string } from "./vm/live_table.ts";

/** Why a stream ends, as Lua says it: a condition, a table of `condition`, `text` and `extra`, or a stanza to send before. */
export function stream_error_of(host: LuaContext, value: TValue | undefined): StreamError | undefined {
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

function client_fields(host: LuaContext): Fields<ClientSession> {
	const { vm, border, server } = host;
	const prototype = ClientSession.prototype;
	const send = method<ClientSession>(
		"send",
		(session) => {
			// what is put in its place later may call this one
			const { send, send_text } = session;
			return vm.native(([first, second]) => {
				// `session.send(x)`; some call it as a method
				const given = first?.value instanceof LiveTable && first.value.target === session ? second : first;
				const known = given === undefined ? undefined : border.from_lua(given);
				if (known instanceof Stanza) return border.to_lua(send.call(session, known));
				if (typeof known === "string") return border.to_lua(send_text.call(session, known));
				throw new TypeError("bad argument to send: expected a stanza or a string");
			});
		},
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
			make_library(host.vm, {
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
		constant("log", (session) => log_function(host.vm, session.log)),
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
function disconnect_filters(host: LuaContext, filters: TValue): void {
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
function* live_names(host: LuaContext, value: TValue): Generator<string> {
	const { value: table } = value;
	if (table instanceof LiveTable) {
		for (const key of table.keys()) if (typeof key === "string") yield key;
	} else if (value.type === tags.table) {
		for (const [key, item] of host.vm.entries(table as Table)) {
			if ((key.type & 15) === 4 && truth(item)) yield text_of_string(key);
		}
	}
}

/** Shows clients' sessions to Lua. */
export function register_clients(host: LuaContext): void {
	const { border } = host;
	const fields = client_fields(host);
	border.register(ClientSession.prototype, (_, object) => new HostTable(border, object as ClientSession, "session", fields));
}

/** Whether something is a session of the host. */
function is_session(value: unknown): value is Session {
	return value instanceof ClientSession || value instanceof ActiveHost;
}

/**
 * An origin that Lua made: a table with `send` and whatever it needs, perhaps with a session behind it that has the rest.
 * @param fallback whose name and log stand in where the table has none
 */
export function lua_origin(host: LuaContext, value: TValue): Session {
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
function session_behind(host: LuaContext, value: TValue): Session | undefined {
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
