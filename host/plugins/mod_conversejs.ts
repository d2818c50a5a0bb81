// Counterpart: mod_conversejs.lua of the community's modules

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { serve } from "../core/http_files.ts";
import type { HttpEvent, ModuleApi, ModuleDefinition } from "../core/types.ts";
import { find_converse } from "./conversejs/find.ts";

const types: ReadonlyMap<string, string> = new Map([
	["css", "text/css"],
	["gif", "image/gif"],
	["js", "application/javascript"],
	["json", "application/json"],
	["map", "application/json"],
	["mp3", "audio/mpeg"],
	["ogg", "audio/ogg"],
	["png", "image/png"],
	["svg", "image/svg+xml"],
	["ttf", "font/ttf"],
	["wasm", "application/wasm"],
	["webp", "image/webp"],
	["woff", "font/woff"],
	["woff2", "font/woff2"],
]);

/**
 * What the page may load: only things from this server, and files that people upload. Linked pictures from elsewhere would reveal to
 * others who reads them.
 * @param uploads origins that files are uploaded to
 */
function content_security_policy(uploads: readonly string[]): string {
	const own = ["'self'", ...uploads].join(" ");
	return [
		"default-src 'self'",
		"script-src 'self' 'wasm-unsafe-eval'",
		"style-src 'self' 'unsafe-inline'",
		`connect-src ${own}`,
		`img-src ${own} data: blob:`,
		`media-src ${own} data: blob:`,
		"object-src 'none'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	].join("; ");
}

/** The origins that files of the host's people are uploaded to, by itself or by a service below it. */
function upload_origins({ host, server }: ModuleApi): string[] {
	const services = [host, ...server.get_children(host).map((child) => child.host)];
	const origins = services.flatMap((service) => {
		const uploads = server.hosts.get(service)?.modules.get("http_file_share")?.module;
		if (uploads === undefined) return [];
		const url = uploads.get_option_string("http_file_share_base_url") ?? uploads.http_url("file_share");
		return URL.canParse(url) ? [new URL(url).origin] : [];
	});
	return [...new Set(origins)];
}

/** A speech bubble; without one, browsers ask for a file of that name. */
const icon =
	"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%23356859' d='M2 2h12v9H7l-3 3v-3H2z'/%3E%3C/svg%3E";

/** A value as JavaScript that is safe inside a `<script>`. */
function script_value(value: unknown): string {
	return JSON.stringify(value).replace(
		/[<>\u2028\u2029]/g,
		(letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}

function page(tags: readonly string[]): string {
	return [
		"<!DOCTYPE html>",
		'<html lang="en">',
		"<head>",
		'<meta charset="utf-8">',
		'<meta name="viewport" content="width=device-width, initial-scale=1">',
		"<title>Chat</title>",
		`<link rel="icon" href="${icon}">`,
		'<link rel="stylesheet" href="dist/converse.min.css">',
		'<script type="module" src="init.js"></script>',
		...tags,
		"</head>",
		'<body class="converse-fullscreen">',
		"<noscript>This page needs JavaScript.</noscript>",
		"</body>",
		"</html>",
		"",
	].join("\n");
}

/**
 * What stands below the login. Converse.js has its sponsors' pictures there, which come from another server: the page must not load
 * them. An element that is there already is left alone by Converse.js (`api.elements.register`).
 */
const footer = [
	'customElements.define("converse-footer", class extends HTMLElement {',
	"	connectedCallback() {",
	`		this.innerHTML = '<p class="text-center"><a target="_blank" rel="nofollow noopener" href="https://conversejs.org">Converse.js</a> is free software by Opkode, its contributors and its sponsors.</p>';`,
	"	}",
	"});",
];

/** Serves Converse.js, a client for browsers, configured for the host that the module is loaded on. */
export const definition: ModuleDefinition = {
	name: "conversejs",
	load(module) {
		module.depends("http");
		module.depends("websocket");
		const given = module.get_option_string("conversejs_resources");
		const resources = given === undefined ? find_converse() : resolve(module.server.paths.config, given);
		if (resources === undefined || !existsSync(join(resources, "converse.min.js"))) {
			const expected = "expected the npm package converse.js, or its folder dist as conversejs_resources";
			throw new Error(`Converse.js is not there: ${expected}`);
		}
		const options = module.get_option("conversejs_options");
		const tags = module.get_option_array("conversejs_tags", []).map(String);
		const is_anonymous = (): boolean => module.server.hosts.get(module.host)?.users.name === "anonymous";
		const rooms = (): string | undefined =>
			module.server
				.get_children(module.host)
				.map(({ host }) => host)
				.find((host) => module.server.hosts.get(host)?.modules.has("muc"));
		const websocket_path = new URL(module.http_url("websocket", "xmpp-websocket")).pathname;

		function init(): string {
			const muc_domain = rooms();
			const settings = {
				view_mode: "fullscreen",
				assets_path: "dist/",
				authentication: is_anonymous() ? "anonymous" : "login",
				auto_login: is_anonymous(),
				jid: is_anonymous() ? module.host : undefined,
				default_domain: module.host,
				muc_domain,
				discover_connection_methods: false,
				// The names of other servers, which it would ask data.xmpp.net for
				autocomplete_providers_url: null,
				allow_registration: module.server.hosts.get(module.host)?.modules.has("register_ibr") === true,
				...(typeof options === "object" && options !== null ? options : {}),
			};
			return [
				'import * as loaded from "./dist/converse.min.js";',
				"const converse = loaded.default ?? globalThis.converse;",
				`const settings = ${script_value(settings)};`,
				`const scheme = location.protocol === "https:" ? "wss:" : "ws:";`,
				`settings.websocket_url ??= scheme + "//" + location.host + ${script_value(websocket_path)};`,
				...footer,
				"converse.initialize(settings);",
				"",
			].join("\n");
		}

		function secure({ response }: HttpEvent, type: string): void {
			response.headers["content_type"] = `${type}; charset=utf-8`;
			response.headers["content_security_policy"] = content_security_policy(upload_origins(module));
			response.headers["x_content_type_options"] = "nosniff";
			response.headers["referrer_policy"] = "no-referrer";
			response.headers["cache_control"] = "no-cache";
		}

		module.provides("http", {
			place: "any",
			cors: { enabled: false },
			route: {
				"GET /": (event) => {
					secure(event, "text/html");
					return page(tags);
				},
				"GET /init.js": (event) => {
					secure(event, "application/javascript");
					return init();
				},
				// The library of OMEMO looks for it beside the page
				"GET /curve25519_compiled.wasm": serve(module.server.http_server, {
					path: join(resources, "curve25519_compiled.wasm"),
					mime_map: (extension) => types.get(extension),
				}),
				"GET /dist/*": serve(module.server.http_server, {
					path: resources,
					mime_map: (extension) => types.get(extension.toLowerCase()),
				}),
			},
		});
	},
};
