// Counterpart: plugins/mod_admin_shell.lua (def_env.s2s:showcert)

import type { X509Certificate } from "node:crypto";
import type { ServerStreamSession } from "../../core/s2s_session.ts";
import { distinguished_name } from "../../util/x509_fields.ts";
import { verify_identity } from "../../util/x509_identity.ts";
import { type Outcome, result, type Shell } from "./command.ts";
import { count_of } from "./hosts.ts";

/** A certificate with the streams that it was shown on. */
interface Shown {
	readonly certificate: X509Certificate;
	readonly problem: string | undefined;
	readonly sessions: ServerStreamSession[];
}

/** What the parts of names are called, by their identifiers. */
const part_names: Readonly<Record<string, string>> = {
	"2.5.4.3": "commonName",
	"2.5.4.6": "countryName",
	"2.5.4.7": "localityName",
	"2.5.4.8": "stateOrProvinceName",
	"2.5.4.10": "organizationName",
	"2.5.4.11": "organizationalUnitName",
	"1.2.840.113549.1.9.1": "emailAddress",
};

/** Who a certificate is for, or from, a part a line. */
function print_name(shell: Shell, certificate: X509Certificate, whose: "subject" | "issuer"): void {
	for (const { oid, value } of distinguished_name(certificate, whose)) {
		shell.print(`    ${part_names[oid] ?? oid}: "${value}"`);
	}
}

function print_certificate(shell: Shell, domain: string, { certificate, problem, sessions }: Shown): void {
	shell.print("---");
	shell.print(`Fingerprint (SHA1): ${certificate.fingerprint}`);
	shell.print("");
	shell.print(`Currently used on ${count_of(sessions.length, "stream")}:`);
	for (const { direction, from_host, to_host } of sessions) {
		shell.print(direction === "incoming" ? `    ${to_host} <- ${from_host}` : `    ${from_host} -> ${to_host}`);
	}
	shell.print("");
	shell.print(`Trusted certificate: ${problem === undefined ? "Yes" : "No"}`);
	if (problem !== undefined) shell.print(`    0: ${problem}`);
	shell.print("");
	shell.print("Issuer: ");
	print_name(shell, certificate, "issuer");
	shell.print("");
	shell.print(`Valid for ${domain}: ${verify_identity(domain, "xmpp-server", certificate) ? "Yes" : "No"}`);
	shell.print("Subject:");
	print_name(shell, certificate, "subject");
}

/** Shows the certificates that others have shown, each once. */
export function show_certificates(shell: Shell, domain: string, sessions: readonly ServerStreamSession[]): Outcome {
	const shown = new Map<string, Shown>();
	for (const session of sessions) {
		const peer = session.conn?.peer_certificate?.();
		if (peer === undefined) continue;
		const known = shown.get(peer.certificate.fingerprint);
		if (known !== undefined) known.sessions.push(session);
		else shown.set(peer.certificate.fingerprint, { ...peer, sessions: [session] });
	}
	if (shown.size === 0) return result(`No certificates found for ${domain}`);
	for (const certificate of shown.values()) print_certificate(shell, domain, certificate);
	shell.print("---");
	return result(`Showing ${count_of(shown.size, "certificate")} presented by ${domain}.`);
}
