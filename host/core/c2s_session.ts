// Counterpart: core/sessionmanager.lua (new_session)

import { ns } from "../util/ns.ts";
import type { Stanza } from "../util/stanza.ts";
import { BaseStreamSession, type StreamControl } from "./stream_session.ts";
import type { C2sSession, Connection, Role, SaslHandler, Server } from "./types.ts";

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
	/** The namespace of copies (XEP-0280), where the client wants some of what its account sends and gets. */
	want_carbons: string | undefined;
	/** Whether the client asked for its blocklist, and so hears of changes (mod_blocklist). */
	interested_blocklist: boolean | undefined;
	/** Whether the client asked for its archive, and so needs no messages that were kept for it (mod_mam). */
	mam_requested: boolean | undefined;
	/** How many stanzas of the client were handled by the time that it came back to its session (mod_smacks). */
	handled_stanza_count: number | undefined;
	/** The installation of a client program that the client says it is (XEP-0388). */
	client_id: string | undefined;
	/** The account that the stream's header names, before anything is proved. */
	claimed_username: string | undefined;
	/** Whether what is sent is thrown away where the turn cannot be stored, although no resource is bound yet (mod_sasl2). */
	waits_for_storage = false;
	/** The device that is woken when something waits for the client (mod_cloud_notify). */
	push_identifier: string | undefined;
	/** Whether somebody looks at the client: `active`, `inactive`, or `flushing` (mod_csi). */
	state: string | undefined;

	constructor(server: Pick<Server, "logger">, id: string, conn: Connection | undefined, control: StreamControl) {
		super(server, id, conn, ns.client, control);
	}

	get destroyed(): boolean {
		return this.type === "c2s_destroyed";
	}

	/**
	 * Takes over the connection and the stream of another session, which from then on can only send what is still to be sent in its
	 * name. Source: core/sessionmanager.lua of Prosody 13, update_session.
	 */
	resume_over(other: ClientSession): void {
		this.resume_stream(other);
	}

	protected get address(): string | undefined {
		return this.full_jid;
	}

	protected keeps_output(): boolean {
		return this.type !== "c2s" && !this.waits_for_storage;
	}
}
