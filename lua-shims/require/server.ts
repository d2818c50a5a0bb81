// Counterpart: net/server.lua, net/server_epoll.lua (what modules ask of the main loop), on the host's connections

import { connect, connection_of } from "../connection.ts";
import type { LuaContext } from "../context.ts";
import { boolean_value, integer_at, is_none, is_true, make_library, table_at, text_at } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, string_value } from "../vm/live_table.ts";
import type { NativeFunction } from "../vm/vm.ts";

function refused(problem: string): NativeFunction {
	return () => [nil, string_value(problem)];
}

const own_ports = "ports are opened with module:provides('net', …), so that the configuration can move them";
const own_sockets = "sockets of the system are the host's: net.connect, net.http and module:provides('net', …) make connections";

/** While more than this waits for one of two linked connections, nothing is read from the other one; in bytes. */
const most_pending = 65_536;

/** `net.server`, whose loop is the host's. */
export function server_library(host: LuaContext): TValue {
	const { libraries, server } = host;
	return make_library(host.vm, {
		get_backend: () => string_value("node"),
		addclient(args) {
			const address = { host: text_at(args, 1, "addclient"), port: integer_at(args, 2, "addclient") };
			const listeners = table_at(args, 3, "addclient");
			if (!is_none(args[4]) && is_true(args[4])) return [nil, string_value("TLS from the first byte is not offered")];
			return connect(host, address, listeners);
		},
		link: ([from, to]) => {
			const [source, target] = [connection_of(host, from), connection_of(host, to)];
			source.ondata = (chunk) => {
				if (!target.write(chunk)) source.destroy();
				else if (target.pending > most_pending) source.pause();
			};
			target.ondrain = () => source.resume();
			return undefined;
		},
		add_task: libraries.function_of("util.timer", "add_task"),
		timer: libraries.get("util.timer"),
		setquitting(args) {
			if (is_true(args[0])) setImmediate(() => void server.stop("Received shutdown request"));
			return undefined;
		},
		set_config: () => boolean_value(true),
		listen: refused(own_ports),
		addserver: refused(own_ports),
		wrapclient: refused(own_sockets),
		watchfd: refused(own_sockets),
		closeall: refused(own_sockets),
	});
}
