// Counterpart: plugins/mod_component.lua (module.add_host)

import { ComponentStreamSession } from "../../core/component_session.ts";
import { handshake_token } from "../../core/component_streams.ts";
import { keep_alive } from "../../core/stream_session.ts";
import type { ModuleApi, StanzaEvent } from "../../core/types.ts";
import { equals } from "../../util/hashes.ts";
import { ns } from "../../util/ns.ts";
import * as st from "../../util/stanza.ts";

/** A component that connected, and the rule for its addresses. */
export class ConnectedComponent extends ComponentStreamSession {
	/** Whether its stanzas have to come from its own domain. */
	validates_from = true;
	/** Called when the stream is over. */
	on_destroy: ((error: string | undefined) => void) | undefined;
}

/** A host whose component connects from outside. */
export function serve_component(module: ModuleApi): void {
	if (module.get_host_type() !== "component") {
		throw new Error(
			"Don't load mod_component manually, it should be for a component, please see https://prosody.im/doc/components",
		);
	}
	let connected: ConnectedComponent | undefined;

	function authenticate({ origin: session, stanza }: StanzaEvent): true | undefined {
		if (!(session instanceof ConnectedComponent) || session.type !== "component_unauthed") return undefined;
		if (session.host === undefined || session.streamid === undefined || stanza.tags.length > 0) {
			session.log("warn", "Invalid component handshake for host: %s", session.host);
			session.close({ condition: "not-authorized" });
			return true;
		}
		const secret = module.get_option_string("component_secret");
		if (secret === undefined) {
			session.log("warn", "Component attempted to identify as %s, but component_secret is not set", session.host);
			session.close({ condition: "not-authorized" });
			return true;
		}
		if (!equals((stanza.get_text() ?? "").toLowerCase(), handshake_token(session.streamid, secret))) {
			module.log("info", "Component authentication failed for %s", session.host);
			session.close({ condition: "not-authorized", text: "Given token does not match calculated token" });
			return true;
		}
		if (connected !== undefined) {
			if (module.get_option_enum("component_conflict_resolve", "kick_new", "kick_old") === "kick_old") {
				connected.close({ condition: "conflict", text: "Replaced by a new connection" });
			} else {
				module.log("error", "Second component attempted to connect, denying connection");
				session.close({ condition: "conflict", text: "Component already connected" });
				return true;
			}
		}
		connected = session;
		session.on_destroy = (error) => {
			module.set_status("warn", error === undefined ? "Disconnected" : `Disconnected: ${error}`);
			if (connected === session) connected = undefined;
		};
		session.validates_from = module.get_option_boolean("validate_from_addresses", true);
		session.send(st.stanza("handshake"));
		session.type = "component";
		session.authenticated();
		module.log("info", "External component successfully authenticated");
		module.fire_event("component-authenticated", { session });
		module.set_status("info", "Connected");
		return true;
	}

	/** Answers disco queries with the component's name while it is not connected. */
	function answer_for_it({ origin, stanza }: StanzaEvent): boolean {
		const name = module.get_option_string("name");
		const query = stanza.name === "iq" && stanza.attr["type"] === "get" ? stanza.get_child("query", ns.disco_info) : undefined;
		if (name === undefined || query === undefined || stanza.attr["to"] !== module.host || query.attr["node"]) return false;
		const reply = st.reply(stanza).tag("query", { xmlns: ns.disco_info });
		reply.tag("identity", { category: "component", type: "generic", name }).up();
		origin.send(reply.tag("feature", { var: ns.disco_info }).reset());
		return true;
	}

	function pass_on(event: StanzaEvent): true {
		const { origin, stanza } = event;
		if (connected !== undefined) {
			connected.send(stanza);
			return true;
		}
		if (answer_for_it(event)) return true;
		module.log("warn", "Component not connected, bouncing error for: %s", stanza.top_tag());
		if (stanza.attr["type"] !== "error" && stanza.attr["type"] !== "result") {
			const bounce = st.error_reply(stanza, "wait", "remote-server-timeout", "Component unavailable", module.host);
			origin.send(bounce.tag("not-connected", { xmlns: "xmpp:prosody.im/protocol/component" }).reset());
		}
		return true;
	}

	module.set_status("warn", "Not connected");
	module.hook("stanza/jabber:component:accept:handshake", authenticate, -1);
	for (const name of ["iq", "message", "presence"] as const) {
		for (const kind of ["bare", "full", "host"] as const) module.hook(`${name}/${kind}`, pass_on, -1);
	}
	const { text_routes } = module.host_session();
	text_routes.set(pass_on, () => {
		const session = connected;
		return session && ((text, to) => session.send_shared_to(text, to));
	});
	module.hook("component-read-timeout", keep_alive, -1);
	module.unload = () => {
		text_routes.delete(pass_on);
		connected?.close({ condition: "host-gone", text: "This component is no longer served" });
	};
}
