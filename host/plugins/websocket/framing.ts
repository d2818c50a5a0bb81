// Counterpart: plugins/mod_websocket.lua (session_open_stream, filter_open_close, the filter of stanzas that go out)

import type { Framing, StreamReader } from "../../util/framing.ts";
import { ns } from "../../util/ns.ts";
import { type AddressableText, Stanza, to_attribute, xml_escape } from "../../util/stanza.ts";
import {
	type StreamCallbacks,
	type StreamFault,
	type StreamHeader,
	type StreamOptions,
	XmppStream,
} from "../../util/xmppstream.ts";

/** The namespace of `<open/>` and `<close/>` (RFC 7395 §3.3.1). */
export const framing_ns = "urn:ietf:params:xml:ns:xmpp-framing";

const client_xmlns = ` xmlns='${ns.client}'`;

/** The element around each message while it is read: it has no namespace and no prefix that the message could use. */
const wrapper = { stream_ns: "", stream_tag: "x", end: Buffer.from("</x>") };

/**
 * Reads one message as a document of its own (RFC 7395 §3.3.3): one element, whole, and nothing beside it.
 * @param lang the language of what does not say its own
 */
function read_document(message: string, options: StreamOptions, lang: string): Stanza | StreamFault {
	const elements: Stanza[] = [];
	let fault: StreamFault | undefined;
	let ended = false;
	const stream = new XmppStream(
		{
			streamopened: () => {},
			streamclosed: () => {
				ended = true;
			},
			handlestanza: (element) => elements.push(element),
			error: (found) => {
				fault = found;
			},
		},
		{ ...options, stream_ns: wrapper.stream_ns, stream_tag: wrapper.stream_tag },
	);
	stream.feed(Buffer.from(`<x xml:lang='${xml_escape(lang)}'>`));
	// Not recommended, but allowed
	stream.feed(Buffer.from(message.replace(/^<\?xml\s[^?]*\?>\s*/, "").trimEnd()));
	if (fault !== undefined) return fault;
	if (ended || !message.trimEnd().endsWith(">")) return { kind: "parse-error", text: "not one element" };
	stream.feed(wrapper.end);
	if (fault !== undefined) return fault;
	const [element, ...others] = elements;
	if (element === undefined || others.length > 0) return { kind: "parse-error", text: "not one element" };
	return element;
}

/** The client's direction: messages in, each of them `<open/>`, `<close/>`, a stanza or a stream element. */
class MessageReader implements StreamReader {
	private readonly messages: Buffer[] = [];
	private opened = false;
	private paused = false;
	private stopped = false;
	private reading = false;
	private lang = "en";

	constructor(
		private readonly callbacks: StreamCallbacks,
		private options: StreamOptions,
	) {}

	get has_unread(): boolean {
		return this.paused && !this.stopped && this.messages.length > 0;
	}

	feed(message: Buffer): boolean {
		if (this.stopped) return false;
		this.messages.push(message);
		return this.read();
	}

	pause(): void {
		this.paused = true;
	}

	resume(): boolean {
		this.paused = false;
		return this.read();
	}

	stop(): void {
		this.stopped = true;
		this.messages.length = 0;
	}

	reset(rest: "keep" | "drop" = "keep"): void {
		this.opened = false;
		if (rest === "drop") this.messages.length = 0;
	}

	set_stanza_size_limit(bytes: number): void {
		this.options = { ...this.options, stanza_size_limit: bytes };
	}

	private read(): boolean {
		if (this.reading) return !this.stopped;
		this.reading = true;
		try {
			while (!(this.paused || this.stopped)) {
				const message = this.messages.shift();
				if (message === undefined) break;
				this.take(message);
			}
		} catch (error) {
			this.stop();
			throw error;
		} finally {
			this.reading = false;
		}
		return !this.stopped;
	}

	private take(message: Buffer): void {
		const element = read_document(message.toString(), this.options, this.lang);
		if (!(element instanceof Stanza)) this.refuse(element);
		else if (element.attrs["xmlns"] === framing_ns && element.name === "close") {
			this.stop();
			this.callbacks.streamclosed();
		} else if (!this.opened) this.open(element);
		else if (element.name === "error" && element.attrs["xmlns"] === ns.streams)
			this.callbacks.error({ kind: "stream-error", stanza: element });
		else this.callbacks.handlestanza(element);
	}

	private open(element: Stanza): void {
		const xmlns = element.attrs["xmlns"] ?? this.options.default_ns;
		if (xmlns !== framing_ns || element.name !== "open") {
			this.refuse({ kind: "no-stream", name: element.name, xmlns });
			return;
		}
		this.opened = true;
		this.lang = element.attrs["xml:lang"] ?? this.lang;
		this.callbacks.streamopened(element.attrs);
	}

	private refuse(fault: StreamFault): void {
		this.stop();
		this.callbacks.error(fault);
	}
}

/** A start tag with attributes put in behind the name. */
function with_attributes(text: string, name: string, attributes: string): string {
	const at = 1 + name.length;
	return text.slice(0, at) + attributes + text.slice(at);
}

/** A text for many as one of them gets it, in a document of its own; some say by themselves what namespace they are in. */
export function document_for(text: AddressableText, to: string): string {
	return text.head + (text.head.includes(" xmlns='") ? to.replace(client_xmlns, "") : to) + text.tail;
}

/** `<open/>`, `<close/>`, and each stanza a document of its own, with its namespaces. Source: RFC 7395 §3.3. */
export const websocket_framing: Framing = {
	reader: (callbacks, options) => new MessageReader(callbacks, options),
	header({ xmlns: _, ...attributes }: StreamHeader): string {
		let text = `<open xmlns='${framing_ns}' xml:lang='en'`;
		for (const [name, value] of Object.entries(attributes)) {
			if (value !== undefined) text += ` ${name}='${xml_escape(value)}'`;
		}
		return `${text}/>`;
	},
	text(stanza: Stanza): string {
		let attributes = stanza.attrs["xmlns"] === undefined ? client_xmlns : "";
		if (stanza.name.startsWith("stream:")) attributes += ` xmlns:stream='${ns.streams}'`;
		return with_attributes(stanza.toString(), stanza.name, attributes);
	},
	to_attribute: (jid) => to_attribute(jid) + client_xmlns,
	end: () => `<close xmlns='${framing_ns}'/>`,
	// The carrier has pings
	white_space: undefined,
};
