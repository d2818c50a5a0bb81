// No counterpart: Prosody parses and serialises all that it reads from its archive.

import { character_classes, name_character, name_start } from "./xml_characters.ts";

/**
 * A stanza's text that can go out as it is, cut where something is put in or left out. It is as safe as what was parsed and
 * serialised again: well-formed, all tags closed, no prefixes, and nothing that XML or XMPP forbids.
 */
export interface PlainStanza {
	readonly name: string;
	/** Its attributes as they stand in the text, each with a space before it, without `xmlns` and `to`. */
	readonly attributes: string;
	/** The attribute `to` in the same form; empty where there is none. */
	readonly to: string;
	/** What comes behind the attributes: `/>`, or `>` with all that follows. */
	readonly rest: string;
	/** Whether each character is one byte in UTF-8. */
	readonly is_ascii: boolean;
}

/** What is deeper, or has more attributes, is parsed. */
const most_levels = 50;
const most_attributes = 20;

const lt = 0x3c;
const gt = 0x3e;
const ampersand = 0x26;
const slash = 0x2f;
const blank = 0x20;
const equals = 0x3d;
const apostrophe = 0x27;
const quote = 0x22;
const line_feed = 0x0a;
const tab = 0x09;

/** References that every reader knows; those to white space keep it in attributes. */
const references: readonly string[] = ["&amp;", "&lt;", "&gt;", "&apos;", "&quot;", "&#9;", "&#10;", "&#13;"];
/** Namespaces that cannot be the default one. */
const reserved: ReadonlySet<string> = new Set(["", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"]);

/** Goes through a text once, and stops at the first thing that is not plain. */
class Scan {
	at = 0;
	is_ascii = true;
	/** Names and values of the tag that was read last: where each begins and ends. */
	readonly attributes: number[] = [];

	constructor(readonly text: string) {}

	/** Reads a name of ASCII without a prefix; false where there is none. */
	name(): boolean {
		const { text } = this;
		let code = text.charCodeAt(this.at);
		if (!(code < 0x80) || code === 0x3a || ((character_classes[code] ?? 0) & name_start) === 0) return false;
		do code = text.charCodeAt(++this.at);
		while (code < 0x80 && code !== 0x3a && ((character_classes[code] ?? 0) & name_character) !== 0);
		return true;
	}

	/** Goes on behind a reference; false where it is no usual one. */
	private reference(): boolean {
		for (const known of references) {
			if (!this.text.startsWith(known, this.at)) continue;
			this.at += known.length;
			return true;
		}
		return false;
	}

	/** Goes on behind a character beyond ASCII; false for what XML does not allow. */
	private wide(code: number): boolean {
		this.is_ascii = false;
		this.at++;
		if (code < 0xd800) return true;
		if (code > 0xdfff) return code < 0xfffe;
		const low = this.text.charCodeAt(this.at++);
		return code < 0xdc00 && low >= 0xdc00 && low <= 0xdfff;
	}

	/** Reads text up to the next tag. */
	characters(): boolean {
		const { text } = this;
		for (;;) {
			const code = text.charCodeAt(this.at);
			if (code === lt) return true;
			if (code === ampersand) {
				if (!this.reference()) return false;
			} else if (code >= 0x80) {
				if (!this.wide(code)) return false;
			} else if ((code >= blank && code !== gt) || code === line_feed || code === tab) this.at++;
			// The end of the text is no number
			else return false;
		}
	}

	/** Reads a value up to its closing mark. */
	private value(mark: number): boolean {
		const { text } = this;
		for (;;) {
			const code = text.charCodeAt(this.at);
			if (code === mark) return true;
			if (code === ampersand) {
				if (!this.reference()) return false;
			} else if (code >= 0x80) {
				if (!this.wide(code)) return false;
			} else if (code >= blank && code !== lt) this.at++;
			else return false;
		}
	}

	/** Reads attributes, each behind one space. */
	tag(): boolean {
		const { attributes, text } = this;
		attributes.length = 0;
		while (text.charCodeAt(this.at) === blank) {
			const start = ++this.at;
			if (text.startsWith("xml:lang=", start)) this.at += "xml:lang".length;
			else if (!this.name()) return false;
			const end = this.at;
			if (text.charCodeAt(this.at++) !== equals) return false;
			const mark = text.charCodeAt(this.at++);
			if (mark !== apostrophe && mark !== quote) return false;
			const opening = this.at;
			if (!this.value(mark) || this.is_known(start, end)) return false;
			if (text.startsWith("xmlns=", start) && reserved.has(text.slice(opening, this.at))) return false;
			this.at++;
			attributes.push(start, end, opening, this.at - 1);
			if (attributes.length > 4 * most_attributes) return false;
		}
		return true;
	}

	/** Whether an attribute of that name was read before in the tag. */
	private is_known(start: number, end: number): boolean {
		const { attributes, text } = this;
		for (let index = 0; index < attributes.length; index += 4) {
			const from = attributes[index] ?? 0;
			if ((attributes[index + 1] ?? 0) - from === end - start && text.startsWith(text.slice(start, end), from)) return true;
		}
		return false;
	}

	/** Reads what is behind the attributes of the outermost tag, up to the end of the text. */
	content(name: string): boolean {
		const { text } = this;
		if (this.is_empty()) return this.at === text.length;
		const open: string[] = [name];
		if (text.charCodeAt(this.at++) !== gt) return false;
		while (open.length > 0) {
			if (!this.characters()) return false;
			const start = ++this.at;
			if (text.charCodeAt(start) === slash) {
				const ended = open.pop() ?? "";
				if (!text.startsWith(ended, start + 1)) return false;
				this.at = start + 1 + ended.length;
				if (text.charCodeAt(this.at++) !== gt) return false;
				continue;
			}
			if (!this.name()) return false;
			const inner = text.slice(start, this.at);
			if (!this.tag()) return false;
			if (this.is_empty()) continue;
			if (text.charCodeAt(this.at++) !== gt) return false;
			open.push(inner);
			if (open.length > most_levels) return false;
		}
		return this.at === text.length;
	}

	/** Goes on behind the end of a tag without content, if it is one. */
	private is_empty(): boolean {
		const { text } = this;
		if (text.charCodeAt(this.at) !== slash || text.charCodeAt(this.at + 1) !== gt) return false;
		this.at += 2;
		return true;
	}
}

/**
 * Looks at a stored text once. Undefined where it is not plain, whatever the reason: then it has to be parsed.
 * @param xmlns the namespace in which it will be put; it may have that one itself, or none
 */
export function plain_stanza(text: string, xmlns: string): PlainStanza | undefined {
	const scan = new Scan(text);
	if (text.charCodeAt(scan.at++) !== lt || !scan.name()) return undefined;
	const name = text.slice(1, scan.at);
	if (!scan.tag()) return undefined;
	const begin = scan.at;
	let attributes = "";
	let to = "";
	for (let index = 0; index < scan.attributes.length; index += 4) {
		const [start = 0, end = 0, opening = 0, closing = 0] = scan.attributes.slice(index, index + 4);
		const written = text.slice(start - 1, closing + 1);
		const key = text.slice(start, end);
		if (key === "to") to = written;
		else if (key !== "xmlns") attributes += written;
		else if (text.slice(opening, closing) !== xmlns) return undefined;
	}
	if (!scan.content(name)) return undefined;
	return { name, attributes, to, rest: text.slice(begin), is_ascii: scan.is_ascii };
}
