// Counterpart: plugins/mod_c2s.lua, plugins/mod_s2s.lua (their listeners), for modules in Lua that make connections for streams

import { ServerStreamSession } from "../host/core/s2s_session.ts";
import type { Connection, ModuleApi } from "../host/core/types.ts";
import type { C2sExports } from "../host/plugins/mod_c2s.ts";
import type { S2sExports } from "../host/plugins/mod_s2s.ts";
import { document_framing } from "../host/util/framing.ts";
import * as st from "../host/util/stanza.ts";
import { parse } from "../host/util/xml.ts";
import type { LuaContext } from "./context.ts";
import { host_of, make_library } from "./vm/arguments.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { is_function, nil, string_value, tags } from "./vm/live_table.ts";

function is_connection(value: unknown): value is Connection {
	return typeof value === "object" && value !== null && "ondata" in value && "onclose" in value;
}

function connection_given(host: LuaContext, value: TValue | undefined, what: string): Connection {
	const conn = value === undefined ? undefined : host.border.from_lua(value);
	if (is_connection(conn)) return conn;
	throw new TypeError(`bad argument to ${what}: expected a connection`);
}

/** What a module of the host offers, and its `module`; undefined where it is not loaded. */
function find_exports<Exports>(
	{ server: { hosts, modulemanager } }: LuaContext,
	name: string,
	is_offered: (exported: unknown) => exported is Exports,
): { readonly module: ModuleApi; readonly exports: Exports } | undefined {
	for (const on of hosts.keys()) {
		const loaded = modulemanager.get_module(on, name);
		if (loaded !== undefined && is_offered(loaded.exports)) return { module: loaded.module, exports: loaded.exports };
	}
	return undefined;
}

function offers(exported: unknown, name: string): boolean {
	return typeof exported === "object" && exported !== null && typeof Reflect.get(exported, name) === "function";
}

function carries_clients(exported: unknown): exported is C2sExports {
	return offers(exported, "accept");
}

function carries_servers(exported: unknown): exported is S2sExports {
	return offers(exported, "prepare");
}

/** Lists a session by its connection in a module's shared table, `c2s/sessions`, while there is that connection. */
function list_session(host: LuaContext, module: ModuleApi, name: string, conn: Connection, session: unknown): void {
	const { border, vm } = host;
	const sessions = border.to_lua(module.shared(`/*/${name}/sessions`));
	const shown = border.to_lua(conn);
	vm.set_index(sessions, shown, border.to_lua(session));
	const { onclose } = conn;
	conn.onclose = (error) => {
		vm.set_index(sessions, shown, nil);
		onclose(error);
	};
}

/** `onconnect` has a client's stream go over a connection. */
function c2s_listener(host: LuaContext): TValue {
	return make_library(host.vm, {
		onconnect([given]) {
			const conn = connection_given(host, given, "onconnect");
			const c2s = find_exports(host, "c2s", carries_clients);
			if (c2s === undefined) throw new Error("mod_c2s is not loaded, so that there are no clients' streams");
			list_session(host, c2s.module, "c2s", conn, c2s.exports.accept(conn, document_framing));
			return undefined;
		},
	});
}

/**
 * `register_outgoing` says which session a connection is for, and `onconnect` has its stream go over it. Without a session it is a stream
 * that another server opens.
 */
function s2s_listener(host: LuaContext): TValue {
	const { border, vm } = host;
	const sessions = new WeakMap<Connection, ServerStreamSession>();
	const register = (conn: Connection, value: TValue): void => {
		const session = border.from_lua(value);
		if (!(session instanceof ServerStreamSession)) throw new TypeError("bad argument to register_outgoing: expected a session");
		sessions.set(conn, session);
	};
	return make_library(vm, {
		register_outgoing([given, session = nil]) {
			register(connection_given(host, given, "register_outgoing"), session);
			return undefined;
		},
		onattach([given, data = nil]) {
			const session = data.type === tags.table ? vm.index(data, string_value("session")) : nil;
			if (!session.ttisnil()) register(connection_given(host, given, "onattach"), session);
			return undefined;
		},
		onconnect([given]) {
			const conn = connection_given(host, given, "onconnect");
			const s2s = find_exports(host, "s2s", carries_servers);
			if (s2s === undefined) throw new Error("mod_s2s is not loaded, so that there are no streams with other servers");
			list_session(host, s2s.module, "s2s", conn, s2s.exports.begin(conn, sessions.get(conn)));
			return undefined;
		},
	});
}

const makers: { readonly [service: string]: (host: LuaContext) => TValue } = { c2s: c2s_listener, s2s: s2s_listener };
const listeners = new WeakMap<LuaContext, Map<string, TValue>>();

/**
 * `portmanager.get_service("c2s").listener`, and that of `s2s`, to which modules in Lua hand over connections that they have made. The
 * session is then in the shared table `c2s/sessions` or `s2s/sessions`, by its connection. Undefined for other services.
 */
export function stream_listener(host: LuaContext, service: string): TValue | undefined {
	const made = listeners.get(host) ?? new Map<string, TValue>();
	listeners.set(host, made);
	const known = made.get(service);
	if (known !== undefined) return known;
	const listener = Object.hasOwn(makers, service) ? makers[service]?.(host) : undefined;
	if (listener !== undefined) made.set(service, listener);
	return listener;
}

/** A stanza as modules keep it: the stanza, its text, or a list with either and what its sender is told where it cannot be sent. */
function kept_stanza(host: LuaContext, item: TValue): st.Stanza | undefined {
	const known = host.border.from_lua(item);
	if (known instanceof st.Stanza) return known;
	if (typeof known === "string") return parse(known);
	return item.type === tags.table ? kept_stanza(host, host.vm.index(item, new TValue(tags.integer, 1))) : undefined;
}

/** All stanzas of `session.sendq`: a list in Prosody 0.12, a queue of `util.queue` in 13. */
function stanzas_in(host: LuaContext, queue: TValue): st.Stanza[] {
	const { vm } = host;
	if (queue.type !== tags.table) return [];
	const pop = vm.index(queue, string_value("pop"));
	const items: TValue[] = [];
	if (is_function(pop)) {
		for (let [item = nil] = vm.call(pop, [queue]); !item.ttisnil(); [item = nil] = vm.call(pop, [queue])) items.push(item);
	} else items.push(...[...vm.entries(queue.value as Table)].map(([, item]) => item));
	return items.map((item) => kept_stanza(host, item)).filter((stanza) => stanza !== undefined);
}

const queues = new WeakMap<ServerStreamSession, TValue>();

/** `session.sendq`: what a module keeps for a stream that it makes the connection of, until the host takes it over. */
export const send_queue = {
	get: (session: ServerStreamSession): TValue | undefined => queues.get(session),
	set(session: ServerStreamSession, value: TValue): void {
		if (value.ttisnil()) queues.delete(session);
		else queues.set(session, new TValue(value.type, value.value));
	},
};

/** `new_outgoing(from, to)`: the session of a stream whose connection the caller makes. Source: core/s2smanager.lua. */
export function new_outgoing(host: LuaContext, from: TValue | undefined, to: TValue | undefined): ServerStreamSession {
	const [from_host, to_host] = [host_of(from), host_of(to)];
	if (!host.server.hosts.has(from_host)) throw new TypeError(`bad argument to new_outgoing: there is no host ${from_host} here`);
	const s2s = find_exports(host, "s2s", carries_servers);
	if (s2s === undefined) throw new Error("mod_s2s is not loaded, so that there are no streams with other servers");
	const session: ServerStreamSession = s2s.exports.prepare(from_host, to_host, () => {
		const queue = queues.get(session);
		queues.delete(session);
		return queue === undefined ? [] : stanzas_in(host, queue);
	});
	return session;
}

/**
 * What modules in Lua find in mod_s2s beside its exports: functions of Prosody's by way of others. What waits for a stream is returned to
 * its senders by the host, so that there is nothing left for `bounce_sendq` to do.
 */
export function s2s_functions({ vm }: LuaContext): { readonly [name: string]: TValue } {
	return { route_to_new_session: make_library(vm, { bounce_sendq: () => undefined }) };
}
