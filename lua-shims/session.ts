// Counterpart: core/sessionmanager.lua, util/session.lua (sessions as Lua modules see those of the host)

import { ClientSession } from "../host/core/c2s_session.ts";
import { ActiveHost } from "../host/core/hostmanager.ts";
import { ServerStreamSession } from "../host/core/s2s_session.ts";
import type { LogLevel, Roster, Session, StreamError } from "../host/core/types.ts";
import * as id from "../host/util/id.ts";
import { address, Stanza } from "../host/util/stanza.ts";
import type { LuaContext } from "./context.ts";
import { type Field, type Fields, HostTable, same } from "./host_table.ts";
import { answered, method } from "./session_methods.ts";
import { constant, sent, stream_fields, truth } from "./stream_fields.ts";
import { make_library, optional_text } from "./vm/arguments.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { is_function, LiveTable, nil, string_value, tags, text_of_string } from "./vm/live_table.ts";

function client_fields(host: LuaContext): Fields<ClientSession> {
	const { vm, border, server } = host;
	const prototype = ClientSession.prototype;
	const send = method<ClientSession>(
		"send",
		(session) => {
			// a function that replaces this one later may call it
			const { send, send_text } = session;
			return vm.native((args) => {
				const given = sent(host, session, args);
				return border.to_lua(typeof given === "string" ? send_text.call(session, given) : send.call(session, given));
			});
		},
		(session, given) => {
			const own = (data: Stanza | string): boolean => answered(vm.call(given, [border.to_lua(data)]));
			session.send = own;
			session.send_text = (text) => own(typeof text === "string" ? text : address(text, session.full_jid ?? ""));
			// so that shared texts are not sent past it
			session.has_filter = (kind) => kind === "stanzas/out" || prototype.has_filter.call(session, kind);
			return () => {
				for (const name of ["send", "send_text", "has_filter"]) Reflect.deleteProperty(session, name);
			};
		},
	);
	const roster_of = (session: ClientSession): Roster | undefined => {
		const { username, host: name, resource } = session;
		if (username === undefined || name === undefined || resource === undefined) return undefined;
		return server.rostermanager.load_roster(username, name);
	};
	return new Map<string, Field<ClientSession>>([
		...stream_fields<ClientSession>(host, prototype),
		same("type"),
		["base_type", { get: () => "c2s" }],
		same("host"),
		same("username"),
		same("resource"),
		same("full_jid"),
		same("presence"),
		same("priority"),
		same("role"),
		same("sasl_handler"),
		same("want_carbons"),
		same("interested_blocklist"),
		same("mam_requested"),
		same("push_identifier"),
		same("state"),
		same("handled_stanza_count"),
		same("client_id"),
		// where Prosody has nothing rather than false
		[
			"interested",
			{
				get: (session) => session.interested || undefined,
				set: (session, value) => void Object.assign(session, { interested: truth(value) }),
			},
		],
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
		send,
		// what carries the stream otherwise may begin it otherwise
		method<ClientSession>(
			"open_stream",
			(session) =>
				vm.native(([, from, to]) => {
					prototype.open_stream.call(session, optional_text(from) ?? session.host, optional_text(to));
					return undefined;
				}),
			(session, given) => {
				session.open_stream = (from, to) => void vm.call(given, [border.to_lua(session), border.to_lua(from), border.to_lua(to)]);
				return () => void Reflect.deleteProperty(session, "open_stream");
			},
		),
		constant("stream", (session) =>
			make_library(host.vm, {
				set_session: ([, given = nil]) => {
					const other = border.from_lua(given);
					if (other instanceof ClientSession && other !== session) other.resume_over(session);
					return undefined;
				},
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

/** The text keys of a table whose values are true. */
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
	return value instanceof ClientSession || value instanceof ServerStreamSession || value instanceof ActiveHost;
}

/**
 * An origin made by Lua: a table with `send` and other fields, perhaps with a session behind it that has the rest.
 * @param fallback gives name and log where the table has none
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
		// a new header is expected: of a session that Lua made of itself (mod_bosh), or of the one behind it
		reset_stream: (): void => {
			const reset = field("reset_stream");
			if (is_function(reset)) vm.call(reset, [kept]);
			else if (base !== undefined && "reset_stream" in base) base.reset_stream();
		},
	};
	// finished text is sent by the same function
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
