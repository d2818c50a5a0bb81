// Counterpart: LuaSec's x509.c (certificates as Lua modules look at them)

import type { X509Certificate } from "node:crypto";
import { alternative_names, distinguished_name, type NamePart } from "../host/util/x509_fields.ts";
import type { LuaContext } from "./context.ts";
import { type Arguments, boolean_value, is_none, make_library, number_at, optional_text_at } from "./vm/arguments.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { nil, number_value, string_value, tags } from "./vm/live_table.ts";

const subject_alternative_names = "2.5.29.17";
const digests: { readonly [name: string]: (certificate: X509Certificate) => string } = {
	sha1: ({ fingerprint }) => fingerprint,
	sha256: ({ fingerprint256 }) => fingerprint256,
	sha512: ({ fingerprint512 }) => fingerprint512,
};
/** Names of the parts of a distinguished name, and of kinds of alternative names. */
const long_names: ReadonlyMap<string, string> = new Map([
	["2.5.4.3", "commonName"],
	["2.5.4.4", "surname"],
	["2.5.4.5", "serialNumber"],
	["2.5.4.6", "countryName"],
	["2.5.4.7", "localityName"],
	["2.5.4.8", "stateOrProvinceName"],
	["2.5.4.9", "streetAddress"],
	["2.5.4.10", "organizationName"],
	["2.5.4.11", "organizationalUnitName"],
	["2.5.4.12", "title"],
	["2.5.4.42", "givenName"],
	["1.2.840.113549.1.9.1", "emailAddress"],
	["0.9.2342.19200300.100.1.1", "userId"],
	["0.9.2342.19200300.100.1.25", "domainComponent"],
	["1.3.6.1.5.5.7.8.5", "XmppAddr"],
	["1.3.6.1.5.5.7.8.7", "SRVName"],
]);
const is_identifier = /^\d/;

/** Seconds since 1970 of a certificate's date. */
function seconds(date: string): TValue {
	return number_value(Math.floor(Date.parse(date) / 1000));
}

/** A certificate as LuaSec shows it. */
export function certificate_value(host: LuaContext, certificate: X509Certificate): TValue {
	const { vm, border } = host;

	/** Subject or issuer: a list of parts. */
	function parts(name: readonly NamePart[]): TValue {
		return border.deep_table(name.map(({ oid, value }) => ({ oid, name: long_names.get(oid) ?? oid, value })));
	}

	/** Alternative names by their kind. */
	function extensions(): TValue {
		const names = alternative_names(certificate);
		if (names.length === 0) return border.table({});
		const found = border.table({ name: "X509v3 Subject Alternative Name" });
		for (const kind of new Set(names.map(({ kind }) => kind))) {
			const values = border.deep_table(names.filter((name) => name.kind === kind).map(({ value }) => value));
			if (is_identifier.test(kind)) vm.raw_set(values.value as Table, "name", string_value(long_names.get(kind) ?? kind));
			vm.raw_set(found.value as Table, kind, values);
		}
		const all = border.table({});
		vm.raw_set(all.value as Table, subject_alternative_names, found);
		return all;
	}

	const value = make_library(host.vm, {
		pem: () => string_value(certificate.toString()),
		subject: () => parts(distinguished_name(certificate, "subject")),
		issuer: () => parts(distinguished_name(certificate, "issuer")),
		extensions,
		serial: () => string_value(certificate.serialNumber),
		notbefore: () => string_value(certificate.validFrom),
		notafter: () => string_value(certificate.validTo),
		validat(args) {
			const at = number_value(is_none(args[1]) ? Math.floor(Date.now() / 1000) : number_at(args, 2, "validat"));
			const from = Number(seconds(certificate.validFrom).value);
			return boolean_value(Number(at.value) >= from && Number(at.value) <= Number(seconds(certificate.validTo).value));
		},
		digest(args: Arguments) {
			const name = (optional_text_at(args, 2, "digest") ?? "sha1").toLowerCase();
			const digest = Object.hasOwn(digests, name) ? digests[name] : undefined;
			if (!digest) return [nil, string_value(`digest algorithm not supported (${name})`)];
			return string_value(digest(certificate).replaceAll(":", "").toLowerCase());
		},
		pubkey() {
			const { asymmetricKeyType: asymmetric_key_type = "", asymmetricKeyDetails: asymmetric_key_details } = certificate.publicKey;
			const pem = certificate.publicKey.export({ type: "spki", format: "pem" }).toString();
			return [string_value(pem), string_value(asymmetric_key_type), number_value(asymmetric_key_details?.modulusLength ?? 0)];
		},
		setencode: () => boolean_value(true),
	});
	const metatable = vm.new_table();
	vm.raw_set(metatable, "__name", string_value("SSL:Certificate"));
	if (typeof value.value === "object" && value.value !== null) Object.assign(value.value, { metatable });
	return new TValue(tags.table, value.value);
}
