// Counterpart: plugins/mod_c2s.lua, plugins/mod_s2s.lua, plugins/mod_component.lua (what they have in common)

import { document_framing, type Framing } from "../util/framing.ts";
import * as id from "../util/id.ts";
import { ns } from "../util/ns.ts";
import type { Attributes, Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import type { StreamCallbacks, StreamFault, StreamOptions } from "../util/xmppstream.ts";
import { StreamInput } from "./stream_input.ts";
import type { BaseStreamSession, StreamControl } from "./stream_session.ts";
import type { Connection, ModuleApi, StatsManager, StreamError, Timer } from "./types.ts";

/** Time limits for the other ends of streams, in seconds, and limits for what they send. */
export interface StreamLimits {
	/** To authenticate. */
	readonly unauthed_timeout: number;
	/** To close their side after we closed ours. */
	readonly close_timeout: number;
	/** Sizes and depths of what they send before they are authenticated. */
	readonly unauthed: Omit<StreamOptions, "default_ns">;
}

/**
 * A kind of stream: `c2s`, `s2s`, `component`. It knows what its sessions are, and what to do with what comes over their
 * streams. It does not know what carries the streams, nor how XML is written there.
 */
export interface StreamKind<Session extends BaseStreamSession> {
	/** The start of its sessions' ids, and its name in the log. */
	readonly name: string;
	/** What is at the other end, for the log: `Client`. */
	readonly peer: string;
	/** Namespace of its stanzas. */
	readonly xmlns: string;
	readonly limits: StreamLimits;
	/** Has the system probe idle connections. */
	readonly keepalives: boolean;
	/** Makes the session of a new connection. */
	create(session_id: string, conn: Connection, control: StreamControl): Session;
	/** The connection is there; a side that begins sends its header here. */
	connected?(session: Session): void;
	/** The other end's header came. What this throws ends the stream with `internal-server-error`. */
	streamopened(session: Session, attr: Attributes): void;
	/** A stanza or stream element came; its filters have not seen it yet. The same for what this throws. */
	handlestanza(session: Session, stanza: Stanza): void;
	/** Whether the other end is not authenticated yet. */
	is_unauthed(session: Session): boolean;
	/** Whether it may be in the middle of a stanza, so that it gets time to finish when we close the stream. */
	is_established(session: Session): boolean;
	/** Fires the event that a stream is about to be closed; answers with the reason, which handlers may have changed. */
	closing(session: Session, reason: StreamError | false | undefined): StreamError | false | undefined;
	/** Takes the session out of the server; the text says why. */
	destroy(session: Session, text: string | undefined): void;
	/** The connection is gone, all that came over it was handled, and the session is taken out unless it goes on elsewhere. */
	disconnected(session: Session): void;
	/** The other end was silent for long; the connection lives on where this answers true. */
	read_timeout(session: Session): boolean;
	/** What came cannot be read, and the stream is about to end for it. */
	unreadable?(session: Session): void;
	/** What was sent to the other end is about to go out; more can be added. */
	pre_drain?(session: Session): void;
	/** A turn failed, and what it sent to the other end was thrown away. */
	output_lost?(session: Session): void;
	/** The other end has received all that had to wait. */
	drain?(session: Session): void;
}

/** What belongs to one connection. */
interface Line<Session> {
	/** Becomes another session where that one resumes over this connection. */
	session: Session;
	readonly input: StreamInput;
	/** Ends a stream whose other end does not authenticate. */
	patience: Timer | undefined;
}

/** The reason in a few words, for the log and for `resource-unbind`. */
export function reason_text(reason: StreamError | false | undefined): string | undefined {
	return reason ? (reason.text ?? reason.condition) : undefined;
}

/** What the other end's `<stream:error/>` says. */
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
		case "wrong-content":
			return { condition: "invalid-namespace" };
		case "parse-error":
			return { condition: "not-well-formed" };
		case "restricted-xml":
			return { condition: "restricted-xml" };
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

/**
 * All streams of one kind, over whatever carries them: connects sessions with what comes from their other ends, answers what cannot
 * be read, keeps times and limits, and closes streams in good order.
 */
export class Streams<Session extends BaseStreamSession> {
	private readonly lines = new Map<Connection, Line<Session>>();
	private readonly options: StreamOptions;

	constructor(
		private readonly module: ModuleApi,
		private readonly kind: StreamKind<Session>,
	) {
		this.options = { ...kind.limits.unauthed, default_ns: kind.xmlns };
		this.measure(module.server.statsmanager);
	}

	private measure(stats: StatsManager): void {
		if (stats.registry === undefined) return;
		const description = "Bytes that wait for the other ends of streams to take them";
		const queued = stats
			.metric("gauge", "enjamb_queued", { unit: "bytes", description, labels: ["stream"] })
			.with_labels(this.kind.name);
		this.module.hook_global("stats-update", () => {
			let bytes = 0;
			for (const conn of this.lines.keys()) bytes += conn.pending;
			queued.set(bytes);
		});
	}

	/** How many connections there are. */
	get size(): number {
		return this.lines.size;
	}

	/** The sessions of all connections. */
	*sessions(): Generator<Session, void> {
		for (const { session } of this.lines.values()) yield session;
	}

	/**
	 * Starts a stream over a connection.
	 * @param framing how XML is written on it
	 */
	accept(conn: Connection, framing: Framing = document_framing): Session {
		const { kind, module } = this;
		const { unauthed_timeout } = kind.limits;
		const session = kind.create(`${kind.name}${id.short()}`, conn, {
			framing,
			close: (closing: Session, reason, remote_reason) => this.close(closing, reason, remote_reason),
			reset_stream: (rest) => input.reset(rest),
			hold: (by) => input.hold(by),
			authenticated: (stanza_size_limit) => {
				if (stanza_size_limit !== undefined) input.set_stanza_size_limit(stanza_size_limit);
				line.patience?.stop();
				line.patience = undefined;
			},
			take_over: (by: Session) => {
				line.session = by;
			},
		});
		const { slices } = module.server.router;
		const callbacks: StreamCallbacks = {
			streamopened: (attr) => this.guard(line.session, () => kind.streamopened(line.session, attr)),
			streamclosed: () => {
				line.session.log("debug", "Received </stream:stream>");
				line.session.close(false);
			},
			handlestanza: (stanza) => {
				const handling = line.session;
				// The session may be gone by now
				if (handling.destroyed) return;
				try {
					kind.handlestanza(handling, stanza);
				} catch (error) {
					this.answer_mistake(handling, error);
				}
				input.handled();
			},
			error: (fault) => this.stream_error(line.session, fault),
		};
		const filter = (bytes: Buffer): Buffer | undefined => {
			const { bytes_in } = line.session;
			return bytes_in === undefined ? bytes : bytes_in(bytes);
		};
		const input = new StreamInput(conn, slices, session.log, framing, filter, callbacks, this.options);
		const line: Line<Session> = { session, input, patience: undefined };
		this.lines.set(conn, line);
		session.log("info", "%s connected", kind.peer);
		module.server.events.fire_event("stream-session-created", { session });
		if (kind.keepalives) conn.set_keepalive(true);
		conn.onclose = (error) => this.ondisconnect(conn, line, error);
		conn.onreadtimeout = () => kind.read_timeout(line.session);
		conn.onpredrain = () => kind.pre_drain?.(line.session);
		conn.ondiscard = () => kind.output_lost?.(line.session);
		conn.ondrain = () => kind.drain?.(line.session);
		line.patience = module.add_timer(unauthed_timeout, () => {
			if (!kind.is_unauthed(session)) return;
			session.log("debug", "Connection still not authenticated after %ds, closing it", unauthed_timeout);
			session.close({ condition: "connection-timeout" });
		});
		kind.connected?.(session);
		return session;
	}

	/**
	 * Takes a session out of the server without a word to the other end; its connection lives on, and belongs to the caller.
	 * @returns what came over it and was not handled
	 */
	release(session: Session): readonly string[] {
		const { conn } = session;
		const line = conn === undefined ? undefined : this.lines.get(conn);
		if (conn === undefined || line === undefined) return [];
		const unread = line.input.unread();
		this.lines.delete(conn);
		line.input.stop();
		line.patience?.stop();
		session.retire();
		session.conn = undefined;
		this.kind.destroy(session, undefined);
		conn.onpredrain = () => {};
		conn.ondiscard = () => {};
		conn.ondrain = () => {};
		return unread;
	}

	/** Ends all streams. */
	close_all(reason: StreamError): void {
		for (const { session } of [...this.lines.values()]) session.close(reason);
	}

	/** A mistake in a handler costs its stream, and nobody else's. */
	private guard(session: Session, callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.answer_mistake(session, error);
		}
	}

	private log_mistake(session: Session, error: unknown): void {
		session.log("error", "Traceback[%s]: %s", this.kind.name, error instanceof Error ? error.stack : error);
	}

	private answer_mistake(session: Session, error: unknown): void {
		this.log_mistake(session, error);
		session.close({ condition: "internal-server-error" });
	}

	private stream_error(session: Session, fault: StreamFault): void {
		if (fault.kind === "stream-error") {
			const reason = remote_error(fault.stanza);
			session.log("info", "Session closed by remote with error: %s", reason);
			session.close(undefined, reason);
			return;
		}
		if (fault.kind === "no-stream") session.log("debug", "Invalid opening stream header ({%s}%s)", fault.xmlns, fault.name);
		else if (fault.kind === "wrong-content") session.log("debug", "Header of a stream for %s", fault.xmlns);
		else session.log("debug", "Received invalid XML (%s)", "text" in fault ? fault.text : fault.kind);
		this.kind.unreadable?.(session);
		session.close(answer_to(fault));
	}

	private close(session: Session, given: StreamError | false | undefined, remote_reason?: string): void {
		const { kind } = this;
		const reason = kind.closing(session, given);
		const text = remote_reason ?? reason_text(reason);
		const { conn } = session;
		if (conn === undefined) {
			kind.destroy(session, text);
			return;
		}
		if (session.notopen) session.open_stream(session.host);
		session.end_stream(reason === false ? undefined : reason);
		session.log("debug", "%s stream for %s closed: %s", kind.name, session.peer_name, text ?? "session closed");

		// The other end may be in the middle of a stanza; it has this long to finish it and to close its side.
		if (reason === undefined && text === undefined && !session.notopen && kind.is_established(session)) {
			this.module.add_timer(kind.limits.close_timeout, () => {
				if (session.destroyed) return;
				session.log("warn", "Failed to receive a stream close response, closing connection anyway...");
				this.finish(session, conn, undefined);
			});
			return;
		}
		this.finish(session, conn, text);
	}

	private finish(session: Session, conn: Connection, text: string | undefined): void {
		const line = this.lines.get(conn);
		line?.input.stop();
		line?.patience?.stop();
		try {
			this.kind.destroy(session, text);
		} finally {
			conn.close();
		}
	}

	private ondisconnect(conn: Connection, line: Line<Session>, error: string | undefined): void {
		const { session } = line;
		this.lines.delete(conn);
		session.log("info", "%s disconnected: %s", this.kind.peer, error ?? "connection closed");
		line.patience?.stop();
		// A client that came back before this was seen goes on over another connection
		if (session.conn === conn) {
			session.retire();
			session.conn = undefined;
		}
		// What was sent before the end is handled first, unless it is behind a handler that waits
		line.input.end(() => {
			line.input.stop();
			// Large rooms tell everybody who has left, and often many leave at once
			this.module.server.router.slices.run({
				work: () => this.forget(session, error),
				is_wanted: () => true,
				hold: () => () => {},
				failed: (mistake) => this.log_mistake(session, mistake),
			});
		});
	}

	private forget(session: Session, error: string | undefined): void {
		// The session already goes on over another connection
		if (session.conn !== undefined) return;
		try {
			this.kind.destroy(session, error);
		} finally {
			this.kind.disconnected(session);
		}
	}
}
