// Counterpart: plugins/mod_websocket.lua

import { createHash } from "node:crypto";
import type { C2sSession, HttpAnswer, HttpEvent, HttpRequest, ModuleApi, ModuleDefinition } from "../core/types.ts";
import { contains_token } from "../util/http.ts";
import { WebSocketConnection } from "./websocket/connection.ts";
import { websocket_framing } from "./websocket/framing.ts";

declare module "../core/types.ts" {
	interface EventMap {
		/** A client's stream goes over WebSocket. Source: mod_websocket. */
		"websocket-session": { session: C2sSession; request: HttpRequest };
	}
}

/** The constant by which a server proves that it speaks WebSocket (RFC 6455 §1.3). */
const accept_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const default_get_response_text = "It works! Now point your WebSocket client to this URL to connect.";

/** Clients' streams over WebSocket (RFC 7395). */
export const definition: ModuleDefinition = {
	name: "websocket",
	global: true,
	load(module) {
		const c2s = module.depends("c2s");
		module.server.cluster?.carry_framing("WebSocket", () => websocket_framing);
		const stanza_size_limit = module.get_option_integer("c2s_stanza_size_limit", 1024 * 256, 10000);
		const frame_buffer_limit = module.get_option_integer("websocket_frame_buffer_limit", 2 * stanza_size_limit, 0);
		const fragment_limit = module.get_option_integer("websocket_frame_fragment_limit", 8, 0);
		const consider_websocket_secure = module.get_option_boolean("consider_websocket_secure", false);
		if (module.get_option("cross_domain_websocket") !== undefined) {
			module.log("info", "The 'cross_domain_websocket' option has been deprecated");
		}
		const text = module.get_option_string("websocket_get_response_text", default_get_response_text);
		const default_body = `<!DOCTYPE html><html><head><title>Websocket</title></head><body>\n<p>${text}</p>\n</body></html>`;
		const body = module.get_option_string("websocket_get_response_body", default_body);

		function show_page({ request, response }: HttpEvent): HttpAnswer {
			const is_secure = consider_websocket_secure || request.secure;
			const page = module.fire_event("http-message", {
				response,
				title: "WebSocket endpoint",
				message: text,
				...(is_secure ? {} : { warning: "This endpoint is not considered secure!" }),
			});
			return typeof page === "string" ? page : body;
		}

		function handle_request(event: HttpEvent): HttpAnswer {
			const { request, response } = event;
			const { headers } = request;
			const key = headers["sec_websocket_key"];
			if (key === undefined || request.method !== "GET") return show_page(event);
			if (!contains_token(headers["sec_websocket_protocol"] ?? "", "xmpp")) {
				const protocols = headers["sec_websocket_protocol"] ?? "(empty)";
				module.log("debug", "Client didn't want to talk XMPP, list of protocols was %s", protocols);
				return 501;
			}
			// RFC 6455 §4.2.1 and §4.4
			if (headers["sec_websocket_version"] !== "13") {
				response.headers["sec_webSocket_version"] = 13;
				return 426;
			}
			if (!/^[A-Za-z0-9+/]{22}==$/.test(key) || !contains_token(headers["upgrade"] ?? "", "websocket")) return 400;

			const conn = new WebSocketConnection(response.conn, {
				ip: request.ip,
				secure: consider_websocket_secure || request.secure,
				message_size_limit: Math.max(1, Math.min(stanza_size_limit, frame_buffer_limit)),
				fragment_limit,
				log: module.log,
			});
			const session = c2s.accept(conn, websocket_framing);
			conn.ontoolarge = () => session.close({ condition: "policy-violation", text: "stanza too large" });

			response.status_code = 101;
			response.headers["upgrade"] = "websocket";
			response.headers["connection"] = "Upgrade";
			response.headers["sec_webSocket_accept"] = createHash("sha1")
				.update(key + accept_guid)
				.digest("base64");
			response.headers["sec_webSocket_protocol"] = "xmpp";
			module.fire_event("websocket-session", { session, request });
			session.log("debug", "Sending WebSocket handshake");
			return "";
		}

		function serve(host_module: ModuleApi): void {
			// Before mod_c2s, which would send a blank
			host_module.hook(
				"c2s-read-timeout",
				({ session }) => (session.conn instanceof WebSocketConnection ? session.conn.ping() : undefined),
				-0.9,
			);
			host_module.depends("http");
			host_module.provides("http", {
				place: "any",
				name: "websocket",
				default_path: "xmpp-websocket",
				cors: { enabled: true },
				route: { GET: handle_request, "GET /": handle_request },
			});
		}
		module.add_host = (host_module) => {
			serve(host_module);
			host_module.depends("http_altconnect");
		};
		if (module.server.modulemanager.configured_for("*").includes(module.name)) serve(module);
	},
};
