// Counterpart: plugins/mod_external_services.lua (prepare)

import type { ModuleApi } from "../core/types.ts";
import { now } from "../util/datetime.ts";
import { base64_encode } from "../util/encodings.ts";
import { hmac_sha1 } from "../util/hashes.ts";

/** A service as a configuration or a module describes it. */
export interface ExternalService {
	/** Such as `stun`, `turn`. */
	readonly type: string;
	/** `udp` or `tcp`. */
	readonly transport?: string;
	/** Option external_service_host where it is left out. */
	readonly host?: string;
	readonly port?: number;
	readonly username?: string;
	readonly password?: string;
	/** Whether clients get credentials only when they ask for them. */
	readonly restricted?: boolean;
	/** When the credentials end, in seconds since 1970. */
	readonly expires?: number;
	/** How long they are good, in seconds. */
	readonly ttl?: number;
	/** What credentials are made from; true for the option external_service_secret. */
	readonly secret?: string | true;
	/** How they are made, where `type` does not say it: `turn`. */
	readonly algorithm?: string;
	/** Makes them in place of that. */
	credentials_cb?(service: Service, described: ExternalService, secret: string): void;
}

/** A service as clients are told of it. */
export interface Service {
	type: string;
	transport: string | undefined;
	host: string;
	port: number | undefined;
	username: string | undefined;
	password: string | undefined;
	restricted: boolean | undefined;
	/** Seconds since 1970. */
	expires: number | undefined;
}

/** A service as the log shows it: without its secrets. */
function shown(described: object): string {
	const names = ["type", "transport", "host", "port"];
	return JSON.stringify(Object.fromEntries(names.map((name) => [name, Reflect.get(described, name)])));
}

/** Makes of what a configuration or a module says about a service what clients are told; says what is wrong, and gives undefined then. */
export function create_preparation(module: ModuleApi): (described: unknown) => Service | undefined {
	const default_host = module.get_option_string("external_service_host", module.host);
	const default_port = module.get_option_integer("external_service_port", undefined, 1, 65535);
	const default_secret = module.get_option_string("external_service_secret");
	const default_ttl = module.get_option_period("external_service_ttl", "1 day");

	/** The names and passwords of a TURN server that shares a secret. Source: draft-uberti-behave-turn-rest-00. */
	function turn_credentials(service: Service, ttl: number | undefined, secret: string): void {
		const expires = service.expires ?? now() + (ttl ?? default_ttl);
		service.username = service.username === undefined ? `${expires}` : `${expires}:${service.username}`;
		service.password = base64_encode(hmac_sha1(secret, service.username));
	}

	return (described) => {
		if (typeof described !== "object" || described === null) {
			module.log("error", "Service definition is not a table: %j", described);
			return undefined;
		}
		const part = (name: string): unknown => Reflect.get(described, name);
		const text = (name: string): string | undefined => {
			const value = part(name);
			return typeof value === "string" ? value : undefined;
		};
		const number = (name: string): number | undefined => {
			const value = part(name);
			return typeof value === "number" && Number.isFinite(value) ? value : undefined;
		};
		const type = text("type");
		if (type === undefined) {
			module.log("error", "Service missing mandatory 'type' field: %s", shown(described));
			return undefined;
		}
		const ttl = number("ttl");
		const service: Service = {
			type,
			transport: text("transport"),
			host: text("host") ?? default_host,
			port: number("port") ?? default_port,
			username: text("username"),
			password: text("password"),
			restricted: text("password") !== undefined || part("restricted") === true ? true : undefined,
			expires: number("expires") ?? (ttl === undefined ? undefined : now() + ttl),
		};
		if (service.transport === undefined)
			module.log("warn", "Service missing recommended 'transport' field: %s", shown(described));
		if (service.port === undefined) module.log("warn", "Service missing recommended 'port' field: %s", shown(described));
		const secret = part("secret") === true ? default_secret : text("secret");
		if (secret === undefined) return service;
		const own = part("credentials_cb");
		const is_turn = [text("algorithm"), type].some((name) => name === "turn" || name === "turns");
		if (typeof own === "function") Reflect.apply(own, undefined, [service, described, secret]);
		else if (is_turn) turn_credentials(service, ttl, secret);
		else return service;
		service.restricted = true;
		return service;
	};
}
