// Counterpart: plugins/mod_c2s.lua

import { ClientSession } from "../core/c2s_session.ts";
import type { Connection, ModuleApi, ModuleDefinition, StreamError, Timer } from "../core/types.ts";
import { nameprep } from "../util/encodings.ts";
import * as id from "../util/id.ts";
import { ns } from "../util/ns.ts";
import type { Attributes, Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { tonumber } from "../util/tonumber.ts";
import * as uuid from "../util/uuid.ts";
import { type StreamFault, XmppStream } from "../util/xmppstream.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** A stream is about to be closed, by the client where the reason is false; handlers may change the reason. */
		"pre-session-close": { session: ClientSession; reason: StreamError | false | undefined };
		/** A client's connection is gone. */
		"c2s-closed": { session: ClientSession };
		/** A client was silent for `network_settings.read_timeout`; the connection lives on where a handler answers true. */
		"c2s-read-timeout": { session: ClientSession };
		/** A client took all that had to wait for it. */
		"c2s-ondrain": { session: ClientSession };
		/** What a client is sent is about to go out; more can be added to it. */
		"c2s-pre-ondrain": { session: ClientSession };
	}
}

/** What belongs to one connection. */
interface Client {
	/** Another one from when it resumed that over this connection. */
	session: ClientSession;
	readonly stream: XmppStream;
	readonly inbox: Inbox;
	/** Ends the stream of a client that does not log in. */
	patience?: Timer;
}

/** The reason in a few words, for the log and for `resource-unbind`. */
function reason_text(reason: StreamError | false | undefined): string | undefined {
	return reason ? (reason.text ?? reason.condition) : undefined;
}

/** What a client's `<stream:error/>` says. */
function remote_error(error: Stanza): string {
	let condition: string | undefined;
	let text: string | undefined;
	for (const child of error.childtags(undefined, ns.stream_errors)) {
		if (child.name === "text") text ??= child.get_text();
		else condition ??= child.name;
	}
	return `${condition ?? "undefined-condition"}${text === undefined ? "" : ` (${text})`}`;
}

/** The stream error that answers something that cannot be read. */
function answer_to(fault: Exclude<StreamFault, { kind: "stream-error" }>): StreamError {
	switch (fault.kind) {
		case "no-stream":
			return { condition: "invalid-namespace" };
		case "parse-error":
			return { condition: "not-well-formed" };
		case "stanza-too-large":
			return {
				condition: "policy-violation",
				text: "XML stanza is too big",
				extra: st.stanza("stanza-too-big", { xmlns: ns.errors }),
			};
		case "stanza-too-complex":
			return { condition: "policy-violation", text: `XML stanza is too complex: ${fault.text}` };
	}
}

/** `network_settings.read_timeout`, or what it is by default, in seconds. */
function idle_timeout(module: ModuleApi): number {
	const settings = module.get_option("network_settings");
	const given =
		typeof settings === "object" && settings !== null && "read_timeout" in settings ? settings.read_timeout : undefined;
	return typeof given === "number" ? given : 14 * 60;
}

/** What a client sent that has to wait: the rest of a chunk, as then nothing more is read. */
class Inbox {
	private waiting: (() => void)[] | undefined;

	constructor(private readonly conn: Connection) {}

	get is_held(): boolean {
		return this.waiting !== undefined;
	}

	/** Handles something, in its turn. */
	take(handle: () => void): void {
		if (this.waiting === undefined) handle();
		else this.waiting.push(handle);
	}

	/** Has everything wait until the answer is called. */
	hold(): () => void {
		this.waiting ??= [];
		this.conn.pause();
		return () => this.release();
	}

	private release(): void {
		const waiting = this.waiting ?? [];
		this.waiting = undefined;
		this.conn.resume();
		// One of them may have the others wait again
		for (const handle of waiting) this.take(handle);
	}
}

/** Streams of clients: headers, features, errors, and what comes over them. */
class ClientStreams {
	private readonly clients = new Map<Connection, Client>();
	private readonly c2s_timeout: number;
	private readonly close_timeout: number;
	private readonly keepalives: boolean;
	private readonly stanza_size_limit: number;
	private readonly unauthed_stanza_size_limit: number;
	private readonly max_child_elements: number;
	private readonly stanza_depth_limit: number;
	private readonly stanza_attribute_limit: number;
	private readonly idle_timeout: number;

	constructor(private readonly module: ModuleApi) {
		this.c2s_timeout = module.get_option_period("c2s_timeout", "5 minutes");
		this.close_timeout = module.get_option_period("c2s_close_timeout", 5);
		this.keepalives = module.get_option_boolean("c2s_tcp_keepalives", module.get_option_boolean("tcp_keepalives", true));
		this.stanza_size_limit = module.get_option_integer("c2s_stanza_size_limit", 1024 * 256, 10000);
		this.unauthed_stanza_size_limit = module.get_option_integer("c2s_unauthed_stanza_size_limit", 10000, 1000);
		this.max_child_elements = module.get_option_integer("c2s_max_child_elements", 25000, 1);
		this.stanza_depth_limit = module.get_option_integer("c2s_stanza_depth_limit", 100, 10);
		this.stanza_attribute_limit = module.get_option_integer("c2s_stanza_attribute_limit", 100, 10);
		this.idle_timeout = idle_timeout(module);
	}

	/** How many clients are connected. */
	get size(): number {
		return this.clients.size;
	}

	/** Takes a new connection. */
	onconnect(conn: Connection): void {
		const { module } = this;
		const session = new ClientSession(module.server, `c2s${id.short()}`, conn, {
			close: (closing, reason) => this.close(closing, reason),
			reset_stream: (_, rest) => stream.reset(rest),
			// It may go on over another connection by now
			hold: (held) => (held.conn === undefined ? client : (this.clients.get(held.conn) ?? client)).inbox.hold(),
			take_over: (other) => {
				client.session = other;
			},
		});
		const inbox = new Inbox(conn);
		const stream = new XmppStream(
			{
				streamopened: (attr) => this.guard(client.session, () => this.streamopened(client.session, attr)),
				streamclosed: () =>
					inbox.take(() => {
						client.session.log("debug", "Received </stream:stream>");
						this.close(client.session, false);
					}),
				handlestanza: (stanza) => {
					if (!inbox.is_held) this.handlestanza(client.session, stanza);
					// What waited may find its session gone
					else inbox.take(() => void (client.session.destroyed || this.handlestanza(client.session, stanza)));
				},
				error: (fault) => inbox.take(() => this.stream_error(client.session, fault)),
			},
			{
				default_ns: ns.client,
				stanza_size_limit: this.unauthed_stanza_size_limit,
				element_limit: this.max_child_elements,
				depth_limit: this.stanza_depth_limit,
				attribute_limit: this.stanza_attribute_limit,
			},
		);
		const client: Client = { session, stream, inbox };
		this.clients.set(conn, client);
		session.log("info", "Client connected");
		if (this.keepalives) conn.set_keepalive(true);
		conn.ondata = (chunk) => {
			const { bytes_in } = client.session;
			const passed = bytes_in === undefined ? chunk : bytes_in(chunk);
			if (passed !== undefined) stream.feed(passed);
		};
		conn.onclose = (error) => this.ondisconnect(conn, client, error);
		conn.onreadtimeout = () => this.fire("c2s-read-timeout", client) === true;
		conn.onpredrain = () => void this.fire("c2s-pre-ondrain", client);
		conn.ondrain = () => void this.fire("c2s-ondrain", client);
		if (conn.secure) this.encrypted(session);
		client.patience = module.add_timer(this.c2s_timeout, () => {
			if (session.type !== "c2s_unauthed") return;
			session.log("debug", "Connection still not authenticated after c2s_timeout=%ds, closing it", this.c2s_timeout);
			session.close({ condition: "connection-timeout" });
		});
	}

	/** Ends all streams of an account, but not that of one resource if it is given. */
	disconnect_user(username: string, host: string, reason: StreamError, but_resource?: string): void {
		const sessions = this.module.server.hosts.get(host)?.sessions.get(username)?.sessions ?? [];
		for (const [resource, session] of [...sessions]) {
			if (but_resource === undefined || resource !== but_resource) session.close(reason);
		}
	}

	/** Ends all streams. */
	disconnect_all(reason: StreamError): void {
		for (const { session } of [...this.clients.values()]) session.close(reason);
	}

	/** Raises the limit for a client that is known now. */
	authenticated(session: ClientSession): void {
		const client = session.conn === undefined ? undefined : this.clients.get(session.conn);
		client?.stream.set_stanza_size_limit(this.stanza_size_limit);
		client?.patience?.stop();
	}

	private bus(session: ClientSession) {
		const { server } = this.module;
		return (session.host === undefined ? undefined : server.hosts.get(session.host)?.events) ?? server.events;
	}

	private fire(event: "c2s-read-timeout" | "c2s-pre-ondrain" | "c2s-ondrain", { session }: Client): unknown {
		return this.bus(session).fire_event(event, { session });
	}

	/** A mistake in a handler costs its stream, and nobody else's. */
	private guard(session: ClientSession, callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.answer_mistake(session, error);
		}
	}

	private answer_mistake(session: ClientSession, error: unknown): void {
		session.log("error", "Traceback[c2s]: %s", error instanceof Error ? error.stack : error);
		session.close({ condition: "internal-server-error" });
	}

	private streamopened(session: ClientSession, attr: Attributes): void {
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
		host.events.fire_event("stream-features", { origin: session, features });
		if (features.first_tag !== undefined || session.full_jid !== undefined) {
			features.reset().add_child(this.limits(session));
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
	private limits(session: ClientSession): Stanza {
		const max_bytes = session.type === "c2s_unauthed" ? this.unauthed_stanza_size_limit : this.stanza_size_limit;
		const limits = st.stanza("limits", { xmlns: ns.stream_limits }).text_tag("max-bytes", String(max_bytes));
		if (Number.isFinite(this.idle_timeout)) limits.text_tag("idle-seconds", String(Math.floor(this.idle_timeout)));
		return limits;
	}

	private encrypted(session: ClientSession): void {
		session.secure = true;
		const info = session.conn?.ssl_info();
		if (info) session.log("info", "Stream encrypted (%s with %s)", info.protocol, info.cipher);
		else session.log("info", "Stream encrypted");
	}

	private handlestanza(session: ClientSession, stanza: Stanza): void {
		try {
			const passed = session.filter("stanzas/in", stanza);
			if (passed !== undefined) this.module.server.router.process_stanza(session, passed);
		} catch (error) {
			this.answer_mistake(session, error);
		}
	}

	private stream_error(session: ClientSession, fault: StreamFault): void {
		if (fault.kind === "stream-error") {
			session.log("info", "Session closed by remote with error: %s", remote_error(fault.stanza));
			session.close();
			return;
		}
		if (fault.kind === "no-stream") session.log("debug", "Invalid opening stream header ({%s}%s)", fault.xmlns, fault.name);
		else session.log("debug", "Received invalid XML (%s)", "text" in fault ? fault.text : fault.kind);
		session.close(answer_to(fault));
	}

	private close(session: ClientSession, given: StreamError | false | undefined): void {
		const { sessionmanager } = this.module.server;
		const event = { session, reason: given };
		this.bus(session).fire_event("pre-session-close", event);
		const { reason } = event;
		const text = reason_text(reason);
		const { conn } = session;
		if (conn === undefined) {
			sessionmanager.destroy_session(session, text);
			return;
		}
		if (session.notopen) session.open_stream(session.host);
		session.end_stream(reason === false ? undefined : reason);
		session.log("debug", "c2s stream for %s closed: %s", session.full_jid ?? session.ip, text ?? "session closed");

		// A client that is online may be in the middle of a stanza, and has this time to finish and to close its own side.
		if (reason === undefined && !session.notopen && session.type === "c2s") {
			this.module.add_timer(this.close_timeout, () => {
				if (session.destroyed) return;
				session.log("warn", "Failed to receive a stream close response, closing connection anyway...");
				this.finish(session, conn, undefined);
			});
			return;
		}
		this.finish(session, conn, text);
	}

	private finish(session: ClientSession, conn: Connection, text: string | undefined): void {
		const client = this.clients.get(conn);
		client?.stream.stop();
		client?.patience?.stop();
		try {
			this.module.server.sessionmanager.destroy_session(session, text);
		} finally {
			conn.close();
		}
	}

	private ondisconnect(conn: Connection, client: Client, error: string | undefined): void {
		const { session } = client;
		this.clients.delete(conn);
		session.log("info", "Client disconnected: %s", error ?? "connection closed");
		client.stream.stop();
		client.patience?.stop();
		session.retire();
		session.conn = undefined;
		// Rooms of many show to all of them who is gone, and often many go at once
		this.module.server.router.slices.run({
			work: () => this.forget(session, error),
			is_wanted: () => true,
			hold: () => () => {},
			failed: (mistake) => session.log("error", "Traceback[c2s]: %s", mistake instanceof Error ? mistake.stack : mistake),
		});
	}

	private forget(session: ClientSession, error: string | undefined): void {
		// it goes on over another connection already
		if (session.conn !== undefined) return;
		try {
			this.module.server.sessionmanager.destroy_session(session, error);
		} finally {
			this.module.fire_event("c2s-closed", { session });
		}
	}
}

/** Keeps a silent connection open: whitespace between stanzas means nothing else. */
function keepalive({ session }: { session: ClientSession }): boolean | undefined {
	return session.notopen ? undefined : session.send_text(" ");
}

/** Clients' streams (RFC 6120), over plain TCP that STARTTLS encrypts, and over TLS. */
export const definition: ModuleDefinition = {
	name: "c2s",
	global: true,
	load(module) {
		const streams = new ClientStreams(module);
		const count = module.measure("connections", "amount");
		module.hook("stats-update", () => count(streams.size));

		module.hook_global(
			"user-password-changed",
			({ username, host, resource }) =>
				streams.disconnect_user(username, host, { condition: "reset", text: "Password changed" }, resource),
			200,
		);
		for (const [event, condition, text] of [
			["user-role-changed", "reset", "Role changed"],
			["user-deleted", "not-authorized", "Account deleted"],
			["user-disabled", "not-authorized", "Account disabled"],
		] as const) {
			module.hook_global(event, ({ username, host }) => streams.disconnect_user(username, host, { condition, text }), 200);
		}

		module.hook("c2s-read-timeout", keepalive, -1);
		module.add_host = (host_module) => {
			host_module.hook("c2s-read-timeout", keepalive, -1);
			host_module.hook("authentication-success", ({ session }) => {
				if (session instanceof ClientSession) streams.authenticated(session);
			});
		};
		module.hook("server-stopping", ({ reason }) => streams.disconnect_all({ condition: "system-shutdown", text: reason }), -100);

		const onconnect = (conn: Connection): void => streams.onconnect(conn);
		module.provides("net", { name: "c2s", default_port: 5222, onconnect });
		module.provides("net", { name: "c2s_direct_tls", encryption: "ssl", onconnect });
		module.provides("net", { name: "legacy_ssl", encryption: "ssl", onconnect });
	},
};
