// Counterpart: util/x509.lua (names in certificates); making certificates is prosodyctl's, through OpenSSL

import { generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";
import { idna_to_ascii, idna_to_unicode, nameprep } from "./encodings.ts";

const day = 24 * 60 * 60 * 1000;

/** A certificate with its private key, both as PEM. */
export interface KeyAndCertificate {
	readonly certificate: string;
	readonly key: string;
}

// ------------------------------------------------------------------------------------------------- DER (ITU-T X.690)

function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
	const body = Buffer.concat(content);
	if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
	const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, "0"), "hex");
	return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const sequence = (...items: readonly Uint8Array[]): Buffer => der(0x30, ...items);
const set = (...items: readonly Uint8Array[]): Buffer => der(0x31, ...items);
const explicit = (tag: number, ...items: readonly Uint8Array[]): Buffer => der(0xa0 | tag, ...items);
const octets = (content: Uint8Array): Buffer => der(0x04, content);
const bits = (content: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.from([unused]), content);
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
const truth = der(0x01, Buffer.from([0xff]));

function oid(dotted: string): Buffer {
	const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
	const bytes = [first * 40 + second];
	for (const number of rest) {
		const septets = [number & 0x7f];
		for (let left = number >>> 7; left > 0; left >>>= 7) septets.unshift(0x80 | (left & 0x7f));
		bytes.push(...septets);
	}
	return der(0x06, Buffer.from(bytes));
}

/** RFC 5280 §4.1.2.5: two digits for the year up to 2049, four from then on. */
function time(date: Date): Buffer {
	const digits = `${date.toISOString().slice(0, 19).replace(/\D/g, "")}Z`;
	return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

function extension(id: string, value: Uint8Array, critical = false): Buffer {
	return sequence(oid(id), ...(critical ? [truth] : []), octets(value));
}

/**
 * Makes a self-signed certificate (ECDSA on P-256), for these domains and valid from yesterday on.
 * @param names domains; the first one is also the subject
 * @param days how long it is valid
 */
export function self_signed_certificate(names: readonly string[], days: number): KeyAndCertificate {
	const { publicKey: public_key, privateKey: private_key } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
	const algorithm = sequence(oid("1.2.840.10045.4.3.2"));
	// X.520 does not allow longer common names; they are ignored anyway where there are alternative names.
	const name = sequence(set(sequence(oid("2.5.4.3"), utf8((names[0] ?? "").slice(0, 64)))));
	const now = Date.now();
	const alternatives = names.flatMap((domain) => [
		der(0x82, Buffer.from(idna_to_ascii(domain) ?? domain)),
		// id-on-xmppAddr, RFC 6120 §13.7.1.4.
		explicit(0, oid("1.3.6.1.5.5.7.8.5"), explicit(0, utf8(domain))),
	]);
	const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
	const to_be_signed = sequence(
		explicit(0, der(0x02, Buffer.from([2]))),
		der(0x02, serial),
		algorithm,
		name,
		sequence(time(new Date(now - day)), time(new Date(now + days * day))),
		name,
		public_key.export({ type: "spki", format: "der" }),
		explicit(
			3,
			sequence(
				extension("2.5.29.19", sequence(), true),
				extension("2.5.29.15", bits(Buffer.from([0x80]), 7), true),
				extension("2.5.29.17", sequence(...alternatives)),
			),
		),
	);
	const certificate = sequence(to_be_signed, algorithm, bits(sign("sha256", to_be_signed, private_key)));
	return {
		certificate: new X509Certificate(certificate).toString(),
		key: private_key.export({ type: "pkcs8", format: "pem" }).toString(),
	};
}

// ------------------------------------------------------------------------------------------------------------- names

/**
 * Domains that a certificate is for, whatever the service: DNS names and the common name, in their prepared Unicode form, `*.` in
 * front where it covers all domains below. Names for a single service are left out.
 */
export function get_identities(certificate: X509Certificate): Set<string> {
	const names = new Set<string>();
	for (const match of (certificate.subjectAltName ?? "").matchAll(/(?:^|, )DNS:([^,]+)/g)) {
		const [, given = ""] = match;
		const is_wildcard = given.startsWith("*.");
		const prepared = nameprep(is_wildcard ? given.slice(2) : given);
		const name = prepared === undefined ? undefined : idna_to_unicode(prepared);
		if (name !== undefined) names.add(is_wildcard ? `*.${name}` : name);
	}
	const common_name = /^CN=(.+)$/m.exec(certificate.subject)?.[1];
	const name = common_name === undefined ? undefined : nameprep(common_name);
	if (name !== undefined && name !== "" && idna_to_ascii(name) !== undefined) names.add(name);
	return names;
}
