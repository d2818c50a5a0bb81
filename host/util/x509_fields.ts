// Counterpart: LuaSec's x509.c (subject, issuer, extensions, getsignaturename)

import type { X509Certificate } from "node:crypto";
import { type DerValue, der_tags, find_extension, values_in } from "./der.ts";

/** A part of a distinguished name. */
export interface NamePart {
	/** Dotted object identifier of its kind. */
	readonly oid: string;
	readonly value: string;
}

/**
 * A subject alternative name of a certificate. The kind is named as by LuaSec; a kind without a name is a dotted object identifier.
 */
export interface AlternativeName {
	readonly kind: string;
	readonly value: string;
}

const oid_alternative_names = "551d11";
const bmp_string = 0x1e;
const teletex_string = 0x14;
/** Kinds of further names by their tags (RFC 5280 §4.2.1.6). */
const other_name = 0xa0;
const plain_names: ReadonlyMap<number, string> = new Map([
	[0x81, "rfc822Name"],
	[0x82, "dNSName"],
	[0x86, "uniformResourceIdentifier"],
]);
const ip_address = 0x87;

/** An object identifier as numbers with dots. */
function dotted(identifier: Buffer): string {
	const numbers: number[] = [];
	let number = 0;
	for (const byte of identifier) {
		number = number * 128 + (byte & 0x7f);
		if ((byte & 0x80) !== 0) continue;
		if (numbers.length === 0) {
			const first = Math.min(Math.floor(number / 40), 2);
			numbers.push(first, number - first * 40);
		} else numbers.push(number);
		number = 0;
	}
	return numbers.join(".");
}

function text_of({ tag, content }: DerValue): string {
	if (tag === bmp_string)
		return Buffer.from(content.subarray(0, content.length & ~1))
			.swap16()
			.toString("utf16le");
	return content.toString(tag === teletex_string ? "latin1" : "utf8");
}

/** The fields of the part that is signed, from the serial number on. */
function fields(certificate: X509Certificate): DerValue[] {
	const [whole] = values_in(certificate.raw);
	const [signed] = whole === undefined ? [] : values_in(whole.content);
	const found = signed === undefined ? [] : [...values_in(signed.content)];
	// The version is left out where it is the first
	return found[0]?.tag === 0xa0 ? found.slice(1) : found;
}

/** Subject or issuer of a certificate. */
export function distinguished_name(certificate: X509Certificate, whose: "subject" | "issuer"): NamePart[] {
	const field = fields(certificate)[whose === "issuer" ? 2 : 4];
	const parts: NamePart[] = [];
	for (const together of values_in(field?.content ?? Buffer.alloc(0))) {
		for (const part of values_in(together.content)) {
			const [oid, value] = values_in(part.content);
			if (oid?.tag === der_tags.identifier && value !== undefined)
				parts.push({ oid: dotted(oid.content), value: text_of(value) });
		}
	}
	return parts;
}

function address_of(content: Buffer): string {
	if (content.length === 4) return content.join(".");
	const groups = Array.from({ length: content.length >> 1 }, (_, index) => content.readUInt16BE(index * 2).toString(16));
	return groups.join(":");
}

/** The further names of a certificate, in its order. */
export function alternative_names(certificate: X509Certificate): AlternativeName[] {
	const extension = find_extension(certificate.raw, oid_alternative_names);
	const [list] = extension === undefined ? [] : values_in(extension);
	const names: AlternativeName[] = [];
	for (const { tag, content } of values_in(list?.content ?? Buffer.alloc(0))) {
		const kind = plain_names.get(tag);
		if (kind !== undefined) names.push({ kind, value: content.toString("latin1") });
		else if (tag === ip_address) names.push({ kind: "iPAddress", value: address_of(content) });
		else if (tag === other_name) {
			const [oid, wrapped] = values_in(content);
			const [value] = wrapped === undefined ? [] : values_in(wrapped.content);
			if (oid !== undefined && value !== undefined) names.push({ kind: dotted(oid.content), value: text_of(value) });
		}
	}
	return names;
}
