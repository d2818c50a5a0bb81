// No counterpart: the keys of TLS 1.3 (RFC 8446 §7), which OpenSSL keeps to itself in Prosody.

import { createHmac } from "node:crypto";
import type { TlsContext } from "../core/types.ts";
import { iv_length, RecordSpace } from "./record_space.ts";
import type { TlsInfo } from "./tls.ts";

/** A cipher suite of TLS 1.3. */
export interface Suite {
	readonly info: TlsInfo;
	/** The name by which OpenSSL knows the cipher itself. */
	readonly cipher: "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";
	readonly hash: "sha256" | "sha384";
	/** In bytes. */
	readonly key_length: 16 | 32;
	readonly hash_length: 32 | 48;
}

function info(cipher: string): TlsInfo {
	return { protocol: "TLSv1.3", cipher };
}

/** The suites of TLS 1.3 by their numbers (RFC 8446 §B.4), but for those with CCM, which nobody offers by default. */
const suites: ReadonlyMap<number, Suite> = new Map([
	[0x1301, { info: info("TLS_AES_128_GCM_SHA256"), cipher: "aes-128-gcm", hash: "sha256", key_length: 16, hash_length: 32 }],
	[0x1302, { info: info("TLS_AES_256_GCM_SHA384"), cipher: "aes-256-gcm", hash: "sha384", key_length: 32, hash_length: 48 }],
	[
		0x1303,
		{ info: info("TLS_CHACHA20_POLY1305_SHA256"), cipher: "chacha20-poly1305", hash: "sha256", key_length: 32, hash_length: 32 },
	],
]);

/** The suite with a number; undefined for those that only OpenSSL speaks here. */
export function suite_of(number: number): Suite | undefined {
	return suites.get(number);
}

/** HKDF-Expand-Label without a context (RFC 8446 §7.1), for no more bytes than the hash has. */
export function expand_label(hash: Suite["hash"], secret: Uint8Array, label: string, length: number): Buffer {
	const name = `tls13 ${label}`;
	const info = Buffer.from([length >> 8, length & 0xff, name.length, ...Buffer.from(name, "latin1"), 0, 1]);
	return createHmac(hash, secret).update(info).digest().subarray(0, length);
}

/** What each direction of a connection takes: secret, key, and the nonce's fixed part. */
const longest_secret = 48;
const longest_key = 32;
const direction_bytes = longest_secret + longest_key + iv_length;
const exporter_length = 32;
const connection_bytes = 2 * direction_bytes + exporter_length;
const connections_per_slab = 256;

/** One direction's keys, in memory that belongs to a {@link KeyStore}. */
export interface DirectionKeys {
	readonly secret: Buffer;
	readonly key: Buffer;
	readonly iv: Buffer;
}

/** Where the keys of one connection lie. */
export interface KeyPlace {
	readonly slab: Buffer;
	readonly at: number;
}

/**
 * The keys of all connections of a server, side by side: buffers of their own would take five times as much memory. Each place is
 * filled with zeros when its connection is gone.
 */
export class KeyStore {
	/** Where the records of all of them are made. */
	readonly space = new RecordSpace();
	private readonly free: KeyPlace[] = [];
	private readonly end_points = new WeakMap<TlsContext, { readonly hash: Buffer | undefined }>();

	/** The hash of a context's certificate, which all its connections share. */
	end_point(context: TlsContext, hash: () => Buffer | undefined): Buffer | undefined {
		let known = this.end_points.get(context);
		if (known === undefined) {
			known = { hash: hash() };
			this.end_points.set(context, known);
		}
		return known.hash;
	}

	/** A place for both directions of one connection. */
	take(): KeyPlace {
		if (this.free.length === 0) {
			const slab = Buffer.alloc(connections_per_slab * connection_bytes);
			for (let index = connections_per_slab - 1; index >= 0; index--) {
				this.free.push({ slab, at: index * connection_bytes });
			}
		}
		const place = this.free.pop();
		if (place === undefined) throw new RangeError("there is no place for keys");
		return place;
	}

	/** Forgets the keys at a place. */
	release(place: KeyPlace): void {
		place.slab.fill(0, place.at, place.at + connection_bytes);
		this.free.push(place);
	}
}

/** The keys of a direction, for reading and for setting them. */
export function keys_at({ slab, at }: KeyPlace, direction: "read" | "write", { key_length, hash_length }: Suite): DirectionKeys {
	const from = direction === "read" ? at : at + direction_bytes;
	const key_at = from + longest_secret;
	const iv_at = key_at + longest_key;
	return {
		secret: slab.subarray(from, from + hash_length),
		key: slab.subarray(key_at, key_at + key_length),
		iv: slab.subarray(iv_at, iv_at + iv_length),
	};
}

/** What only the two ends of a connection know, for reading and for setting it. */
export function exporter_at({ slab, at }: KeyPlace): Buffer {
	return slab.subarray(at + 2 * direction_bytes, at + connection_bytes);
}

/** Takes a direction's traffic secret into use (RFC 8446 §7.3). */
export function set_secret(keys: DirectionKeys, suite: Suite, secret: Uint8Array): void {
	keys.secret.set(secret);
	keys.key.set(expand_label(suite.hash, secret, "key", suite.key_length));
	keys.iv.set(expand_label(suite.hash, secret, "iv", iv_length));
}

/** The next generation of a direction's keys (RFC 8446 §7.2). */
export function update_secret(keys: DirectionKeys, suite: Suite): void {
	set_secret(keys, suite, expand_label(suite.hash, keys.secret, "traffic upd", suite.hash_length));
}
