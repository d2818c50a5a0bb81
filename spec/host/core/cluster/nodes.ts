// No counterpart: several servers of one cluster in one process, and a port that spreads clients over them.

import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose_server } from "../../../../host/composition.ts";
import { type ConfigValue, default_config } from "../../../../host/core/configmanager.ts";
import type { LogSink, RunningServer } from "../../../../host/testing.ts";
import { Client } from "../../../../tools/scansion/client.ts";
import { patience } from "../../../helper.ts";
import { Hub } from "./stub_parts.ts";

export const node_names = ["a", "b", "c"] as const;
export type NodeName = (typeof node_names)[number];

export interface Nodes {
	readonly hub: Hub;
	/** Spreads connections over the nodes, one after the other. */
	readonly port: number;
	server(node: NodeName): RunningServer;
	/** Logs in at a node. */
	client(node: NodeName, name: string, resource?: string): Promise<Client>;
	/** Ends a node without a word. */
	kill(node: NodeName): void;
	stop(): Promise<void>;
}

export interface NodesOptions {
	readonly config?: Readonly<Record<string, Readonly<Record<string, ConfigValue>>>>;
	readonly log?: readonly LogSink[];
}

interface Running {
	readonly server: RunningServer;
	readonly port: number;
}

async function start_node(hub: Hub, name: string, folder: string, options: NodesOptions): Promise<Running> {
	const config = default_config(join(folder, name));
	const shared = { driver: "SQLite3", database: join(folder, "shared.sqlite") };
	const all: Record<string, Readonly<Record<string, ConfigValue>>> = {
		...options.config,
		"*": { storage: "sql", sql: shared, c2s_ports: [0], interfaces: ["127.0.0.1"], ...options.config?.["*"] },
	};
	for (const [host, section] of Object.entries(all)) {
		for (const [option, value] of Object.entries(section)) config.set(host, option, value);
	}
	const composed = compose_server(config, { log: options.log ?? [], cluster: hub.parts(name) });
	if (!composed.ok) throw new Error(composed.error);
	const listening = await composed.value.start();
	if (!listening.ok) throw new Error(listening.error);
	return { server: composed.value, port: listening.value[0]?.port ?? 0 };
}

/** Passes each connection on to the next port. */
function spread(ports: readonly number[]): NetServer {
	let next = 0;
	return createServer((client) => {
		const port = ports[next++ % ports.length] ?? 0;
		const server = connect(port, "127.0.0.1");
		const end = (one: Socket, other: Socket): void => {
			one.on("error", () => other.destroy());
			one.on("close", () => other.destroy());
			one.pipe(other);
		};
		end(client, server);
		end(server, client);
	});
}

export async function start_nodes(options: NodesOptions = {}): Promise<Nodes> {
	const folder = await mkdtemp(join(tmpdir(), "enjamb-nodes-"));
	const hub = new Hub();
	const running = new Map<NodeName, Running>();
	for (const name of node_names) running.set(name, await start_node(hub, name, folder, options));
	const node = (name: NodeName): Running => {
		const found = running.get(name);
		if (found === undefined) throw new Error(`no node ${name}`);
		return found;
	};
	const proxy = spread([...running.values()].map(({ port }) => port));
	await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
	const clients: Client[] = [];
	return {
		hub,
		port: (proxy.address() as AddressInfo).port,
		server: (name) => node(name).server,
		async client(name, username, resource) {
			const jid = username.includes("@") ? username : `${username}@localhost`;
			const { port } = node(name);
			const client = await Client.connect({ host: "127.0.0.1", port, jid, password: "password", resource, timeout: patience });
			if (!client.ok) throw new Error(client.error);
			clients.push(client.value);
			return client.value;
		},
		kill: (name) => hub.kill(name),
		async stop() {
			await Promise.all(clients.map((client) => client.disconnect()));
			proxy.close();
			for (const { server } of running.values()) await server.stop("The test is over");
			await rm(folder, { recursive: true, force: true });
		},
	};
}
