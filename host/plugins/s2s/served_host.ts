// Counterpart: plugins/mod_s2s.lua (module.add_host)

import { ServerStreamSession } from "../../core/s2s_session.ts";
import { keep_alive } from "../../core/stream_session.ts";
import type { EventMap, ModuleApi } from "../../core/types.ts";
import type { Handler } from "../../util/events.ts";
import { ns } from "../../util/ns.ts";
import type {} from "./events.ts";
import type { Routes } from "./routes.ts";
import type { ServerStreamOptions, ServerStreams } from "./server_streams.ts";

/** Has one host send to other servers, and streams with them become ready. Option: disallow_s2s. */
export function serve_host(module: ModuleApi, streams: ServerStreams, routes: Routes, options: ServerStreamOptions): void {
	if (module.get_option_boolean("disallow_s2s", false)) {
		throw new Error('disallow_s2s is set for this host: modules_disabled = { "s2s" } says the same');
	}
	// other modules may open a way of their own in between, as in Prosody
	const send_on: Handler<EventMap["route/remote"]> = ({ from_host, to_host, stanza, origin }) =>
		routes.send_on(from_host, to_host, stanza, origin);
	module.hook("route/remote", send_on, -1);
	const { text_routes } = module.host_session();
	text_routes.set(send_on, (from_host, to_host) => routes.text_route(from_host, to_host));
	module.unload = () => void text_routes.delete(send_on);
	module.hook("route/remote", ({ from_host, to_host, stanza, origin }) => routes.send(from_host, to_host, stanza, origin), -10);
	module.hook("s2sout-stream-features", ({ features }) => streams.add_limits(features));
	module.hook("s2s-authenticated", ({ session, host, mechanism }) => streams.authenticated(session, host, mechanism), -1);
	module.hook("s2s-read-timeout", keep_alive, -1);
	module.hook(
		`stanza/${ns.streams}:features`,
		function end_negotiation({ origin: session }) {
			if (!(session instanceof ServerStreamSession) || session.direction !== "outgoing") return undefined;
			if (session.type === "s2sout") streams.established(session);
			else if (options.require_encryption && !session.secure) {
				const text = "Encrypted server-to-server communication is required but was not offered";
				session.log("warn", "%s by %s", text, session.to_host);
				session.give_up({ condition: "policy-violation", text }, "Could not establish encrypted connection to remote server");
			} else {
				session.log("warn", "No SASL EXTERNAL offer and Dialback doesn't seem to be enabled, giving up");
				session.give_up(
					{ condition: "unsupported-feature", text: "No viable authentication method offered" },
					"No viable authentication method offered by remote server",
				);
			}
			return true;
		},
		-1,
	);
}
