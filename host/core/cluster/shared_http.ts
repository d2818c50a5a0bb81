// No counterpart: a Prosody is one process.

import type { Duplex } from "node:stream";
import type { Connection, Log, Server } from "../types.ts";

/** What streams between processes are for that carry requests, and what one process does for all. */
const purpose = "http";

/** Takes a stream over which another process speaks for a client. */
type Take = (
	stream: Duplex,
	onconnect: (conn: Connection) => void,
	client: { readonly ip: string; readonly is_secure: boolean },
) => void;

/** Has the processes of a server answer requests together, where it has several: all have its ports, but not all that requests are about. */
export async function share_http(
	server: Pick<Server, "cluster" | "events" | "http_server">,
	log: Log,
	take: Take,
): Promise<void> {
	const { cluster, events, http_server } = server;
	if (cluster?.neighbours === undefined) return;
	const { neighbours, node } = cluster;
	neighbours.answer(purpose, (stream, about) => {
		const [, secure, ip] = /^([01]) (\S+)$/.exec(about) ?? [];
		if (ip === undefined) stream.destroy();
		else take(stream, (conn) => http_server.onconnect(conn, true), { ip, is_secure: secure === "1" });
	});
	const find_leader = (): Promise<string> => cluster.find_leader(purpose);
	http_server.share({
		node,
		leader: () => cluster.leader(purpose),
		find_leader,
		has: (other) => other === node || cluster.has(other),
		open: (other, about) => neighbours.open(other, purpose, about),
	});
	/** So that it is known when a request comes; otherwise it is asked for then. */
	async function look(): Promise<void> {
		try {
			await find_leader();
		} catch (error) {
			log("warn", "Which process answers requests for all is not known yet: %s", error instanceof Error ? error.message : error);
		}
	}
	events.add_handler("cluster-node-gone", () => void look());
	await look();
}
