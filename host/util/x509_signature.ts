// Counterpart: LuaSec's x509.c (getsignaturename), as plugins/mod_saslauth.lua uses it

import type { X509Certificate } from "node:crypto";
import { der_tags, is_constructed, values_in } from "./der.ts";

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

/** Object identifiers in a piece of DER, and in what is within its values. */
function* identifiers(der: Buffer): Generator<string> {
	for (const value of values_in(der)) {
		if (value.tag === der_tags.identifier) yield value.content.toString("hex");
		else if (is_constructed(value)) yield* identifiers(value.content);
	}
}

/**
 * The hash for `tls-server-end-point` (RFC 5929 §4.1): that of the certificate's signature, SHA-256 instead of what is weaker, and
 * where the signature has none of its own.
 */
export function end_point_hash(certificate: X509Certificate): string {
	const [whole] = values_in(certificate.raw);
	const [, algorithm] = whole === undefined ? [] : values_in(whole.content);
	for (const identifier of identifiers(algorithm?.content ?? Buffer.alloc(0))) {
		const hash = hashes.get(identifier);
		if (hash !== undefined) return hash;
	}
	return "sha256";
}
