// Counterpart: plugins/mod_saslauth.lua (tls_unique, tls_exporter, tls_server_end_point)

import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { ChannelBinding } from "../core/types.ts";
import { end_point_hash } from "../util/x509_signature.ts";

const exporter_label = "EXPORTER-Channel-Binding";
const exporter_length = 32;

/**
 * What only the two ends of a TLS connection know, on the side that accepted it; undefined for what its version of TLS has not.
 * `tls-unique` is the first Finished message, which is the client's unless the session is an old one (RFC 5929 §3); TLS 1.3 has none,
 * and `tls-exporter` in its place (RFC 9266).
 */
export function channel_binding(tls: TLSSocket, type: ChannelBinding): Buffer | undefined {
	const is_1_3 = tls.getProtocol() === "TLSv1.3";
	switch (type) {
		case "tls-exporter":
			return is_1_3 ? tls.exportKeyingMaterial(exporter_length, exporter_label, Buffer.alloc(0)) : undefined;
		case "tls-unique":
			if (is_1_3) return undefined;
			return tls.isSessionReused() ? tls.getFinished() : tls.getPeerFinished();
		case "tls-server-end-point": {
			const certificate = tls.getX509Certificate();
			return certificate && createHash(end_point_hash(certificate)).update(certificate.raw).digest();
		}
	}
}
