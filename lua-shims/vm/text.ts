// No counterpart. Lua's strings are bytes, the host's are UTF-16.

import { isUtf8 } from "node:buffer";

const encoder = new TextEncoder();

/** Bytes that are no UTF-8 become lone low surrogates, U+DC00 and the byte, from which {@link bytes_of} makes them again. */
const escape_base = 0xdc00;

/**
 * The text of a Lua string. Different bytes always have different texts: bytes that are not UTF-8 are escaped, so that nothing is
 * lost on the way to the host and back.
 */
export function text_of(bytes: Uint8Array): string {
	const { length } = bytes;
	if (length < 24) {
		let text = "";
		let i = 0;
		for (; i < length; i++) {
			const byte = bytes[i] ?? 0;
			if (byte > 0x7f) break;
			text += String.fromCharCode(byte);
		}
		if (i === length) return text;
	}
	if (isUtf8(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("utf8");
	return escaped(bytes);
}

/** The length of the UTF-8 sequence that starts at `at`, 0 where there is none. */
function sequence_length(bytes: Uint8Array, at: number): number {
	const first = bytes[at] ?? 0;
	const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

function escaped(bytes: Uint8Array): string {
	let text = "";
	let at = 0;
	while (at < bytes.length) {
		const length = sequence_length(bytes, at);
		if (length === 0) {
			text += String.fromCharCode(escape_base + (bytes[at] ?? 0));
			at++;
			continue;
		}
		text += Buffer.from(bytes.subarray(at, at + length)).toString("utf8");
		at += length;
	}
	return text;
}

/** The bytes of a text: its UTF-8, and for what {@link text_of} escaped the byte that it stands for. */
export function bytes_of(text: string): Uint8Array {
	const { length } = text;
	if (length < 24) {
		const short = new Uint8Array(length);
		let i = 0;
		for (; i < length; i++) {
			const unit = text.charCodeAt(i);
			if (unit > 0x7f) break;
			short[i] = unit;
		}
		if (i === length) return short;
	}
	if (!/\p{Surrogate}/u.test(text)) return encoder.encode(text);
	const bytes: number[] = [];
	for (const character of text) {
		const code = character.codePointAt(0) ?? 0;
		if (code >= escape_base + 0x80 && code <= escape_base + 0xff) bytes.push(code - escape_base);
		else bytes.push(...encoder.encode(character));
	}
	return Uint8Array.from(bytes);
}
