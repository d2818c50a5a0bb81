// No counterpart: asymmetric keys as OpenSSL's users name them: by curves, types and parameters.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from "node:crypto";

/** The names of curves in OpenSSL, NIST's and JSON's, by each of them in lower case. */
const curves = [
	{ names: ["prime256v1", "secp256r1", "p-256"], jwk: "P-256", openssl: "prime256v1", bytes: 32 },
	{ names: ["secp384r1", "p-384"], jwk: "P-384", openssl: "secp384r1", bytes: 48 },
	{ names: ["secp521r1", "p-521"], jwk: "P-521", openssl: "secp521r1", bytes: 66 },
	{ names: ["secp256k1"], jwk: "secp256k1", openssl: "secp256k1", bytes: 32 },
] as const;

/** A curve by any of its names. */
export function find_curve(name: string): (typeof curves)[number] | undefined {
	return curves.find(({ names }) => names.some((known) => known === name.toLowerCase()));
}

/** OpenSSL's names of kinds of keys, by Node's. */
const type_names: { readonly [type: string]: string } = {
	rsa: "rsaEncryption",
	"rsa-pss": "rsassaPss",
	ec: "id-ecPublicKey",
	ed25519: "ED25519",
	ed448: "ED448",
	x25519: "X25519",
	x448: "X448",
};

/** What OpenSSL calls the kind of a key. */
export function key_type({ asymmetricKeyType: type }: KeyObject): string {
	return type === undefined ? "" : (type_names[type] ?? type);
}

/** The public half of a key. */
export function public_half(key: KeyObject): KeyObject {
	return key.type === "private" ? createPublicKey(key) : key;
}

/** The numbers of a key. Throws for kinds of keys that have none. */
export function parameters(key: KeyObject): JsonWebKey {
	return key.export({ format: "jwk" });
}

/** The point of a public key on its curve, uncompressed; undefined for other kinds of keys. */
export function public_point(key: KeyObject): Buffer | undefined {
	if (key.asymmetricKeyType !== "ec") return undefined;
	const { x = "", y = "" } = parameters(public_half(key));
	return Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
}

/** A public key from its point. Throws where the point is not on the curve, or its curve is not known. */
export function key_of_point(point: Buffer, curve_name: string): KeyObject {
	const curve = find_curve(curve_name);
	if (curve === undefined) throw new Error(`unknown curve ${curve_name}`);
	if (point.length !== 2 * curve.bytes + 1 || point[0] !== 4) throw new Error("the point is not an uncompressed one");
	const part = (from: number): string => point.subarray(from, from + curve.bytes).toString("base64url");
	const key: JsonWebKey = { kty: "EC", crv: curve.jwk, x: part(1), y: part(1 + curve.bytes) };
	return createPublicKey({ key, format: "jwk" });
}

/** A public RSA key from its numbers. */
export function rsa_key_of(modulus: Buffer, exponent: Buffer): KeyObject {
	const key: JsonWebKey = { kty: "RSA", n: modulus.toString("base64url"), e: exponent.toString("base64url") };
	return createPublicKey({ key, format: "jwk" });
}

/** How large a new RSA key may be: larger ones take seconds to be made. */
const most_bits = 4096;

/** Makes a new key. Throws where there is no such kind, or it is too large. */
export function new_key(type: string, curve_name: string | undefined, bits: number): KeyObject {
	switch (type.toUpperCase()) {
		case "RSA":
			if (bits < 512 || bits > most_bits) throw new Error(`expected 512 to ${most_bits} bits, got ${bits}`);
			return generateKeyPairSync("rsa", { modulusLength: bits }).privateKey;
		case "EC": {
			const curve = find_curve(curve_name ?? "secp384r1");
			if (curve === undefined) throw new Error(`unknown curve ${curve_name}`);
			return generateKeyPairSync("ec", { namedCurve: curve.openssl }).privateKey;
		}
		case "ED25519":
			return generateKeyPairSync("ed25519").privateKey;
		case "X25519":
			return generateKeyPairSync("x25519").privateKey;
		default:
			throw new Error(`invalid key type ${type}`);
	}
}

/** Reads a key in PEM, or in DER; undefined where it is none of this kind. */
export function read_key(text: Buffer, kind: "private" | "public"): KeyObject | undefined {
	const is_pem = text.includes("-----BEGIN");
	// Node makes a public key of a private one without being asked
	if (kind === "public" && is_pem && text.includes("PRIVATE KEY-----")) return undefined;
	try {
		if (kind === "private")
			return is_pem ? createPrivateKey(text) : createPrivateKey({ key: text, format: "der", type: "pkcs8" });
		return is_pem ? createPublicKey(text) : createPublicKey({ key: text, format: "der", type: "spki" });
	} catch {
		return undefined;
	}
}
