// No counterpart: Prosody parses with expat.

/** XML that is not well-formed, or that XMPP forbids. */
export class XmlError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "XmlError";
	}
}

/** XML that is well-formed so far, but with features that RFC 6120 §11.1 takes out of XMPP. */
export class RestrictedXml extends XmlError {
	constructor(what: string) {
		super(`${what}: restricted XML, see RFC 6120 section 11.1`);
		this.name = "RestrictedXml";
	}
}

/** An element with more attributes than allowed. */
export class TooManyAttributes extends Error {
	constructor(limit: number) {
		super(`more than ${limit} attributes in an element`);
		this.name = "TooManyAttributes";
	}
}

/** What a tokenizer finds; `bytes` is how many bytes of the input it takes. */
export interface XmlHandlers {
	/** A start tag; `attributes` are names and values in turn, no name twice. The array is used again for the next tag. */
	opened(name: string, attributes: readonly string[], bytes: number): void;
	/** An end tag, which is known to match; `bytes` is 0 for the end of an empty-element tag. */
	closed(bytes: number): void;
	/** Character data, in pieces. */
	text(text: string, bytes: number): void;
}

const name_character = 1;
const name_start = 2;
const space = 4;

/** What an ASCII character may be. */
const classes = new Uint8Array(128);
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:")
	classes[character.charCodeAt(0)] = name_character | name_start;
for (const character of "0123456789-.") classes[character.charCodeAt(0)] = name_character;
for (const character of " \t\r\n") classes[character.charCodeAt(0)] = space;

const starts =
	":A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}";
/** Name of XML 1.0 §2.3. */
const name_pattern = new RegExp(`^[${starts}][${starts}\\-.0-9\\xb7\\u0300-\\u036f\\u203f\\u2040]*$`, "u");

/** What text must not hold, or does not stand for itself in it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is the very check for control characters
const special_in_text = /[&\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\]\]>/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is the very check for control characters
const special_in_value = /[&<\u0000-\u001f\ufffe\uffff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is the very check for control characters
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const only_space = /^[ \t\r\n]*$/;

const quoted = (values: string): string => `[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:'(?:${values})'|"(?:${values})")`;
/** The one XML declaration that XMPP allows (RFC 6120 §11.5). */
const declaration = new RegExp(
	`^<\\?xml[ \\t\\r\\n]+version${quoted("1\\.0")}(?:[ \\t\\r\\n]+encoding${quoted("[Uu][Tt][Ff]-8")})?(?:[ \\t\\r\\n]+standalone${quoted("yes")})?[ \\t\\r\\n]*\\?>$`,
);

const entities: ReadonlyMap<string, string> = new Map([
	["amp", "&"],
	["lt", "<"],
	["gt", ">"],
	["quot", '"'],
	["apos", "'"],
]);
const reference = /&(?:#([0-9]+)|#x([0-9a-fA-F]+)|([^;&]*));?/g;
/** A reference that has no end after that many characters is none. */
const longest_reference = 32;

function character(code: number): string {
	const valid =
		(code >= 0x20 && code < 0xd800) ||
		code === 9 ||
		code === 10 ||
		code === 13 ||
		(code >= 0xe000 && code < 0xfffe) ||
		(code >= 0x10000 && code < 0x110000);
	if (!valid) throw new XmlError("reference to a character that XML forbids");
	return String.fromCodePoint(code);
}

/** Puts what references stand for in their place. */
function dereference(text: string): string {
	return text.replace(reference, (whole, decimal?: string, hexadecimal?: string, name?: string) => {
		if (!whole.endsWith(";")) throw new XmlError("unescaped &");
		if (decimal !== undefined) return character(Number.parseInt(decimal, 10));
		if (hexadecimal !== undefined) return character(Number.parseInt(hexadecimal, 16));
		const meaning = entities.get(name ?? "");
		if (meaning !== undefined) return meaning;
		if (name === undefined || !name_pattern.test(name)) throw new XmlError("malformed reference");
		throw new RestrictedXml(`entity ${name}`);
	});
}

function check_characters(text: string): void {
	if (forbidden.test(text)) throw new XmlError("character that XML forbids");
}

function check_name(name: string): string {
	if (!name_pattern.test(name)) throw new XmlError(`malformed name ${JSON.stringify(name)}`);
	return name;
}

/** XML 1.0 §2.11: every line ends with a line feed. */
function line_ends(text: string): string {
	return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

/** XML 1.0 §3.3.3: white space in an attribute is a space each. */
function attribute_value(raw: string): string {
	if (!special_in_value.test(raw)) return raw;
	if (raw.includes("<")) throw new XmlError("< in an attribute");
	check_characters(raw);
	return dereference(line_ends(raw).replace(/[\t\n]/g, " "));
}

/**
 * Cuts restricted XML (RFC 6120 §11.1: no comments, processing instructions, DTDs) into tags and text, strictly: end tags match,
 * attributes are unique, all characters are allowed. Namespaces are not looked at.
 *
 * A tag is reported as soon as its `>` is there, text when more of it may come.
 */
export class XmlTokenizer {
	/** What could not be reported yet, and its size. */
	private rest = "";
	private rest_bytes = 0;
	/** Whether a tag begins there (asking the text itself would make one flat string of it each time). */
	private rest_is_tag = false;
	private readonly open_names: string[] = [];
	private readonly attributes: string[] = [];
	private root: "none" | "open" | "closed" = "none";
	private at_start = true;
	private halted = false;
	/** Whether one character is one byte in what is being read. */
	private ascii = true;

	/** @param attribute_limit most attributes of one element */
	constructor(
		private readonly handlers: XmlHandlers,
		private readonly attribute_limit: number,
	) {}

	/** Bytes that are no complete tag yet. */
	get pending_bytes(): number {
		return this.rest_bytes;
	}

	/** Stops after what is being reported; what is written from then on is kept. */
	halt(): void {
		this.halted = true;
	}

	/** Reads on when more is written. */
	go_on(): void {
		this.halted = false;
	}

	/** What was written and not read, to be written again. */
	take_unread(): string {
		const { rest } = this;
		this.rest = "";
		this.rest_bytes = 0;
		this.rest_is_tag = false;
		return rest;
	}

	/** Whether all that was written is one document, whole. */
	get is_complete(): boolean {
		return this.root === "closed" && only_space.test(this.rest);
	}

	/** What was written and not read. */
	get unread(): string {
		return this.rest;
	}

	/**
	 * Reads on.
	 * @throws XmlError, TooManyAttributes, and what the handlers throw; the tokenizer is of no use after that
	 */
	write(chunk: string): void {
		let buffer = this.rest === "" ? chunk : this.rest + chunk;
		// A long tag that comes in small pieces is not to be looked at with each of them.
		if (this.rest_is_tag && this.rest.length > longest_reference && !chunk.includes(">")) {
			this.rest = buffer;
			this.rest_bytes += Buffer.byteLength(chunk);
			return;
		}
		if (this.at_start && buffer.startsWith("\ufeff")) buffer = buffer.slice(1);
		this.ascii = Buffer.byteLength(buffer) === buffer.length;
		let at = 0;
		while (at < buffer.length && !this.halted) {
			const end = buffer.charCodeAt(at) === 0x3c ? this.markup(buffer, at) : this.character_data(buffer, at);
			if (end === at) break;
			at = end;
			this.at_start = false;
		}
		this.rest = at === 0 ? buffer : buffer.slice(at);
		this.rest_bytes = this.bytes(buffer, at, buffer.length);
		this.rest_is_tag = buffer.charCodeAt(at) === 0x3c;
	}

	private bytes(buffer: string, start: number, end: number): number {
		return this.ascii ? end - start : Buffer.byteLength(buffer.slice(start, end));
	}

	/** Reports text up to the next tag, or as far as it is certain; answers with where it ends. */
	private character_data(buffer: string, start: number): number {
		let end = buffer.indexOf("<", start);
		if (end < 0) end = this.certain_end(buffer, start);
		if (end === start) return start;
		let text = buffer.slice(start, end);
		if (this.root !== "open") {
			if (!only_space.test(text)) throw new XmlError("text outside of the root element");
			return end;
		}
		if (special_in_text.test(text)) {
			check_characters(text);
			if (text.includes("]]>")) throw new XmlError("]]> in text");
			text = dereference(line_ends(text));
		}
		this.handlers.text(text, this.bytes(buffer, start, end));
		return end;
	}

	/** Where text ends that cannot mean something else with what comes next. */
	private certain_end(buffer: string, start: number): number {
		const reference_start = buffer.lastIndexOf("&");
		if (reference_start >= start && !buffer.includes(";", reference_start)) {
			if (buffer.length - reference_start > longest_reference) throw new XmlError("unescaped &");
			return reference_start;
		}
		if (buffer.endsWith("]]")) return Math.max(start, buffer.length - 2);
		return buffer.endsWith("\r") || buffer.endsWith("]") ? buffer.length - 1 : buffer.length;
	}

	/** Reports what begins with `<`; answers with where it ends, or with its start when it is not complete. */
	private markup(buffer: string, start: number): number {
		if (buffer.length < start + 2) return start;
		switch (buffer[start + 1]) {
			case "/":
				return this.end_tag(buffer, start);
			case "!":
				return this.cdata(buffer, start);
			case "?":
				return this.xml_declaration(buffer, start);
			default:
				return this.start_tag(buffer, start);
		}
	}

	private end_tag(buffer: string, start: number): number {
		const end = buffer.indexOf(">", start);
		if (end < 0) return start;
		const name = this.open_names.pop();
		const written = buffer.slice(start + 2, end);
		if (written !== name && (name === undefined || !written.startsWith(name) || !only_space.test(written.slice(name.length)))) {
			throw new XmlError(`end tag ${JSON.stringify(written)} does not match`);
		}
		if (this.open_names.length === 0) this.root = "closed";
		this.handlers.closed(this.bytes(buffer, start, end + 1));
		return end + 1;
	}

	private cdata(buffer: string, start: number): number {
		const opening = "<![CDATA[";
		const here = buffer.slice(start, start + opening.length);
		if (here.startsWith("<!--")) throw new RestrictedXml("comment");
		if (here.startsWith("<!DOCTYPE")) throw new RestrictedXml("DOCTYPE");
		const is_begun = [opening, "<!--", "<!DOCTYPE"].some((known) => known.startsWith(here));
		if (!is_begun) throw new XmlError("unexpected <!");
		if (here.length < opening.length) return start;
		if (this.root !== "open") throw new XmlError("text outside of the root element");
		const end = buffer.indexOf("]]>", start + opening.length);
		if (end < 0) return start;
		const text = buffer.slice(start + opening.length, end);
		check_characters(text);
		this.handlers.text(line_ends(text), this.bytes(buffer, start, end + 3));
		return end + 3;
	}

	private xml_declaration(buffer: string, start: number): number {
		const name_end = this.name_end(buffer, start + 2);
		if (name_end === buffer.length) return start;
		const name = this.name(buffer, start + 2, name_end);
		if (name.toLowerCase() !== "xml") throw new RestrictedXml("processing instruction");
		if (!this.at_start) throw new XmlError("XML declaration that is not at the start");
		const end = buffer.indexOf("?>", start);
		if (end < 0) return start;
		if (!declaration.test(buffer.slice(start, end + 2)))
			throw new XmlError("XML declaration for something else than XML 1.0 in UTF-8");
		return end + 2;
	}

	/** Where a name ends that starts here. */
	private name_end(buffer: string, start: number): number {
		let at = start;
		let code = buffer.charCodeAt(at);
		while (code >= 0x80 || ((classes[code] ?? 0) & name_character) !== 0) code = buffer.charCodeAt(++at);
		return at;
	}

	private name(buffer: string, start: number, end: number): string {
		const name = buffer.slice(start, end);
		const plain = this.ascii && ((classes[buffer.charCodeAt(start)] ?? 0) & name_start) !== 0;
		return plain ? name : check_name(name);
	}

	private skip_space(buffer: string, start: number): number {
		let at = start;
		while (((classes[buffer.charCodeAt(at)] ?? 0) & space) !== 0) at++;
		return at;
	}

	private start_tag(buffer: string, start: number): number {
		let at = this.name_end(buffer, start + 1);
		if (at === buffer.length) return start;
		const name = this.name(buffer, start + 1, at);
		const { attributes } = this;
		attributes.length = 0;
		for (;;) {
			const after_space = this.skip_space(buffer, at);
			const next = buffer.charCodeAt(after_space);
			if (next === 0x3e) return this.open(name, false, buffer, start, after_space + 1);
			if (next === 0x2f) {
				if (after_space + 1 === buffer.length) return start;
				if (buffer.charCodeAt(after_space + 1) !== 0x3e) throw new XmlError("/ in a tag");
				return this.open(name, true, buffer, start, after_space + 2);
			}
			if (after_space === buffer.length) return start;
			if (after_space === at) throw new XmlError("unexpected character in a tag");
			at = this.attribute(buffer, after_space);
			if (at < 0) return start;
		}
	}

	/** Reads an attribute; answers with where it ends, or -1 when it is not complete. */
	private attribute(buffer: string, start: number): number {
		const name_end = this.name_end(buffer, start);
		if (name_end === buffer.length) return -1;
		const name = this.name(buffer, start, name_end);
		const equals = this.skip_space(buffer, name_end);
		if (equals === buffer.length) return -1;
		if (buffer.charCodeAt(equals) !== 0x3d) throw new XmlError(`attribute ${name} without a value`);
		const opening = this.skip_space(buffer, equals + 1);
		if (opening === buffer.length) return -1;
		const quote = buffer.charAt(opening);
		if (quote !== "'" && quote !== '"') throw new XmlError(`attribute ${name} without quotes`);
		const closing = buffer.indexOf(quote, opening + 1);
		if (closing < 0) {
			if (buffer.includes("<", opening)) throw new XmlError("< in an attribute");
			return -1;
		}
		const { attributes } = this;
		for (let index = 0; index < attributes.length; index += 2) {
			if (attributes[index] === name) throw new XmlError(`duplicate attribute ${name}`);
		}
		if (attributes.length >= 2 * this.attribute_limit) throw new TooManyAttributes(this.attribute_limit);
		attributes.push(name, attribute_value(buffer.slice(opening + 1, closing)));
		return closing + 1;
	}

	private open(name: string, is_empty: boolean, buffer: string, start: number, end: number): number {
		if (this.root === "closed") throw new XmlError("second root element");
		this.root = "open";
		this.open_names.push(name);
		this.handlers.opened(name, this.attributes, this.bytes(buffer, start, end));
		if (is_empty && !this.halted) {
			this.open_names.pop();
			if (this.open_names.length === 0) this.root = "closed";
			this.handlers.closed(0);
		}
		return end;
	}
}
