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
	 * @returns false once nothing can be read any more; the callbacks were told why
	 */
	feed(data: Buffer): boolean;
	/** Reads no further than to the end of the element that is being read; what is fed meanwhile is kept, in order. */
	pause(): void;
	/** Whether something is left to be read since it was told to pause. */
	readonly has_unread: boolean;
	/** Reads on; answers as {@link feed} does. */
	resume(): boolean;
	/** Reads nothing more. */
	stop(): void;
	/**
	 * Expects a new header behind the element that is being read.
	 * @param rest what becomes of what has come behind it already
	 */
	reset(rest?: "keep" | "drop"): void;
	/** Most bytes of one stanza from now on. */
	set_stanza_size_limit(bytes: number): void;
}

/**
 * How a stream of XML travels over what carries it. One value does for all streams where it keeps nothing about them, as with TCP;
 * otherwise each stream gets its own. What the functions for our direction answer with is written in one call each, so that a
 * carrier of messages makes one message of each.
 */
export interface Framing {
	/** Makes what reads the other end's direction. */
	reader(callbacks: StreamCallbacks, options: StreamOptions): StreamReader;
	/** Our header: `<stream:stream>`, `<open/>` (RFC 7395 §3.4); empty where it goes into something that follows, as with BOSH. */
	header(header: StreamHeader): string;
	/** A stanza or stream element. Where each message is a document of its own, it declares what namespaces it is in. */
	text(stanza: Stanza): string;
	/** What a text for many has of this recipient, with a space before it: `to`, and what else each stanza says here. */
	to_attribute(jid: string): string;
	/** The end of our direction: `</stream:stream>`, `<close/>`. */
	end(): string;
	/** What is sent when nothing else is, so that a connection stays open; undefined where the carrier does that by itself. */
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
