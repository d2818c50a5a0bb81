// Counterpart: LuaSec's x509.c (getsignaturename), as plugins/mod_saslauth.lua uses it

import type { X509Certificate } from "node:crypto";

/** Hashes by the object identifiers (in DER, hexadecimal) of what certificates are signed with, or of the hash alone. */
const hashes: ReadonlyMap<string, string> = new Map([
	// RSA, PKCS #1 1.5
	["2a864886f70d01010b", "sha256"],
	["2a864886f70d01010c", "sha384"],
	["2a864886f70d01010d", "sha512"],
	["2a864886f70d01010e", "sha224"],
	// ECDSA
	["2a8648ce3d040301", "sha224"],
	["2a8648ce3d040302", "sha256"],
	["2a8648ce3d040303", "sha384"],
	["2a8648ce3d040304", "sha512"],
	// DSA
	["608648016503040301", "sha224"],
	["608648016503040302", "sha256"],
	// The hash that RSASSA-PSS names in its parameters
	["608648016503040201", "sha256"],
	["608648016503040202", "sha384"],
	["608648016503040203", "sha512"],
	["608648016503040204", "sha224"],
]);

const object_identifier = 0x06;
const constructed = 0x20;

/** An element of DER and what is behind it. */
interface Element {
	readonly tag: number;
	readonly content: Buffer;
	readonly rest: Buffer;
}

function read_element(der: Buffer): Element | undefined {
	const tag = der[0];
	let length = der[1];
	if (tag === undefined || length === undefined) return undefined;
	let at = 2;
	if (length >= 0x80) {
		const bytes = length & 0x7f;
		if (bytes === 0 || bytes > 4 || der.length < at + bytes) return undefined;
		length = der.readUIntBE(at, bytes);
		at += bytes;
	}
	return { tag, content: der.subarray(at, at + length), rest: der.subarray(at + length) };
}

/** Object identifiers in an element and in those within it. */
function* identifiers(der: Buffer): Generator<string> {
	for (let element = read_element(der); element !== undefined; element = read_element(element.rest)) {
		if (element.tag === object_identifier) yield element.content.toString("hex");
		else if ((element.tag & constructed) !== 0) yield* identifiers(element.content);
	}
}

/**
 * The hash for `tls-server-end-point` (RFC 5929 §4.1): that of the certificate's signature, SHA-256 instead of what is weaker, and
 * where the signature has none of its own.
 */
export function end_point_hash(certificate: X509Certificate): string {
	const parts = read_element(certificate.raw);
	const signed = parts === undefined ? undefined : read_element(parts.content);
	const algorithm = signed === undefined ? undefined : read_element(signed.rest);
	if (algorithm !== undefined) {
		for (const identifier of identifiers(algorithm.content)) {
			const hash = hashes.get(identifier);
			if (hash !== undefined) return hash;
		}
	}
	return "sha256";
}
