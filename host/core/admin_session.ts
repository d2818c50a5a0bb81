// Counterpart: util/adminstream.lua (sessions)

import { BaseStreamSession, type StreamControl } from "./stream_session.ts";
import type { Connection, Server } from "./types.ts";

/** Namespace of what goes over the socket of administrators. */
export const xmlns_admin = "xmpp:prosody.im/admin";

/** Whoever has connected to the socket of administrators. */
export class AdminSession extends BaseStreamSession {
	type: "admin" | "admin_destroyed" = "admin";
	host: undefined;
	/** What is said now is no answer to what was done, and goes out even where that could not be stored. */
	private is_certain = false;

	constructor(server: Server, id: string, conn: Connection, control: StreamControl) {
		super(server, id, conn, xmlns_admin, control);
		this.secure = true;
	}

	get destroyed(): boolean {
		return this.type === "admin_destroyed";
	}

	protected get address(): undefined {
		return undefined;
	}

	protected keeps_output(): boolean {
		return this.is_certain;
	}

	/** Sends what goes out whatever becomes of the turn, such as lines of the log. */
	send_certainly(send: () => void): void {
		this.is_certain = true;
		try {
			send();
		} finally {
			this.is_certain = false;
		}
	}
}
