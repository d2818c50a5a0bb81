// Counterpart: net/server_epoll.lua (the methods of connections), as the Lua side of the host's connections

import type { Connection } from "../host/core/types.ts";
import type { LuaContext } from "./context.ts";
import { PendingConnection } from "./pending_connection.ts";
import { socket_value, tls_questions } from "./tls_socket.ts";
import { table_value } from "./views.ts";
import { TValue } from "./vm/fengari.ts";
import { bytes_value, is_function, type Key, LiveTable, nil, string_value, tags, text_of_string } from "./vm/live_table.ts";
import { bytes_of } from "./vm/text.ts";
import type { NativeFunction } from "./vm/vm.ts";

/** How long the other end may take, in seconds. */
const connect_timeout = 20;

type ConnectionMethods = { readonly [name: string]: (conn: Connection, args: readonly TValue[]) => ReturnType<NativeFunction> };

function methods_of(host: LuaContext): ConnectionMethods {
	const { border } = host;
	const write: ConnectionMethods[string] = (conn, [data = nil]) => border.to_lua(conn.write(bytes_of(text_of_string(data))));
	const nothing = (): undefined => undefined;
	return {
		ip: (conn) => border.to_lua(conn.ip),
		port: (conn) => border.to_lua(conn.ports?.peer),
		clientport: (conn) => border.to_lua(conn.ports?.client),
		serverport: (conn) => border.to_lua(conn.ports?.server),
		ssl: (conn) => border.to_lua(conn.secure),
		ssl_info: (conn) => {
			const info = conn.ssl_info();
			return info === undefined ? nil : border.deep_table({ ...info });
		},
		write,
		send: write,
		close: (conn) => {
			conn.close();
			return undefined;
		},
		destroy: (conn) => {
			conn.destroy();
			return undefined;
		},
		pause: (conn) => {
			conn.pause();
			return undefined;
		},
		resume: (conn) => {
			conn.resume();
			return undefined;
		},
		setlimit: (conn, [bytes = nil]) => {
			const rate = typeof bytes.value === "number" ? bytes.value : 0;
			conn.setlimit?.(rate > 0 ? { rate, burst: 0, resolution: 1 } : undefined);
			return undefined;
		},
		pause_writes: (conn) => {
			conn.pause_writes();
			return undefined;
		},
		resume_writes: (conn) => {
			conn.resume_writes();
			return undefined;
		},
		setoption: (conn, [name, value = nil]) => {
			const option = name === undefined ? "" : text_of_string(name);
			const on = !value.ttisnil() && value.value !== false;
			if (option === "keepalive" || option === "tcp-keepalive") conn.set_keepalive(on);
			return border.to_lua(true);
		},
		setlistener: (conn, [listener = nil]) => {
			if (listener.type === tags.table) attach(host, conn, listener);
			return undefined;
		},
		bufferqueuelen: (conn) => border.to_lua(conn.pending),
		set_mode: nothing,
		set_send: nothing,
		socket: (conn) => socket_value(host, conn),
		ssl_peercertificate: (conn) => tls_questions(host, conn).certificate(),
		ssl_peerverification: (conn) => tls_questions(host, conn).verification(),
		ssl_peerfinished: (conn) => tls_questions(host, conn).finished(),
		ssl_exportkeyingmaterial: (conn, [label]) =>
			tls_questions(host, conn).exported(label === undefined ? undefined : text_of_string(label)),
	};
}

/** A connection of the host with Prosody's methods; modules may store any field on it. */
class ConnectionTable extends LiveTable {
	private readonly extra = new Map<Key, TValue>();
	/** Its first target: another one comes once there is a connection. */
	private readonly first: Connection;

	constructor(
		private readonly host: LuaContext,
		public target: Connection,
		private readonly methods: ConnectionMethods,
	) {
		super(host.vm.next_id());
		this.first = target;
	}

	override get identity(): Connection {
		return this.first;
	}

	get(key: Key): TValue {
		const known = this.extra.get(key);
		if (known) return known;
		if (typeof key !== "string" || !Object.hasOwn(this.methods, key)) return nil;
		const run = this.methods[key];
		if (!run) return nil;
		const value = this.host.vm.native(([, ...args]) => run(this.target, args));
		this.extra.set(key, value);
		return value;
	}

	set(key: Key, value: TValue): void {
		if (value.ttisnil()) this.extra.delete(key);
		else this.extra.set(key, new TValue(value.type, value.value));
	}

	keys(): readonly Key[] {
		return [...this.extra.keys()];
	}
}

const known_methods = new WeakMap<LuaContext, ConnectionMethods>();
const known_tables = new WeakMap<LuaContext, WeakMap<Connection, TValue>>();

function methods_in(host: LuaContext): ConnectionMethods {
	let methods = known_methods.get(host);
	if (!methods) {
		methods = methods_of(host);
		known_methods.set(host, methods);
	}
	return methods;
}

function bind(host: LuaContext, conn: Connection, value: TValue): void {
	let tables = known_tables.get(host);
	if (!tables) {
		tables = new WeakMap();
		known_tables.set(host, tables);
	}
	tables.set(conn, value);
	host.border.bind(conn, value);
}

/** A connection as Lua sees it, the same each time. */
export function connection_value(host: LuaContext, conn: Connection): TValue {
	const known = known_tables.get(host)?.get(conn);
	if (known) return known;
	const value = table_value(new ConnectionTable(host, conn, methods_in(host)));
	bind(host, conn, value);
	return value;
}

/** The connection behind a value. Throws where the value is something else. */
export function connection_of(host: LuaContext, value: TValue | undefined): Connection {
	const table = value?.value;
	if (table instanceof ConnectionTable) return table.target;
	throw new TypeError(`expected a connection, got ${host.vm.to_string(value ?? nil)}`);
}

/**
 * Connects to a server; a listener in Lua gets the connection's events. Lua gets the connection at once, and may write to it.
 * Source: net/server_epoll.lua (addclient).
 */
export function connect(host: LuaContext, address: { readonly host: string; readonly port: number }, listener: TValue): TValue {
	const log = host.server.logger("server");
	const given = new TValue(listener.type, listener.value);
	const pending = new PendingConnection(address.host, () => cancel());
	const table = new ConnectionTable(host, pending, methods_in(host));
	const value = table_value(table);
	bind(host, pending, value);
	attach(host, pending, given);
	const cancel = host.server.connect(
		{ ...address, timeout: connect_timeout },
		(conn) => {
			if (pending.is_closed) {
				conn.destroy();
				return;
			}
			table.target = conn;
			bind(host, conn, value);
			// a listener that Lua has set meanwhile
			const { ondata, ondrain, onclose, onreadtimeout } = pending;
			Object.assign(conn, { ondata, ondrain, onclose, onreadtimeout });
			pending.onconnect();
			pending.hand_over(conn);
		},
		(reason) => {
			try {
				pending.onclose(reason);
			} catch (error) {
				log("error", "Error in listener: %s", error instanceof Error ? (error.stack ?? error.message) : String(error));
			}
		},
	);
	return value;
}

/**
 * Passes a connection's events to a listener in Lua: `onconnect(conn)`, `onincoming(conn, data)`, `ondrain(conn)`,
 * `onreadtimeout(conn)`, `ondisconnect(conn, error)`. Source: net/server_epoll.lua.
 */
export function listen(host: LuaContext, conn: Connection, listener: TValue): void {
	attach(host, conn, listener);
	const connected = host.vm.index(listener, string_value("onconnect"));
	if (is_function(connected)) host.vm.call(connected, [connection_value(host, conn)]);
}

/** The same for an existing connection (`setlistener`), or one that is being made. */
function attach(host: LuaContext, conn: Connection, given: TValue): void {
	const { vm, border } = host;
	const listener = new TValue(given.type, given.value);
	const shown = connection_value(host, conn);
	const call = (name: string, ...args: readonly TValue[]): TValue => {
		const callback = vm.index(listener, string_value(name));
		return is_function(callback) ? (vm.call(callback, [shown, ...args])[0] ?? nil) : nil;
	};
	if (conn instanceof PendingConnection) conn.onconnect = () => void call("onconnect");
	conn.ondata = (chunk) => void call("onincoming", bytes_value(chunk));
	conn.ondrain = () => void call("ondrain");
	conn.onclose = (error) => void call("ondisconnect", border.to_lua(error));
	conn.onreadtimeout = () => {
		const answer = call("onreadtimeout");
		return !answer.ttisnil() && answer.value !== false;
	};
}
