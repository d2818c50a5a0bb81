// Counterpart: plugins/mod_tls.lua

import { ClientSession } from "../core/c2s_session.ts";
import type { ModuleDefinition, Session, TlsContext } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";
import { load_server_tls } from "./tls_s2s.lib.ts";

/** STARTTLS (RFC 6120 §5): a stream feature that encrypts clients' streams. */
export const definition: ModuleDefinition = {
	name: "tls",
	load(module) {
		const require_encryption = module.get_option_boolean(
			"c2s_require_encryption",
			module.get_option_boolean("require_encryption", true),
		);

		/** What a stream can be encrypted with; undefined where it cannot, or is already. */
		function can_do_tls(session: Session): TlsContext | undefined {
			if (!(session instanceof ClientSession) || session.secure || session.type !== "c2s_unauthed") return undefined;
			if (session.conn?.starttls === undefined) return undefined;
			const context = module.server.tls_context(module.host);
			if (context === undefined && require_encryption) {
				session.log("error", "No TLS context available for c2s: there is no usable certificate for %s", module.host);
			}
			return context;
		}

		// What is wrong with a certificate is to be seen at the start, not with the first client.
		const prepare = (): void => {
			if (module.get_host_type() === "local") module.server.tls_context(module.host);
		};
		prepare();
		module.hook_global("config-reloaded", prepare, -1);
		load_server_tls(module);

		module.hook(`stanza/${ns.tls}:starttls`, ({ origin }) => {
			const context = can_do_tls(origin);
			if (context !== undefined && origin instanceof ClientSession && origin.conn?.starttls !== undefined) {
				origin.send(st.stanza("proceed", { xmlns: ns.tls }));
				// Whoever sends more in the clear before TLS could be somebody else.
				origin.reset_stream("drop");
				origin.conn.starttls(context);
				origin.log("debug", "TLS negotiation started for %s...", origin.type);
				return true;
			}
			origin.log("warn", "Attempt to start TLS, but TLS is not available on this %s connection", origin.type);
			origin.send(st.stanza("failure", { xmlns: ns.tls }));
			if ("close" in origin) origin.close();
			return true;
		});

		module.hook("stream-features", ({ origin, features }) => {
			if (can_do_tls(origin) === undefined) return;
			features.tag("starttls", { xmlns: ns.tls });
			if (require_encryption) features.tag("required").up();
			features.up();
		});
	},
};
