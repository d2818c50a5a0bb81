// Counterpart: doc/session.txt

import type { Role } from "../../util/roles.ts";
import type { SaslHandler } from "../../util/sasl.ts";
import type { AddressableText, Stanza } from "../../util/stanza.ts";
import type { Connection, RateLimitSettings } from "./connections.ts";
import type { ValidInvite } from "./invites.ts";
import type { Log } from "./logging.ts";

/** Why a stream ends: a condition of RFC 6120 §4.9.3, with text for people and an application-specific element. */
export interface StreamError {
	readonly condition: string;
	readonly text?: string;
	readonly extra?: Stanza;
}

/** What every origin of stanzas has in common. */
export interface SessionBase {
	/** Unique in this process. */
	readonly id: string;
	readonly log: Log;
	/** Sends a stanza or stream element to the other side. False where it can no longer be sent. */
	send(stanza: Stanza): boolean;
}

/** A stream over a connection. */
export interface StreamSession extends SessionBase {
	/** Its kind, and whether it is authenticated: `c2s`, `c2s_unauthed`, `component`. */
	readonly type: string;
	/** Address of the other end, for logs and limits. */
	readonly ip: string;
	/** Whether the connection is encrypted, or cannot be read by others. */
	secure: boolean;
	/** Sends text that is serialised already. False where it can no longer be sent. */
	send_text(text: string): boolean;
	/** Sends a text that others get too, addressed to this session; the broadcast path. Filters see it that take such texts. */
	send_shared(text: AddressableText): boolean;
	/** Ends the stream: with an error, or cleanly when there is none. */
	close(reason?: StreamError): void;
	/**
	 * Holds back what comes from the other end, until the returned function is called. Missing where that is not possible.
	 * @param by whether work that ends soon keeps it, or a handler that waits for something, perhaps for ever: the end of the connection
	 * waits for the first alone
	 */
	hold?(by: "work" | "handler"): () => void;
	/** Reads no faster than this from now on; undefined for as fast as it comes. */
	setlimit?(settings: RateLimitSettings | undefined): void;
	/** Passes a stanza through the filters of one direction; undefined where one swallowed it. Source: util/filters.lua. */
	filter(kind: FilterKind, stanza: Stanza): Stanza | undefined;
	/** Whether anything filters that direction, so that a shared text cannot be sent as it is. */
	has_filter(kind: FilterKind): boolean;
	/** @param shared does the same with a shared text, where the filter can, so that the session is still sent such texts */
	add_filter(kind: FilterKind, callback: StanzaFilter, priority?: number, shared?: SharedTextFilter): void;
	remove_filter(kind: FilterKind, callback: StanzaFilter): void;
}

export type FilterKind = "stanzas/in" | "stanzas/out";

export type StanzaFilter = (stanza: Stanza) => Stanza | undefined;

/** False to swallow the text. */
export type SharedTextFilter = (text: AddressableText) => boolean;

/**
 * A client's stream. `c2s_unauthed` until SASL succeeds, `c2s_unbound` until a resource is bound, `c2s` from then on,
 * `c2s_destroyed` at last.
 */
export interface C2sSession extends StreamSession {
	/** The connection, while there is one here. */
	readonly conn?: Connection | undefined;
	type: "c2s_unauthed" | "c2s_unbound" | "c2s" | "c2s_destroyed";
	/** The host of the stream header. */
	host: string | undefined;
	username: string | undefined;
	resource: string | undefined;
	/** `username@host/resource`, once bound. */
	full_jid: string | undefined;
	/** The last available presence without `to`. */
	presence: Stanza | undefined;
	priority: number | undefined;
	/** The invitation that somebody who has no account yet has shown. */
	validated_invite?: ValidInvite | undefined;
	/** Whether the client asked for the roster, and so gets pushes. */
	interested: boolean;
	/** Full or bare JIDs that directed presence went to. */
	directed: Set<string> | undefined;
	/** The client's role. */
	role: Role | undefined;
	/** The account that the stream's header names, before anything is proved. */
	readonly claimed_username?: string | undefined;
	/** The installation of a client program that the client says it is (XEP-0388). */
	client_id?: string | undefined;
	/** The SASL exchange that runs, or that the offered mechanisms come from; none once it succeeded. */
	sasl_handler: SaslHandler | undefined;
	/** Expects a new stream header, as after SASL (RFC 6120 §6.3.2); what is sent next still belongs to the old stream. */
	reset_stream(): void;
}

/** An external component's stream (XEP-0114). */
export interface ComponentSession extends StreamSession {
	type: "component_unauthed" | "component" | "component_destroyed";
	host: string | undefined;
}

/** A stream with another server. Source: plugins/mod_s2s.lua. */
export interface ServerSession extends StreamSession {
	type: "s2sin_unauthed" | "s2sin" | "s2sout_unauthed" | "s2sout" | "s2s_destroyed";
	readonly direction: "incoming" | "outgoing";
	/** The host here. */
	host: string | undefined;
	from_host: string | undefined;
	to_host: string | undefined;
	/** The domains that the other end has proved to be, or tries to. */
	readonly hosts: Map<string, { dialback_key?: string; authed: boolean }>;
	/** What became of SASL EXTERNAL on an outgoing stream. */
	external_auth: "attempting" | "failed" | "succeeded" | undefined;
	/** Whether the other end's certificate leads to somebody who is trusted, and whether it is for the domain. */
	cert_chain_status: "valid" | "invalid" | undefined;
	cert_identity_status: "valid" | "invalid" | undefined;
	/** Why its chain is not trusted. */
	cert_problem: string | undefined;
	/** Sends over this very stream; `send` answers by whichever stream goes the other way. */
	sends2s(stanza: Stanza): boolean;
	/** Expects a new stream header; what is sent next still belongs to the old stream. */
	reset_stream(rest?: "keep" | "drop"): void;
}

/** All resources of one account that are online. Prosody: `hosts[host].sessions[username]`. */
export interface UserSessions {
	readonly sessions: Map<string, C2sSession>;
	/** The available resources with the highest non-negative priority, which messages to the bare JID go to. */
	top_resources: C2sSession[] | undefined;
}
