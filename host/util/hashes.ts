// Counterpart: util/hashes.c

import { createHash, createHmac, hkdfSync, pbkdf2 as pbkdf2_in_pool, pbkdf2Sync, timingSafeEqual } from "node:crypto";
import { failed, ok } from "./error.ts";
import { Waiting } from "./waiting.ts";

/** Bytes; a string stands for its UTF-8. */
export type Bytes = Buffer | string;

/** A digest of data: raw, or in lower-case hexadecimal when `hex` is true. */
export interface Hash {
	(data: Bytes, hex: true): string;
	(data: Bytes, hex?: false): Buffer;
	(data: Bytes, hex?: boolean): Buffer | string;
}

/** A keyed digest of data (RFC 2104): raw, or in lower-case hexadecimal when `hex` is true. */
export interface Hmac {
	(key: Bytes, data: Bytes, hex: true): string;
	(key: Bytes, data: Bytes, hex?: false): Buffer;
	(key: Bytes, data: Bytes, hex?: boolean): Buffer | string;
}

/** A key from a password (RFC 8018), as long as the digest. */
export interface Pbkdf2 {
	/** Blocks the process for as long as the iterations take. */
	(password: Bytes, salt: Bytes, iterations: number): Buffer;
	/** The same in a thread of libuv's pool. */
	later(password: Bytes, salt: Bytes, iterations: number): Waiting<Buffer>;
}

/** A key from a key (RFC 5869); `length` is at most 256 bytes, which is Prosody's limit. */
export type Hkdf = (length: number, input: Bytes, salt: Bytes | undefined, info: Bytes) => Buffer;

const max_hkdf_bytes = 256;

function hash(algorithm: string): Hash {
	function digest(data: Bytes, hex: true): string;
	function digest(data: Bytes, hex?: false): Buffer;
	function digest(data: Bytes, hex?: boolean): Buffer | string;
	function digest(data: Bytes, hex = false): Buffer | string {
		const state = createHash(algorithm).update(data);
		return hex ? state.digest("hex") : state.digest();
	}
	return digest;
}

function hmac(algorithm: string): Hmac {
	function digest(key: Bytes, data: Bytes, hex: true): string;
	function digest(key: Bytes, data: Bytes, hex?: false): Buffer;
	function digest(key: Bytes, data: Bytes, hex?: boolean): Buffer | string;
	function digest(key: Bytes, data: Bytes, hex = false): Buffer | string {
		const state = createHmac(algorithm, key).update(data);
		return hex ? state.digest("hex") : state.digest();
	}
	return digest;
}

function pbkdf2(algorithm: string, length: number): Pbkdf2 {
	const now = (password: Bytes, salt: Bytes, iterations: number): Buffer =>
		pbkdf2Sync(password, salt, iterations, length, algorithm);
	const later = (password: Bytes, salt: Bytes, iterations: number): Waiting<Buffer> =>
		new Waiting((settle) => {
			pbkdf2_in_pool(password, salt, iterations, length, algorithm, (error, key) => settle(error ? failed(error) : ok(key)));
		});
	return Object.assign(now, { later });
}

function hkdf(algorithm: string): Hkdf {
	return (length, input, salt, info) => {
		if (length > max_hkdf_bytes)
			throw new RangeError(`hkdf: expected a length of at most ${max_hkdf_bytes} bytes, got ${length}`);
		return Buffer.from(hkdfSync(algorithm, input, salt ?? "", info, length));
	};
}

export const sha1 = hash("sha1");
export const sha224 = hash("sha224");
export const sha256 = hash("sha256");
export const sha384 = hash("sha384");
export const sha512 = hash("sha512");
export const sha3_256 = hash("sha3-256");
export const sha3_512 = hash("sha3-512");
export const blake2s256 = hash("blake2s256");
export const blake2b512 = hash("blake2b512");
export const md5 = hash("md5");

export const hmac_sha1 = hmac("sha1");
export const hmac_sha224 = hmac("sha224");
export const hmac_sha256 = hmac("sha256");
export const hmac_sha384 = hmac("sha384");
export const hmac_sha512 = hmac("sha512");
export const hmac_sha3_256 = hmac("sha3-256");
export const hmac_sha3_512 = hmac("sha3-512");
export const hmac_blake2s256 = hmac("blake2s256");
export const hmac_blake2b512 = hmac("blake2b512");
export const hmac_md5 = hmac("md5");

export const pbkdf2_hmac_sha1 = pbkdf2("sha1", 20);
export const pbkdf2_hmac_sha256 = pbkdf2("sha256", 32);
export const pbkdf2_hmac_sha512 = pbkdf2("sha512", 64);

export const hkdf_hmac_sha256 = hkdf("sha256");
export const hkdf_hmac_sha384 = hkdf("sha384");

/** Whether two secrets are the same, in a time that does not tell where they differ (but may tell that their lengths do). */
export function equals(left: Bytes, right: Bytes): boolean {
	const a = Buffer.from(left);
	const b = Buffer.from(right);
	return a.length === b.length && timingSafeEqual(a, b);
}
