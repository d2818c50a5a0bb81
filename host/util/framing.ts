// No counterpart: Prosody's mod_websocket and mod_bosh put functions of their own into sessions.

import type { Stanza } from "./stanza.ts";
import * as st from "./stanza.ts";
import {
	type StreamCallbacks,
	type StreamHeader,
	type StreamOptions,
	stream_end,
	stream_header,
	XmppStream,
} from "./xmppstream.ts";

/** Reads the other end's direction of a stream. {@link XmppStream} is one. */
export interface StreamReader {
	/**
	 * Reads what the carrier brought: bytes as they come, or one message.
	 * @returns false once nothing can be read any more; a callback has said why
	 */
	feed(data: Buffer): boolean;
	/** Stops after the current element; what is fed meanwhile is kept, in order. */
	pause(): void;
	/** Whether something is still to be read since the pause. */
	readonly has_unread: boolean;
	/** What was fed and is still to be read, as text. Missing where that is not possible. */
	unread?(): readonly string[];
	/** Reads on; returns what {@link feed} does. */
	resume(): boolean;
	/** Reads nothing more. */
	stop(): void;
	/**
	 * Expects a new header after the current element.
	 * @param rest what to do with what has already come after it
	 */
	reset(rest?: "keep" | "drop"): void;
	/** Most bytes of one stanza from now on. */
	set_stanza_size_limit(bytes: number): void;
}

/**
 * How a stream of XML is written on its carrier. Where it has no state, as with TCP, one object does for all streams; otherwise
 * each stream gets its own. Each result of the functions for our direction is written in one call, so that a carrier of messages
 * makes one message of it.
 */
export interface Framing {
	/** Makes what reads the other end's direction. */
	reader(callbacks: StreamCallbacks, options: StreamOptions): StreamReader;
	/**
	 * Our header: `<stream:stream>`, `<open/>` (RFC 7395 §3.4); empty where it becomes part of something that follows, as with
	 * BOSH.
	 */
	header(header: StreamHeader): string;
	/** A stanza or stream element. Where each message is a document of its own, it declares its namespaces. */
	text(stanza: Stanza): string;
	/** What belongs to this recipient in a text for many, with a space before it: `to`, and what else each stanza declares here. */
	to_attribute(jid: string): string;
	/** The end of our direction: `</stream:stream>`, `<close/>`. */
	end(): string;
	/** What is sent in silence to keep a connection open; undefined where the carrier does that itself. */
	readonly white_space: string | undefined;
}

/** One document for the whole stream: RFC 6120 over TCP and TLS, and XEP-0114. */
export const document_framing: Framing = {
	reader: (callbacks, options) => new XmppStream(callbacks, options),
	header: stream_header,
	text: (stanza) => stanza.toString(),
	to_attribute: st.to_attribute,
	end: () => stream_end,
	white_space: " ",
};
