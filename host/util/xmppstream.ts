// Counterpart: util/xmppstream.lua

import { ns } from "./ns.ts";
import type { Attributes } from "./stanza.ts";
import { Stanza, xml_escape } from "./stanza.ts";
import { Utf8Decoder } from "./utf8_decoder.ts";
import { RestrictedXml, TooManyAttributes, XmlError } from "./xml_errors.ts";
import { Namespaces } from "./xml_namespaces.ts";
import { XmlTokenizer } from "./xml_tokenizer.ts";

/** Why a stream cannot go on, or an error that its other end has sent. The kinds are Prosody's, and some more. */
export type StreamFault =
	/** The first element is not a stream header. */
	| { readonly kind: "no-stream"; readonly name: string; readonly xmlns: string }
	/** The header declares another namespace for stanzas than this kind of stream has. */
	| { readonly kind: "wrong-content"; readonly xmlns: string }
	/** Not well-formed. */
	| { readonly kind: "parse-error"; readonly text: string }
	/** A comment, processing instruction, DOCTYPE or entity, which RFC 6120 §11.1 forbids. */
	| { readonly kind: "restricted-xml"; readonly text: string }
	/** The other end sent `<stream:error/>`; the only kind after which the stream can be read on. */
	| { readonly kind: "stream-error"; readonly stanza: Stanza }
	/** A stanza (or the header) has more bytes than allowed. */
	| { readonly kind: "stanza-too-large" }
	/** A stanza is too deep, or has too many elements or attributes. */
	| { readonly kind: "stanza-too-complex"; readonly text: string };

/** Callbacks of the owner of a stream. */
export interface StreamCallbacks {
	/** The header came; `attr` without namespace declarations. */
	streamopened(attr: Attributes): void;
	/** The other end closed the stream; nothing is read after that. */
	streamclosed(): void;
	/** An element below the stream is complete. */
	handlestanza(stanza: Stanza): void;
	error(fault: StreamFault): void;
}

/** Names and limits of a stream. */
export interface StreamOptions {
	/** Namespace whose elements carry no `xmlns` of their own: `jabber:client`, `jabber:component:accept`. */
	readonly default_ns: string;
	/** Namespace and name of the header; RFC 6120's unless given. */
	readonly stream_ns?: string;
	readonly stream_tag?: string;
	/** Takes headers that declare any namespace for stanzas. */
	readonly any_content?: boolean;
	/** Most bytes of one stanza, whitespace around it not counted. Default 1 MB, as in Prosody. */
	readonly stanza_size_limit?: number;
	/** Does not add `xml:lang` to stanzas, so that one sees what the other side really sent. */
	readonly keep_lang?: boolean;
	/** Most levels of elements in one stanza, itself included. Default 100. */
	readonly depth_limit?: number;
	/** Most elements in one stanza. Default 25000. */
	readonly element_limit?: number;
	/** Most attributes in one element. Default 100. */
	readonly attribute_limit?: number;
}

/** An error inside the tokenizer's loop; it never leaves {@link XmppStream.feed}. */
class Refusal extends Error {
	constructor(readonly fault: StreamFault) {
		super(fault.kind);
	}
}

/**
 * Reads one direction of an XML stream: bytes in, the header, then stanzas out, each as soon as its last `>` is there.
 *
 * Every element that is not in the default namespace, or lies inside one that is not, carries its `xmlns`. A stanza without
 * `xml:lang` gets the stream's, or `en`, unless it is to be kept as it came.
 */
export class XmppStream {
	private readonly stream_ns: string;
	private readonly stream_tag: string;
	private readonly depth_limit: number;
	private readonly element_limit: number;
	private readonly attribute_limit: number;
	private stanza_size_limit: number;

	private readonly decoder = new Utf8Decoder();
	private tokenizer: XmlTokenizer;
	private namespaces = new Namespaces();
	private lang = "en";
	/** Whether the header came. */
	private opened = false;
	/** The innermost open element of the stanza that is being read, and how many are open. */
	private innermost: Stanza | undefined;
	private depth = 0;
	private text = "";
	/** How many open elements there are from the outermost one that is not in the default namespace. */
	private foreign_depth = 0;
	private element_count = 0;
	/** Bytes of the stanza so far. */
	private stanza_bytes = 0;

	private feeding = false;
	private stopped = false;
	private paused = false;
	private restart: "keep" | "drop" | undefined;
	/** Whether white space may come before the next header: what was sent after the element that caused the restart. */
	private space_may_follow = false;

	constructor(
		private readonly callbacks: StreamCallbacks,
		private readonly options: StreamOptions,
	) {
		this.stream_ns = options.stream_ns ?? ns.streams;
		this.stream_tag = options.stream_tag ?? "stream";
		this.stanza_size_limit = options.stanza_size_limit ?? 1024 * 1024;
		this.depth_limit = options.depth_limit ?? 100;
		this.element_limit = options.element_limit ?? 25000;
		this.attribute_limit = options.attribute_limit ?? 100;
		this.tokenizer = new XmlTokenizer(this.attribute_limit);
	}

	/** Changes the limit, for instance once the other end is authenticated. */
	set_stanza_size_limit(bytes: number): void {
		this.stanza_size_limit = bytes;
	}

	/** Whether nothing is read any more. */
	get is_stopped(): boolean {
		return this.stopped;
	}

	/** Stops reading, even in the middle of a chunk. */
	stop(): void {
		this.stopped = true;
	}

	/** Stops after the current element, until {@link resume}; what is fed meanwhile is kept. */
	pause(): void {
		this.paused = true;
	}

	/** Whether something is still to be read since {@link pause}. */
	get has_unread(): boolean {
		return this.paused && !this.stopped && this.tokenizer.has_unread;
	}

	/** Whether all that was fed is read, and nothing is begun below the header. */
	get is_between(): boolean {
		return this.opened && !this.stopped && this.depth === 0 && !this.tokenizer.has_unread;
	}

	/** What was fed and is still to be read. */
	unread(): readonly string[] {
		return [this.tokenizer.unread];
	}

	/**
	 * Reads on.
	 * Returns and throws what {@link feed} does.
	 */
	resume(): boolean {
		if (!this.paused) return !this.stopped;
		this.paused = false;
		// A callback may pause it again
		return this.feeding ? !this.stopped : this.read();
	}

	/**
	 * Expects a new header. In a callback this takes effect right after the current element.
	 * @param rest what to do with the bytes after it in the same chunk: `drop` where they must not count, such as unencrypted ones
	 * that
	 * came before TLS
	 */
	reset(rest: "keep" | "drop" = "keep"): void {
		this.restart = rest;
		if (!this.feeding) this.read();
	}

	/**
	 * Parses a chunk and calls back for everything that it completes.
	 * @returns false once the stream cannot be read any more; a callback has said why
	 * @throws what a callback throws; the stream is stopped then
	 */
	feed(data: Buffer): boolean {
		if (this.stopped) return false;
		const text = this.decoder.decode(data);
		if (text === undefined) {
			this.refuse({ kind: "parse-error", text: "invalid UTF-8" });
			return false;
		}
		this.add(text, this.decoder.taken);
		return this.read();
	}

	/** Reads everything, unless it is paused; the owner is told what stops the stream. */
	private read(): boolean {
		this.feeding = true;
		try {
			while (!this.stopped) {
				if (this.restart !== undefined) this.start_over(this.restart);
				if (this.paused) break;
				const token = this.tokenizer.next();
				if (token === undefined) {
					this.check_size(this.stanza_bytes + this.tokenizer.pending_bytes);
					break;
				}
				if (token === "open") this.element_opens();
				else if (token === "text") this.add_text();
				else {
					const stanza = this.element_closes();
					if (stanza !== undefined) this.callbacks.handlestanza(stanza);
				}
			}
		} catch (error) {
			this.stopped = true;
			if (error instanceof Refusal) this.refuse(error.fault);
			else if (error instanceof RestrictedXml) this.refuse({ kind: "restricted-xml", text: error.message });
			else if (error instanceof XmlError) this.refuse({ kind: "parse-error", text: error.message });
			else if (error instanceof TooManyAttributes) this.refuse({ kind: "stanza-too-complex", text: error.message });
			else throw error;
		} finally {
			this.feeding = false;
		}
		return !this.stopped;
	}

	/** Adds text, but not white space between a restart and the header, which would keep an XML declaration from being the first. */
	private add(text: string, bytes?: number): void {
		const wanted = this.space_may_follow ? text.replace(/^[ \t\r\n]+/, "") : text;
		if (wanted === "") return;
		this.space_may_follow = false;
		this.tokenizer.write(wanted, wanted.length === text.length ? bytes : undefined);
	}

	private start_over(rest: "keep" | "drop"): void {
		const { unread } = this.tokenizer;
		this.space_may_follow = rest === "keep";
		if (rest === "drop") this.decoder.reset();
		this.restart = undefined;
		this.tokenizer = new XmlTokenizer(this.attribute_limit);
		this.namespaces = new Namespaces();
		this.opened = false;
		this.innermost = undefined;
		this.depth = 0;
		this.text = "";
		this.foreign_depth = 0;
		this.stanza_bytes = 0;
		if (rest === "keep") this.add(unread);
	}

	private refuse(fault: StreamFault): void {
		this.stopped = true;
		this.callbacks.error(fault);
	}

	private check_size(bytes: number): void {
		if (bytes > this.stanza_size_limit) throw new Refusal({ kind: "stanza-too-large" });
	}

	private element_opens(): void {
		const { bytes } = this.tokenizer;
		const { name, xmlns, attr } = this.namespaces.open(this.tokenizer.name, this.tokenizer.attributes);
		if (!this.opened) {
			this.header_opens(name, xmlns, attr, bytes);
			return;
		}
		if (this.foreign_depth > 0 || xmlns !== this.options.default_ns) {
			this.foreign_depth++;
			attr["xmlns"] = xmlns;
		}
		const element = new Stanza(name);
		element.attr = attr;
		const parent = this.innermost;
		if (parent === undefined) {
			this.element_count = 0;
			this.stanza_bytes = 0;
		} else {
			this.close_text(parent);
			parent.append_parsed(element);
		}
		this.stanza_bytes += bytes;
		this.innermost = element;
		if (++this.depth > this.depth_limit) {
			throw new Refusal({ kind: "stanza-too-complex", text: `more than ${this.depth_limit} levels of elements` });
		}
		if (++this.element_count > this.element_limit) {
			throw new Refusal({ kind: "stanza-too-complex", text: `more than ${this.element_limit} elements` });
		}
	}

	private header_opens(name: string, xmlns: string, attr: Attributes, bytes: number): void {
		if (name !== this.stream_tag || xmlns !== this.stream_ns) throw new Refusal({ kind: "no-stream", name, xmlns });
		this.check_size(bytes);
		const content = this.namespaces.default_ns;
		// Each stanza declares its namespace where the header has prefixes for both, or the stream's namespace as its default.
		const is_usual = content === "" || content === this.stream_ns || content === this.options.default_ns;
		if (!(is_usual || this.options.any_content)) throw new Refusal({ kind: "wrong-content", xmlns: content });
		this.opened = true;
		this.lang = attr["xml:lang"] ?? this.lang;
		if (xmlns !== this.options.default_ns) attr["xmlns"] = xmlns;
		this.callbacks.streamopened(attr);
	}

	private add_text(): void {
		// Text between stanzas has no meaning.
		if (this.depth === 0) return;
		this.stanza_bytes += this.tokenizer.bytes;
		this.text += this.tokenizer.text;
	}

	/** Gives a stanza that is complete now. */
	private element_closes(): Stanza | undefined {
		this.namespaces.close();
		const element = this.innermost;
		if (element === undefined) {
			this.stop();
			this.callbacks.streamclosed();
			return undefined;
		}
		this.depth--;
		this.innermost = this.depth > 0 && element.parent instanceof Stanza ? element.parent : undefined;
		if (this.foreign_depth > 0) this.foreign_depth--;
		this.close_text(element);
		this.stanza_bytes += this.tokenizer.bytes;
		if (this.depth > 0) return undefined;
		this.check_size(this.stanza_bytes);
		this.stanza_bytes = 0;
		if (!this.options.keep_lang) element.attr["xml:lang"] ??= this.lang;
		if (element.name !== "error" || element.attr["xmlns"] !== this.stream_ns) return element;
		this.callbacks.error({ kind: "stream-error", stanza: element });
		return undefined;
	}

	private close_text(element: Stanza): void {
		if (this.text === "") return;
		element.append_parsed(this.text);
		this.text = "";
	}
}

/** Attributes of a stream header; undefined ones are left out. */
export interface StreamHeader {
	/** Namespace of the stream's stanzas. */
	readonly xmlns: string;
	readonly from?: string | undefined;
	readonly to?: string | undefined;
	readonly id?: string | undefined;
	/** The namespace of dialback, where it is spoken (XEP-0220 §2.1). */
	readonly "xmlns:db"?: string | undefined;
	/** `1.0` for what RFC 6120 describes. */
	readonly version?: string | undefined;
}

/** Text that opens a stream: XML declaration and header. */
export function stream_header({ xmlns, ...attributes }: StreamHeader): string {
	let text = `<?xml version='1.0'?><stream:stream xmlns='${xml_escape(xmlns)}' xmlns:stream='${ns.streams}' xml:lang='en'`;
	for (const [name, value] of Object.entries(attributes)) {
		if (value !== undefined) text += ` ${name}='${xml_escape(value)}'`;
	}
	return `${text}>`;
}

/** Text that closes a stream. */
export const stream_end = "</stream:stream>";
