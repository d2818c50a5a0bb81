// Counterpart: util/session.lua

import { Filters } from "../util/filters.ts";
import type { Framing } from "../util/framing.ts";
import { ns } from "../util/ns.ts";
import type { AddressableText, Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import type {
	Connection,
	FilterKind,
	Log,
	RateLimitSettings,
	Server,
	SharedTextFilter,
	StanzaFilter,
	StreamError,
	StreamSession,
} from "./types.ts";

/** What a stream does for the session that it belongs to; see streams.ts. */
export interface StreamControl {
	/** Writes our direction of the stream. */
	readonly framing: Framing;
	/**
	 * Ends the stream and takes the session out of the server.
	 * @param remote_reason why the other end did that, where it was first
	 */
	close(session: BaseStreamSession, reason: StreamError | false | undefined, remote_reason?: string): void;
	/** See {@link StreamInput.hold}. */
	hold(by: "work" | "handler"): () => void;
	/** Expects a new header from the other end. */
	reset_stream(rest: "keep" | "drop"): void;
	/** The other end is authenticated: there is no time limit any more, and the given limit for stanzas applies. */
	authenticated(stanza_size_limit?: number): void;
	/** From now on, what comes over the connection belongs to another session. */
	take_over(by: BaseStreamSession): void;
}

const nowhere = { jid: undefined, framing: undefined, attribute: "" };

/** What sessions of all kinds have in common. */
export abstract class BaseStreamSession implements StreamSession {
	abstract readonly type: string;
	readonly log: Log;
	ip: string;
	/** Passes what comes from the other end, byte by byte; swallows it where it answers with undefined. */
	bytes_in: ((chunk: Buffer) => Buffer | undefined) | undefined;
	/** The same for what goes to the other end. */
	bytes_out: ((chunk: Buffer) => Buffer | undefined) | undefined;
	secure = false;
	/** Whether the other end's stream header has not come yet. */
	notopen = true;
	/** The `id` of our stream header. */
	streamid: string | undefined;
	/** What the other end's header says, undefined before it came. */
	version: number | undefined;
	/** When the connection was made, in seconds since 1970. */
	readonly conntime = Date.now() / 1000;

	/** The namespace of stream management (XEP-0198) where both ends tell each other what arrived. */
	smacks: string | undefined;
	/** Since when it waits for its client to come back, in seconds since 1970. */
	hibernating: number | undefined;

	/** Made when there is one. */
	private filters: Filters<FilterKind, Stanza, AddressableText> | undefined;
	private silent = false;
	/** How often what comes next has to wait for what is being handled. */
	private holds = 0;
	/** Called when nothing has to wait any more. */
	on_free: (() => void) | undefined;

	/** The `to` attribute of this session for texts that many get, once it was needed. */
	private addressed: { readonly jid: string | undefined; readonly framing: Framing | undefined; readonly attribute: string } =
		nowhere;

	/** @param xmlns namespace of the stream's stanzas */
	constructor(
		server: Pick<Server, "logger">,
		readonly id: string,
		/** The connection, until it is gone. */
		public conn: Connection | undefined,
		private readonly xmlns: string,
		private control: StreamControl,
	) {
		this.log = server.logger(id);
		this.ip = conn?.ip ?? "";
	}

	/** Whether the session was taken out of the server; then nothing is sent any more. */
	abstract get destroyed(): boolean;

	/** The host here that the stream is with. */
	abstract host: string | undefined;

	/** The address of the other end, once it has one: for shared texts and for the log. */
	protected abstract get address(): string | undefined;

	/** Whether this side opened the connection, so that it sends its header first, without an id. */
	protected get begins(): boolean {
		return false;
	}

	/** What else our header says: `xmlns:db` with servers. */
	protected further_attributes(): { readonly "xmlns:db"?: string } {
		return {};
	}

	/** Whether what is sent now goes out even when the turn cannot be stored, since it belongs to the stream itself. */
	protected abstract keeps_output(): boolean;

	close(reason?: StreamError | false, remote_reason?: string): void {
		if (this.destroyed) this.log("debug", "Attempt to close already-closed session");
		else this.control.close(this, reason, remote_reason);
	}

	hold(by: "work" | "handler"): () => void {
		const release = this.control.hold(by);
		this.holds++;
		let is_held = true;
		return () => {
			if (!is_held) return;
			is_held = false;
			this.holds--;
			if (this.holds === 0) this.on_free?.();
			release();
		};
	}

	/** Whether what came last is still being handled. */
	get is_busy(): boolean {
		return this.holds > 0;
	}

	setlimit(settings: RateLimitSettings | undefined): void {
		this.conn?.setlimit?.(settings);
	}

	/** @param rest whether what the other end sent after the current element still counts */
	reset_stream(rest: "keep" | "drop" = "keep"): void {
		this.notopen = true;
		this.control.reset_stream(rest);
	}

	/** The other end is authenticated; `limit` is the new limit for its stanzas, where it changes. */
	authenticated(stanza_size_limit?: number): void {
		this.control.authenticated(stanza_size_limit);
	}

	send(stanza: Stanza): boolean {
		// A filter that keeps stanzas for later has to see them while there is no connection, too.
		if (this.destroyed || (this.filters === undefined && !this.can_send(this.conn))) return false;
		this.log("debug", "Sending[%s]: %s", this.type, stanza.shown);
		const passed = this.filter("stanzas/out", stanza);
		if (passed === undefined) return true;
		return this.can_send(this.conn) && this.write(this.conn, this.control.framing.text(passed), this.keeps_output());
	}

	send_text(text: string): boolean {
		return this.can_send(this.conn) && this.write(this.conn, text, this.keeps_output());
	}

	send_shared(text: AddressableText): boolean {
		if (this.destroyed) return false;
		if (this.filters !== undefined && !this.filters.pass_shared("stanzas/out", text)) return true;
		if (!this.can_send(this.conn)) return false;
		if (this.bytes_out === undefined) return this.conn.write_shared(text, this.to_attribute());
		return this.write(this.conn, text.head + this.to_attribute() + text.tail, this.keeps_output());
	}

	/**
	 * Sends a text that others get too to somebody who is reached by the other end. False where that cannot be sent, or where a filter
	 * has to see a stanza.
	 */
	send_shared_to(text: AddressableText, to: string): boolean {
		if (!this.can_send(this.conn) || this.has_filter("stanzas/out")) return false;
		const attribute = this.control.framing.to_attribute(to);
		if (this.filters !== undefined) {
			// Filters that take texts know of no other recipient than the other end
			const own = { ...text, head: text.head + attribute, size: text.size + attribute.length };
			if (!this.filters.pass_shared("stanzas/out", own)) return true;
		}
		if (this.bytes_out === undefined) return this.conn.write_shared(text, attribute);
		return this.write(this.conn, text.head + attribute + text.tail, this.keeps_output());
	}

	/** Writes text, past the filter of bytes if there is one. */
	private write(conn: Connection, text: string, keep: boolean): boolean {
		if (this.bytes_out === undefined) return conn.write(text, keep);
		const passed = this.bytes_out(Buffer.from(text));
		return passed === undefined || conn.write(passed, keep);
	}

	/** Sends something without meaning, so that the connection stays open. False where the carrier has to do that. */
	send_white_space(): boolean {
		const { white_space } = this.control.framing;
		return white_space !== undefined && this.send_text(white_space);
	}

	private to_attribute(): string {
		const { address, addressed } = this;
		const { framing } = this.control;
		if (addressed.jid === address && addressed.framing === framing) return addressed.attribute;
		const attribute = framing.to_attribute(address ?? "");
		this.addressed = { jid: address, framing, attribute };
		return attribute;
	}

	filter(kind: FilterKind, stanza: Stanza): Stanza | undefined {
		return this.filters === undefined ? stanza : this.filters.filter(kind, stanza);
	}

	has_filter(kind: FilterKind): boolean {
		return this.filters?.has(kind) === true;
	}

	add_filter(kind: FilterKind, callback: StanzaFilter, priority?: number, shared?: SharedTextFilter): void {
		this.filters ??= new Filters();
		this.filters.add(kind, callback, priority, shared);
	}

	remove_filter(kind: FilterKind, callback: StanzaFilter): void {
		this.filters?.remove(kind, callback);
	}

	/** The other end, for the log. */
	get peer_name(): string {
		return this.address ?? this.ip;
	}

	/** Sends our stream header. */
	open_stream(from: string | undefined, to?: string): void {
		const version = this.version !== undefined && this.version > 0 ? "1.0" : undefined;
		const id = this.begins ? undefined : (this.streamid ?? "");
		const header = this.control.framing.header({ xmlns: this.xmlns, from, to, id, version, ...this.further_attributes() });
		this.log("debug", "Sending[%s]: <stream:stream id='%s'>", this.type, this.streamid ?? "");
		this.send_stream_text(header);
	}

	/** Sends the stream error, if there is one, and the end of our stream; nothing can be sent after that. */
	end_stream(reason: StreamError | undefined): void {
		if (reason !== undefined) {
			const error = this.control.framing.text(stream_error(reason));
			this.log("debug", "Disconnecting, <stream:error> is: %s", error);
			this.send_stream_text(error);
		}
		this.send_stream_text(this.control.framing.end());
		this.silent = true;
	}

	/** Goes over a connection that was made for it. */
	begin_over(conn: Connection, control: StreamControl): void {
		this.conn = conn;
		this.ip = conn.ip;
		this.control = control;
	}

	/** Goes on where the stream of another session stands. */
	protected resume_stream(other: BaseStreamSession): void {
		const { conn } = this;
		this.control = other.control;
		this.conn = other.conn;
		this.ip = other.ip;
		this.secure = other.secure;
		this.notopen = other.notopen;
		this.streamid = other.streamid;
		this.version = other.version;
		this.silent = false;
		if (conn !== this.conn) conn?.close();
		other.control.take_over(this);
	}

	/** Sends nothing any more. */
	retire(): void {
		this.silent = true;
	}

	private can_send(conn: Connection | undefined): conn is Connection {
		return conn !== undefined && !this.silent && !this.destroyed;
	}

	private send_stream_text(text: string): void {
		if (this.can_send(this.conn)) this.write(this.conn, text, true);
	}
}

/** `<stream:error/>` for a reason. */
function stream_error({ condition, text, extra }: StreamError): Stanza {
	const error = st.stanza("stream:error").tag(condition, { xmlns: ns.stream_errors }).up();
	if (text !== undefined) error.text_tag("text", text, { xmlns: ns.stream_errors });
	if (extra !== undefined) error.add_child(extra);
	return error;
}

/** Keeps a silent stream of any kind open: white space between stanzas means nothing else. For the events of read timeouts. */
export function keep_alive({ session }: { readonly session: BaseStreamSession }): boolean | undefined {
	return session.notopen ? undefined : session.send_white_space();
}
