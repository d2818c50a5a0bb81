// Counterpart: core/hostmanager.lua

import { failed, ok, type Result } from "../util/error.ts";
import { Events } from "../util/events.ts";
import * as id from "../util/id.ts";
import { null_authz, null_provider } from "./null_providers.ts";
import { telling } from "./telling.ts";
import type { EventMap, HostSession, Server, Stanza, StreamError } from "./types.ts";

/** Brings the hosts of one server up and down. */
export interface HostManager {
	/** Makes the host's session and loads its modules. */
	activate(host: string): Result<HostSession, string>;
	/** Closes the host's streams, unloads its modules and forgets it. */
	deactivate(host: string, reason?: StreamError): Result<true, string>;
	/** Domains directly below a host, which its disco items name. Source: hostmanager.get_children. */
	get_children(host: string): { host: string; name: string | undefined }[];
}

/** What the host manager needs of the rest of the core. */
export interface HostServices {
	/** Loads and unloads the modules of a host; accounts and rights are in place when others load. */
	load_modules(host: string): void;
	unload_modules(host: string): void;
}

/** What of a server its hosts need. */
export type HostNeeds = Pick<Server, "config" | "events" | "hosts" | "logger" | "router">;

/** A host that is served. */
export class ActiveHost implements HostSession {
	readonly id = id.short();
	readonly log: HostSession["log"];
	readonly type: HostSession["type"];
	readonly events = new Events<EventMap>();
	readonly modules: HostSession["modules"] = new Map();
	readonly sessions: HostSession["sessions"] = new Map();
	readonly s2sout: HostSession["s2sout"] = new Map();
	users: HostSession["users"] = null_provider;
	authz: HostSession["authz"] = null_authz;
	readonly plain_delivery: HostSession["plain_delivery"] = new Map();
	readonly bystanders: HostSession["bystanders"] = new Map();
	readonly text_routes: HostSession["text_routes"] = new Map();

	constructor(
		private readonly server: HostNeeds,
		readonly host: string,
	) {
		this.log = server.logger(host);
		this.type = server.config.get(host, "component_module") === undefined ? "local" : "component";
	}

	send(stanza: Stanza): boolean {
		this.server.router.route_stanza(undefined, stanza);
		return true;
	}
}

/** Makes the host manager of one server. */
export function create_hostmanager(server: HostNeeds, services: HostServices): HostManager {
	const log = server.logger("hostmanager");
	const report = telling(log);
	const none: ReturnType<HostManager["get_children"]> = [];

	return {
		activate(host) {
			if (server.hosts.has(host)) return failed(`The host ${host} is already activated`);
			const session = new ActiveHost(server, host);
			server.hosts.set(host, session);
			log("debug", "Activated host: %s", host);
			services.load_modules(host);
			server.events.tell("host-activated", host, report);
			return ok(session);
		},
		deactivate(host, reason = { condition: "host-gone", text: `This server has stopped serving ${host}` }) {
			const session = server.hosts.get(host);
			if (!session) return failed(`The host ${host} is not activated`);
			for (const user of [...session.sessions.values()]) {
				for (const client of [...user.sessions.values()]) client.close(reason);
			}
			services.unload_modules(host);
			server.hosts.delete(host);
			server.events.tell("host-deactivated", host, report);
			log("debug", "Deactivated host: %s", host);
			return ok(true);
		},
		get_children(host) {
			const children = [...none];
			for (const child of server.hosts.keys()) {
				if (child.slice(child.indexOf(".") + 1) !== host || !child.includes(".")) continue;
				// Only the option of the section itself counts, not one that it inherits.
				const own = (option: string): unknown => {
					const value = server.config.get(child, option);
					return value === server.config.get("*", option) ? undefined : value;
				};
				if (own("disco_hidden") === true) continue;
				const name = own("name");
				children.push({ host: child, name: typeof name === "string" ? name : undefined });
			}
			return children;
		},
	};
}
