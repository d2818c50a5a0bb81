// Counterpart: core/s2smanager.lua, plugins/mod_s2s.lua (sessions)

import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import { BaseStreamSession, type StreamControl } from "./stream_session.ts";
import type { Connection, Server, ServerSession, StreamError } from "./types.ts";

/** A stream with another server, in either direction. */
export class ServerStreamSession extends BaseStreamSession implements ServerSession {
	type: ServerSession["type"];
	from_host: string | undefined;
	to_host: string | undefined;
	readonly hosts: ServerSession["hosts"] = new Map();
	external_auth: ServerSession["external_auth"];
	cert_chain_status: ServerSession["cert_chain_status"];
	cert_identity_status: ServerSession["cert_identity_status"];
	cert_problem: string | undefined;
	/** The key that was sent for dialback on an outgoing stream. */
	dialback_key: string | undefined;
	/** Whether the other end's header came at least once, so that there is such a server. */
	had_stream = false;
	/** Whether stanzas also go against the direction that the stream was opened in (XEP-0288). */
	bidi = false;
	/** Why it was closed, in words for the senders of stanzas that still waited. */
	bounce_text: string | undefined;

	constructor(
		private readonly server: Pick<Server, "hosts" | "logger" | "router">,
		id: string,
		conn: Connection | undefined,
		control: StreamControl,
		readonly direction: ServerSession["direction"],
	) {
		super(server, id, conn, ns.server, control);
		this.type = direction === "incoming" ? "s2sin_unauthed" : "s2sout_unauthed";
	}

	get host(): string | undefined {
		return this.direction === "incoming" ? this.to_host : this.from_host;
	}

	set host(_host: string | undefined) {
		// The stream's direction says it
	}

	/** The domain of the other end. */
	get remote_host(): string | undefined {
		return this.direction === "incoming" ? this.from_host : this.to_host;
	}

	get destroyed(): boolean {
		return this.type === "s2s_destroyed";
	}

	/** Whether the other end has proved who it is. */
	get is_authed(): boolean {
		return this.type === "s2sin" || this.type === "s2sout";
	}

	protected get address(): string | undefined {
		return this.remote_host;
	}

	protected override get begins(): boolean {
		return this.direction === "outgoing";
	}

	protected override further_attributes(): { readonly "xmlns:db"?: string } {
		return this.server.hosts.get(this.host ?? "")?.modules.has("dialback") ? { "xmlns:db": ns.dialback } : {};
	}

	protected keeps_output(): boolean {
		return !this.is_authed;
	}

	/** Sends an answer: by the stream in the other direction, unless this one goes both ways. */
	override send(stanza: Stanza): boolean {
		if (this.direction === "outgoing") return this.sends2s(stanza);
		const host = this.server.hosts.get(jid.host(stanza.attr["from"] ?? "") ?? this.to_host ?? "");
		if (host === undefined) return false;
		if (stanza.attr["to"] === undefined) stanza.attr["to"] = this.from_host;
		this.server.router.route_stanza(host, stanza);
		return true;
	}

	sends2s(stanza: Stanza): boolean {
		return super.send(stanza);
	}

	/** Closes with a text for the senders of stanzas that wait. */
	give_up(reason: StreamError, bounce_text: string): void {
		this.bounce_text = bounce_text;
		this.close(reason);
	}
}
