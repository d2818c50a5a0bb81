// No counterpart: in Prosody every sender is a session of this process.

import type { Life } from "../../util/cluster/types.ts";
import { split } from "../../util/jid.ts";
import type { Stanza } from "../../util/stanza.ts";
import type { C2sSession, Log, Role, Session } from "../types.ts";
import type { Sender } from "./items.ts";

/** What a stand-in needs of the node that it is on. */
export interface StandInServices {
	readonly log: Log;
	/** Sends a stanza to the client itself. */
	answer(jid: string, stanza: Stanza): boolean;
	/** Everything that was held back for this client may go on. */
	released(): void;
}

/**
 * Stands for a client of another node as the sender of a stanza to somebody here. What is sent to it goes to the client. Where a handler
 * waits, what the client says next waits too.
 */
export class StandIn implements C2sSession {
	readonly type = "c2s";
	readonly host: string;
	readonly username: string;
	readonly resource: string;
	readonly log: Log;
	readonly ip = "";
	readonly presence = undefined;
	readonly priority = undefined;
	readonly interested = false;
	readonly directed = undefined;
	readonly sasl_handler = undefined;
	private held = 0;

	constructor(
		private readonly services: StandInServices,
		readonly full_jid: string,
		readonly role: Role | undefined,
		readonly secure: boolean,
		/** The life of the node that has the session. */
		readonly home: Life,
	) {
		const { node = "", host = "", resource = "" } = split(full_jid);
		this.host = host;
		this.username = node;
		this.resource = resource;
		this.log = services.log;
	}

	get id(): string {
		return this.full_jid;
	}

	/** Whether a handler waits for something. */
	get is_held(): boolean {
		return this.held > 0;
	}

	send(stanza: Stanza): boolean {
		return this.services.answer(this.full_jid, stanza);
	}

	hold(): () => void {
		this.held++;
		let is_held = true;
		return () => {
			if (!is_held) return;
			is_held = false;
			this.held--;
			if (this.held === 0) this.services.released();
		};
	}

	// The stream is on the client's own node; nothing of it is here
	send_text(): boolean {
		return false;
	}

	send_shared(): boolean {
		return false;
	}

	close(): void {
		this.log("debug", "The stream of %s is on another node, and is not closed from here", this.full_jid);
	}

	filter(_kind: string, stanza: Stanza): Stanza {
		return stanza;
	}

	has_filter(): boolean {
		return false;
	}

	add_filter(): void {
		this.log("debug", "What goes to %s is filtered on another node", this.full_jid);
	}

	remove_filter(): void {
		this.log("debug", "What goes to %s is filtered on another node", this.full_jid);
	}

	reset_stream(): void {
		this.log("debug", "The stream of %s is on another node", this.full_jid);
	}
}

/** Who says something, for the node where it is handled. */
export function sender_of(origin: Session, me: Life | undefined): Sender {
	if (origin.type !== "c2s" || origin.full_jid === undefined) return {};
	const home = origin instanceof StandIn ? origin.home : me;
	return home === undefined ? {} : { client: { jid: origin.full_jid, role: origin.role?.name, secure: origin.secure, home } };
}
