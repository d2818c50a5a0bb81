// Counterpart: plugins/mod_http.lua (CORS)

import type { ConfigValue } from "../core/config/config.ts";
import type { HttpCors, HttpRequest, HttpResponse } from "../core/types.ts";

/** What browsers may do with apps, unless an app says otherwise. */
export interface CorsDefaults {
	readonly methods: ReadonlySet<string>;
	readonly headers: ReadonlySet<string>;
	/** Undefined for all. */
	readonly origins: ReadonlySet<string> | undefined;
	readonly credentials: boolean;
	/** Seconds for which browsers may remember. */
	readonly max_age: number;
	readonly enabled: boolean;
	/** What the configuration says about single apps. */
	readonly overrides: ConfigValue | undefined;
}

/** The origins in a list; undefined where all are allowed. */
export function read_origins(origins: readonly string[]): ReadonlySet<string> | undefined {
	return origins.length === 0 || origins.includes("*") ? undefined : new Set(origins);
}

function table_entries(value: ConfigValue | undefined): [string, ConfigValue][] {
	if (typeof value !== "object" || Array.isArray(value)) return [];
	const entries = value instanceof Map ? [...value] : Object.entries(value);
	return entries.map(([name, field]) => [String(name), field]);
}

/** An app's table in `http_cors_override`; undefined where it has none. */
export function read_override(option: ConfigValue | undefined, app: string): HttpCors | undefined {
	const table = table_entries(option).find(([name]) => name === app)?.[1];
	if (typeof table !== "object") return undefined;
	const fields = new Map(table_entries(table));
	const enabled = fields.get("enabled");
	const credentials = fields.get("credentials");
	const origins = fields.get("origins");
	const headers = fields.get("headers");
	return {
		...(typeof enabled === "boolean" ? { enabled } : {}),
		...(typeof credentials === "boolean" ? { credentials } : {}),
		...(origins === undefined ? {} : { origins: (Array.isArray(origins) ? origins : [origins]).map(String) }),
		...(headers === undefined
			? {}
			: { headers: Object.fromEntries(table_entries(headers).map(([name, on]) => [name, on === true])) }),
	};
}

/** What browsers may do with one app. */
export class Cors {
	/** The methods of its routes, too. */
	readonly methods: Set<string>;
	private readonly headers: Set<string>;
	private origins: ReadonlySet<string> | undefined;
	private credentials: boolean;
	private readonly max_age: number;
	readonly enabled: boolean;

	/** @param own what the configuration or the app itself says */
	constructor(defaults: CorsDefaults, own: HttpCors | undefined) {
		this.methods = new Set(defaults.methods);
		this.headers = new Set(defaults.headers);
		this.origins = defaults.origins;
		this.credentials = defaults.credentials;
		this.max_age = defaults.max_age;
		this.enabled = own === undefined ? defaults.enabled : own.enabled !== false;
		if (own?.enabled === true) this.take(own);
	}

	private take({ credentials, headers, origins }: HttpCors): void {
		this.credentials = credentials ?? this.credentials;
		for (const [header, is_allowed] of Object.entries(headers ?? {})) {
			if (is_allowed) this.headers.add(header);
			else this.headers.delete(header);
		}
		if (origins !== undefined) this.origins = read_origins(typeof origins === "string" ? [origins] : origins);
	}

	/** Adds to a response what the asking site may do; nothing where it is not an allowed origin. */
	apply(request: HttpRequest, response: HttpResponse): void {
		const { origin } = request.headers;
		if (this.origins !== undefined && (origin === undefined || !this.origins.has(origin))) return;
		const { headers } = response;
		headers["access_control_allow_methods"] = [...this.methods].join(", ");
		headers["access_control_allow_headers"] = [...this.headers].join(", ");
		headers["access_control_max_age"] = String(this.max_age);
		headers["access_control_allow_origin"] = origin ?? "*";
		if (this.credentials) headers["access_control_allow_credentials"] = "true";
	}
}
