// Counterpart: plugins/mod_s2s.lua (metrics)

import type { ServerStreamSession } from "../../core/s2s_session.ts";
import type { Connection, ModuleApi, StreamError } from "../../core/types.ts";
import { count_stream, measure_encryption, stream_gauge } from "../stream_measures.lib.ts";

/** Told of what happens to streams with other servers. */
export interface ServerMeasures {
	accepted(): void;
	/** A way to another server is looked for. */
	initiated(from_host: string): void;
	encrypted(info: ReturnType<Connection["ssl_info"]>): void;
	authenticated(session: ServerStreamSession, mechanism: string): void;
	/** @param reason as of `close`: false where the other end has closed it, undefined where we do so without an error */
	closed(session: ServerStreamSession, reason: StreamError | false | undefined): void;
}

/** Measures streams with other servers. */
export function create_measures(module: ModuleApi, sessions: () => Iterable<ServerStreamSession>): ServerMeasures {
	const inbound = stream_gauge(module, "connections_inbound", "Established incoming s2s connections");
	const outbound = stream_gauge(module, "connections_outbound", "Established outgoing s2s connections");
	module.hook("stats-update", () => {
		inbound.clear();
		outbound.clear();
		for (const session of sessions()) count_stream(session.direction === "incoming" ? inbound : outbound, session);
	});
	const accepted = module.metric("counter", "accepted_tcp", { description: "Accepted incoming connections on the TCP layer" });
	const authenticated = module.metric("counter", "authenticated", {
		description: "Authenticated incoming connections",
		labels: ["host", "direction", "mechanism"],
	});
	const initiated = module.metric("counter", "initiated", { description: "Initiated outbound connections", labels: ["host"] });
	const closed = module.metric("counter", "closed", {
		description: "Closed connections",
		labels: ["host", "direction", "error"],
	});
	return {
		accepted: () => accepted.with_labels().add(1),
		initiated: (from_host) => initiated.with_labels(from_host).add(1),
		encrypted: measure_encryption(module),
		authenticated: ({ host = "", direction }, mechanism) => authenticated.with_labels(host, direction, mechanism).add(1),
		closed({ host, direction }, reason) {
			const condition = reason ? reason.condition : reason === false ? ":remote-choice" : ":local-choice";
			// Whoever names no host of ours could make up as many labels as they like
			const known = host !== undefined && module.server.hosts.has(host) ? host : ":unknown";
			closed.with_labels(known, direction, condition).add(1);
		},
	};
}
