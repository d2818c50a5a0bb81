// Counterpart: util/stanza.lua (elements as XML text)

import type { Element } from "ltx";
import { forbidden_text } from "../xml_text.ts";

const escapes: Record<string, string> = {
	"'": "&apos;",
	'"': "&quot;",
	"<": "&lt;",
	">": "&gt;",
	"&": "&amp;",
	"\t": "&#9;",
	"\n": "&#10;",
	"\r": "&#13;",
};
const needs_escape = /['"<>&]/;
const escapable = /['"<>&]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: U+0001 separates namespace and name of an attribute
const forbidden_name = /[<>& '"\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Escapes text for elements and attributes, except line ends and tabs. Prosody's `xml_escape`. */
export function xml_escape(text: string): string {
	return needs_escape.test(text) ? text.replace(escapable, escape_character) : text;
}

function escape_character(character: string): string {
	return escapes[character] ?? character;
}

const needs_escape_in_text = /['"<>&\r]/;
const escapable_in_text = /['"<>&\r]/g;
const needs_escape_in_attribute = /['"<>&\t\n\r]/;
const escapable_in_attribute = /['"<>&\t\n\r]/g;

/**
 * Escapes text so that it is read as it was written: readers turn a bare carriage return into a line feed (XML 1.0 §2.11).
 * Divergence: Prosody writes it bare.
 */
export function escape_text(text: string): string {
	return needs_escape_in_text.test(text) ? text.replace(escapable_in_text, escape_character) : text;
}

/** The same for an attribute, in which readers turn line ends and tabs into spaces (XML 1.0 §3.3.3). */
export function escape_attribute(text: string): string {
	return needs_escape_in_attribute.test(text) ? text.replace(escapable_in_attribute, escape_character) : text;
}

/** Throws a TypeError for what cannot be the name of an element or attribute. */
export function check_name(name: string, what: string): void {
	const plain = what === "attribute" ? name.replace("\u0001", "") : name;
	if (plain === "" || forbidden_name.test(plain)) {
		throw new TypeError(`invalid ${what} name ${JSON.stringify(name)}: expected an XML name`);
	}
}

/** Throws a TypeError for text that XML cannot carry. */
export function check_text(text: string, what: string): void {
	if (typeof text !== "string" || forbidden_text.test(text)) {
		throw new TypeError(`invalid ${what} ${JSON.stringify(text)}: expected text that XML can carry`);
	}
}

/** The opening tag without its end, which may be `>` or `/>`; without `xmlns` where that of the surroundings is the same. */
export function open_tag(element: Element, parent_xmlns: string | undefined, with_to: boolean): string {
	// The engine knows the names of an object that it goes through only while nobody can have put another one in its place
	const { attrs } = element;
	let text = `<${element.name}`;
	let prefixes = 0;
	for (const name in attrs) {
		const value = attrs[name];
		if (value === undefined || (name === "xmlns" && value === parent_xmlns) || (name === "to" && !with_to)) continue;
		const separator = name.indexOf("\u0001");
		if (separator < 0) text += ` ${name}='${escape_attribute(value)}'`;
		else {
			prefixes++;
			const prefix = `ns${prefixes}`;
			text += ` xmlns:${prefix}='${escape_attribute(name.slice(0, separator))}' ${prefix}:${name.slice(separator + 1)}='${escape_attribute(value)}'`;
		}
	}
	return text;
}

function content(element: Element): string {
	if (element.children.length === 0) return "/>";
	let text = ">";
	for (const child of element.children) {
		text += typeof child === "string" ? escape_text(child) : serialise(child, element.attrs["xmlns"]);
	}
	return `${text}</${element.name}>`;
}

/** An element and all that is in it. */
export function serialise(element: Element, parent_xmlns: string | undefined): string {
	return open_tag(element, parent_xmlns, true) + content(element);
}

/** A stanza's text with a gap for `to`: what a broadcast serialises once. */
export interface AddressableText {
	/** Up to where ` to='…'` goes. */
	readonly head: string;
	readonly tail: string;
	/** Characters of both. */
	readonly size: number;
	/** Whether each of them is one byte in UTF-8. */
	readonly is_ascii: boolean;
}

/** Serialises a stanza for many recipients; {@link address} fills in each one's JID. */
export function serialise_for_many(stanza: Element): AddressableText {
	const head = open_tag(stanza, undefined, false);
	const tail = content(stanza);
	const size = head.length + tail.length;
	return { head, tail, size, is_ascii: Buffer.byteLength(head) + Buffer.byteLength(tail) === size };
}

/** The attribute that {@link address} fills in, with the space before it. */
export function to_attribute(to: string): string {
	return ` to='${escape_attribute(to)}'`;
}

/** The text for one recipient. */
export function address(text: AddressableText, to: string): string {
	return text.head + to_attribute(to) + text.tail;
}
