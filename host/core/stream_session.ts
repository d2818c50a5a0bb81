// Counterpart: util/session.lua

import { Filters } from "../util/filters.ts";
import { ns } from "../util/ns.ts";
import type { AddressableText, Stanza } from "../util/stanza.ts";
import * as st from "../util/stanza.ts";
import { stream_end, stream_header } from "../util/xmppstream.ts";
import type { Connection, FilterKind, Log, Server, StanzaFilter, StreamError, StreamSession } from "./types.ts";

/** The opening tag of a stanza, made when the log asks for it. */
class TopTag {
	constructor(private readonly stanza: Stanza) {}

	[Symbol.toPrimitive](): string {
		return this.stanza.top_tag();
	}
}

/** What streams of all kinds have in common; each kind says what {@link close} means to it. */
export abstract class BaseStreamSession implements StreamSession {
	abstract readonly type: string;
	readonly log: Log;
	ip: string;
	/** Passes what comes from the other end, byte by byte; swallows it where it answers with undefined. */
	bytes_in: ((chunk: Buffer) => Buffer | undefined) | undefined;
	secure = false;
	/** Whether the other end's stream header is still to come. */
	notopen = true;
	/** The `id` of our stream header. */
	streamid: string | undefined;
	/** What the other end's header says, undefined before it came. */
	version: number | undefined;
	/** When the connection was made, in seconds since 1970. */
	readonly conntime = Date.now() / 1000;

	/** Made when there is one. */
	private filters: Filters<FilterKind, Stanza> | undefined;
	private silent = false;

	/** @param xmlns namespace of the stream's stanzas */
	constructor(
		server: Server,
		readonly id: string,
		/** The connection, until it is gone. */
		public conn: Connection | undefined,
		private readonly xmlns: string,
	) {
		this.log = server.logger(id);
		this.ip = conn?.ip ?? "";
	}

	abstract close(reason?: StreamError): void;

	/** Whether the session was taken out of the server; then nothing is sent any more. */
	abstract get destroyed(): boolean;

	/** What shared texts say where they go; ends with this session's own address. */
	protected abstract to_attribute(): string;

	/** Whether what is sent now goes out even where the turn's work cannot be stored: it moves the stream itself on. */
	protected abstract keeps_output(): boolean;

	send(stanza: Stanza): boolean {
		// What a filter keeps for later it has to see also while there is no connection.
		if (this.destroyed || (this.filters === undefined && !this.can_send(this.conn))) return false;
		this.log("debug", "Sending[%s]: %s", this.type, new TopTag(stanza));
		const passed = this.filter("stanzas/out", stanza);
		if (passed === undefined) return true;
		return this.can_send(this.conn) && this.conn.write(passed.toString(), this.keeps_output());
	}

	send_text(text: string): boolean {
		return this.can_send(this.conn) && this.conn.write(text, this.keeps_output());
	}

	send_shared(text: AddressableText): boolean {
		return this.can_send(this.conn) && this.conn.write_shared(text, this.to_attribute());
	}

	filter(kind: FilterKind, stanza: Stanza): Stanza | undefined {
		return this.filters === undefined ? stanza : this.filters.filter(kind, stanza);
	}

	has_filter(kind: FilterKind): boolean {
		return this.filters?.has(kind) === true;
	}

	add_filter(kind: FilterKind, callback: StanzaFilter, priority?: number): void {
		this.filters ??= new Filters();
		this.filters.add(kind, callback, priority);
	}

	remove_filter(kind: FilterKind, callback: StanzaFilter): void {
		this.filters?.remove(kind, callback);
	}

	/** Sends our stream header. */
	open_stream(from: string | undefined, to?: string): void {
		const version = this.version !== undefined && this.version > 0 ? "1.0" : undefined;
		const header = stream_header({ xmlns: this.xmlns, from, to, id: this.streamid ?? "", version });
		this.log("debug", "Sending[%s]: <stream:stream id='%s'>", this.type, this.streamid ?? "");
		this.send_stream_text(header);
	}

	/** Sends the stream error, if there is one, and the end of our stream; nothing can be sent after that. */
	end_stream(reason: StreamError | undefined): void {
		if (reason !== undefined) {
			const error = stream_error(reason).toString();
			this.log("debug", "Disconnecting, <stream:error> is: %s", error);
			this.send_stream_text(error);
		}
		this.send_stream_text(stream_end);
		this.silent = true;
	}

	/** Takes over where the stream of another session stands. */
	protected resume_stream(other: BaseStreamSession): void {
		const { conn } = this;
		this.conn = other.conn;
		this.ip = other.ip;
		this.secure = other.secure;
		this.notopen = other.notopen;
		this.streamid = other.streamid;
		this.version = other.version;
		this.silent = false;
		if (conn !== this.conn) conn?.close();
	}

	/** Sends no more, without a word. */
	retire(): void {
		this.silent = true;
	}

	private can_send(conn: Connection | undefined): conn is Connection {
		return conn !== undefined && !this.silent && !this.destroyed;
	}

	private send_stream_text(text: string): void {
		if (this.can_send(this.conn)) this.conn.write(text, true);
	}
}

/** `<stream:error/>` for a reason. */
function stream_error({ condition, text, extra }: StreamError): Stanza {
	const error = st.stanza("stream:error").tag(condition, { xmlns: ns.stream_errors }).up();
	if (text !== undefined) error.text_tag("text", text, { xmlns: ns.stream_errors });
	if (extra !== undefined) error.add_child(extra);
	return error;
}
