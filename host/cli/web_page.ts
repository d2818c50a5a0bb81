// No counterpart: a newcomer's client.

import type { Config } from "../core/configmanager.ts";
import { find_converse } from "../plugins/conversejs/find.ts";
import { find_page } from "../plugins/web_console/find.ts";

/** Everybody who logs in enters the same room. */
export const first_conversation = { auto_join_rooms: ["tearoom@conference.localhost"], muc_nickname_from_jid: true };

/** Has a module be loaded wherever it can be. */
export function enable(config: Config, module: string): void {
	const enabled = config.get("*", "modules_enabled");
	config.set("*", "modules_enabled", [...(Array.isArray(enabled) ? enabled : []), module]);
}

/** The newcomer's administrator. */
export const first_admin = "admin@localhost";

/** Serves pages at `http://127.0.0.1:5280/`, to this machine only. */
function serve_pages(config: Config): void {
	config.set("*", "http_interfaces", ["127.0.0.1"]);
	config.set("*", "http_ports", [5280]);
	config.set("*", "https_ports", []);
	// A browser that opens the page by its IP address names no host
	config.set("*", "http_default_host", "localhost");
}

/** Has a newcomer's server show a client for browsers at the root, where the package of that is installed. */
export function add_web_page(config: Config): void {
	if (find_converse() === undefined) return;
	enable(config, "websocket");
	serve_pages(config);
	config.set("localhost", "modules_enabled", ["conversejs"]);
	config.set("localhost", "http_paths", { conversejs: "/" });
	config.set("localhost", "conversejs_options", first_conversation);
}

/** Has a newcomer's server show the console for administrators at `/console/`. */
export function add_console(config: Config): void {
	if (find_page() === undefined) return;
	enable(config, "web_console");
	serve_pages(config);
	config.set("*", "admins", [first_admin]);
	config.set("*", "statistics", "internal");
	config.set("*", "statistics_interval", "manual");
}
