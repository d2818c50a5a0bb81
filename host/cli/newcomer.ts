// No counterpart: what a newcomer's server has beyond the configuration that other commands find, too: pages, uploads, TLS only.

import { type Config, default_config } from "../core/configmanager.ts";
import { find_converse } from "../plugins/conversejs/find.ts";
import { find_page } from "../plugins/web_console/find.ts";

/** Everybody who logs in enters the same room, where nicks cannot be registered by those who are not members. */
export const first_conversation = {
	auto_join_rooms: ["tearoom@conference.localhost"],
	muc_nickname_from_jid: true,
	auto_register_muc_nickname: false,
};

/** Has a module be loaded wherever it can be. */
function enable(config: Config, module: string): void {
	const enabled = config.get("*", "modules_enabled");
	config.set("*", "modules_enabled", [...(Array.isArray(enabled) ? enabled : []), module]);
}

/** The newcomer's administrator. */
export const first_admin = "admin@localhost";

/** Serves pages at `http://127.0.0.1:5280/`, to this machine only. */
function serve_pages(config: Config): void {
	config.set("*", "http_interfaces", ["127.0.0.1", "::1"]);
	config.set("*", "http_ports", [5280]);
	config.set("*", "https_ports", []);
	// A browser that opens the page by its IP address names no host
	config.set("*", "http_default_host", "localhost");
}

/** Has a newcomer's server show a client for browsers at the root, where the package of that is installed. */
function add_web_page(config: Config): void {
	if (find_converse() === undefined) return;
	enable(config, "websocket");
	serve_pages(config);
	config.set("localhost", "modules_enabled", ["conversejs"]);
	config.set("localhost", "http_paths", { conversejs: "/" });
	config.set("localhost", "conversejs_options", first_conversation);
}

/** Has a newcomer's server show the console for administrators at `/console/`. */
function add_console(config: Config): void {
	if (find_page() === undefined) return;
	enable(config, "web_console");
	serve_pages(config);
	config.set("*", "admins", [first_admin]);
	config.set("*", "statistics", "internal");
	config.set("*", "statistics_interval", "manual");
}

/** Has everybody get into a new room at once. Few clients open the rooms that they make: others would hear that there is none. */
function open_new_rooms(config: Config): void {
	config.set("conference.localhost", "muc_room_locking", false);
}

/**
 * Lets people upload files (XEP-0363), to the port where the pages are. The service has a name of its own for clients to find, but
 * not for browsers: few machines find names below localhost.
 */
function add_uploads(config: Config): void {
	serve_pages(config);
	config.set("upload.localhost", "component_module", "http_file_share");
	config.set("upload.localhost", "load_global_modules", false);
	config.set("upload.localhost", "http_host", "localhost");
}

/** Has nothing but TLS: for clients, also from the first byte (XEP-0368), and for pages and uploads. */
function use_tls_only(config: Config): void {
	config.set("*", "c2s_require_encryption", true);
	config.set("*", "allow_unencrypted_plain_auth", false);
	config.set("*", "c2s_direct_tls_ports", [5223]);
	config.set("*", "http_ports", []);
	config.set("*", "https_ports", [5281]);
	config.set("*", "https_interfaces", ["127.0.0.1", "::1"]);
}

/**
 * The configuration of a server that was given none: the default one, with pages, uploads and the shell.
 * @param data the folder of its data
 * @param tls_only whether it speaks TLS and nothing else
 */
export function newcomer_config(data: string, tls_only = false): Config {
	const config = default_config(data);
	add_web_page(config);
	add_console(config);
	add_uploads(config);
	open_new_rooms(config);
	enable(config, "admin_shell");
	if (tls_only) use_tls_only(config);
	return config;
}
