// No counterpart: several servers of one cluster in one process, and a port that spreads clients over them.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose_server, load_config } from "../../../../host/composition.ts";
import type { ClusterBase } from "../../../../host/core/cluster/cluster.ts";
import { type Config, type ConfigValue, default_config } from "../../../../host/core/configmanager.ts";
import type { LogSink, RunningServer } from "../../../../host/testing.ts";
import { key_of } from "../../../../host/util/cluster/keys.ts";
import { MemoryBroker } from "../../../../host/util/cluster/memory.ts";
import { type Bus, type Clock, life_of_text } from "../../../../host/util/cluster/types.ts";
import { Client } from "../../../../tools/scansion/client.ts";
import { patience } from "../../../helper.ts";

export const node_names = ["a", "b", "c"] as const;
export type NodeName = (typeof node_names)[number];

export interface Nodes {
	readonly broker: MemoryBroker;
	/** Which node serves an address. */
	owner(key: string): Promise<string | undefined>;
	/** Spreads connections over the nodes, one after the other. */
	readonly port: number;
	/** Where a node listens. */
	port_of(node: NodeName): number;
	server(node: NodeName): RunningServer;
	/** Logs in at a node. */
	client(node: NodeName, name: string, resource?: string): Promise<Client>;
	/** Ends a node without a word, as far as the others see; so do the clients there. */
	kill(node: NodeName): Promise<void>;
	/** Nothing that a node says to another one over their link gets there from now on; copies of its sessions do. */
	lose(from: NodeName, to: NodeName): void;
	/** Nothing that a node says gets to the others from now on. */
	cut(node: NodeName): void;
	/** It does again. */
	mend(node: NodeName): void;
	/** Waits until nothing is on its way between nodes any more. */
	settled(): Promise<void>;
	stop(): Promise<void>;
}

export interface NodesOptions {
	readonly config?: Readonly<Record<string, Readonly<Record<string, ConfigValue>>>>;
	readonly log?: readonly LogSink[];
	/** A configuration file, in place of the newcomer's. */
	readonly text?: string;
	/** In milliseconds: long, since three servers share one event loop with everything else. */
	readonly lease?: number;
}

/** Where no node has had a turn for so many timers of the event loop that all of them share, nothing is on its way. */
const quiet_rounds = 12;

interface Running {
	readonly server: RunningServer;
	readonly port: number;
	readonly bus: ReturnType<MemoryBroker["connect"]>;
	readonly lossy: LossyBus;
	readonly clock: NodeClock;
}

/** A bus that loses what is for some subjects. */
class LossyBus implements Bus {
	readonly lost = new Set<string>();

	constructor(private readonly inner: Bus) {}

	get is_connected(): boolean {
		return this.inner.is_connected;
	}

	get longest(): number {
		return this.inner.longest;
	}

	publish(subject: string, data: Uint8Array, reply?: string): void {
		if (!this.lost.has(subject)) this.inner.publish(subject, data, reply);
	}

	subscribe(subject: string, on_message: (data: Uint8Array, reply: string | undefined) => void): () => void {
		return this.inner.subscribe(subject, on_message);
	}

	request(subject: string, data: Uint8Array, milliseconds: number): Promise<Uint8Array> {
		return this.inner.request(subject, data, milliseconds);
	}
}

/** What clusters of specs are called. */
const cluster_name = "spec";

/** A node's time, which can jump. */
class NodeClock implements Clock {
	private ahead = 0;

	now(): number {
		return performance.now() + this.ahead;
	}

	after(milliseconds: number, act: () => void): () => void {
		const timer = setTimeout(act, milliseconds);
		return () => clearTimeout(timer);
	}

	jump(): void {
		this.ahead += 3_600_000;
	}
}

async function config_of(text: string, folder: string): Promise<Config> {
	const file = join(folder, "prosody.cfg.lua");
	await writeFile(file, text);
	const loaded = await load_config(file);
	if (!loaded.ok) throw new Error(loaded.error.message);
	return loaded.value.config;
}

async function start_node(broker: MemoryBroker, name: string, folder: string, options: NodesOptions): Promise<Running> {
	const config = options.text === undefined ? default_config(join(folder, name)) : await config_of(options.text, folder);
	config.set("*", "data_path", join(folder, name));
	const shared = { driver: "SQLite3", database: join(folder, "shared.sqlite") };
	const all: Record<string, Readonly<Record<string, ConfigValue>>> = {
		...options.config,
		"*": { storage: "sql", sql: shared, c2s_ports: [0], interfaces: ["127.0.0.1"], ...options.config?.["*"] },
	};
	for (const [host, section] of Object.entries(all)) {
		for (const [option, value] of Object.entries(section)) config.set(host, option, value);
	}
	const bus = broker.connect(name);
	const lossy = new LossyBus(bus);
	const clock = new NodeClock();
	const cluster: ClusterBase = {
		node: name,
		name: cluster_name,
		bus: lossy,
		bucket: (bucket) => bus.bucket(bucket),
		clock,
		fence: { raise: () => Promise.resolve() },
		lease: options.lease ?? 20_000,
		// All of them share one process
		cpu: () => 0,
		close: () => Promise.resolve(),
	};
	const composed = compose_server(config, { log: options.log ?? [], cluster });
	if (!composed.ok) throw new Error(composed.error);
	const listening = await composed.value.start();
	if (!listening.ok) throw new Error(listening.error);
	return { server: composed.value, port: listening.value[0]?.port ?? 0, bus, lossy, clock };
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
	const broker = new MemoryBroker();
	const running = new Map<NodeName, Running>();
	for (const name of node_names) running.set(name, await start_node(broker, name, folder, options));
	const node = (name: NodeName): Running => {
		const found = running.get(name);
		if (found === undefined) throw new Error(`no node ${name}`);
		return found;
	};
	const proxy = spread([...running.values()].map(({ port }) => port));
	await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
	const clients: { readonly node: NodeName; readonly client: Client }[] = [];
	const owners = broker.connect("spec").bucket("owners");
	return {
		broker,
		async owner(key) {
			const entry = await owners.get(key_of(key));
			return entry && life_of_text(Buffer.from(entry.value).toString())?.node;
		},
		port: (proxy.address() as AddressInfo).port,
		port_of: (name) => node(name).port,
		server: (name) => node(name).server,
		async client(name, username, resource) {
			const jid = username.includes("@") ? username : `${username}@localhost`;
			const { port } = node(name);
			const client = await Client.connect({ host: "127.0.0.1", port, jid, password: "password", resource, timeout: patience });
			if (!client.ok) throw new Error(client.error);
			clients.push({ node: name, client: client.value });
			return client.value;
		},
		lose: (from, to) => void node(from).lossy.lost.add(`${cluster_name}.link.${to}`),
		async kill(name) {
			node(name).bus.cut();
			// What is stopped does nothing, and this does nothing that counts
			node(name).clock.jump();
			await Promise.all(clients.filter((one) => one.node === name).map(({ client }) => client.disconnect()));
		},
		async settled() {
			const turns = (): number => [...running.values()].reduce((sum, { server }) => sum + server.turn.counts.turns, 0);
			let before = turns();
			for (let quiet = 0; quiet < quiet_rounds; quiet++) {
				await new Promise((wait) => setTimeout(wait, 5));
				if (turns() !== before) quiet = 0;
				before = turns();
			}
		},
		cut: (name) => node(name).bus.cut(),
		mend: (name) => node(name).bus.mend(),
		async stop() {
			for (const { bus } of running.values()) bus.mend();
			await Promise.all(clients.map(({ client }) => client.disconnect()));
			proxy.close();
			for (const { server } of running.values()) await server.stop("The test is over");
			await rm(folder, { recursive: true, force: true });
		},
	};
}
