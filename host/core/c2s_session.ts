// Counterpart: core/sessionmanager.lua (new_session)

import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { BaseStreamSession } from "./stream_session.ts";
import type { C2sSession, Connection, Role, SaslHandler, Server, StreamError } from "./types.ts";

/** What mod_c2s does for the sessions that it made. */
export interface ClientStreamControl {
	/** Ends the stream and takes the session out of the server. */
	close(session: ClientSession, reason: StreamError | undefined): void;
	/** Keeps back what comes from the client until the answer is called. */
	hold(session: ClientSession): () => void;
	/** Expects a new header from the client. */
	reset_stream(session: ClientSession, rest: "keep" | "drop"): void;
	/** Has what comes over the connection be another session's from now on. */
	take_over(by: ClientSession): void;
}

const nowhere = { jid: undefined, attribute: "" };

/** A client's stream. */
export class ClientSession extends BaseStreamSession implements C2sSession {
	type: C2sSession["type"] = "c2s_unauthed";
	host: string | undefined;
	username: string | undefined;
	resource: string | undefined;
	full_jid: string | undefined;
	presence: Stanza | undefined;
	priority: number | undefined;
	interested = false;
	directed: Set<string> | undefined;
	role: Role | undefined;
	sasl_handler: SaslHandler | undefined;
	/** The address as texts for many have it, once there was one. */
	private address: { readonly jid: string | undefined; readonly attribute: string } = nowhere;

	constructor(
		server: Server,
		id: string,
		conn: Connection,
		private control: ClientStreamControl,
	) {
		super(server, id, conn, ns.client);
	}

	get destroyed(): boolean {
		return this.type === "c2s_destroyed";
	}

	close(reason?: StreamError): void {
		if (this.destroyed) this.log("debug", "Attempt to close already-closed session");
		else this.control.close(this, reason);
	}

	/**
	 * Goes on over the connection and the stream of another session, which from now on is only good for sending what is left to be
	 * said in its name. Source: core/sessionmanager.lua of Prosody 13, update_session.
	 */
	resume_over(other: ClientSession): void {
		this.control = other.control;
		this.resume_stream(other);
		other.control.take_over(this);
	}

	hold(): () => void {
		return this.control.hold(this);
	}

	/** @param rest whether what the client sent behind the element that leads to this still counts */
	reset_stream(rest: "keep" | "drop" = "keep"): void {
		this.notopen = true;
		this.control.reset_stream(this, rest);
	}

	protected to_attribute(): string {
		if (this.address.jid !== this.full_jid) {
			this.address = { jid: this.full_jid, attribute: st.to_attribute(this.full_jid ?? "") };
		}
		return this.address.attribute;
	}

	protected keeps_output(): boolean {
		return this.type !== "c2s";
	}
}
