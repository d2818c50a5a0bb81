// Counterpart: util/x509.lua (verify_identity)

import type { X509Certificate } from "node:crypto";
import { nameprep } from "./encodings.ts";
import { idna_to_ascii } from "./idna.ts";

const oid_subject_alt_name = "55 1d 11".replaceAll(" ", "");
const oid_xmpp_addr = "2b06010505070805";
const oid_dns_srv = "2b06010505070807";

/** One value in DER: its tag, and where its content is. */
interface Value {
	readonly tag: number;
	readonly content: Buffer;
}

/** The values in a piece of DER; what cannot be read ends the list. */
function* values_in(data: Buffer): Generator<Value> {
	let at = 0;
	while (at + 2 <= data.length) {
		const tag = data[at] ?? 0;
		let length = data[at + 1] ?? 0;
		let start = at + 2;
		if (length >= 0x80) {
			const bytes = length & 0x7f;
			if (bytes === 0 || bytes > 4 || start + bytes > data.length) return;
			length = data.readUIntBE(start, bytes);
			start += bytes;
		}
		if (start + length > data.length) return;
		yield { tag, content: data.subarray(start, start + length) };
		at = start + length;
	}
}

/** The content of the extension with the certificate's further names. */
function find_names(data: Buffer, depth = 0): Buffer | undefined {
	if (depth > 8) return undefined;
	const parts = [...values_in(data)];
	if (parts[0]?.tag === 0x06 && parts[0].content.toString("hex") === oid_subject_alt_name) {
		const text = parts.find(({ tag }) => tag === 0x04)?.content;
		return text === undefined ? undefined : values_in(text).next().value?.content;
	}
	for (const { tag, content } of parts) {
		// Only what is constructed has parts: sequences, sets, and what is tagged by its place
		const found = (tag & 0x20) === 0 ? undefined : find_names(content, depth + 1);
		if (found !== undefined) return found;
	}
	return undefined;
}

/** Whom a certificate is for, by the kinds that XMPP knows (RFC 6120 §13.7.1.2). */
export interface CertificateNames {
	readonly dns: readonly string[];
	readonly xmpp: readonly string[];
	/** `_service.domain`. */
	readonly srv: readonly string[];
}

/** Reads the further names of a certificate. */
export function certificate_names(certificate: X509Certificate): CertificateNames {
	const names = { dns: [] as string[], xmpp: [] as string[], srv: [] as string[] };
	for (const { tag, content } of values_in(find_names(certificate.raw) ?? Buffer.alloc(0))) {
		if (tag === 0x82) names.dns.push(content.toString("latin1"));
		if (tag !== 0xa0) continue;
		const [oid, wrapped] = [...values_in(content)];
		const value = wrapped === undefined ? undefined : values_in(wrapped.content).next().value;
		if (oid === undefined || !value) continue;
		const kind = oid.content.toString("hex");
		if (kind === oid_xmpp_addr) names.xmpp.push(value.content.toString("utf8"));
		if (kind === oid_dns_srv) names.srv.push(value.content.toString("latin1"));
	}
	return names;
}

/** Whether a DNS name, which may begin with `*.`, stands for a host in ASCII. */
function matches(pattern: string, host: string): boolean {
	const wanted = pattern.toLowerCase();
	if (wanted === host) return true;
	// One label, and not of a top level domain
	return wanted.startsWith("*.") && wanted.includes(".", 2) && host.slice(host.indexOf(".") + 1) === wanted.slice(2);
}

/**
 * Whether a certificate is for a host's XMPP service.
 * @param service `xmpp-server` or `xmpp-client`
 */
export function verify_identity(host: string, service: string, certificate: X509Certificate): boolean {
	const ascii = (idna_to_ascii(host) ?? host).toLowerCase();
	const names = certificate_names(certificate);
	if (names.dns.some((name) => matches(name, ascii))) return true;
	if (names.xmpp.some((name) => nameprep(name) === nameprep(host))) return true;
	const prefix = `_${service}.`;
	if (names.srv.some((name) => name.toLowerCase().startsWith(prefix) && matches(name.slice(prefix.length), ascii))) return true;
	if (names.dns.length + names.xmpp.length + names.srv.length > 0) return false;
	// Certificates without further names are for whom their subject says
	const common_names = [...certificate.subject.matchAll(/^CN=(.*)$/gm)].map(([, name = ""]) => name);
	return common_names.length === 1 && matches(common_names[0] ?? "", ascii);
}
