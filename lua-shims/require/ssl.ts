// Counterpart: LuaSec's ssl.lua and x509.c, as far as modules look at certificates. Connections are encrypted by the host.

import { X509Certificate } from "node:crypto";
import type { LuaContext } from "../context.ts";
import { type Arguments, boolean_value, is_none, make_library, number_at, optional_text_at, text_at } from "../vm/arguments.ts";
import { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value, tags } from "../vm/live_table.ts";

const alternative_names = "2.5.29.17";
const digests: { readonly [name: string]: (certificate: X509Certificate) => string } = {
	sha1: ({ fingerprint }) => fingerprint,
	sha256: ({ fingerprint256 }) => fingerprint256,
	sha512: ({ fingerprint512 }) => fingerprint512,
};
const oids: { readonly [name: string]: string } = {
	CN: "2.5.4.3",
	C: "2.5.4.6",
	L: "2.5.4.7",
	ST: "2.5.4.8",
	O: "2.5.4.10",
	OU: "2.5.4.11",
	emailAddress: "1.2.840.113549.1.9.1",
};

/** Seconds since 1970 of a certificate's date. */
function seconds(date: string): TValue {
	return number_value(Math.floor(Date.parse(date) / 1000));
}

/** A certificate as LuaSec shows it. */
function certificate_value(host: LuaContext, certificate: X509Certificate): TValue {
	const { vm, border } = host;

	/** Who it is for, or from: a list of parts. */
	function parts(text: string): TValue {
		const found = text.split("\n").flatMap((line) => {
			const [, name = "", value] = /^([^=]+)=(.*)$/.exec(line) ?? [];
			return value === undefined ? [] : [{ oid: oids[name] ?? name, name, value }];
		});
		return border.deep_table(found);
	}

	/** Names by their kind; only those of hosts and addresses. */
	function extensions(): TValue {
		const names = [...(certificate.subjectAltName ?? "").matchAll(/(?:^|, )DNS:([^,]+)/g)].map(([, name]) => name);
		const addresses = [...(certificate.subjectAltName ?? "").matchAll(/(?:^|, )IP Address:([^,]+)/g)].map(([, name]) => name);
		if (names.length === 0 && addresses.length === 0) return border.table({});
		return border.deep_table({ [alternative_names]: { dNSName: names, iPAddress: addresses } });
	}

	const value = make_library(host.vm, {
		pem: () => string_value(certificate.toString()),
		subject: () => parts(certificate.subject),
		issuer: () => parts(certificate.issuer),
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
			if (!digest) return [nil, string_value(`unknown digest ${name}`)];
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

/** Reads a certificate in PEM; nil and why where it is none. */
function load(host: LuaContext, args: Arguments): TValue | readonly TValue[] {
	const text = text_at(args, 1, "load");
	try {
		return certificate_value(host, new X509Certificate(text));
	} catch (error) {
		return [nil, string_value(error instanceof Error ? error.message : String(error))];
	}
}

/** `ssl.x509`. */
export function x509_certificates_library(host: LuaContext): TValue {
	return make_library(host.vm, { load: (args) => load(host, args) });
}

/** `ssl`. */
export function ssl_library(host: LuaContext): TValue {
	const refused = (): readonly TValue[] => [nil, string_value("connections are encrypted by the server, not by a module")];
	return make_library(host.vm, {
		_VERSION: string_value("1.3.2"),
		loadcertificate: (args) => load(host, args),
		newcontext: refused,
		wrap: refused,
		x509: host.libraries.get("ssl.x509"),
		config: {},
	});
}
