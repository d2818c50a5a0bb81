// No counterpart: what tests of modules import as "enjamb/testing": a server in the same process, and clients of it.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../tools/scansion/client.ts";
import { compose_server } from "./composition.ts";
import type { ConfigValue } from "./core/config/config.ts";
import { default_config } from "./core/configmanager.ts";
import type { LogSink } from "./core/loggingmanager.ts";
import type { ModuleDefinition } from "./core/types.ts";
import type { RunningServer } from "./running_server.ts";
import type { Stanza } from "./util/stanza.ts";

export type { Client, ConfigValue, LogSink, ModuleDefinition, RunningServer, Stanza };

type Section = Readonly<Record<string, ConfigValue>>;

/** How a server for one test differs from the newcomer's: in memory, on a free port of the loopback address, silent. */
export interface TestServerOptions {
	/** Options by section, `plugin_paths` and `modules_enabled` among them; `*` is the global section. */
	readonly config?: Readonly<Record<string, Section>>;
	/** Modules beside the built-in ones; `modules_enabled` still has to name them. */
	readonly modules?: readonly ModuleDefinition[];
	/** Where lines of the log go; nowhere when not given. */
	readonly log?: readonly LogSink[];
	/** In place of a fresh temporary folder, which is removed when the server stops. */
	readonly data_path?: string;
}

/** A server in this process, and clients of it. Its hosts are `localhost` and the rooms' `conference.localhost`. */
export interface TestServer {
	readonly server: RunningServer;
	readonly port: number;
	readonly data_path: string;
	/** Logs in as `name@localhost`, or with a JID; with a fixed resource where one is given. Any password will do. */
	client(name: string, resource?: string): Promise<Client>;
	/** Ends clients and server. */
	stop(): Promise<void>;
}

/** How long an answer may take in tests, in milliseconds: long, since it only costs time where something is broken. */
export const patience = 60_000;

/** Starts a server for a test. Throws where it cannot start. */
export async function start_test_server(options: TestServerOptions = {}): Promise<TestServer> {
	const data_path = options.data_path ?? (await mkdtemp(join(tmpdir(), "enjamb-test-")));
	const config = default_config(data_path);
	const overrides: Record<string, Section> = {
		...options.config,
		"*": { storage: "memory", c2s_ports: [0], interfaces: ["127.0.0.1"], ...options.config?.["*"] },
	};
	for (const [host, section] of Object.entries(overrides)) {
		for (const [option, value] of Object.entries(section)) config.set(host, option, value);
	}
	const composed = compose_server(config, { log: options.log ?? [], modules: options.modules ?? [] });
	if (!composed.ok) throw new Error(composed.error);
	const server = composed.value;
	const remove_data = () =>
		options.data_path === undefined ? rm(data_path, { recursive: true, force: true }) : Promise.resolve();
	const listening = await server.start();
	if (!listening.ok) {
		await remove_data();
		throw new Error(listening.error);
	}
	const port = listening.value[0]?.port ?? 0;
	const clients: Client[] = [];
	return {
		server,
		port,
		data_path,
		async client(name, resource) {
			const jid = name.includes("@") ? name : `${name}@localhost`;
			const client = await Client.connect({ host: "127.0.0.1", port, jid, password: "password", resource, timeout: patience });
			if (!client.ok) throw new Error(client.error);
			clients.push(client.value);
			return client.value;
		},
		async stop() {
			await Promise.all(clients.map((client) => client.disconnect()));
			await server.stop("The test is over");
			await remove_data();
		},
	};
}

/** The next stanza that is accepted. Throws where none comes. */
export async function expect_stanza(client: Client, accepts: (stanza: Stanza) => boolean = () => true): Promise<Stanza> {
	const stanza = await client.take(accepts, patience);
	if (stanza) return stanza;
	throw new Error(
		`expected a stanza, but ${client.ended ?? "none came"}; waiting: ${client.queue.map(String).join("\n") || "nothing"}`,
	);
}

/** Sends an IQ and takes its answer. Throws where none comes. */
export function ask(client: Client, iq: Stanza): Promise<Stanza> {
	client.send(iq);
	return expect_stanza(client, (stanza) => stanza.name === "iq" && stanza.attr["id"] === iq.attr["id"]);
}
