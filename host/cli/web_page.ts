// No counterpart: a newcomer's client.

import type { Config } from "../core/configmanager.ts";
import { find_converse } from "../plugins/conversejs/find.ts";

/** Everybody who logs in enters the same room. */
export const first_conversation = { auto_join_rooms: ["tearoom@conference.localhost"], muc_nickname_from_jid: true };

/** Has a module be loaded wherever it can be. */
export function enable(config: Config, module: string): void {
	const enabled = config.get("*", "modules_enabled");
	config.set("*", "modules_enabled", [...(Array.isArray(enabled) ? enabled : []), module]);
}

/** Has a newcomer's server show a client for browsers at `http://127.0.0.1:5280/`, where the package of that is installed. */
export function add_web_page(config: Config): void {
	if (find_converse() === undefined) return;
	enable(config, "websocket");
	config.set("*", "http_interfaces", ["127.0.0.1"]);
	config.set("*", "http_ports", [5280]);
	config.set("*", "https_ports", []);
	// A browser that opens the page by its IP address names no host
	config.set("*", "http_default_host", "localhost");
	config.set("localhost", "modules_enabled", ["conversejs"]);
	config.set("localhost", "http_paths", { conversejs: "/" });
	config.set("localhost", "conversejs_options", first_conversation);
}
