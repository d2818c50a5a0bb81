// Counterpart: plugins/mod_saslauth.lua (SASL EXTERNAL between servers, XEP-0178)

import { ServerStreamSession } from "../core/s2s_session.ts";
import type { ModuleApi } from "../core/types.ts";
import { base64_decode, base64_encode } from "../util/encodings.ts";
import { ns } from "../util/ns.ts";
import * as st from "../util/stanza.ts";
import type {} from "./s2s/events.ts";

/** Has servers prove by their certificate who they are, in both directions. */
export function load_server_sasl(module: ModuleApi): void {
	function fail(session: ServerStreamSession, condition: string): true {
		session.sends2s(st.stanza("failure", { xmlns: ns.sasl }).tag(condition).reset());
		return true;
	}

	module.hook("s2s-stream-features", function offer_external({ origin, features }) {
		if (!origin.secure || origin.type !== "s2sin_unauthed") return;
		// Offered only to whom it will work for
		if (origin.cert_chain_status !== "valid" || origin.cert_identity_status !== "valid") return;
		features.tag("mechanisms", { xmlns: ns.sasl }).tag("mechanism").text("EXTERNAL").up().up();
	});

	module.hook(
		`stanza/${ns.sasl}:auth`,
		function check_external({ origin: session, stanza }) {
			if (!(session instanceof ServerStreamSession)) return undefined;
			if (session.type !== "s2sin_unauthed") return true;
			if (stanza.attr["mechanism"] !== "EXTERNAL") return fail(session, "invalid-mechanism");
			if (!session.secure) return fail(session, "encryption-required");
			const text = stanza.get_text();
			if (text === undefined || session.from_host === undefined) return fail(session, "malformed-request");
			if (text !== "=") {
				const identity = base64_decode(text)?.toString();
				if (identity === undefined) return fail(session, "incorrect-encoding");
				if (identity !== "" && identity !== session.from_host) return fail(session, "invalid-authzid");
			}
			if (session.cert_chain_status !== "valid" || session.cert_identity_status !== "valid")
				return fail(session, "not-authorized");
			session.external_auth = "succeeded";
			session.sends2s(st.stanza("success", { xmlns: ns.sasl }));
			module.log("info", "Accepting SASL EXTERNAL identity from %s", session.from_host);
			module.fire_event("s2s-authenticated", { session, host: session.from_host, mechanism: "EXTERNAL" });
			session.reset_stream();
			return true;
		},
		10,
	);

	module.hook(
		`stanza/${ns.streams}:features`,
		function begin_external({ origin: session, stanza }) {
			if (!(session instanceof ServerStreamSession) || session.type !== "s2sout_unauthed" || !session.secure) return undefined;
			if (session.external_auth !== undefined) return undefined;
			const mechanisms = stanza.get_child("mechanisms", ns.sasl);
			if (!mechanisms?.tags.some((mechanism) => mechanism.get_text() === "EXTERNAL")) return undefined;
			module.log("debug", "Initiating SASL EXTERNAL with %s", session.to_host);
			session.external_auth = "attempting";
			session.sends2s(st.stanza("auth", { xmlns: ns.sasl, mechanism: "EXTERNAL" }).text(base64_encode(session.from_host ?? "")));
			return true;
		},
		150,
	);

	module.hook(`stanza/${ns.sasl}:success`, function begin_anew({ origin: session }) {
		if (!(session instanceof ServerStreamSession) || session.external_auth !== "attempting") return undefined;
		session.external_auth = "succeeded";
		session.reset_stream();
		session.version = 1;
		session.open_stream(session.from_host, session.to_host);
		module.fire_event("s2s-authenticated", { session, host: session.to_host ?? "", mechanism: "EXTERNAL" });
		return true;
	});

	module.hook(
		`stanza/${ns.sasl}:failure`,
		function note_failure({ origin: session, stanza }): undefined {
			if (!(session instanceof ServerStreamSession) || session.external_auth !== "attempting") return;
			session.external_auth = "failed";
			module.log("info", "SASL EXTERNAL with %s failed: %s", session.to_host, stanza.first_tag?.name ?? "no reason");
		},
		500,
	);
	module.hook(
		`stanza/${ns.sasl}:failure`,
		function give_up({ origin: session }) {
			if (!(session instanceof ServerStreamSession)) return undefined;
			session.log("debug", "No fallback from SASL EXTERNAL failure, giving up");
			session.bounce_text = "Could not authenticate to remote server";
			session.close();
			return true;
		},
		90,
	);
}
