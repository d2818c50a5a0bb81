// No counterpart: Prosody parses with expat.

import { RestrictedXml, XmlError } from "./xml_errors.ts";

/** Bits of {@link character_classes}. */
export const name_character = 1;
export const name_start = 2;
export const space = 4;

/** What an ASCII character may be. */
export const character_classes = new Uint8Array(128);
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:")
	character_classes[character.charCodeAt(0)] = name_character | name_start;
for (const character of "0123456789-.") character_classes[character.charCodeAt(0)] = name_character;
for (const character of " \t\r\n") character_classes[character.charCodeAt(0)] = space;

const starts =
	":A-Z_a-z\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}";
/** Name of XML 1.0 §2.3. */
const name_pattern = new RegExp(`^[${starts}][${starts}\\-.0-9\\xb7\\u0300-\\u036f\\u203f\\u2040]*$`, "u");

/** Characters that text must not contain, or that do not stand for themselves in it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is the very check for control characters
export const special_in_text = /[&\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\]\]>/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is the very check for control characters
const special_in_value = /[&<\u0000-\u001f\ufffe\uffff]/;
/** All of these but `<`, which is in every document, and `]`, which may begin `]]>`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is the very check for control characters
export const special_anywhere = /[&\]\u0000-\u001f\ufffe\uffff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is the very check for control characters
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
export const only_space = /^[ \t\r\n]*$/;

const entities: ReadonlyMap<string, string> = new Map([
	["amp", "&"],
	["lt", "<"],
	["gt", ">"],
	["quot", '"'],
	["apos", "'"],
]);
const reference = /&(?:#([0-9]+)|#x([0-9a-fA-F]+)|([^;&]*));?/g;
/** A reference that has no end after this many characters is an error. */
export const longest_reference = 32;

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

/** Replaces references by what they stand for. */
export function dereference(text: string): string {
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

export function check_characters(text: string): void {
	if (forbidden.test(text)) throw new XmlError("character that XML forbids");
}

export function check_name(name: string): string {
	if (!name_pattern.test(name)) throw new XmlError(`malformed name ${JSON.stringify(name)}`);
	return name;
}

/** XML 1.0 §2.11: every line ends with a line feed. */
export function line_ends(text: string): string {
	return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

/** XML 1.0 §3.3.3: white space in an attribute is a space each. */
export function attribute_value(raw: string): string {
	if (!special_in_value.test(raw)) return raw;
	if (raw.includes("<")) throw new XmlError("< in an attribute");
	check_characters(raw);
	return dereference(line_ends(raw).replace(/[\t\n]/g, " "));
}
