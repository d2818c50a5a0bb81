// No counterpart: Prosody parses with expat.

import {
	attribute_value,
	character_classes,
	check_characters,
	check_name,
	dereference,
	line_ends,
	longest_reference,
	name_character,
	name_start,
	only_space,
	space,
	special_anywhere,
	special_in_text,
} from "./xml_characters.ts";
import { RestrictedXml, TooManyAttributes, XmlError } from "./xml_errors.ts";
import { known_name } from "./xml_known_names.ts";

/** What a tokenizer finds: a start tag, an end tag or character data. */
export type XmlToken = "open" | "close" | "text";

/** The result of one step: a token, something without meaning, or nothing because it is incomplete. */
type Found = XmlToken | "nothing" | undefined;

const quoted = (values: string): string => `[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:'(?:${values})'|"(?:${values})")`;
/** The one XML declaration that XMPP allows (RFC 6120 §11.5). */
const declaration = new RegExp(
	`^<\\?xml[ \\t\\r\\n]+version${quoted("1\\.0")}(?:[ \\t\\r\\n]+encoding${quoted("[Uu][Tt][Ff]-8")})?(?:[ \\t\\r\\n]+standalone${quoted("yes")})?[ \\t\\r\\n]*\\?>$`,
);

/**
 * Cuts restricted XML (RFC 6120 §11.1: no comments, processing instructions, DTDs) into tags and text, strictly: end tags match,
 * attributes are unique, all characters are allowed. Namespaces are not handled here.
 *
 * {@link write} takes text, and {@link next} finds one token after the other in it: a tag as soon as its `>` is there, text when more
 * of it may come.
 */
export class XmlTokenizer {
	/** The name in the start tag that was found. */
	name = "";
	/** Its attributes: names and values in turn, no name twice. The array is used again for the next tag. */
	readonly attributes: string[] = [];
	/** The character data that was found, which may be a piece of it. */
	text = "";
	/** How many bytes of the input the token takes; 0 for the end of an empty-element tag. */
	bytes = 0;

	/** What was written, and how much of it is read. */
	private buffer = "";
	private at = 0;
	private unread_bytes = 0;
	/** Whether a long tag is incomplete: it is not read again with each small piece. */
	private waits_for_end = false;
	/** Whether an empty-element tag was opened, so that its end is next. */
	private is_empty = false;
	private readonly open_names: string[] = [];
	private root: "none" | "open" | "closed" = "none";
	private at_start = true;
	/** Whether one character is one byte in what is being read. */
	private ascii = true;
	/** Whether no character of what is being read needs a look: text and values mean what is written. */
	private plain = true;

	/** @param attribute_limit most attributes of one element */
	constructor(private readonly attribute_limit: number) {}

	/** Bytes that are not a complete token yet. */
	get pending_bytes(): number {
		return this.unread_bytes;
	}

	/** Whether all that was written is one complete document. */
	get is_complete(): boolean {
		return this.root === "closed" && !this.is_empty && only_space.test(this.unread);
	}

	/** Whether there is more to be read, or the beginning of something. */
	get has_unread(): boolean {
		return this.is_empty || this.at < this.buffer.length;
	}

	/** What was written and has not been read. */
	get unread(): string {
		return this.buffer.slice(this.at);
	}

	/**
	 * Takes text that follows what was written before.
	 * @param bytes how many it takes in UTF-8
	 */
	write(chunk: string, bytes = Buffer.byteLength(chunk)): void {
		// One look at what came instead of one at each text and value in it, and none at what came before
		this.plain = (this.plain || this.at === this.buffer.length) && !special_anywhere.test(chunk);
		if (this.at > 0) this.buffer = this.unread + chunk;
		else this.buffer += chunk;
		this.at = 0;
		this.unread_bytes += bytes;
		if (this.waits_for_end && !chunk.includes(">")) return;
		this.waits_for_end = false;
		if (this.at_start && this.buffer.startsWith("\ufeff")) {
			this.buffer = this.buffer.slice(1);
			this.unread_bytes -= 3;
		}
		this.ascii = this.unread_bytes === this.buffer.length;
	}

	/**
	 * Finds the next token; undefined where there is no complete one.
	 * @throws XmlError and TooManyAttributes; the tokenizer must not be used after that
	 */
	next(): XmlToken | undefined {
		if (this.is_empty) {
			this.is_empty = false;
			this.bytes = 0;
			return this.closed();
		}
		if (this.waits_for_end) return undefined;
		while (this.at < this.buffer.length) {
			const start = this.at;
			const found = this.buffer.charCodeAt(start) === 0x3c ? this.markup(start) : this.character_data(start);
			if (found === undefined) {
				this.waits_for_end = this.buffer.charCodeAt(start) === 0x3c && this.buffer.length - start > longest_reference;
				return undefined;
			}
			this.at_start = false;
			if (this.at === this.buffer.length) {
				this.buffer = "";
				this.at = 0;
			}
			if (found !== "nothing") return found;
		}
		// Who is silent for long has no need of them
		this.forget_attributes();
		return undefined;
	}

	/** Setting a length takes longer than taking out the few that there are. */
	private forget_attributes(): void {
		const { attributes } = this;
		if (attributes.length > 32) attributes.length = 0;
		else while (attributes.length > 0) attributes.pop();
	}

	/** Goes on after what was found. */
	private advance(end: number): void {
		this.bytes = this.ascii ? end - this.at : Buffer.byteLength(this.buffer.slice(this.at, end));
		this.unread_bytes -= this.bytes;
		this.at = end;
	}

	/** Finds text up to the next tag, or as much of it as is certain. */
	private character_data(start: number): Found {
		const { buffer } = this;
		let end = buffer.indexOf("<", start);
		if (end < 0) end = this.certain_end(start);
		if (end === start) return undefined;
		let text = buffer.slice(start, end);
		if (this.root !== "open") {
			if (!only_space.test(text)) throw new XmlError("text outside of the root element");
			this.advance(end);
			return "nothing";
		}
		if (!this.plain && special_in_text.test(text)) {
			check_characters(text);
			if (text.includes("]]>")) throw new XmlError("]]> in text");
			text = dereference(line_ends(text));
		}
		this.text = text;
		this.advance(end);
		return "text";
	}

	/** The end of the text whose meaning cannot change by what comes next. */
	private certain_end(start: number): number {
		const { buffer } = this;
		const reference_start = buffer.lastIndexOf("&");
		if (reference_start >= start && !buffer.includes(";", reference_start)) {
			if (buffer.length - reference_start > longest_reference) throw new XmlError("unescaped &");
			return reference_start;
		}
		if (buffer.endsWith("]]")) return Math.max(start, buffer.length - 2);
		return buffer.endsWith("\r") || buffer.endsWith("]") ? buffer.length - 1 : buffer.length;
	}

	/** Reads what begins with `<`. */
	private markup(start: number): Found {
		const { buffer } = this;
		if (buffer.length < start + 2) return undefined;
		switch (buffer.charCodeAt(start + 1)) {
			case 0x2f:
				return this.end_tag(start);
			case 0x21:
				return this.cdata(start);
			case 0x3f:
				return this.xml_declaration(start);
			default:
				return this.start_tag(start);
		}
	}

	private end_tag(start: number): Found {
		const { buffer } = this;
		const end = buffer.indexOf(">", start);
		if (end < 0) return undefined;
		const name = this.open_names[this.open_names.length - 1];
		if (name !== undefined && end - start - 2 === name.length && buffer.startsWith(name, start + 2)) {
			this.advance(end + 1);
			return this.closed();
		}
		const written = buffer.slice(start + 2, end);
		if (written !== name && (name === undefined || !written.startsWith(name) || !only_space.test(written.slice(name.length)))) {
			throw new XmlError(`end tag ${JSON.stringify(written)} does not match`);
		}
		this.advance(end + 1);
		return this.closed();
	}

	/** The innermost element ends. */
	private closed(): XmlToken {
		this.open_names.pop();
		if (this.open_names.length === 0) this.root = "closed";
		return "close";
	}

	private cdata(start: number): Found {
		const { buffer } = this;
		const opening = "<![CDATA[";
		const here = buffer.slice(start, start + opening.length);
		if (here.startsWith("<!--")) throw new RestrictedXml("comment");
		if (here.startsWith("<!DOCTYPE")) throw new RestrictedXml("DOCTYPE");
		const is_begun = [opening, "<!--", "<!DOCTYPE"].some((known) => known.startsWith(here));
		if (!is_begun) throw new XmlError("unexpected <!");
		if (here.length < opening.length) return undefined;
		if (this.root !== "open") throw new XmlError("text outside of the root element");
		const end = buffer.indexOf("]]>", start + opening.length);
		if (end < 0) return undefined;
		const text = buffer.slice(start + opening.length, end);
		check_characters(text);
		this.text = line_ends(text);
		this.advance(end + 3);
		return "text";
	}

	private xml_declaration(start: number): Found {
		const { buffer } = this;
		const name_end = this.name_end(start + 2);
		if (name_end === buffer.length) return undefined;
		const name = this.name_at(start + 2, name_end);
		if (name.toLowerCase() !== "xml") throw new RestrictedXml("processing instruction");
		if (!this.at_start) throw new XmlError("XML declaration that is not at the start");
		const end = buffer.indexOf("?>", start);
		if (end < 0) return undefined;
		if (!declaration.test(buffer.slice(start, end + 2)))
			throw new XmlError("XML declaration for something else than XML 1.0 in UTF-8");
		this.advance(end + 2);
		return "nothing";
	}

	/** Where a name ends that starts here. */
	private name_end(start: number): number {
		const { buffer } = this;
		let at = start;
		let code = buffer.charCodeAt(at);
		while (code >= 0x80 || ((character_classes[code] ?? 0) & name_character) !== 0) code = buffer.charCodeAt(++at);
		return at;
	}

	private name_at(start: number, end: number): string {
		const known = known_name(this.buffer, start, end);
		if (known !== undefined) return known;
		const name = this.buffer.slice(start, end);
		const plain = this.ascii && ((character_classes[this.buffer.charCodeAt(start)] ?? 0) & name_start) !== 0;
		return plain ? name : check_name(name);
	}

	private skip_space(start: number): number {
		let at = start;
		while (((character_classes[this.buffer.charCodeAt(at)] ?? 0) & space) !== 0) at++;
		return at;
	}

	private start_tag(start: number): Found {
		const { buffer } = this;
		let at = this.name_end(start + 1);
		if (at === buffer.length) return undefined;
		const name = this.name_at(start + 1, at);
		this.forget_attributes();
		for (;;) {
			const after_space = this.skip_space(at);
			const next = buffer.charCodeAt(after_space);
			if (next === 0x3e) return this.opened(name, false, after_space + 1);
			if (next === 0x2f) {
				if (after_space + 1 === buffer.length) return undefined;
				if (buffer.charCodeAt(after_space + 1) !== 0x3e) throw new XmlError("/ in a tag");
				return this.opened(name, true, after_space + 2);
			}
			if (after_space === buffer.length) return undefined;
			if (after_space === at) throw new XmlError("unexpected character in a tag");
			at = this.attribute(after_space);
			if (at < 0) return undefined;
		}
	}

	/** Reads an attribute; returns where it ends, or -1 when it is incomplete. */
	private attribute(start: number): number {
		const { attributes, buffer } = this;
		const name_end = this.name_end(start);
		if (name_end === buffer.length) return -1;
		const name = this.name_at(start, name_end);
		const equals = this.skip_space(name_end);
		if (equals === buffer.length) return -1;
		if (buffer.charCodeAt(equals) !== 0x3d) throw new XmlError(`attribute ${name} without a value`);
		const opening = this.skip_space(equals + 1);
		if (opening === buffer.length) return -1;
		const quote = buffer.charAt(opening);
		if (quote !== "'" && quote !== '"') throw new XmlError(`attribute ${name} without quotes`);
		const closing = buffer.indexOf(quote, opening + 1);
		if (closing < 0) {
			if (buffer.includes("<", opening)) throw new XmlError("< in an attribute");
			return -1;
		}
		for (let index = 0; index < attributes.length; index += 2) {
			if (attributes[index] === name) throw new XmlError(`duplicate attribute ${name}`);
		}
		if (attributes.length >= 2 * this.attribute_limit) throw new TooManyAttributes(this.attribute_limit);
		attributes.push(name, this.value_at(opening + 1, closing));
		return closing + 1;
	}

	/** An attribute's value. */
	private value_at(start: number, end: number): string {
		const raw = this.buffer.slice(start, end);
		return this.plain && !raw.includes("<") ? raw : attribute_value(raw);
	}

	private opened(name: string, is_empty: boolean, end: number): Found {
		if (this.root === "closed") throw new XmlError("second root element");
		this.root = "open";
		this.open_names.push(name);
		this.name = name;
		this.is_empty = is_empty;
		this.advance(end);
		return "open";
	}
}
