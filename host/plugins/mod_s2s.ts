// Counterpart: plugins/mod_s2s.lua

import { ServerStreamSession } from "../core/s2s_session.ts";
import { Streams } from "../core/streams.ts";
import type { Connection, ModuleApi, ModuleDefinition, Session, Stanza } from "../core/types.ts";
import { ServiceResolver } from "../net/resolver.ts";
import { ns } from "../util/ns.ts";
import type {} from "./s2s/events.ts";
import { read_options } from "./s2s/options.ts";
import { Routes } from "./s2s/routes.ts";
import { ServerStreams } from "./s2s/server_streams.ts";

/** What other modules may do with streams to other servers. */
export interface S2sExports {
	/** Sends what may be sent by now of what waits for a stream. */
	send_waiting(session: ServerStreamSession): void;
	/** Asks another server something for one of our hosts, such as whether a dialback key is its own. */
	ask(from_host: string, to_host: string, stanza: Stanza, origin: Session): void;
}

declare module "../core/types.ts" {
	interface ModuleExports {
		s2s: S2sExports;
	}
}

/** Seconds for one address of another server to answer, before the next one is tried. */
const connect_timeout = 20;

/** Where names are looked up. Options: unbound, use_ipv4, use_ipv6. */
function create_resolver(module: ModuleApi): ServiceResolver {
	const unbound = module.get_option("unbound");
	const settings =
		typeof unbound === "object" && unbound !== null && !Array.isArray(unbound) && !(unbound instanceof Map) ? unbound : {};
	const { hoststxt = "/etc/hosts", forward } = settings;
	const servers = (Array.isArray(forward) ? forward : [forward]).filter((name) => typeof name === "string");
	const families = [
		...(module.get_option_boolean("use_ipv6", true) ? [6 as const] : []),
		...(module.get_option_boolean("use_ipv4", true) ? [4 as const] : []),
	];
	return new ServiceResolver({
		hosts_file: typeof hoststxt === "string" ? hoststxt : undefined,
		// Unbound separates the port by @
		servers: servers.map((name) => name.replace("@", ":")),
		timeout: 5000,
		families,
	});
}

/** Keeps a silent connection open: white space between stanzas means nothing else. */
function keepalive({ session }: { session: ServerStreamSession }): boolean | undefined {
	return session.notopen ? undefined : session.send_white_space();
}

/** Streams with other servers (RFC 6120), in both directions. */
export const definition: ModuleDefinition = {
	name: "s2s",
	global: true,
	load(module): S2sExports {
		const options = read_options(module);
		const kind = new ServerStreams(module, options, () => routes);
		const streams = new Streams(module, kind);
		const routes = new Routes(module, {
			resolver: create_resolver(module),
			queue_size: options.queue_size,
			connect_timeout,
			begin(conn, route, target) {
				kind.expect(conn, route);
				const context = target.direct_tls ? module.server.peer_tls_context(route.from_host) : undefined;
				if (context === undefined || conn.starttls === undefined) {
					streams.accept(conn);
					return;
				}
				conn.onsecure = () => void streams.accept(conn);
				conn.starttls(context, { servername: route.to_host, alpn: "xmpp-server" });
			},
		});
		const count = module.measure("connections", "amount");
		module.hook("stats-update", () => count(streams.size));

		module.hook("s2s-read-timeout", keepalive, -1);
		module.hook(
			"server-stopping",
			({ reason }) => {
				routes.close();
				streams.close_all({ condition: "system-shutdown", text: reason });
			},
			-100,
		);

		module.add_host = (host_module) => {
			if (host_module.get_option_boolean("disallow_s2s", false)) {
				throw new Error('disallow_s2s is set for this host: modules_disabled = { "s2s" } says the same');
			}
			host_module.hook(
				"route/remote",
				({ from_host, to_host, stanza, origin }) => routes.send(from_host, to_host, stanza, origin),
				-10,
			);
			host_module.hook("s2s-authenticated", ({ session, host }) => kind.authenticated(session, host), -1);
			host_module.hook("s2s-read-timeout", keepalive, -1);
			host_module.hook(
				`stanza/${ns.streams}:features`,
				({ origin: session }) => {
					if (!(session instanceof ServerStreamSession) || session.direction !== "outgoing") return undefined;
					if (session.type === "s2sout") kind.established(session);
					else if (options.require_encryption && !session.secure) {
						const text = "Encrypted server-to-server communication is required but was not offered";
						session.log("warn", "%s by %s", text, session.to_host);
						session.give_up({ condition: "policy-violation", text }, "Could not establish encrypted connection to remote server");
					} else {
						session.log("warn", "No SASL EXTERNAL offer and Dialback doesn't seem to be enabled, giving up");
						session.give_up(
							{ condition: "unsupported-feature", text: "No viable authentication method offered" },
							"No viable authentication method offered by remote server",
						);
					}
					return true;
				},
				-1,
			);
		};

		const onconnect = (conn: Connection): void => void streams.accept(conn);
		module.provides("net", { name: "s2s", default_port: 5269, onconnect });
		module.provides("net", { name: "s2s_direct_tls", encryption: "ssl", onconnect });
		return {
			send_waiting(session) {
				const route = routes.find(session.from_host ?? "", session.to_host ?? "");
				if (route?.session === session) routes.empty(route, session);
			},
			ask: (from_host, to_host, stanza, origin) => void routes.send(from_host, to_host, stanza, origin),
		};
	},
};
