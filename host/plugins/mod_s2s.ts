// Counterpart: plugins/mod_s2s.lua

import type { ServerStreamSession } from "../core/s2s_session.ts";
import { stream_pattern } from "../core/stream_pattern.ts";
import { keep_alive } from "../core/stream_session.ts";
import { Streams } from "../core/streams.ts";
import { asks_for_certificates } from "../core/tls_verification.ts";
import type { Connection, ModuleApi, ModuleDefinition, Session, Stanza } from "../core/types.ts";
import { ns } from "../util/ns.ts";
import { read_name_servers, ServiceResolver } from "../util/resolver.ts";
import type {} from "./s2s/events.ts";
import { create_measures } from "./s2s/measures.ts";
import { Routes } from "./s2s/routes.ts";
import { serve_host } from "./s2s/served_host.ts";
import { type ServerStreamOptions, ServerStreams } from "./s2s/server_streams.ts";

/** What other modules may do with streams to other servers. */
export interface S2sExports {
	/** Sends what may be sent by now of what waits for a stream. */
	send_waiting(session: ServerStreamSession): void;
	/** All streams with other servers, in both directions. */
	sessions(): Iterable<ServerStreamSession>;
	/** Asks another server something for one of our hosts, such as whether a dialback key is its own. */
	ask(from_host: string, to_host: string, stanza: Stanza, origin: Session): void;
	/**
	 * Makes the session of a stream to another server whose connection the caller makes; what is sent there waits for it, and is returned
	 * to its senders where no connection comes within `s2s_timeout`.
	 * @param kept_elsewhere gives what the caller itself keeps for that server, each stanza once
	 */
	prepare(from_host: string, to_host: string, kept_elsewhere: () => Iterable<Stanza>): ServerStreamSession;
	/** Has a stream go over a connection: that of a session which was prepared, or of another server that has connected. */
	begin(conn: Connection, prepared: ServerStreamSession | undefined): ServerStreamSession;
}

declare module "../core/types.ts" {
	interface ModuleExports {
		s2s: S2sExports;
	}
}

/** Options: s2s_timeout, s2s_close_timeout, s2s_stanza_size_limit, s2s_require_encryption, s2s_secure_auth and others. */
function read_options(module: ModuleApi): ServerStreamOptions {
	const secure_auth = module.get_option_boolean("s2s_secure_auth", false);
	const secure_domains = new Set(module.get_option_set("s2s_secure_domains", []));
	const insecure_domains = new Set(module.get_option_set("s2s_insecure_domains", []));
	return {
		limits: {
			unauthed_timeout: module.get_option_period("s2s_timeout", 90),
			close_timeout: module.get_option_period("s2s_close_timeout", 5),
			unauthed: {
				stanza_size_limit: module.get_option_integer("s2s_stanza_size_limit", 1024 * 512, 10000),
				element_limit: 25000,
				depth_limit: 100,
				attribute_limit: 100,
			},
		},
		keepalives: module.get_option_boolean("s2s_tcp_keepalives", module.get_option_boolean("tcp_keepalives", true)),
		require_encryption: module.get_option_boolean("s2s_require_encryption", true),
		queue_size: module.get_option_integer("s2s_send_queue_size", 1024 * 32, 1),
		must_be_secure: (domain) => (secure_auth ? !insecure_domains.has(domain) : secure_domains.has(domain)),
	};
}

/** Seconds for one address of another server to answer, before the next one is tried. */
const connect_timeout = 20;

/** Where names are looked up. Options: unbound, use_ipv4, use_ipv6. */
function create_resolver(module: ModuleApi): ServiceResolver {
	const families = [
		...(module.get_option_boolean("use_ipv6", true) ? [6 as const] : []),
		...(module.get_option_boolean("use_ipv4", true) ? [4 as const] : []),
	];
	const lookups = module.server.statsmanager.metric("histogram", "prosody_dns", {
		unit: "seconds",
		description: "DNS lookups",
		labels: ["qclass", "qtype"],
		buckets: [1 / 1024, 1 / 256, 1 / 64, 1 / 16, 1 / 4, 1, 4],
	});
	return new ServiceResolver({
		measure(type) {
			const begun = performance.now();
			return () => lookups.with_labels("IN", type).sample((performance.now() - begun) / 1000);
		},
		...read_name_servers(module.get_option("unbound")),
		timeout: 5000,
		families,
	});
}

/** Streams with other servers (RFC 6120), in both directions. */
export const definition: ModuleDefinition = {
	name: "s2s",
	global: true,
	load(module): S2sExports {
		const options = read_options(module);
		const measures = create_measures(module, () => streams.sessions());
		const kind = new ServerStreams(module, options, () => routes, measures);
		const streams: Streams<ServerStreamSession> = new Streams(module, kind);
		const routes = new Routes(module, {
			resolver: create_resolver(module),
			queue_size: options.queue_size,
			connect_timeout,
			create: (from_host, to_host) => kind.create_outgoing(from_host, to_host),
			destroy: (session, reason) => kind.destroy(session, reason),
			begin(conn, route, target) {
				kind.expect(conn, route.session);
				const context = target.direct_tls ? module.server.peer_tls_context(route.from_host) : undefined;
				if (context === undefined || conn.starttls === undefined) {
					streams.accept(conn);
					return;
				}
				conn.onsecure = () => void streams.accept(conn);
				conn.starttls(context, { servername: route.to_host, alpn: "xmpp-server" });
			},
		});
		module.hook("s2s-read-timeout", keep_alive, -1);
		module.hook(
			"server-stopping",
			({ reason }) => {
				routes.close();
				streams.close_all({ condition: "system-shutdown", text: reason });
			},
			-100,
		);

		module.hook("host-deactivated", (host) => {
			const reason = { condition: "host-gone", text: `This server has stopped serving ${host}` };
			for (const session of [...streams.sessions()]) if (session.host === host) session.close(reason);
		});
		module.add_host = (host_module) => serve_host(host_module, kind, routes, options);

		const onconnect = (conn: Connection): void => void streams.accept(conn);
		const multiplex = { protocol: "xmpp-server", pattern: stream_pattern(ns.server) };
		module.provides("net", { name: "s2s", default_port: 5269, onconnect, multiplex });
		module.provides("net", {
			name: "s2s_direct_tls",
			encryption: "ssl",
			ssl_config: Object.fromEntries(asks_for_certificates),
			onconnect,
			multiplex,
		});
		const unconnected = new WeakSet<ServerStreamSession>();
		return {
			prepare(from_host, to_host, kept_elsewhere) {
				const session = routes.prepare(from_host, to_host, kept_elsewhere);
				unconnected.add(session);
				module.add_timer(options.limits.unauthed_timeout, () => {
					if (unconnected.has(session)) session.close({ condition: "connection-timeout" });
				});
				return session;
			},
			begin(conn, prepared) {
				if (prepared !== undefined) {
					unconnected.delete(prepared);
					kind.expect(conn, prepared);
				}
				return streams.accept(conn);
			},
			send_waiting(session) {
				const route = routes.find(session.from_host ?? "", session.to_host ?? "");
				if (route?.session === session) routes.empty(route);
			},
			sessions: () => streams.sessions(),
			ask: (from_host, to_host, stanza, origin) => void routes.send(from_host, to_host, stanza, origin),
		};
	},
};
