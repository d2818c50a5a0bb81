// Counterpart: util/x509.lua (verify_identity)

import type { X509Certificate } from "node:crypto";
import { find_extension, values_in } from "./der.ts";
import { nameprep } from "./encodings.ts";
import { idna_to_ascii } from "./idna.ts";

const oid_subject_alt_name = "551d11";
const oid_xmpp_addr = "2b06010505070805";
const oid_dns_srv = "2b06010505070807";

/** The names that a certificate is for, of the kinds that XMPP uses (RFC 6120 §13.7.1.2). */
export interface CertificateNames {
	readonly dns: readonly string[];
	readonly xmpp: readonly string[];
	/** `_service.domain`. */
	readonly srv: readonly string[];
}

/** Reads the further names of a certificate. */
export function certificate_names(certificate: X509Certificate): CertificateNames {
	const names = { dns: [] as string[], xmpp: [] as string[], srv: [] as string[] };
	const alternatives = find_extension(certificate.raw, oid_subject_alt_name);
	const list = alternatives === undefined ? undefined : values_in(alternatives).next().value;
	for (const { tag, content } of values_in(list?.content ?? Buffer.alloc(0))) {
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
	// The wildcard stands for one label, and not directly below a top level domain
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
	// Where there are no alternative names, the subject counts
	const common_names = [...certificate.subject.matchAll(/^CN=(.*)$/gm)].map(([, name = ""]) => name);
	return common_names.length === 1 && matches(common_names[0] ?? "", ascii);
}
