// No counterpart: the record protocol of TLS 1.3 (RFC 8446 §5), which OpenSSL speaks in Prosody.

import type { Piece } from "../util/out_buffer.ts";
import {
	alerts,
	content,
	header_length,
	longest_content,
	longest_record,
	type Opened,
	open_record,
	protect_record,
	protected_length,
	RecordFault,
} from "./tls_ciphers.ts";
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

/** How many records without any data may come one after the other, as in OpenSSL; so nobody keeps the server busy with nothing. */
const most_idle_records = 32;

const key_update = 24;
const key_update_length = 5;

const nothing = Buffer.alloc(0);

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

/** How many bytes a piece is. */
function length_of(piece: Piece): number {
	if (piece instanceof Uint8Array) return piece.length;
	return piece.is_ascii ? piece.text.length : Buffer.byteLength(piece.text);
}

/** Puts a piece into a buffer; answers with its length. */
function put(piece: Piece, bytes: Buffer, at: number): number {
	if (!(piece instanceof Uint8Array)) return bytes.write(piece.text, at, piece.is_ascii ? "latin1" : "utf8");
	bytes.set(piece, at);
	return piece.length;
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

	/**
	 * Protects what is to be sent, in as few records as possible.
	 * @returns bytes that are good until other records are made with the same store, but for whom they are left
	 */
	protect(pieces: readonly Piece[]): Buffer {
		if (this.place === undefined) return nothing;
		const { suite, records_per_key } = this;
		const { space } = this.store;
		let length = 0;
		for (const piece of pieces) length += length_of(piece);
		// Each record has its type behind its content
		const plain = space.for_content(length + 1);
		let filled = 0;
		for (const piece of pieces) filled += put(piece, plain, filled);
		const changes = 1 + Math.floor(length / longest_content / records_per_key);
		const bytes = space.for_records(protected_length(length) + changes * protected_length(key_update_length));
		const keys = keys_at(this.place, "write", suite);
		let at = 0;
		for (let from = 0; from < length; from += longest_content) {
			if (this.has_to_change || this.write_number >= records_per_key) at += this.change_key().copy(bytes, at);
			const end = Math.min(length, from + longest_content);
			const next = plain[end] ?? 0;
			plain[end] = content.application_data;
			const nonce = space.nonces.of(keys.iv, this.write_number++);
			at = protect_record(suite, keys.key, nonce, plain.subarray(from, end + 1), { bytes, at });
			plain[end] = next;
		}
		return bytes.subarray(0, at);
	}

	/** The record of an alert; this side sends nothing after it. */
	alert(description: number): Buffer {
		return this.record(content.alert, [description === alerts.close_notify ? 1 : 2, description]);
	}

	/**
	 * A record that OpenSSL has written since it took the key of this side into use.
	 * @returns whether it was the last: the end that was asked for, which is not to be sent
	 */
	is_last_of_openssl(record: Buffer): boolean {
		if (this.place === undefined) return true;
		const { type } = this.open(keys_at(this.place, "write", this.suite), this.write_number, record);
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
				const opened = this.open(keys_at(this.place, "read", this.suite), this.read_number++, record);
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
	private change_key(): Buffer {
		const told = this.record(content.handshake, [key_update, 0, 0, 1, 0]);
		if (this.place !== undefined) update_secret(keys_at(this.place, "write", this.suite), this.suite);
		this.write_number = 0;
		this.has_to_change = false;
		return told;
	}

	private open(keys: DirectionKeys, number: number, record: Buffer): Opened {
		return open_record(this.suite, keys, this.store.space.nonces.of(keys.iv, number), record);
	}

	/** A record in a buffer of its own. */
	private record(type: number, data: ArrayLike<number>): Buffer {
		if (this.place === undefined) return nothing;
		const { key, iv } = keys_at(this.place, "write", this.suite);
		const bytes = Buffer.alloc(protected_length(data.length + 1));
		const inner = Buffer.from([...Array.from(data), type]);
		const nonce = this.store.space.nonces.of(iv, this.write_number++);
		return bytes.subarray(0, protect_record(this.suite, key, nonce, inner, { bytes, at: 0 }));
	}
}
