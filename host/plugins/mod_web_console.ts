// No counterpart: the community's mod_admin_web is a page for a few ad-hoc commands.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HttpEvent, HttpRequest, ModuleApi, ModuleDefinition } from "../core/types.ts";
import { is_foreign, is_private } from "./http_api/requests.ts";
import { find_page } from "./web_console/find.ts";
import { Logins } from "./web_console/login.ts";

/** What the page may do: nothing but talk to this server. */
const content_security_policy = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"connect-src 'self'",
	"img-src 'self' data:",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
].join("; ");

const longest_body = 16 * 1024;
/** For how long the link that a newcomer gets is good, in seconds. */
const link_time = 24 * 3600;

/** The console, for whoever starts the server. */
export class WebConsole {
	constructor(
		private readonly path: string,
		private readonly create_token: (owner: string, lifetime: number) => string,
	) {}

	/** An address that logs somebody in who is an administrator. */
	link(origin: string, owner: string): string {
		// What is behind the # is not sent to anybody
		return `${origin}${this.path}#token=${this.create_token(owner, link_time)}`;
	}
}

function head({ response }: HttpEvent, type: string): void {
	response.headers["content_type"] = `${type}; charset=utf-8`;
	response.headers["content_security_policy"] = content_security_policy;
	response.headers["x_content_type_options"] = "nosniff";
	response.headers["referrer_policy"] = "no-referrer";
	response.headers["cross_origin_opener_policy"] = "same-origin";
	response.headers["cross_origin_resource_policy"] = "same-origin";
	response.headers["cache_control"] = "no-cache";
}

function page(api_path: string): string {
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="api" content="${encodeURI(api_path)}">
<title>Enjamb</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%23356859'/%3E%3Cpath d='M4 5h8M4 8h5M4 11h8' stroke='white' stroke-width='1.6' stroke-linecap='round'/%3E%3C/svg%3E">
<link rel="stylesheet" href="style.css">
<script type="module" src="console.js"></script>
</head>
<body><noscript>This page needs JavaScript.</noscript></body>
</html>
`;
}

/** What a page sent, where it may send something. */
function read_body(request: HttpRequest): Record<string, unknown> | undefined {
	const { body } = request;
	if (body === false || body.length > longest_body || !request.headers["content_type"]?.startsWith("application/json"))
		return undefined;
	try {
		const content: unknown = JSON.parse(body.toString());
		return typeof content === "object" && content !== null ? Object.fromEntries(Object.entries(content)) : undefined;
	} catch {
		return undefined;
	}
}

function load(module: ModuleApi): WebConsole {
	module.depends("http");
	const api = module.depends("http_api");
	const folder = find_page();
	if (folder === undefined) throw new Error("the page of the console is not there: npm run build makes it");
	const files = { js: readFileSync(join(folder, "console.js")), css: readFileSync(join(folder, "style.css")) };
	const path_of = (app: string): string => new URL(module.http_url(app)).pathname;
	const logins = new Logins(module, api);

	async function log_in(event: HttpEvent): Promise<string> {
		const { request, response } = event;
		head(event, "application/json");
		response.headers["cache_control"] = "no-store";
		const refuse = (status: number, message: string): string => {
			response.status_code = status;
			return JSON.stringify({ status: "error", message });
		};
		if (is_foreign(module, request)) return refuse(403, "Pages of other sites may not log in here");
		if (api.require_encryption && !is_private(request)) {
			return refuse(403, "Passwords are only taken over HTTPS, or from this machine");
		}
		const given = read_body(request);
		if (given === undefined) return refuse(400, "expected a JSON object");
		const step = await logins.step(request, given);
		return step.ok ? JSON.stringify(step.value) : refuse(step.error.status, step.error.text);
	}

	/** Ends the login whose token is given. */
	function log_out(event: HttpEvent): number {
		head(event, "text/plain");
		const text = /^Bearer +(\S+)$/i.exec(event.request.headers["authorization"] ?? "")?.[1];
		const token = is_foreign(module, event.request) || text === undefined ? undefined : api.tokens.find(text);
		// Tokens of scripts stay
		if (token !== undefined && token.host === undefined) api.tokens.revoke(token.id);
		return token === undefined ? 401 : 204;
	}

	const file =
		(content: Buffer, type: string) =>
		(event: HttpEvent): Buffer => {
			head(event, type);
			return content;
		};
	module.provides("http", {
		name: "console",
		cors: { enabled: false },
		route: {
			"GET /": (event) => {
				head(event, "text/html");
				return page(path_of("api"));
			},
			"GET /console.js": file(files.js, "text/javascript"),
			"GET /style.css": file(files.css, "text/css"),
			"POST /login": log_in,
			"POST /logout": log_out,
		},
	});
	return new WebConsole(`${path_of("console")}/`, (owner, lifetime) => api.tokens.create_session(owner, lifetime).text);
}

/** A console in the browser, for administrators. */
export const definition: ModuleDefinition = {
	name: "web_console",
	global: true,
	load,
};
