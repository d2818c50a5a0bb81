// Counterpart: net/tls_luasec.lua (what a connection does to speak TLS)

import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect, TLSSocket } from "node:tls";
import type { TlsClient, TlsContext } from "../core/types.ts";
import { await_client_hello } from "./client_hello.ts";

/** What is known of a TLS connection, for logs. */
export interface TlsInfo {
	readonly protocol: string;
	readonly cipher: string;
}

export function tls_info(tls: TLSSocket): TlsInfo {
	return { protocol: tls.getProtocol() ?? "", cipher: tls.getCipher().name };
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

/** The other end's certificate, and why it is not to be trusted, if so; undefined where it showed none. */
export function peer_certificate(
	tls: TLSSocket,
): { readonly certificate: X509Certificate; readonly problem: string | undefined } | undefined {
	const certificate = tls.getPeerX509Certificate();
	return certificate === undefined ? undefined : { certificate, problem: verification_problem(tls) };
}

/**
 * Finds the context for a client by what it says first. Changing contexts in the middle, as Node does, keeps certificates of another
 * kind of key.
 * @param chosen called at once where the context does not depend on that
 */
export function choose_context(stream: Duplex, context: TlsContext, chosen: (context: TlsContext) => void): void {
	const { by_name } = context;
	if (by_name === undefined) chosen(context);
	else await_client_hello(stream, ({ server_name }) => chosen(server_name === undefined ? context : by_name(server_name)));
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
		return new TLSSocket(plain, { ...context.options, isServer: true }).on("secure", agreed);
	}
	const { secureContext: secure_context } = context.options;
	return connect({
		...(secure_context === undefined ? {} : { secureContext: secure_context }),
		socket: plain,
		// Who is at the other end is looked at afterwards, by XMPP's rules
		rejectUnauthorized: false,
		...(isIP(client.servername) === 0 ? { servername: client.servername } : {}),
		...(client.alpn === undefined ? {} : { ALPNProtocols: [client.alpn] }),
	}).on("secureConnect", agreed);
}
