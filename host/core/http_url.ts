// Counterpart: plugins/mod_http.lua (get_base_path, http_url)

import { normalize_path } from "../util/http.ts";
import type { ConfigValue } from "./config/config.ts";
import type { ListenAddress, ModuleApi } from "./types.ts";

/** What an app's URL is made from. */
type Source = Pick<ModuleApi, "name" | "host" | "server" | "log" | "get_option" | "get_option_string" | "get_option_array">;

const usual_ports: { readonly [scheme: string]: number } = { http: 80, https: 443 };
/** The URL of an app that nobody can reach. */
const nowhere = "http://disabled.invalid/";

function configured_path(option: ConfigValue | undefined, app: string): string | undefined {
	if (typeof option !== "object" || Array.isArray(option)) return undefined;
	const path = option instanceof Map ? option.get(app) : Object.hasOwn(option, app) ? option[app] : undefined;
	return typeof path === "string" ? path : undefined;
}

/** The path that an app is served at: the host's `http_paths`, the global one, or its own wish. */
export function get_base_path(module: Source, app: string, default_path: string): string {
	const path =
		configured_path(module.get_option("http_paths"), app) ??
		configured_path(module.server.config.get("*", "http_paths"), app) ??
		default_path;
	return normalize_path(path).replace(/\$([a-zA-Z0-9]+)/g, (variable, name) => (name === "host" ? module.host : variable));
}

function build(scheme: string, host: string, port: number | undefined, path: string): string {
	const shown_host = host.includes(":") ? `[${host}]` : host;
	return `${scheme}://${shown_host}${port === undefined || port === usual_ports[scheme] ? "" : `:${port}`}${path}`;
}

/** The port that clients should use: an open one, or while none is open the one that will be. */
function find_port(module: Source): { scheme: string; port: number; host?: string } | undefined {
	const open = module.server.addresses();
	for (const scheme of ["https", "http"]) {
		const address = open.find(({ service }: ListenAddress) => service === scheme);
		if (address !== undefined) return { scheme, port: address.port, host: address.host };
	}
	if (open.length > 0) return undefined;
	const [https_port] = module.get_option_array("https_ports", [5281]);
	if (typeof https_port === "number") return { scheme: "https", port: https_port };
	const [http_port] = module.get_option_array("http_ports", [5280]);
	return typeof http_port === "number" ? { scheme: "http", port: http_port } : undefined;
}

/** The URL of an app as seen from outside; see `ModuleApi.http_url`. */
export function http_url(module: Source, app_name?: string, default_path?: string, mode?: "internal"): string {
	const app = app_name ?? module.name.replace(/^http_/, "");
	const path = get_base_path(module, app, default_path ?? `/${app}`);
	const external = mode === "internal" ? undefined : module.get_option_string("http_external_url");
	if (external !== undefined) {
		const url = URL.canParse(external) ? new URL(external) : undefined;
		if (url !== undefined) {
			const scheme = url.protocol.slice(0, -1);
			const port = url.port === "" ? undefined : Number(url.port);
			return build(scheme, url.hostname.replace(/^\[(.*)\]$/, "$1"), port, normalize_path(url.pathname, true) + path.slice(1));
		}
		module.log("error", "http_external_url is %q: expected a URL such as https://chat.example.org/", external);
	}
	const found = find_port(module);
	if (found === undefined) {
		module.log("warn", "No http ports enabled, can't generate an external URL");
		return nowhere;
	}
	const own_host = module.host === "*" ? module.get_option_string("http_default_host", found.host ?? "*") : module.host;
	return build(found.scheme, module.get_option_string("http_host", own_host), found.port, path);
}
