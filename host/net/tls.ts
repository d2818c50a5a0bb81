// Counterpart: net/tls_luasec.lua (what a connection does to speak TLS)

import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect, TLSSocket } from "node:tls";
import type { PeerVerification, TlsClient, TlsContext } from "../core/types.ts";
import { path_problem } from "../util/x509_path.ts";

/** More certificates than any peer has to show. */
const longest_chain = 100;

/** What is known of a TLS connection, for logs. */
export interface TlsInfo {
	readonly protocol: string;
	readonly cipher: string;
}

export function tls_info(tls: TLSSocket): TlsInfo {
	return { protocol: tls.getProtocol() ?? "", cipher: tls.getCipher().name };
}

/** Whom a client asked for, and the protocol that was agreed on. */
export interface TlsNames {
	readonly sni: string | undefined;
	readonly alpn: string | undefined;
}

export function tls_names(tls: TLSSocket): TlsNames {
	const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
	return { sni: text(Reflect.get(tls, "servername")), alpn: text(tls.alpnProtocol) };
}

/**
 * Why the chain of the other end's certificate does not lead to somebody who is trusted; undefined where it does. Node asks OpenSSL
 * itself only for connections that a server of its own has accepted.
 */
function verification_problem(tls: TLSSocket): string | undefined {
	const handle: unknown = Reflect.get(tls, "_handle");
	if (typeof handle !== "object" || handle === null || !("verifyError" in handle) || typeof handle.verifyError !== "function") {
		return "not verified";
	}
	const error: unknown = handle.verifyError();
	if (!(error instanceof Error)) return undefined;
	return "code" in error ? String(error.code) : error.message;
}

/** A peer's certificate. */
export interface PeerCertificate {
	readonly certificate: X509Certificate;
	/** Why it is not to be trusted, if so. */
	readonly problem: string | undefined;
}

/** What came behind a certificate. */
function chain_behind(certificate: X509Certificate): X509Certificate[] {
	const chain: X509Certificate[] = [];
	for (let next = certificate.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
		if (chain.length > longest_chain || chain.some(({ raw }) => raw.equals(next?.raw ?? raw))) break;
		chain.push(next);
	}
	return chain;
}

/** The other end's certificate, and why it is not to be trusted, if so; undefined where it showed none. */
export function peer_certificate(tls: TLSSocket, verification: PeerVerification | undefined): PeerCertificate | undefined {
	const shown = tls.getPeerX509Certificate();
	if (shown === undefined) return undefined;
	// Node's is of a class of its own
	const certificate = new X509Certificate(shown.raw);
	const problem = verification_problem(tls);
	if (verification === undefined) return { certificate, problem };
	const given = chain_behind(shown);
	const { depth, any_purpose } = verification;
	// OpenSSL has checked all but this
	const is_open = problem === undefined ? given.length > depth : problem === "INVALID_PURPOSE" && any_purpose;
	if (!is_open) return { certificate, problem };
	return { certificate, problem: path_problem({ leaf: certificate, given, trusted: verification.trusted(), depth }) };
}

/**
 * Begins to speak TLS on a connection.
 * @param client whom to ask for, where this side is the client
 * @param agreed called when the handshake is over
 */
export function speak_tls(plain: Duplex, context: TlsContext, client: TlsClient | undefined, agreed: () => void): TLSSocket {
	// TLS reports what happens to the connection below it.
	plain.on("error", () => {});
	if (client === undefined) {
		const { verification } = context;
		const tls = new TLSSocket(plain, { ...context.options, isServer: true });
		return tls.on("secure", () => {
			const shown = verification?.goes_on === false ? peer_certificate(tls, verification) : undefined;
			if (shown?.problem === undefined) agreed();
			else tls.destroy(new Error(`the client's certificate is not good: ${shown.problem}`));
		});
	}
	const { secureContext: secure_context } = context.options;
	return connect({
		...(secure_context === undefined ? {} : { secureContext: secure_context }),
		socket: plain,
		// The other end's identity is checked afterwards, by XMPP's rules
		rejectUnauthorized: false,
		...(isIP(client.servername) === 0 ? { servername: client.servername } : {}),
		...(client.alpn === undefined ? {} : { ALPNProtocols: [client.alpn] }),
	}).on("secureConnect", agreed);
}
