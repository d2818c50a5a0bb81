// No counterpart: Lua's strings are bytes.

import { isUtf8 } from "node:buffer";

/** Half of a surrogate pair. */
const lone_surrogate = /\p{Surrogate}/u;
/** The characters that stand for bytes which are not UTF-8. */
const escaped_byte = /[\udc80-\udcff]/;

/**
 * The text of bytes. A byte that is not UTF-8 becomes one of the characters U+DC80 to U+DCFF, which never come out of UTF-8. So all
 * bytes of a file can be kept in a text, and {@link bytes_of} gives them back.
 */
export function text_of(bytes: Buffer): string {
	if (isUtf8(bytes)) return bytes.toString("utf8");
	let text = "";
	for (let index = 0; index < bytes.length; ) {
		const lead = bytes[index] ?? 0;
		const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
		const character = bytes.subarray(index, index + length);
		if (character.length === length && isUtf8(character)) {
			text += character.toString("utf8");
			index += length;
		} else {
			text += String.fromCharCode(0xdc00 + lead);
			index++;
		}
	}
	return text;
}

/** The bytes of a text; the reverse of {@link text_of}. */
export function bytes_of(text: string): Buffer {
	if (!escaped_byte.test(text) || !lone_surrogate.test(text)) return Buffer.from(text, "utf8");
	const parts: Buffer[] = [];
	for (const character of text) {
		const code = character.charCodeAt(0);
		const is_byte = character.length === 1 && code >= 0xdc80 && code <= 0xdcff;
		parts.push(is_byte ? Buffer.from([code - 0xdc00]) : Buffer.from(character, "utf8"));
	}
	return Buffer.concat(parts);
}

/** Whether a text stands for bytes that are not UTF-8. */
export function has_foreign_bytes(text: string): boolean {
	return escaped_byte.test(text) && lone_surrogate.test(text);
}
