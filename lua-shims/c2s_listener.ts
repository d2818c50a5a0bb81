// Counterpart: plugins/mod_c2s.lua (its listener), for modules in Lua that carry clients' streams over connections of their own

import type { Connection, ModuleApi } from "../host/core/types.ts";
import type { C2sExports } from "../host/plugins/mod_c2s.ts";
import { document_framing } from "../host/util/framing.ts";
import type { LuaContext } from "./context.ts";
import { make_library } from "./vm/arguments.ts";
import type { TValue } from "./vm/fengari.ts";
import { nil } from "./vm/live_table.ts";

const listeners = new WeakMap<LuaContext, TValue>();

function is_connection(value: unknown): value is Connection {
	return typeof value === "object" && value !== null && "ondata" in value && "onclose" in value;
}

function carries_streams(exported: unknown): exported is C2sExports {
	return typeof exported === "object" && exported !== null && "accept" in exported && typeof exported.accept === "function";
}

/**
 * `portmanager.get_service("c2s").listener`: `onconnect` has a client's stream go over a connection. Its session is then in the shared
 * table `c2s/sessions`, by the connection.
 */
export function c2s_listener(host: LuaContext): TValue {
	const known = listeners.get(host);
	if (known !== undefined) return known;
	const { border, server, vm } = host;
	const c2s = (): { readonly module: ModuleApi; readonly exports: C2sExports } => {
		for (const on of server.hosts.keys()) {
			const loaded = server.modulemanager.get_module(on, "c2s");
			if (loaded !== undefined && carries_streams(loaded.exports)) return { module: loaded.module, exports: loaded.exports };
		}
		throw new Error("mod_c2s is not loaded, so that there are no clients' streams");
	};
	const listener = make_library(vm, {
		onconnect([given = nil]) {
			const conn = border.from_lua(given);
			if (!is_connection(conn)) throw new TypeError("bad argument to onconnect: expected a connection");
			const { module, exports } = c2s();
			const session = exports.accept(conn, document_framing);
			const sessions = border.to_lua(module.shared("/*/c2s/sessions"));
			const shown = border.to_lua(conn);
			vm.set_index(sessions, shown, border.to_lua(session));
			const { onclose } = conn;
			conn.onclose = (error) => {
				vm.set_index(sessions, shown, nil);
				onclose(error);
			};
			return undefined;
		},
	});
	listeners.set(host, listener);
	return listener;
}
