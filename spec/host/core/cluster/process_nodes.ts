// A cluster in processes of their own, with a PostgreSQL and a nats-server of its own.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ConfigValue } from "../../../../host/core/config/config.ts";
import { free_port } from "../../../../tools/reference.ts";
import { Running } from "../../../../tools/running.ts";
import { patience } from "../../../helper.ts";
import { start_nats, type TestNats } from "../../databases/nats.ts";
import { start_postgresql } from "../../databases/postgresql.ts";
import type { TestDatabase } from "../../databases/types.ts";

/** In seconds. Long where nothing is said: on a busy machine a node that waits for its turn must not be taken for dead. */
const lease = Number(process.env["CLUSTER_LEASE"] ?? 6);

/** How long a node may take until it serves, and until it has ended, in milliseconds: then the test fails, and ends what it began. */
const longest = 2 * patience;

export const service = "conference.localhost";

/** One node. */
export interface ProcessNode {
	readonly name: string;
	readonly port: number;
	readonly pid: number;
	readonly is_running: boolean;
	log(): string;
	/** Starts it again, and waits until it serves. */
	start(): Promise<void>;
	/** Ends it, and waits for its end. */
	end(signal: NodeJS.Signals): Promise<void>;
}

export interface ProcessCluster {
	readonly nodes: readonly ProcessNode[];
	readonly database: TestDatabase;
	readonly nats: TestNats;
	stop(): Promise<void>;
}

function lua(value: ConfigValue): string {
	if (Array.isArray(value)) return `{ ${value.map(lua).join(", ")} }`;
	if (typeof value !== "object") return JSON.stringify(value);
	return `{ ${Object.entries(value)
		.map(([name, one]) => `${name} = ${lua(one)}`)
		.join("; ")} }`;
}

export interface NodePlace {
	readonly nats: readonly string[];
	readonly database: { readonly host?: string; readonly port: number };
	/** The address at which it listens, the loopback where nothing is said. */
	readonly interface?: string;
	/** What runs it there. */
	readonly run?: readonly string[];
}

export interface ProcessOptions {
	readonly program: string;
	readonly names?: readonly string[];
	/** Lines of the configuration, for all nodes: before the hosts, and of the room service. */
	readonly general?: string;
	readonly rooms?: string;
	/** Where a node is, and how it reaches NATS and the database, where that is not as usual. */
	readonly place?: (node: string, nats: readonly string[], database: number) => Promise<NodePlace>;
	/** One of PostgreSQL where nothing is said. */
	readonly start_database?: () => Promise<TestDatabase>;
	/** One server where nothing is said. */
	readonly start_nats?: () => Promise<TestNats>;
}

/** Starts databases and nodes, one after the other. */
export async function start_process_cluster(options: ProcessOptions): Promise<ProcessCluster> {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-cluster-"));
	const database = await (options.start_database ?? start_postgresql)();
	const nats = await (options.start_nats ?? start_nats)().catch(async (error: unknown) => {
		await database.remove();
		throw error;
	});
	const nodes: ProcessNode[] = [];
	const cluster: ProcessCluster = {
		nodes,
		database,
		nats,
		async stop() {
			await Promise.all(nodes.map((node) => node.end("SIGKILL")));
			await Promise.all([database.remove(), nats.remove()]);
			rmSync(folder, { recursive: true, force: true });
		},
	};
	try {
		for (const name of options.names ?? ["a", "b", "c"]) {
			const port = await free_port();
			const usual: NodePlace = { nats: nats.urls, database: { port: database.port } };
			const place = (await options.place?.(name, nats.urls, database.port)) ?? usual;
			const data = join(folder, name);
			mkdirSync(data);
			const path = join(folder, `${name}.cfg.lua`);
			writeFileSync(
				path,
				`data_path = "${data}"
interfaces = { "${place.interface ?? "127.0.0.1"}" }
c2s_ports = { ${port} }
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
modules_enabled = { "disco", "roster", "saslauth", "ping", "carbons", "blocklist" }
modules_disabled = { "s2s", "tls" }
storage = "sql"
sql = ${lua({ ...database.sql, ...place.database })}
storage_archive_item_limit = 1000000
muc_log_expires_after = "never"
log = { info = "*console" }
cluster = { nats = ${lua([...place.nats])}; node = "${name}"; lease = ${lease} }
${options.general ?? ""}
VirtualHost "localhost"
Component "${service}" "muc"
	modules_enabled = { "muc_mam" }
	muc_room_locking = false
${options.rooms ?? ""}
`,
			);
			const node = new NodeProcess(name, port, [...(place.run ?? []), process.execPath, options.program], path, folder);
			nodes.push(node);
			await node.start();
		}
	} catch (error) {
		await cluster.stop();
		throw error;
	}
	return cluster;
}

class NodeProcess implements ProcessNode {
	private running: Running | undefined;
	private earlier = "";

	constructor(
		readonly name: string,
		readonly port: number,
		private readonly command: readonly string[],
		private readonly path: string,
		private readonly folder: string,
	) {}

	get pid(): number {
		return this.running?.pid ?? 0;
	}

	get is_running(): boolean {
		return this.running !== undefined;
	}

	log(): string {
		return this.earlier + (this.running?.log() ?? "");
	}

	async start(): Promise<void> {
		const scratch = mkdtempSync(join(this.folder, `life-${this.name}-`));
		const [program = process.execPath, ...args] = [...this.command, "start", "--config", this.path];
		const running = new Running(program, args, scratch);
		this.running = running;
		const deadline = performance.now() + longest;
		while (!running.log().includes("listens on")) {
			if (performance.now() > deadline) throw new Error(`node ${this.name} does not start in time:\n${running.log()}`);
			if (running.ended !== undefined) throw new Error(`node ${this.name} does not start: ${running.ended}\n${running.log()}`);
			await delay(20);
		}
	}

	async end(signal: NodeJS.Signals): Promise<void> {
		const { running } = this;
		if (running === undefined) return;
		this.running = undefined;
		if (running.ended === undefined) process.kill(running.pid, signal);
		const deadline = performance.now() + longest;
		while (running.ended === undefined && performance.now() < deadline) await delay(10);
		const is_late = running.ended === undefined;
		this.earlier += running.log();
		await running.stop();
		if (is_late) throw new Error(`node ${this.name} does not end in time:\n${running.log()}`);
	}
}
