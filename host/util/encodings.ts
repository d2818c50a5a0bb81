// Counterpart: util/encodings.c, as it is built with ICU

import { isUtf8 } from "node:buffer";

export { idna_to_ascii, idna_to_unicode } from "./idna.ts";
export { nameprep, nodeprep, resourceprep, saslprep } from "./stringprep.ts";

const lone_surrogate = /\p{Surrogate}/u;

/** Base64 with padding and without line breaks (RFC 4648 §4); of a string its UTF-8 is taken. */
export function base64_encode(data: Buffer | string): string {
	return (typeof data === "string" ? Buffer.from(data) : data).toString("base64");
}

/**
 * The bytes that a Base64 text stands for, or `undefined` when it has a character that is neither in the alphabet nor a blank.
 * As lenient as Prosody's: blanks are skipped, a zero byte ends the text, several padded texts may follow each other.
 */
export function base64_decode(text: Buffer | string): Buffer | undefined {
	const whole = typeof text === "string" ? text : text.toString("latin1");
	if (whole.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(whole)) return Buffer.from(whole, "base64");

	const end = whole.indexOf("\0");
	const packed = (end < 0 ? whole : whole.slice(0, end)).replace(/[\n\r\t \f\b]+/g, "");
	if (!/^[A-Za-z0-9+/=]*$/.test(packed)) return undefined;
	const groups = packed.split("=");
	// PARITY: without the padding that belongs to it, an incomplete last group is dropped, not decoded
	const last = groups.pop() ?? "";
	groups.push(last.slice(0, last.length - (last.length % 4)));
	return Buffer.concat(groups.map((group) => Buffer.from(group, "base64")));
}

/** Whether bytes are valid UTF-8, or whether a string has a form in UTF-8, which means that it has no lone surrogate. */
export function utf8_valid(text: Buffer | string): boolean {
	return typeof text === "string" ? !lone_surrogate.test(text) : isUtf8(text);
}

/**
 * The length of valid UTF-8, `undefined` for invalid.
 * PARITY: counted in bytes, although Lua's own utf8.len, which Prosody prefers where it exists, counts code points.
 */
export function utf8_length(text: Buffer | string): number | undefined {
	return utf8_valid(text) ? Buffer.byteLength(text) : undefined;
}
