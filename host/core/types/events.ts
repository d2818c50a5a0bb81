// No counterpart: Prosody describes its hosts and events where it makes them.

import type { StanzaError } from "../../util/error.ts";
import type { AnyHandler, Events, Handler } from "../../util/events.ts";
import type { MetricRegistry } from "../../util/openmetrics.ts";
import type { Role } from "../../util/roles.ts";
import type { Attributes, Stanza } from "../../util/stanza.ts";
import type { AuthProvider, AuthzProvider, Roster, RosterItem } from "./accounts.ts";
import type { TextRoute } from "./delivery.ts";
import type { HttpMessageEvent } from "./http.ts";
import type { ValidInvite } from "./invites.ts";
import type { C2sSession, ComponentSession, ServerSession, SessionBase, StreamSession, UserSessions } from "./sessions.ts";
import type { StoreTable } from "./storage.ts";

/** A host as the origin of stanzas, and all that belongs to it. Prosody: `hosts[host]`. */
export interface HostSession extends SessionBase {
	readonly type: "local" | "component";
	readonly host: string;
	readonly events: Events<EventMap>;
	/** Accounts that are online, by username; empty for components. */
	readonly sessions: Map<string, UserSessions>;
	/** Ways to other servers by their domain: streams that are open, or being opened. */
	readonly s2sout: Map<string, ServerSession>;
	/** Where accounts are checked; the null provider refuses everybody. */
	users: AuthProvider;
	authz: AuthzProvider;
	/**
	 * By stanza name, the handler of `NAME/full` that only hands a stanza to the session it is addressed to. While it is
	 * the only handler there, a broadcast may hand the session finished text instead.
	 */
	readonly plain_delivery: Map<string, Handler<StanzaEvent>>;
	/** Handlers of `message/full` and `presence/full` that leave most stanzas alone, so that broadcasts need not pass them. */
	readonly bystanders: Map<Handler<StanzaEvent>, Bystander>;
	/**
	 * Handlers of `NAME/full` and `route/remote` that only hand a stanza to the stream which reaches its recipient, with the streams
	 * that take finished text instead. Undefined where there is none now: of `NAME/full`, the stanza is then handled as usual, and of
	 * `route/remote`, it is left to the handlers behind it.
	 */
	readonly text_routes: Map<AnyHandler, (from_host: string, to_host: string) => TextRoute | undefined>;
}

/**
 * Whether a handler does nothing with what is sent to a session: always, never, or by the session. Asked about no session, it says whether
 * it does nothing with a presence of those who have none by now, but perhaps keep it from them.
 * @param from the sender, or another address with the same bare JID
 * @param stanza undefined where only presences come
 */
export type Bystander = (from: string, stanza: Stanza | undefined) => boolean | ((session: C2sSession | undefined) => boolean);

/** Where a stanza came from. */
export type Session = C2sSession | ComponentSession | ServerSession | HostSession;

/** Payload of the stanza events. */
export interface StanzaEvent {
	origin: Session;
	stanza: Stanza;
	/** The sender addressed its own account. */
	to_self?: boolean;
	/** This node of the cluster serves the receiver. */
	is_here?: boolean;
	/** Why a `pre-stanza` handler refused, for the log. */
	reason?: string;
}

/** Payload of the disco events; handlers add to `reply`. Source: plugins/mod_disco.lua. */
export interface DiscoEvent {
	origin: Session;
	stanza: Stanza;
	reply: Stanza;
	node?: string;
	/** Set by a handler that knows the node. */
	exists?: boolean;
}

/**
 * Every event with its payload. Modules declare theirs by augmenting this interface, as muc/types.ts does:
 * `declare module "../host/core/types.ts" { interface EventMap { "my-event": MyPayload } }`.
 *
 * Stanza events are named as in Prosody: `message/full`, `iq-get/host/jabber:iq:version:query`, `pre-presence/bare`,
 * `iq-result/bare/ID`, and `stanza/…` for what is no stanza in the stream's namespace.
 */
export interface EventMap {
	/**
	 * A stream of any kind was made; nothing has come over it yet. Fired on the server's own bus. Source: util.filters, initialize.
	 */
	"stream-session-created": { session: StreamSession };
	/** A turn failed, and what it sent to a client or another server was thrown away. Fired on its host. */
	"stream-output-lost": { session: StreamSession };
	"pre-stanza": StanzaEvent;
	[stanza: `stanza/${string}`]: StanzaEvent;
	[iq: `iq/${string}`]: StanzaEvent;
	[iq: `iq-get/${string}`]: StanzaEvent;
	[iq: `iq-set/${string}`]: StanzaEvent;
	[iq: `iq-result/${string}`]: StanzaEvent;
	[iq: `iq-error/${string}`]: StanzaEvent;
	[message: `message/${string}`]: StanzaEvent;
	[presence: `presence/${string}`]: StanzaEvent;
	[pre: `pre-iq/${string}`]: StanzaEvent;
	[pre: `pre-message/${string}`]: StanzaEvent;
	[pre: `pre-presence/${string}`]: StanzaEvent;
	/** A stanza for a domain that is not served here. */
	"route/remote": StanzaEvent & { from_host: string; to_host: string };
	/** `stream` is what the client's header says. */
	"stream-features": { origin: C2sSession; features: Stanza; stream: Attributes };
	"host-disco-info": DiscoEvent;
	"host-disco-items": DiscoEvent;
	"host-disco-info-node": DiscoEvent;
	"host-disco-items-node": DiscoEvent;
	"account-disco-info": DiscoEvent;
	"account-disco-items": DiscoEvent;
	"account-disco-info-node": DiscoEvent;
	"account-disco-items-node": DiscoEvent;
	/** `false` refuses the resource, with `error` if set. */
	"pre-resource-bind": { session: C2sSession; resource: string | undefined; error?: StanzaError };
	"resource-bind": { session: C2sSession };
	"pre-resource-unbind": { session: C2sSession; error?: string };
	"resource-unbind": { session: C2sSession; error?: string };
	/** A session is put away as a plain value, to go on elsewhere or later. Modules add what they know of it, under their names. */
	"session-frozen": { session: C2sSession; more: StoreTable };
	/** A session was made of such a value; it has its resource and its presence, and waits for its client. */
	"session-restored": { session: C2sSession; more: StoreTable };
	"authentication-success": { session: C2sSession };
	"authentication-failure": { session: C2sSession; condition: string; text?: string };
	/** The payload is the host's name. */
	"host-activated": string;
	"host-deactivated": string;
	"user-registered": {
		username: string;
		host: string;
		source: string;
		/** How somebody came to the account: over a stream, or else from an address. */
		session?: C2sSession | undefined;
		ip?: string | undefined;
		validated_invite?: ValidInvite | undefined;
	};
	"user-deleted": { username: string; host: string };
	"user-password-changed": { username: string; host: string; resource?: string };
	"user-enabled": { username: string; host: string };
	"user-disabled": { username: string; host: string; meta?: StoreTable };
	"user-role-changed": { username: string; host: string; role: Role };
	"user-role-added": { username: string; host: string; role_name: string; role: Role };
	"user-role-removed": { username: string; host: string; role_name: string };
	"roster-load": { username: string; host: string; roster: Roster };
	/** A contact is removed from a roster; by the host, where the account is deleted. */
	"roster-item-removed": {
		username: string;
		origin: C2sSession | HostSession;
		jid: string;
		item: RosterItem | undefined;
		roster: Roster;
	};
	"server-starting": Record<never, never>;
	"server-started": Record<never, never>;
	"server-stopping": { reason: string };
	"server-stopped": { reason: string };
	/** The server is to end. A handler that answers true has it end itself. Prosody: the function `prosody.shutdown`, which modules replace. */
	"shutdown-wanted": { reason: string };
	"server-resetting": Record<never, never>;
	"server-reset": Record<never, never>;
	/** Another node of the cluster tells those modules of a host that know the name. */
	"cluster-told": { readonly name: string; readonly fields: Readonly<Record<string, string>> };
	/**
	 * This node of a cluster does not serve an account of the host any more, so that what is in memory of it may become wrong; undefined for
	 * all accounts.
	 */
	"account-given-up": { readonly username: string | undefined };
	/** Another node of the cluster is gone, and what was connected to it. */
	"cluster-node-gone": { readonly node: string };
	"reloading-config": Record<never, never>;
	/** The configuration has its new values; the file is undefined where there is none. */
	"config-reloaded": { filename: string | undefined };
	"reopen-log-files": Record<never, never>;
	"logging-reloaded": Record<never, never>;
	/** The process got a signal that others may use. */
	[signal: `signal/${string}`]: Record<never, never>;
	/** Whoever shows numbers that they do not count as they go brings them up to date. Source: core/statsmanager.lua. */
	"stats-update": Record<never, never>;
	"openmetrics-updated": { readonly metric_registry: MetricRegistry };
	/** Answers a page that looks like those of errors. Source: plugins/mod_http_errors.lua. */
	"http-message": HttpMessageEvent;
	/** A turn could not be committed: nothing that its stanzas caused was stored or sent. */
	"turn-failed": { error: unknown; stanzas: readonly StanzaEvent[] };
}

/** How work is done in slices. */
export interface SliceOptions {
	/** Whether it is left undone where the sender's session has changed meanwhile; true unless said otherwise. */
	readonly needs_sender?: boolean;
	/** Whether it has to have a turn of its own, since so much goes out that what others sent should not wait for it. */
	readonly apart?: boolean;
	/** Called where it is left undone. */
	readonly dropped?: () => void;
}
