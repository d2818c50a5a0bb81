// Counterpart: plugins/mod_http.lua

import { get_base_path } from "../core/http_url.ts";
import type { HttpApp, HttpEvent, HttpPlace, ModuleApi, ModuleDefinition, NetService } from "../core/types.ts";
import type { Handler } from "../util/events.ts";
import { urlencode } from "../util/http.ts";
import { AddressSet } from "../util/ip.ts";
import { Cors, type CorsDefaults, read_origins, read_override } from "./http_cors.lib.ts";
import { apply_forwarded } from "./http_forwarded.lib.ts";

type EventName = `${string} ${string}`;

function texts(values: Iterable<unknown>): string[] {
	return [...values].map(String);
}

function read_cors(module: ModuleApi): CorsDefaults {
	return {
		methods: new Set(texts(module.get_option_set("access_control_allow_methods", ["GET", "OPTIONS"]))),
		headers: new Set(texts(module.get_option_set("access_control_allow_headers", ["Content-Type"]))),
		origins: read_origins(texts(module.get_option_set("access_control_allow_origins"))),
		credentials: module.get_option_boolean("access_control_allow_credentials", false),
		max_age: module.get_option_period("access_control_max_age", "2 hours"),
		enabled: module.get_option_boolean("http_default_cors_enabled", true),
		overrides: module.get_option("http_cors_override"),
	};
}

/** The event of a route, `GET host/path`; undefined for an invalid route. */
function event_of_route(host: string, app_path: string, route: string): { method: string; target: string } | undefined {
	const [, method = route, path = ""] = /^(\S+)\s+(.+)$/s.exec(route) ?? [];
	if (method.startsWith("/")) return undefined;
	const base = app_path === "/" && path.startsWith("/") ? "" : app_path;
	return { method: method.toUpperCase(), target: `${host === "*" ? "" : host}${base}${path}` };
}

/** Redirects requests that leave out the slash at the end of a folder. */
function redirect({ request, response }: HttpEvent): number {
	const path = request.path.split("/").map(urlencode).join("/");
	response.headers["location"] = `${path}/${request.url.query === undefined ? "" : `?${request.url.query}`}`;
	return 301;
}

interface RouteOptions {
	readonly cors: Cors;
	readonly redirects: boolean;
	readonly place: HttpPlace | undefined;
	readonly undo: (() => void)[];
}

/** The apps of one host. */
class HostApps {
	private readonly apps = new Map<HttpApp, (() => void)[]>();
	private readonly taken = new Map<string, Set<string>>();

	constructor(
		private readonly module: ModuleApi,
		private readonly host: string,
		private readonly cors: CorsDefaults,
	) {}

	add(source: ModuleApi, app: HttpApp): void {
		const name = app.name ?? source.name.replace(/^http_/, "");
		const { module } = this;
		if (app.route === undefined) {
			module.log("error", "HTTP app %q provides no 'route', so there is nothing to serve", name);
			return;
		}
		const app_path = get_base_path(module, name, app.default_path ?? `/${name}`);
		const cors = new Cors(this.cors, read_override(this.cors.overrides, name) ?? app.cors);
		const undo: (() => void)[] = [];
		this.apps.set(app, undo);
		const taken = this.taken.get(name) ?? new Set();
		this.taken.set(name, taken);
		for (const [route, answer] of Object.entries(app.route)) {
			const event = event_of_route(this.host, app_path, route);
			if (event === undefined) {
				module.log("error", 'Invalid route in %s, %q: expected a method and a path, such as "GET /page"', name, route);
				continue;
			}
			const event_name: EventName = `${event.method} ${event.target}`;
			cors.methods.add(event.method);
			if (taken.has(event_name)) {
				module.log("warn", "App %s added handler twice for '%s', ignoring", name, event_name);
				continue;
			}
			taken.add(event_name);
			undo.push(() => taken.delete(event_name));
			this.hook_route(event, this.handler(source, answer, event.target, app.streaming_uploads === true), {
				cors,
				redirects: typeof answer === "function",
				place: app.place,
				undo,
			});
		}
		module.log("info", "Serving '%s' at %s", name, module.http_url(name, app.default_path));
	}

	private hook_route(
		{ method, target }: { readonly method: string; readonly target: string },
		handler: Handler<HttpEvent>,
		{ cors, redirects, place, undo }: RouteOptions,
	): void {
		const { module } = this;
		const hook = (name: EventName, callback: Handler<HttpEvent>, priority?: number): void => {
			if (place !== undefined) module.server.http_server.place_handler(callback, place);
			module.hook_object_event(module.server.http_server.events, name, callback, priority);
			undo.push(() => module.server.http_server.remove_handler(name, callback));
		};
		const folder = redirects ? /^(.+)\/\*?$/s.exec(target)?.[1] : undefined;
		if (folder !== undefined) hook(`${method} ${folder}`, (event) => redirect(event), -1);
		hook(`${method} ${target}`, handler);
		if (!cors.enabled) return;
		hook(`${method} ${target}`, ({ request, response }) => void cors.apply(request, response), 1);
		const options = ({ request, response }: HttpEvent): string => {
			cors.apply(request, response);
			return "";
		};
		hook(`OPTIONS ${target}`, options, -1);
	}

	remove(app: HttpApp): void {
		for (const undo of this.apps.get(app) ?? []) undo();
		this.apps.delete(app);
	}

	/**
	 * The handler of a route's requests; errors in it are logged in the module's name.
	 * @param streaming whether it wants requests before their content has come
	 */
	private handler(source: ModuleApi, answer: unknown, target: string, streaming: boolean): Handler<HttpEvent> {
		const { http_server } = this.module.server;
		const base_length = target.endsWith("/*") ? target.length - target.indexOf("/") - 1 : undefined;
		return (event) => {
			const { request, response } = event;
			if (request.body === false && !streaming) return undefined;
			if (typeof answer !== "function") return answer;
			const fail = (error: unknown): true => http_server.fail(response, error, source.log);
			try {
				const result: unknown = answer(event, base_length === undefined ? undefined : request.path.slice(base_length));
				if (!(result instanceof Promise)) return result;
				return result.catch((reason) => {
					if (reason instanceof Error) return fail(reason);
					throw reason;
				});
			} catch (error) {
				return fail(error);
			}
		};
	}
}

/**
 * Serves what modules offer by `module.provides("http", …)`, below the path of each.
 * Events: those of `server.http_server.events`.
 */
export const definition: ModuleDefinition = {
	name: "http",
	global: true,
	load(module) {
		module.depends("http_errors");
		const { http_server } = module.server;
		http_server.set_default_host(module.get_option_string("http_default_host"));
		http_server.set_option("body_size_limit", module.get_option_number("http_max_content_size", undefined, 0));
		http_server.set_option("buffer_size_limit", module.get_option_number("http_max_buffer_size", undefined, 0));
		const cors = read_cors(module);

		const serve = (host_module: ModuleApi, host: string): void => {
			const apps = new HostApps(host_module, host, cors);
			host_module.handle_items(
				"http-provider",
				({ source, item }) => apps.add(source, item),
				({ item }) => apps.remove(item),
			);
		};
		serve(module, "*");
		module.add_host = (host_module) => {
			const host = host_module.get_option_string("http_host", host_module.host).toLowerCase();
			serve(host_module, host);
			http_server.add_host(host);
			host_module.unload = () => http_server.remove_host(host);
		};

		const proxies = new AddressSet(texts(module.get_option_set("trusted_proxies", ["127.0.0.1", "::1"])));
		for (const name of proxies.unknown) {
			module.log("error", "trusted_proxies: %q is neither an address nor a network such as 10.0.0.0/8", name);
		}
		const legacy = module.get_option_boolean("http_legacy_x_forwarded", true);
		const follow_proxies = (next: (name: string, event: never) => unknown, name: string, event: never): unknown => {
			const { request }: Partial<HttpEvent> = event;
			if (request !== undefined) apply_forwarded(request, proxies, legacy);
			return next(name, event);
		};
		http_server.events.add_wrapper(undefined, follow_proxies);
		module.unload = () => http_server.events.remove_wrapper(undefined, follow_proxies);

		const pattern = /^[A-Z]/;
		const service: Omit<NetService, "name"> = { onconnect: (conn) => http_server.onconnect(conn) };
		module.provides("net", { ...service, name: "http", private: true, default_port: 5280, multiplex: { pattern } });
		const multiplex = { protocol: "http/1.1", pattern };
		module.provides("net", { ...service, name: "https", default_port: 5281, encryption: "ssl", multiplex });
	},
};
