// Counterpart: plugins/mod_admin_shell.lua (get_c2s, module:shared"/*/s2s/sessions")

import { ClientSession } from "../../core/c2s_session.ts";
import { ServerStreamSession } from "../../core/s2s_session.ts";
import type { Server } from "../../core/types.ts";

/** The sessions that a module of streams has; none where it is not loaded. The console depends on neither, and outlives both. */
function sessions_of(server: Server, name: "c2s" | "s2s"): unknown[] {
	const exported = server.modulemanager.get_module("*", name)?.exports;
	if (typeof exported !== "object" || exported === null || !("sessions" in exported)) return [];
	const { sessions } = exported;
	const found: unknown = typeof sessions === "function" ? sessions() : [];
	return typeof found === "object" && found !== null && Symbol.iterator in found ? [...(found as Iterable<unknown>)] : [];
}

/** All clients: those that are online, and those that are connected only. */
export function all_clients(server: Server): ClientSession[] {
	const found = [...server.full_sessions.values(), ...sessions_of(server, "c2s")];
	return [...new Set(found.filter((session) => session instanceof ClientSession))];
}

/** All streams with other servers. */
export function all_streams(server: Server): ServerStreamSession[] {
	return sessions_of(server, "s2s").filter((session) => session instanceof ServerStreamSession);
}
