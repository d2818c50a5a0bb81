// No counterpart: one record of TLS 1.3 (RFC 8446 §5.2), which OpenSSL protects and opens in Prosody.

import { createCipheriv, createDecipheriv } from "node:crypto";
import type { DirectionKeys, Suite } from "./tls_keys.ts";

/** Types of content. */
export const content = { change_cipher_spec: 20, alert: 21, handshake: 22, application_data: 23 } as const;

/** Descriptions of alerts (RFC 8446 §6). */
export const alerts = {
	close_notify: 0,
	unexpected_message: 10,
	bad_record_mac: 20,
	record_overflow: 22,
	decode_error: 50,
	protocol_version: 70,
	internal_error: 80,
	user_canceled: 90,
} as const;

export const header_length = 5;
const tag_length = 16;
/** What a record has beside its content: head, type and tag. */
const overhead = header_length + 1 + tag_length;
/** The most that a record may carry, and the most that it may have once it is encrypted. */
export const longest_content = 16_384;
export const longest_record = header_length + longest_content + 256;

/** A record, taken apart. */
export interface Opened {
	readonly type: number;
	readonly content: Buffer;
}

/** What is wrong with a record. */
export class RecordFault extends Error {
	constructor(
		message: string,
		readonly alert: number,
	) {
		super(message);
	}
}

/** How many bytes the records take that some content needs. */
export function protected_length(length: number): number {
	return length + Math.ceil(length / longest_content) * overhead;
}

function encryption({ cipher }: Suite, key: Buffer, nonce: Buffer) {
	return cipher === "chacha20-poly1305"
		? createCipheriv(cipher, key, nonce, { authTagLength: tag_length })
		: createCipheriv(cipher, key, nonce, { authTagLength: tag_length });
}

function decryption({ cipher }: Suite, key: Buffer, nonce: Buffer) {
	return cipher === "chacha20-poly1305"
		? createDecipheriv(cipher, key, nonce, { authTagLength: tag_length })
		: createDecipheriv(cipher, key, nonce, { authTagLength: tag_length });
}

/** Where something is put. */
export interface Place {
	readonly bytes: Buffer;
	readonly at: number;
}

/**
 * Puts a whole record somewhere.
 * @param inner what it carries, and its type behind that
 * @returns the position after it
 */
export function protect_record(suite: Suite, key: Buffer, nonce: Buffer, inner: Buffer, { bytes, at }: Place): number {
	const length = inner.length + tag_length;
	bytes[at] = content.application_data;
	bytes[at + 1] = 3;
	bytes[at + 2] = 3;
	bytes[at + 3] = length >> 8;
	bytes[at + 4] = length & 0xff;
	const cipher = encryption(suite, key, nonce);
	cipher.setAAD(bytes.subarray(at, at + header_length), { plaintextLength: inner.length });
	const encrypted = cipher.update(inner);
	bytes.set(encrypted, at + header_length);
	// Gives no more bytes, since these ciphers have no blocks to fill
	cipher.final();
	const end = at + header_length + encrypted.length;
	bytes.set(cipher.getAuthTag(), end);
	return end + tag_length;
}

/** Takes the protection off one whole record. Throws a {@link RecordFault}. */
export function open_record(suite: Suite, keys: DirectionKeys, nonce: Buffer, record: Buffer): Opened {
	const header = record.subarray(0, header_length);
	if (header[0] !== content.application_data)
		throw new RecordFault("a record came without protection", alerts.unexpected_message);
	if (header.readUInt16BE(1) !== 0x0303) throw new RecordFault("a record is of another version", alerts.protocol_version);
	if (record.length < header_length + tag_length + 1) throw new RecordFault("a record is too short", alerts.decode_error);
	const body = record.subarray(header_length, -tag_length);
	let inner: Buffer;
	try {
		const decipher = decryption(suite, keys.key, nonce);
		decipher.setAuthTag(record.subarray(-tag_length));
		decipher.setAAD(header, { plaintextLength: body.length });
		inner = decipher.update(body);
		// Throws where the tag is another; nothing is looked at before
		decipher.final();
	} catch {
		throw new RecordFault("a record is damaged", alerts.bad_record_mac);
	}
	if (inner.length > longest_content + 1) throw new RecordFault("a record is too long", alerts.record_overflow);
	// Zeros behind the type are padding
	let end = inner.length - 1;
	while (end >= 0 && inner[end] === 0) end--;
	const type = inner[end];
	if (type === undefined) throw new RecordFault("a record has no type", alerts.unexpected_message);
	return { type, content: inner.subarray(0, end) };
}
