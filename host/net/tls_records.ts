// No counterpart: the record protocol of TLS 1.3 (RFC 8446 §5), which OpenSSL speaks in Prosody.

import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Piece } from "../util/out_buffer.ts";
import {
	type DirectionKeys,
	exporter_at,
	type KeyPlace,
	type KeyStore,
	keys_at,
	type Suite,
	set_secret,
	update_secret,
} from "./tls_keys.ts";

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
/** The most that a record may carry, and the most that it may have once it is encrypted. */
const longest_content = 16_384;
const longest_record = header_length + longest_content + 256;
/** How many records without any data may come one after the other, as in OpenSSL; so nobody keeps the server busy with nothing. */
const most_idle_records = 32;

const key_update = 24;
const key_update_length = 5;

/** Who is told of what the other end did. */
export interface RecordOwner {
	tls_data(bytes: Buffer): void;
	/** The other end says nothing more. */
	tls_ended(): void;
	/**
	 * Nothing can be read any more.
	 * @param alert what the other end is to be told; undefined where it was the one that said so
	 */
	tls_failed(reason: string, alert?: number): void;
}

/** A record, taken apart. */
interface Opened {
	readonly type: number;
	readonly content: Buffer;
}

/** What is wrong with a record. */
class RecordFault extends Error {
	constructor(
		message: string,
		readonly alert: number,
	) {
		super(message);
	}
}

/** The length of the record that some bytes begin with, its head included; undefined where there are too few to tell. */
export function record_length(bytes: Buffer): number | undefined {
	return bytes.length < header_length ? undefined : header_length + bytes.readUInt16BE(3);
}

/** Whether something that begins like this can be a record. */
export function is_record_head(bytes: Buffer): boolean {
	const type = bytes[0] ?? 0;
	return type >= content.change_cipher_spec && type <= content.application_data && (record_length(bytes) ?? 0) <= longest_record;
}

/** Bytes to be kept until more come: not together with what came before them. */
function kept(rest: Buffer): Buffer {
	return rest.length * 2 < rest.buffer.byteLength ? Buffer.from(rest) : rest;
}

/** The nonce of a record: its number, mixed with the fixed part (RFC 8446 §5.3). */
function nonce(iv: Buffer, number: number): Buffer {
	const mixed = Buffer.from(iv);
	const at = mixed.length - 8;
	mixed.writeUInt32BE((mixed.readUInt32BE(at) ^ Math.floor(number / 2 ** 32)) >>> 0, at);
	mixed.writeUInt32BE((mixed.readUInt32BE(at + 4) ^ (number % 2 ** 32)) >>> 0, at + 4);
	return mixed;
}

function encryption({ cipher }: Suite, key: Buffer, iv: Buffer) {
	return cipher === "chacha20-poly1305"
		? createCipheriv(cipher, key, iv, { authTagLength: tag_length })
		: createCipheriv(cipher, key, iv, { authTagLength: tag_length });
}

function decryption({ cipher }: Suite, key: Buffer, iv: Buffer) {
	return cipher === "chacha20-poly1305"
		? createDecipheriv(cipher, key, iv, { authTagLength: tag_length })
		: createDecipheriv(cipher, key, iv, { authTagLength: tag_length });
}

/** A whole record for some content, which is bytes, or characters of one byte each. */
function protect_record(suite: Suite, keys: DirectionKeys, number: number, type: number, data: string | Uint8Array): Buffer {
	const length = data.length + 1 + tag_length;
	const record = Buffer.allocUnsafe(header_length + length);
	record.writeUInt32BE((content.application_data << 24) | 0x0303_00 | (length >> 8), 0);
	record[4] = length & 0xff;
	const cipher = encryption(suite, keys.key, nonce(keys.iv, number));
	cipher.setAAD(record.subarray(0, header_length), { plaintextLength: data.length + 1 });
	let at = header_length;
	const add = (bytes: Buffer): void => {
		record.set(bytes, at);
		at += bytes.length;
	};
	if (typeof data === "string") add(cipher.update(data + String.fromCharCode(type), "latin1"));
	else {
		add(cipher.update(data));
		add(cipher.update(Uint8Array.of(type)));
	}
	add(cipher.final());
	add(cipher.getAuthTag());
	return record;
}

/** Takes the protection off one whole record. Throws a {@link RecordFault}. */
function open_record(suite: Suite, keys: DirectionKeys, number: number, record: Buffer): Opened {
	const header = record.subarray(0, header_length);
	if (header[0] !== content.application_data)
		throw new RecordFault("a record came without protection", alerts.unexpected_message);
	if (header.readUInt16BE(1) !== 0x0303) throw new RecordFault("a record is of another version", alerts.protocol_version);
	if (record.length < header_length + tag_length + 1) throw new RecordFault("a record is too short", alerts.decode_error);
	const body = record.subarray(header_length, -tag_length);
	let inner: Buffer;
	try {
		const decipher = decryption(suite, keys.key, nonce(keys.iv, number));
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

/**
 * Protects and opens the records of one connection whose handshake OpenSSL has done. OpenSSL keeps 18 KB of state and buffers for
 * each connection; this keeps two keys. Encryption itself and the check of what came are OpenSSL's here, too.
 */
export class TlsRecords {
	private place: KeyPlace | undefined;
	private read_number = 0;
	private write_number = 0;
	/** The beginning of a record. */
	private partial: Buffer | undefined;
	/** The beginning of a message of the handshake protocol. */
	private message: Buffer | undefined;
	private idle_records = 0;
	/** Whether the other end wants this side to change its key, too. */
	private has_to_change = false;
	/** Whether the other end said that it says nothing more, or something that cannot be understood. */
	private has_ended = false;

	/**
	 * @param store keeps the keys until {@link close}
	 * @param secrets the traffic secrets of both directions, and what is only known to these two ends (RFC 9266)
	 */
	constructor(
		private readonly suite: Suite,
		private readonly store: KeyStore,
		secrets: { readonly read: Uint8Array; readonly write: Uint8Array; readonly exporter: Uint8Array },
		private readonly owner: RecordOwner,
		/** How many records a key protects at most; AES-GCM is good for some 24 million (RFC 8446 §5.5). */
		private readonly records_per_key = 2 ** 23,
	) {
		this.place = store.take();
		set_secret(keys_at(this.place, "read", suite), suite, secrets.read);
		set_secret(keys_at(this.place, "write", suite), suite, secrets.write);
		exporter_at(this.place).set(secrets.exporter);
	}

	/** The secret that only the two ends know. */
	get exporter(): Buffer | undefined {
		return this.place && Buffer.from(exporter_at(this.place));
	}

	/** Forgets the keys: nothing is read or protected any more. */
	close(): void {
		if (this.place !== undefined) this.store.release(this.place);
		this.place = undefined;
		this.partial = undefined;
	}

	/** Protects what is to be sent, in as few records as possible. */
	protect(pieces: readonly Piece[]): Buffer[] {
		const records: Buffer[] = [];
		for (const piece of pieces) {
			// To encrypt text saves a copy
			const data = piece instanceof Uint8Array ? piece : piece.is_ascii ? piece.text : Buffer.from(piece.text);
			for (let at = 0; at < data.length; at += longest_content) {
				if (this.has_to_change || this.write_number >= this.records_per_key) records.push(...this.change_key());
				const end = at + longest_content;
				const part = typeof data === "string" ? data.slice(at, end) : data.subarray(at, end);
				records.push(...this.record(content.application_data, part));
			}
		}
		return records;
	}

	/** The record of an alert; this side sends nothing after it. */
	alert(description: number): Buffer[] {
		return this.record(content.alert, Uint8Array.of(description === alerts.close_notify ? 1 : 2, description));
	}

	/**
	 * A record that OpenSSL has written since it took the key of this side into use.
	 * @returns whether it was the last: the end that was asked for, which is not to be sent
	 */
	is_last_of_openssl(record: Buffer): boolean {
		if (this.place === undefined) return true;
		const { type } = open_record(this.suite, keys_at(this.place, "write", this.suite), this.write_number, record);
		if (type === content.alert) return true;
		this.write_number++;
		return false;
	}

	/** Takes bytes that came. */
	read(bytes: Buffer): void {
		if (this.has_ended) return;
		let rest = this.partial === undefined ? bytes : Buffer.concat([this.partial, bytes]);
		this.partial = undefined;
		try {
			while (this.place !== undefined && rest.length > 0) {
				const length = record_length(rest);
				if (length !== undefined && length > longest_record)
					throw new RecordFault("a record is too long", alerts.record_overflow);
				if (length === undefined || rest.length < length) {
					this.partial = kept(rest);
					return;
				}
				const record = rest.subarray(0, length);
				rest = rest.subarray(length);
				const opened = open_record(this.suite, keys_at(this.place, "read", this.suite), this.read_number++, record);
				this.has_ended = !this.handle(opened);
				if (this.has_ended) return;
			}
		} catch (error) {
			this.has_ended = true;
			if (!(error instanceof RecordFault)) throw error;
			this.owner.tls_failed(error.message, error.alert);
		}
	}

	/** Whether more may come. */
	private handle({ type, content: data }: Opened): boolean {
		if (type === content.application_data && data.length > 0) this.idle_records = 0;
		else if (++this.idle_records > most_idle_records) {
			throw new RecordFault("too many records without data came", alerts.unexpected_message);
		}
		if (type === content.handshake) {
			this.message = this.message === undefined ? data : Buffer.concat([this.message, data]);
			if (data.length === 0 || this.message.length > key_update_length || this.message[0] !== key_update) {
				throw new RecordFault("a message of another handshake came", alerts.unexpected_message);
			}
			if (this.message.length === key_update_length) this.key_updates(this.message);
			return true;
		}
		if (this.message !== undefined) throw new RecordFault("a message of the handshake was cut short", alerts.unexpected_message);
		if (type === content.application_data) {
			if (data.length > 0) this.owner.tls_data(data);
			return true;
		}
		if (type !== content.alert) throw new RecordFault(`a record of type ${type} came`, alerts.unexpected_message);
		const description = data[1];
		if (data.length !== 2 || description === undefined) throw new RecordFault("an alert has no meaning", alerts.decode_error);
		if (description === alerts.user_canceled) return true;
		if (description === alerts.close_notify) this.owner.tls_ended();
		else this.owner.tls_failed(`the other end sent alert ${description}`);
		return false;
	}

	/** The other end goes on with another key (RFC 8446 §4.6.3). */
	private key_updates(message: Buffer): void {
		this.message = undefined;
		if (this.place === undefined) return;
		const length = message.readUIntBE(1, 3);
		const is_asked = message[4];
		if (length !== 1 || is_asked === undefined || is_asked > 1) {
			throw new RecordFault("a change of keys has no meaning", alerts.decode_error);
		}
		update_secret(keys_at(this.place, "read", this.suite), this.suite);
		this.read_number = 0;
		// Answered before more data, and once: whoever asks without end and reads nothing would have the answers pile up
		if (is_asked === 1) this.has_to_change = true;
	}

	/** Tells the other end that another key is used from here on. */
	private change_key(): Buffer[] {
		const told = this.record(content.handshake, Uint8Array.of(key_update, 0, 0, 1, 0));
		if (this.place !== undefined) update_secret(keys_at(this.place, "write", this.suite), this.suite);
		this.write_number = 0;
		this.has_to_change = false;
		return told;
	}

	private record(type: number, data: string | Uint8Array): Buffer[] {
		if (this.place === undefined) return [];
		return [protect_record(this.suite, keys_at(this.place, "write", this.suite), this.write_number++, type, data)];
	}
}
