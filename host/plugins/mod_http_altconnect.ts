// Counterpart: plugins/mod_http_altconnect.lua (XEP-0156)

import type { HttpEvent, ModuleDefinition } from "../core/types.ts";
import * as st from "../util/stanza.ts";

interface Link {
	readonly rel: string;
	readonly href: string;
}

/** Tells browsers where clients can connect over WebSocket and BOSH, as far as these are enabled. */
export const definition: ModuleDefinition = {
	name: "http_altconnect",
	load(module) {
		module.depends("http");
		const advertise_bosh = module.get_option_boolean("advertise_bosh", true);
		const advertise_websocket = module.get_option_boolean("advertise_websocket", true);
		const { modulemanager } = module.server;

		function is_loaded(name: string): boolean {
			return modulemanager.get_module(module.host, name) !== undefined || modulemanager.get_module("*", name) !== undefined;
		}

		function links(): Link[] {
			const found: Link[] = [];
			if (advertise_bosh && is_loaded("bosh")) {
				found.push({ rel: "urn:xmpp:alt-connections:xbosh", href: module.http_url("bosh", "/http-bind") });
			}
			if (advertise_websocket && is_loaded("websocket")) {
				const href = module.http_url("websocket", "xmpp-websocket").replace(/^http/, "ws");
				found.push({ rel: "urn:xmpp:alt-connections:websocket", href });
			}
			return found;
		}

		function get_xml({ response }: HttpEvent): string {
			const xrd = st.stanza("XRD", { xmlns: "http://docs.oasis-open.org/ns/xri/xrd-1.0" });
			for (const { rel, href } of links()) xrd.tag("Link", { rel, href }).up();
			response.headers["content_type"] = "application/xrd+xml";
			response.headers["access_control_allow_origin"] = "*";
			return `<?xml version="1.0" encoding="UTF-8"?>${xrd}`;
		}

		function get_json({ response }: HttpEvent): string {
			response.headers["content_type"] = "application/json";
			response.headers["access_control_allow_origin"] = "*";
			return JSON.stringify({ links: links() });
		}

		module.provides("http", {
			place: "any",
			default_path: "/.well-known",
			route: { "GET /host-meta": get_xml, "GET /host-meta.json": get_json },
		});
	},
};
