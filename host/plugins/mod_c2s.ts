// Counterpart: plugins/mod_c2s.lua

import { ClientSession } from "../core/c2s_session.ts";
import { stream_pattern } from "../core/stream_pattern.ts";
import { keep_alive, type StreamControl } from "../core/stream_session.ts";
import { type StreamKind, type StreamLimits, Streams } from "../core/streams.ts";
import type { C2sSession, Connection, ModuleApi, ModuleDefinition, StreamError } from "../core/types.ts";
import { nameprep } from "../util/encodings.ts";
import type { Framing } from "../util/framing.ts";
import * as jid from "../util/jid.ts";
import { ns } from "../util/ns.ts";
import type { Attributes, Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { tonumber } from "../util/tonumber.ts";
import * as uuid from "../util/uuid.ts";
import { count_stream, measure_encryption, stream_gauge } from "./stream_measures.lib.ts";

/** What modules with other carriers for clients' streams may do. */
export interface C2sExports {
	/**
	 * Starts a client's stream over a connection that is not TCP or TLS.
	 * @param framing how XML is written on it
	 */
	accept(conn: Connection, framing: Framing): C2sSession;
	/** All clients that are connected, those too that have not said who they are. */
	sessions(): Iterable<ClientSession>;
}

declare module "../core/types.ts" {
	interface ModuleExports {
		c2s: C2sExports;
	}
	interface EventMap {
		/** A stream is about to be closed, by the client where the reason is false; handlers may change the reason. */
		"pre-session-close": { session: ClientSession; reason: StreamError | false | undefined };
		/** A client's connection is gone. */
		"c2s-closed": { session: ClientSession };
		/** A client was silent for `network_settings.read_timeout`; the connection lives on where a handler answers true. */
		"c2s-read-timeout": { session: ClientSession };
		/** A client has received all that had to wait for it. */
		"c2s-ondrain": { session: ClientSession };
		/** What was sent to a client is about to go out; more can be added. */
		"c2s-pre-ondrain": { session: ClientSession };
	}
}

/** `network_settings.read_timeout` or its default, in seconds. */
function idle_timeout(module: ModuleApi): number {
	const settings = module.get_option("network_settings");
	const given =
		typeof settings === "object" && settings !== null && "read_timeout" in settings ? settings.read_timeout : undefined;
	return typeof given === "number" ? given : 14 * 60;
}

/** The kind of clients' streams. */
class ClientStreams implements StreamKind<ClientSession> {
	readonly name = "c2s";
	readonly peer = "Client";
	readonly xmlns = ns.client;
	readonly limits: StreamLimits;
	readonly keepalives: boolean;
	private readonly stanza_size_limit: number;
	private readonly unauthed_stanza_size_limit: number;
	private readonly idle_timeout: number;
	private readonly measure_encrypted: ReturnType<typeof measure_encryption>;

	constructor(private readonly module: ModuleApi) {
		this.keepalives = module.get_option_boolean("c2s_tcp_keepalives", module.get_option_boolean("tcp_keepalives", true));
		this.stanza_size_limit = module.get_option_integer("c2s_stanza_size_limit", 1024 * 256, 10000);
		this.unauthed_stanza_size_limit = module.get_option_integer("c2s_unauthed_stanza_size_limit", 10000, 1000);
		this.idle_timeout = idle_timeout(module);
		this.measure_encrypted = measure_encryption(module);
		this.limits = {
			unauthed_timeout: module.get_option_period("c2s_timeout", "5 minutes"),
			close_timeout: module.get_option_period("c2s_close_timeout", 5),
			unauthed: {
				stanza_size_limit: this.unauthed_stanza_size_limit,
				element_limit: module.get_option_integer("c2s_max_child_elements", 25000, 1),
				depth_limit: module.get_option_integer("c2s_stanza_depth_limit", 100, 10),
				attribute_limit: module.get_option_integer("c2s_stanza_attribute_limit", 100, 10),
			},
		};
	}

	create(session_id: string, conn: Connection, control: StreamControl): ClientSession {
		return new ClientSession(this.module.server, session_id, conn, control);
	}

	connected(session: ClientSession): void {
		if (session.conn?.secure) this.encrypted(session);
	}

	is_unauthed(session: ClientSession): boolean {
		return session.type === "c2s_unauthed";
	}

	is_established(session: ClientSession): boolean {
		return session.type === "c2s";
	}

	handlestanza(session: ClientSession, stanza: Stanza): void {
		const passed = session.filter("stanzas/in", stanza);
		if (passed !== undefined) this.module.server.router.process_stanza(session, passed);
	}

	closing(session: ClientSession, reason: StreamError | false | undefined): StreamError | false | undefined {
		const event = { session, reason };
		this.bus(session).fire_event("pre-session-close", event);
		return event.reason;
	}

	destroy(session: ClientSession, text: string | undefined): void {
		this.module.server.sessionmanager.destroy_session(session, text);
	}

	disconnected(session: ClientSession): void {
		this.module.fire_event("c2s-closed", { session });
	}

	read_timeout(session: ClientSession): boolean {
		return this.bus(session).fire_event("c2s-read-timeout", { session }) === true;
	}

	pre_drain(session: ClientSession): void {
		this.bus(session).fire_event("c2s-pre-ondrain", { session });
	}

	output_lost(session: ClientSession): void {
		this.bus(session).fire_event("stream-output-lost", { session });
	}

	drain(session: ClientSession): void {
		this.bus(session).fire_event("c2s-ondrain", { session });
	}

	/** Raises the limit for a client that is authenticated now. */
	authenticated(session: ClientSession): void {
		session.authenticated(this.stanza_size_limit);
	}

	/** Ends all streams of an account, except that of one resource where one is given. */
	disconnect_user(username: string, host: string, reason: StreamError, but_resource?: string): void {
		const sessions = this.module.server.hosts.get(host)?.sessions.get(username)?.sessions ?? [];
		for (const [resource, session] of [...sessions]) {
			if (but_resource === undefined || resource !== but_resource) session.close(reason);
		}
	}

	private bus(session: ClientSession) {
		const { server } = this.module;
		return (session.host === undefined ? undefined : server.hosts.get(session.host)?.events) ?? server.events;
	}

	streamopened(session: ClientSession, attr: Attributes): void {
		const { server } = this.module;
		if (attr["to"] === undefined) {
			session.close({ condition: "improper-addressing", text: "A 'to' attribute is required on stream headers" });
			return;
		}
		const name = nameprep(attr["to"]);
		if (name === undefined) {
			session.close({ condition: "improper-addressing", text: "A valid 'to' attribute is required on stream headers" });
			return;
		}
		if (session.host !== undefined && session.host !== name) {
			session.close({
				condition: "not-authorized",
				text: "The 'to' attribute must remain the same across stream restarts",
			});
			return;
		}
		session.host = name;
		const claimed = jid.prepped_split(attr["from"] ?? "");
		session.claimed_username = claimed?.host === name ? claimed.node : undefined;
		session.version = tonumber(attr["version"]) ?? 0;
		session.streamid = uuid.generate();
		session.log("debug", "Client sent opening <stream:stream> to %s", name);
		const host = server.hosts.get(name);
		if (host === undefined || !host.modules.has("c2s")) {
			session.close({ condition: "host-unknown", text: `This server does not serve ${name}` });
			return;
		}
		session.open_stream(name, attr["from"]);
		session.notopen = false;
		if (session.conn?.secure && !session.secure) this.encrypted(session);

		const features = st.stanza("stream:features");
		host.events.fire_event("stream-features", { origin: session, features, stream: attr });
		if (features.first_tag !== undefined || session.full_jid !== undefined) {
			features.reset().add_child(this.stream_limits(session));
			session.send(features);
			return;
		}
		session.log(
			"warn",
			session.secure
				? "No stream features to offer on secure session. Check authentication settings."
				: "No stream features to offer on insecure session. Check encryption and security settings.",
		);
		session.close({ condition: "undefined-condition", text: "No stream features to proceed with" });
	}

	/** XEP-0478. */
	private stream_limits(session: ClientSession): Stanza {
		const max_bytes = session.type === "c2s_unauthed" ? this.unauthed_stanza_size_limit : this.stanza_size_limit;
		const limits = st.stanza("limits", { xmlns: ns.stream_limits }).text_tag("max-bytes", String(max_bytes));
		if (Number.isFinite(this.idle_timeout)) limits.text_tag("idle-seconds", String(Math.floor(this.idle_timeout)));
		return limits;
	}

	private encrypted(session: ClientSession): void {
		session.secure = true;
		const info = session.conn?.ssl_info();
		this.measure_encrypted(info);
		if (info) session.log("info", "Stream encrypted (%s with %s)", info.protocol, info.cipher);
		else session.log("info", "Stream encrypted");
	}
}

/** Clients' streams (RFC 6120), over plain TCP that STARTTLS encrypts, and over TLS. */
export const definition: ModuleDefinition = {
	name: "c2s",
	global: true,
	load(module) {
		const kind = new ClientStreams(module);
		const streams = new Streams(module, kind);
		const connections = stream_gauge(module, "connections", "Established c2s connections");
		module.hook("stats-update", () => {
			connections.clear();
			for (const session of streams.sessions()) count_stream(connections, session);
		});

		module.hook_global(
			"user-password-changed",
			({ username, host, resource }) =>
				kind.disconnect_user(username, host, { condition: "reset", text: "Password changed" }, resource),
			200,
		);
		for (const [event, condition, text] of [
			["user-role-changed", "reset", "Role changed"],
			["user-deleted", "not-authorized", "Account deleted"],
			["user-disabled", "not-authorized", "Account disabled"],
		] as const) {
			module.hook_global(event, ({ username, host }) => kind.disconnect_user(username, host, { condition, text }), 200);
		}

		module.hook("c2s-read-timeout", keep_alive, -1);
		module.add_host = (host_module) => {
			host_module.hook("c2s-read-timeout", keep_alive, -1);
			host_module.hook("authentication-success", ({ session }) => {
				if (session instanceof ClientSession) kind.authenticated(session);
			});
		};
		module.hook("server-stopping", ({ reason }) => streams.close_all({ condition: "system-shutdown", text: reason }), -100);

		module.server.cluster?.carry({
			accept: (conn, framing) => streams.accept(conn, framing),
			release(session) {
				return session instanceof ClientSession ? streams.release(session) : [];
			},
		});
		module.unload = () => module.server.cluster?.carry(undefined);

		const onconnect = (conn: Connection): void => void streams.accept(conn);
		const pattern = stream_pattern(ns.client);
		module.provides("net", { name: "c2s", default_port: 5222, onconnect, multiplex: { protocol: "xmpp-client", pattern } });
		module.provides("net", { name: "c2s_direct_tls", encryption: "ssl", onconnect, multiplex: { pattern } });
		module.provides("net", { name: "legacy_ssl", encryption: "ssl", onconnect, multiplex: { pattern } });
		return {
			accept: (conn, framing) => streams.accept(conn, framing),
			sessions: () => streams.sessions(),
		} satisfies C2sExports;
	},
};
