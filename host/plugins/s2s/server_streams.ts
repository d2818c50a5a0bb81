// Counterpart: plugins/mod_s2s.lua (streams)

import { ServerStreamSession } from "../../core/s2s_session.ts";
import type { StreamControl } from "../../core/stream_session.ts";
import { reason_text, type StreamKind, type StreamLimits } from "../../core/streams.ts";
import type { Connection, ModuleApi, StreamError } from "../../core/types.ts";
import { nameprep } from "../../util/encodings.ts";
import { document_framing } from "../../util/framing.ts";
import * as id from "../../util/id.ts";
import * as jid from "../../util/jid.ts";
import { ns } from "../../util/ns.ts";
import type { Attributes, Stanza } from "../../util/stanza.ts";
import * as st from "../../util/stanza.ts";
import { tonumber } from "../../util/tonumber.ts";
import * as uuid from "../../util/uuid.ts";
import type { ServerMeasures } from "./measures.ts";
import type { Routes } from "./routes.ts";

/** What a configuration says about streams with other servers. */
export interface ServerStreamOptions {
	readonly limits: StreamLimits;
	readonly keepalives: boolean;
	/** Whether streams must be encrypted. */
	readonly require_encryption: boolean;
	/** How many stanzas may wait for a stream to another server. */
	readonly queue_size: number;
	/** Whether another server must show a certificate that is good for its domain. */
	must_be_secure(domain: string): boolean;
}

const stanza_names: ReadonlySet<string> = new Set(["message", "presence", "iq"]);

/** What is wrong with a certificate, to be put behind "Your server's certificate". */
function certificate_problem({ cert_chain_status, cert_identity_status, cert_problem }: ServerStreamSession): string {
	if (cert_chain_status === "invalid") {
		if (cert_problem === "CERT_HAS_EXPIRED") return "has expired";
		if (cert_problem?.includes("SELF_SIGNED")) return "is self-signed";
		return "is not trusted";
	}
	if (cert_identity_status === "invalid") return "is not valid for this name";
	return "could not be verified: there is none";
}

/** What streams with other servers are, in both directions. */
export class ServerStreams implements StreamKind<ServerStreamSession> {
	readonly name = "s2s";
	readonly peer = "Server";
	readonly xmlns = ns.server;
	readonly limits;
	readonly keepalives;
	/** Sessions of streams that we open. */
	private readonly outgoing = new WeakMap<Connection, ServerStreamSession>();
	/** Sessions that are being taken out of the server. */
	private readonly going = new WeakSet<ServerStreamSession>();

	constructor(
		private readonly module: ModuleApi,
		private readonly options: ServerStreamOptions,
		private readonly routes: () => Routes,
		private readonly measures: ServerMeasures,
	) {
		this.limits = options.limits;
		this.keepalives = options.keepalives;
	}

	/** Notes which session a connection is for that we have opened. */
	expect(conn: Connection, session: ServerStreamSession): void {
		this.outgoing.set(conn, session);
	}

	create(session_id: string, conn: Connection, control: StreamControl): ServerStreamSession {
		const waiting = this.outgoing.get(conn);
		if (waiting !== undefined) {
			waiting.begin_over(conn, control);
			return waiting;
		}
		const session = new ServerStreamSession(this.module.server, session_id, conn, control, "incoming");
		this.module.server.incoming_s2s.add(session);
		return session;
	}

	/** Makes the session of a stream that is to be opened; there is no connection yet. */
	create_outgoing(from_host: string, to_host: string): ServerStreamSession {
		const control: StreamControl = {
			framing: document_framing,
			close: (session: ServerStreamSession, reason) => this.destroy(session, reason_text(reason)),
			hold: () => () => {},
			reset_stream: () => {},
			authenticated: () => {},
			take_over: () => {},
		};
		const session = new ServerStreamSession(this.module.server, `s2sout${id.short()}`, undefined, control, "outgoing");
		session.from_host = from_host;
		session.to_host = to_host;
		this.measures.initiated(from_host);
		return session;
	}

	connected(session: ServerStreamSession): void {
		if (session.direction === "incoming") this.measures.accepted();
		this.module.fire_event(session.direction === "incoming" ? "s2sin-connected" : "s2sout-connected", { session });
		this.module.fire_event("s2s-created", { session });
		this.module.fire_event("s2s-connected", { session });
		if (session.conn?.secure) this.encrypted(session);
		if (session.direction === "outgoing") this.begin(session);
		if (session.conn === undefined) return;
		session.conn.onsecure = () => {
			this.encrypted(session);
			if (session.direction === "outgoing") this.begin(session);
		};
	}

	/** Says our header. */
	private begin(session: ServerStreamSession): void {
		session.version = 1;
		session.open_stream(session.from_host, session.to_host);
	}

	private encrypted(session: ServerStreamSession): void {
		session.secure = true;
		const info = session.conn?.ssl_info();
		this.measures.encrypted(info);
		if (info) session.log("info", "Stream encrypted (%s with %s)", info.protocol, info.cipher);
	}

	streamopened(session: ServerStreamSession, attr: Attributes): void {
		session.version = tonumber(attr["version"]) ?? 0;
		session.had_stream = true;
		if (session.direction === "incoming") this.answer_header(session, attr);
		else this.header_came(session, attr);
	}

	/** A server that connected says for whom, and who it claims to be. */
	private answer_header(session: ServerStreamSession, attr: Attributes): void {
		const { hosts } = this.module.server;
		const [to, from] = [attr["to"], attr["from"]].map((name) => (name === undefined || name === "" ? undefined : nameprep(name)));
		if ((attr["to"] && to === undefined) || (attr["from"] && from === undefined)) {
			session.close({
				condition: "improper-addressing",
				text: `Invalid '${attr["to"] && to === undefined ? "to" : "from"}' address`,
			});
			return;
		}
		if (session.type === "s2sin_unauthed") {
			session.from_host ??= from;
			session.to_host ??= to;
		}
		if (from !== session.from_host || to !== session.to_host) {
			const which = from !== session.from_host ? "from" : "to";
			session.close({ condition: "improper-addressing", text: `New stream '${which}' attribute does not match original` });
			return;
		}
		session.streamid = uuid.generate();
		const problem = this.unwanted(to, from);
		if (problem !== undefined) {
			session.close(problem);
			return;
		}
		if (session.secure && session.cert_chain_status === undefined && !this.check_certificate(session)) return;
		session.open_stream(session.to_host, session.from_host);
		session.notopen = false;
		if (session.version === undefined || session.version < 1) return;
		const features = st.stanza("stream:features");
		const host = to === undefined ? undefined : hosts.get(to);
		host?.events.fire_event("s2s-stream-features", { origin: session, features });
		if (!session.is_authed && features.first_tag === undefined) {
			session.log("warn", "No stream features to offer, giving up");
			session.close({ condition: "undefined-condition", text: "No stream features to offer" });
			return;
		}
		this.add_limits(features.reset());
		session.sends2s(features.reset());
	}

	/** Says how much may come (XEP-0478). */
	add_limits(features: Stanza): void {
		features
			.tag("limits", { xmlns: ns.stream_limits })
			.text_tag("max-bytes", String(this.limits.unauthed.stanza_size_limit))
			.up();
	}

	/** Why a stream between these two is refused. */
	private unwanted(to: string | undefined, from: string | undefined): StreamError | undefined {
		const { hosts } = this.module.server;
		const host = to === undefined ? undefined : hosts.get(to);
		if (to !== undefined && host === undefined) return { condition: "host-unknown", text: `This host does not serve ${to}` };
		if (host !== undefined && !host.modules.has("s2s")) {
			return { condition: "policy-violation", text: "Server-to-server communication is disabled for this host" };
		}
		if (from !== undefined && hosts.has(from))
			return { condition: "undefined-condition", text: "Attempt to connect from a host we serve" };
		return undefined;
	}

	/** A server that we connected to says who it is. */
	private header_came(session: ServerStreamSession, attr: Attributes): void {
		const { id } = attr;
		session.notopen = false;
		if (id === undefined) {
			session.close({ condition: "undefined-condition", text: "Missing stream ID" });
			return;
		}
		session.streamid = id;
		if (session.secure && session.cert_chain_status === undefined && !this.check_certificate(session)) return;
		// Before XMPP 1.0 there are no features to wait for
		if ((session.version ?? 0) < 1) this.host_of(session)?.events.fire_event("s2sout-authenticate-legacy", { origin: session });
	}

	/** Whether the other end's certificate is good enough; closes the stream where it is not. Source: check_auth_policy. */
	private check_certificate(session: ServerStreamSession): boolean {
		const host = session.remote_host;
		const shown = session.conn?.peer_certificate?.();
		if (this.module.fire_event("s2s-check-certificate", { session, host, cert: shown?.certificate }) === false) return false;
		const is_good = session.cert_chain_status === "valid" && session.cert_identity_status === "valid";
		if (is_good || !this.options.must_be_secure(host ?? "")) return true;
		const problem = certificate_problem(session);
		session.log("warn", "Forbidding insecure connection to/from %s because its certificate %s", host ?? session.ip, problem);
		// The text must not name the server: in rooms it would tell where somebody is from
		session.give_up(
			{ condition: "not-authorized", text: `Your server's certificate ${problem}` },
			`Remote server's certificate ${problem}`,
		);
		return false;
	}

	/** A stream has proved that it is of a domain. Source: make_authenticated. */
	authenticated(session: ServerStreamSession, domain: string, mechanism: string): void {
		const { require_encryption } = this.options;
		if (!session.secure && (require_encryption || this.options.must_be_secure(domain))) {
			const verb = session.direction === "outgoing" ? "offered" : "used";
			const text = `Encrypted server-to-server communication is required but was not ${verb}`;
			session.give_up({ condition: "policy-violation", text }, "Could not establish encrypted connection to remote server");
			return;
		}
		if (this.module.server.hosts.has(domain)) {
			session.close({ condition: "undefined-condition", text: "Attempt to authenticate as a host we serve" });
			return;
		}
		if (session.destroyed) return;
		if (session.direction === "incoming" || session.bidi)
			session.hosts.set(domain, { ...session.hosts.get(domain), authed: true });
		session.type = session.direction === "incoming" ? "s2sin" : "s2sout";
		session.authenticated();
		session.log("debug", "connection %s->%s is now authenticated for %s", session.from_host, session.to_host, domain);
		this.measures.authenticated(session, mechanism);
		// After SASL the stream begins anew, and only then is ready for stanzas
		if (session.direction === "incoming" || session.external_auth !== "succeeded") this.established(session);
	}

	/** The stream is ready for stanzas. Source: mark_connected. */
	established(session: ServerStreamSession): void {
		const { from_host = "", to_host = "" } = session;
		const event = session.direction === "incoming" ? "s2sin-established" : "s2sout-established";
		session.log(
			"info",
			"%s s2s connection %s->%s complete",
			session.direction === "incoming" ? "Incoming" : "Outgoing",
			from_host,
			to_host,
		);
		this.module.fire_event(event, { session });
		this.host_of(session)?.events.fire_event(event, { session });
		if (session.direction === "outgoing") {
			const route = this.routes().find(from_host, to_host);
			if (route?.session === session) this.routes().empty(route);
		} else if (session.bidi) this.routes().adopt(to_host, from_host, session);
	}

	handlestanza(session: ServerStreamSession, element: Stanza): void {
		const stanza = session.filter("stanzas/in", element);
		if (stanza === undefined) return;
		// Stanzas are of the stream's own namespace; Prosody takes those of clients for the same
		if (stanza.attr["xmlns"] === ns.client && stanza_names.has(stanza.name)) stanza.attr["xmlns"] = undefined;
		if (stanza.attr["xmlns"] === undefined && stanza_names.has(stanza.name) && !this.may_come(session, stanza)) return;
		this.module.server.router.process_stanza(session, stanza);
	}

	/** Whether the stream may say this: in the name of a domain that it has proved, to one of our hosts. */
	private may_come(session: ServerStreamSession, stanza: Stanza): boolean {
		const { from, to } = stanza.attr;
		if (from === undefined || to === undefined) {
			session.close({
				condition: "improper-addressing",
				text: `No '${from === undefined ? "from" : "to"}' attribute on a stanza`,
			});
			return false;
		}
		const sender = nameprep(jid.host(from) ?? "");
		const may_speak = session.direction === "incoming" || session.bidi;
		if (sender === undefined || !may_speak || session.hosts.get(sender)?.authed !== true) {
			session.log("warn", "Received a stanza claiming to be from %s, over a stream authed for %s", sender, session.remote_host);
			session.close({ condition: session.is_authed ? "invalid-from" : "not-authorized" });
			return false;
		}
		if (this.module.server.hosts.has(nameprep(jid.host(to) ?? "") ?? "")) return true;
		session.log("warn", "Received a stanza for %s, which is not served here", to);
		session.close({ condition: "host-unknown", text: "A stanza is for a host that is not served here" });
		return false;
	}

	private host_of(session: ServerStreamSession) {
		return this.module.server.hosts.get(session.host ?? "");
	}

	is_unauthed(session: ServerStreamSession): boolean {
		return session.type === "s2sin_unauthed" || session.type === "s2sout_unauthed";
	}

	is_established(session: ServerStreamSession): boolean {
		return session.type === "s2sin";
	}

	closing(session: ServerStreamSession, reason: StreamError | false | undefined): StreamError | false | undefined {
		this.measures.closed(session, reason);
		return reason;
	}

	destroy(session: ServerStreamSession, text: string | undefined): void {
		if (session.destroyed || this.going.has(session)) return;
		this.going.add(session);
		try {
			this.tell_destroyed(session, text);
		} finally {
			session.type = "s2s_destroyed";
		}
	}

	/** Whoever is told still sees what the session was. */
	private tell_destroyed(session: ServerStreamSession, text: string | undefined): void {
		this.module.server.incoming_s2s.delete(session);
		this.routes().lost(session, text);
		const event = { session, reason: text };
		this.module.fire_event("s2s-destroyed", event);
		if (!session.is_authed) return;
		const name = session.direction === "incoming" ? "s2sin-destroyed" : "s2sout-destroyed";
		this.module.fire_event(name, event);
		this.host_of(session)?.events.fire_event(name, event);
	}

	disconnected(session: ServerStreamSession): void {
		this.module.fire_event("s2s-closed", { session });
	}

	unreadable(session: ServerStreamSession): void {
		session.bounce_text = "Received invalid XML from remote server";
	}

	read_timeout(session: ServerStreamSession): boolean {
		return this.bus(session).fire_event("s2s-read-timeout", { session }) === true;
	}

	pre_drain(session: ServerStreamSession): void {
		this.bus(session).fire_event("s2s-pre-ondrain", { session });
	}

	output_lost(session: ServerStreamSession): void {
		this.bus(session).fire_event("stream-output-lost", { session });
	}

	drain(session: ServerStreamSession): void {
		this.bus(session).fire_event("s2s-ondrain", { session });
	}

	private bus(session: ServerStreamSession) {
		return this.host_of(session)?.events ?? this.module.server.events;
	}
}
