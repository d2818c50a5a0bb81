// Counterpart: plugins/mod_websocket.lua (session_open_stream, filter_open_close, the filter of stanzas that go out)

import type { Framing } from "../../util/framing.ts";
import { ns } from "../../util/ns.ts";
import { QueueReader } from "../../util/queue_reader.ts";
import { Stanza, xml_escape } from "../../util/stanza.ts";
import { type StreamFault, type StreamHeader, type StreamOptions, XmppStream } from "../../util/xmppstream.ts";
import { text_with_namespace, to_attribute_with_namespace } from "../client_documents.lib.ts";

/** The namespace of `<open/>` and `<close/>` (RFC 7395 §3.3.1). */
export const framing_ns = "urn:ietf:params:xml:ns:xmpp-framing";

const less_than = 0x3c;
const greater_than = 0x3e;
const question_mark = 0x3f;

/** The element around each message while it is read: it has no namespace and no prefix that the message could use. */
const wrapper = { stream_ns: "", stream_tag: "x", end: Buffer.from("</x>") };

/**
 * Reads one message as a document of its own (RFC 7395 §3.3.3): one element, whole, and nothing beside it.
 * @param lang the language of elements that do not declare one
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

/** Reads messages one after the other as elements of one document, which is less work than a document for each. */
class Messages {
	private readonly elements: Stanza[] = [];
	private readonly stream: XmppStream;

	constructor(options: StreamOptions, lang: string) {
		this.stream = new XmppStream(
			{
				streamopened: () => {},
				streamclosed: () => {},
				handlestanza: (element) => this.elements.push(element),
				error: () => {},
			},
			{ ...options, stream_ns: wrapper.stream_ns, stream_tag: wrapper.stream_tag },
		);
		this.stream.feed(Buffer.from(`<x xml:lang='${xml_escape(lang)}'>`));
	}

	/** The one element that a message consists of; undefined where it is not that alone, and nothing can be read after it. */
	read(message: Buffer): Stanza | undefined {
		this.elements.length = 0;
		// What begins otherwise may be a declaration, and what ends otherwise has white space behind it
		const is_plain = message[0] === less_than && message[1] !== question_mark && message.at(-1) === greater_than;
		if (!(is_plain && this.stream.feed(message) && this.stream.is_between)) return undefined;
		const [element, ...others] = this.elements;
		return others.length > 0 ? undefined : element;
	}
}

/** The client's direction: messages in, each of them `<open/>`, `<close/>`, a stanza or a stream element. */
class MessageReader extends QueueReader<Buffer> {
	private lang = "en";
	private messages: Messages | undefined;

	override set_stanza_size_limit(bytes: number): void {
		super.set_stanza_size_limit(bytes);
		this.messages = undefined;
	}

	unread(): readonly string[] {
		return this.units.map((message) => message.toString());
	}

	protected units_of(message: Buffer): readonly Buffer[] {
		return [message];
	}

	protected take(message: Buffer): void {
		const element = this.element_of(message);
		if (!(element instanceof Stanza)) this.refuse(element);
		else if (element.attr["xmlns"] === framing_ns && element.name === "close") this.end();
		else if (!this.opened) this.open(element);
		else if (element.name === "error" && element.attr["xmlns"] === ns.streams)
			this.callbacks.error({ kind: "stream-error", stanza: element });
		else this.callbacks.handlestanza(element);
	}

	private element_of(message: Buffer): Stanza | StreamFault {
		this.messages ??= new Messages(this.options, this.lang);
		const element = this.messages.read(message);
		if (element !== undefined) return element;
		this.messages = undefined;
		return read_document(message.toString(), this.options, this.lang);
	}

	private open(element: Stanza): void {
		const xmlns = element.attr["xmlns"] ?? this.options.default_ns;
		if (xmlns !== framing_ns || element.name !== "open") {
			this.refuse({ kind: "no-stream", name: element.name, xmlns });
			return;
		}
		this.opened = true;
		this.lang = element.attr["xml:lang"] ?? this.lang;
		this.messages = undefined;
		this.callbacks.streamopened(element.attr);
	}
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
		const text = text_with_namespace(stanza);
		const at = 1 + stanza.name.length;
		return stanza.name.startsWith("stream:") ? `${text.slice(0, at)} xmlns:stream='${ns.streams}'${text.slice(at)}` : text;
	},
	to_attribute: to_attribute_with_namespace,
	end: () => `<close xmlns='${framing_ns}'/>`,
	// The carrier has pings of its own
	white_space: undefined,
};
