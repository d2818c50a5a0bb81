// Counterpart: plugins/mod_admin_socket.lua, util/adminstream.lua

import { resolve } from "node:path";
import { AdminSession, xmlns_admin } from "../core/admin_session.ts";
import { keep_alive, type StreamControl } from "../core/stream_session.ts";
import { type StreamKind, Streams } from "../core/streams.ts";
import type { Connection, ModuleApi, ModuleDefinition, StreamError } from "../core/types.ts";
import type { Attributes, Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { tonumber } from "../util/tonumber.ts";
import * as uuid from "../util/uuid.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** Something came over the socket of administrators: its element's name, with `NAMESPACE:` before it where it has its own. */
		[admin: `admin/${string}`]: { origin: AdminSession; stanza: Stanza };
		/** Whoever was connected to the socket of administrators is gone. */
		"admin-disconnected": { session: AdminSession };
	}
}

const unheard = "No module handled this query. Is mod_admin_shell enabled?";
const not_stored = "Error: This could not be stored, and was not done; the log says why";

/** An answer that is no good news. */
function refusal(text: string): Stanza {
	return st.stanza("repl-result", { type: "error" }).text(text);
}

/** What streams over the socket are. Whoever can connect is an administrator: the file mode decides that. */
class AdminStreams implements StreamKind<AdminSession> {
	readonly name = "admin";
	readonly peer = "Admin client";
	readonly xmlns = xmlns_admin;
	readonly limits = { unauthed_timeout: 60, close_timeout: 5, unauthed: { stanza_size_limit: 1024 * 1024 } };
	readonly keepalives = false;

	constructor(private readonly module: ModuleApi) {}

	create(session_id: string, conn: Connection, control: StreamControl): AdminSession {
		return new AdminSession(this.module.server, session_id, conn, control);
	}

	connected(session: AdminSession): void {
		const { conn } = session;
		if (conn) conn.ondiscard = () => void session.send(refusal(not_stored));
	}

	streamopened(session: AdminSession, attr: Attributes): void {
		session.version = tonumber(attr["version"]) ?? 0;
		session.streamid = uuid.generate();
		session.open_stream(undefined);
		session.notopen = false;
	}

	handlestanza(session: AdminSession, stanza: Stanza): void {
		const { xmlns } = stanza.attr;
		const name = xmlns === undefined ? stanza.name : `${xmlns}:${stanza.name}`;
		const answer = this.module.server.events.fire_event(`admin/${name}`, { origin: session, stanza });
		if (answer === undefined) session.send(refusal(unheard));
	}

	is_unauthed(session: AdminSession): boolean {
		return session.notopen;
	}

	is_established(): boolean {
		return false;
	}

	closing(_session: AdminSession, reason: StreamError | false | undefined): StreamError | false | undefined {
		return reason;
	}

	destroy(session: AdminSession): void {
		if (session.destroyed) return;
		session.type = "admin_destroyed";
		this.module.server.events.fire_event("admin-disconnected", { session });
	}

	disconnected(): void {}

	read_timeout(session: AdminSession): boolean {
		return keep_alive({ session }) === true;
	}
}

/** The socket over which those who run the server talk to it: `prosodyctl`, `enjamb shell`. Options: admin_socket. */
export const definition: ModuleDefinition = {
	name: "admin_socket",
	global: true,
	load(module) {
		const { server } = module;
		const configured = server.config.get("*", "admin_socket");
		const path = resolve(server.paths.data, typeof configured === "string" ? configured : "prosody.sock");
		const streams = new Streams(module, new AdminStreams(module));
		let close: () => void = () => {};

		module.ready = () => {
			close = server.listen_local(
				path,
				(conn) => void streams.accept(conn),
				(problem) => {
					if (problem === undefined) return;
					const text = `Unable to listen on the admin socket ${path}: ${problem}`;
					module.set_status("error", text);
					module.log("error", "%s", text);
				},
			);
		};
		module.hook("server-stopping", ({ reason }) => {
			close();
			streams.close_all({ condition: "system-shutdown", text: reason });
		});
		// Whoever is connected stays: what is typed may be what reloads this module
		module.unload = () => close();
	},
};
