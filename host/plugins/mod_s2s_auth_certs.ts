// Counterpart: plugins/mod_s2s_auth_certs.lua

import type { ModuleDefinition } from "../core/types.ts";
import { verify_identity } from "../util/x509_identity.ts";
import type {} from "./s2s/events.ts";

/** Looks at the certificates of other servers: whether somebody who is trusted vouches for them, and for which domain. */
export const definition: ModuleDefinition = {
	name: "s2s_auth_certs",
	global: true,
	load(module) {
		const checked = module.metric("counter", "checked", {
			description: "Certificate validation results",
			labels: ["chain", "identity"],
		});
		module.hook(
			"s2s-check-certificate",
			function check_certificate({ session, host }): undefined {
				const shown = session.conn?.peer_certificate?.();
				if (shown === undefined) {
					session.log("warn", "No certificate provided by %s", host ?? "unknown host");
					return;
				}
				const { certificate, problem } = shown;
				session.cert_chain_status = problem === undefined ? "valid" : "invalid";
				session.cert_problem = problem;
				session.log(
					"debug",
					"certificate chain validation result: %s%s",
					session.cert_chain_status,
					problem === undefined ? "" : ` (${problem})`,
				);
				if (problem === undefined && host !== undefined) {
					session.cert_identity_status = verify_identity(host, "xmpp-server", certificate) ? "valid" : "invalid";
					session.log("debug", "certificate identity validation result: %s", session.cert_identity_status);
				}
				checked.with_labels(session.cert_chain_status, session.cert_identity_status ?? "unknown").add(1);
			},
			509,
		);
	},
};
