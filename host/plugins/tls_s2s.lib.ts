// Counterpart: plugins/mod_tls.lua (streams with other servers)

import { ServerStreamSession } from "../core/s2s_session.ts";
import type { ModuleApi, Session, TlsContext } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";
import type {} from "./s2s/events.ts";

/** STARTTLS between servers, in both directions. Options: s2s_require_encryption, s2s_secure_auth, s2s_allow_encryption. */
export function load_server_tls(module: ModuleApi): void {
	const is_allowed = module.get_option_boolean("s2s_allow_encryption", true);
	const must_be_secure = module.get_option_boolean("s2s_secure_auth", false);
	const is_required = module.get_option_boolean("s2s_require_encryption", true) || must_be_secure;

	function can_do_tls(session: Session): TlsContext | undefined {
		if (!(session instanceof ServerStreamSession) || !is_allowed || session.secure || session.is_authed) return undefined;
		return session.conn?.starttls === undefined ? undefined : module.server.peer_tls_context(module.host);
	}

	module.hook("s2s-stream-features", function offer_tls({ origin, features }) {
		if (can_do_tls(origin) === undefined) return;
		features.tag("starttls", { xmlns: ns.tls });
		if (is_required) features.tag("required").up();
		features.up();
	});

	module.hook(
		`stanza/${ns.tls}:starttls`,
		function start_as_server({ origin: session }) {
			if (!(session instanceof ServerStreamSession) || session.direction !== "incoming") return undefined;
			const context = can_do_tls(session);
			if (context === undefined) {
				session.log("warn", "Attempt to start TLS, but TLS is not available on this %s connection", session.type);
				session.sends2s(st.stanza("failure", { xmlns: ns.tls }));
				session.close();
				return true;
			}
			session.sends2s(st.stanza("proceed", { xmlns: ns.tls }));
			session.reset_stream("drop");
			session.conn?.starttls?.(context);
			return true;
		},
		10,
	);

	module.hook(
		`stanza/${ns.streams}:features`,
		function ask_for_tls({ origin: session, stanza }) {
			if (!(session instanceof ServerStreamSession) || session.direction !== "outgoing" || can_do_tls(session) === undefined)
				return undefined;
			if (stanza.get_child("starttls", ns.tls) === undefined) return undefined;
			session.sends2s(st.stanza("starttls", { xmlns: ns.tls }));
			return true;
		},
		500,
	);

	module.hook(`stanza/${ns.tls}:proceed`, function start_as_client({ origin: session }) {
		const context = can_do_tls(session);
		if (!(session instanceof ServerStreamSession) || session.direction !== "outgoing" || context === undefined) return undefined;
		session.reset_stream("drop");
		session.conn?.starttls?.(context, { servername: session.to_host ?? "" });
		return true;
	});
	module.hook(`stanza/${ns.tls}:failure`, function give_up({ origin: session }) {
		if (!(session instanceof ServerStreamSession) || session.direction !== "outgoing") return undefined;
		session.give_up(
			{ condition: "policy-violation", text: "TLS could not be started" },
			"Could not establish encrypted connection to remote server",
		);
		return true;
	});
}
