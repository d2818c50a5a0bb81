// No counterpart: OpenSSL does this for Prosody, told to look past what a certificate is for (LuaSec's lsec_ignore_purpose).

import type { X509Certificate } from "node:crypto";
import { der_tags, find_extension, values_in } from "./der.ts";

/** What is needed to find a way from a certificate to a trusted one. */
export interface CertificatePath {
	readonly leaf: X509Certificate;
	/** Certificates that came with it. */
	readonly given: readonly X509Certificate[];
	readonly trusted: readonly X509Certificate[];
	/** The most authorities that may be between it and a trusted one. */
	readonly depth: number;
}

const oid_basic_constraints = "551d13";

/** How many authorities may be below this one; undefined for any number. */
function path_length(certificate: X509Certificate): number | undefined {
	const extension = find_extension(certificate.raw, oid_basic_constraints);
	const [constraints] = extension === undefined ? [] : values_in(extension);
	for (const { tag, content } of values_in(constraints?.content ?? Buffer.alloc(0))) {
		if (tag === der_tags.integer && content.length > 0 && content.length <= 4) return content.readIntBE(0, content.length);
	}
	return undefined;
}

function is_from_itself(certificate: X509Certificate): boolean {
	return certificate.subject === certificate.issuer && certificate.checkIssued(certificate);
}

function is_signed_by(certificate: X509Certificate, issuer: X509Certificate): boolean {
	return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** Why a certificate is not valid at this moment. */
function time_problem(certificate: X509Certificate): string | undefined {
	const now = Date.now();
	if (Date.parse(certificate.validFrom) > now) return "CERT_NOT_YET_VALID";
	return Date.parse(certificate.validTo) < now ? "CERT_HAS_EXPIRED" : undefined;
}

/** Why a certificate is not trusted, by OpenSSL's names (RFC 5280 §6); undefined where it is. */
export function path_problem({ leaf, given, trusted, depth }: CertificatePath): string | undefined {
	let current = leaf;
	for (let authorities = 0; ; authorities++) {
		const problem = time_problem(current);
		if (problem !== undefined) return problem;
		if (is_from_itself(current)) {
			if (trusted.some(({ raw }) => raw.equals(current.raw))) return undefined;
			return authorities === 0 ? "DEPTH_ZERO_SELF_SIGNED_CERT" : "SELF_SIGNED_CERT_IN_CHAIN";
		}
		if (authorities > depth) return "CERT_CHAIN_TOO_LONG";
		const issuers = [...trusted, ...given].filter((certificate) => is_signed_by(current, certificate));
		const issuer = issuers.find((certificate) => time_problem(certificate) === undefined) ?? issuers[0];
		if (issuer === undefined) return "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
		if (!issuer.ca) return "INVALID_CA";
		if ((path_length(issuer) ?? authorities) < authorities) return "PATH_LENGTH_EXCEEDED";
		current = issuer;
	}
}
