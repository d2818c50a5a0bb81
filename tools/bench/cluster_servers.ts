// No counterpart: nodes of a cluster, or one server without, with a PostgreSQL and a nats-server of their own.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run_program } from "../daemon.ts";
import { start_nats, type TestNats } from "../nats_server.ts";
import { type PreparedPostgresql, prepare_postgresql } from "../postgresql_server.ts";
import { free_port, Running } from "../running.ts";
import { pinned } from "./processes.ts";

/** How long a node may take to start, in milliseconds. */
const patience = 60_000;
/** In seconds. Long: on a busy machine a node that waits for its turn must not be taken for dead. */
const lease = 30;

/** What has been said over NATS and stored until now. */
export interface Traffic {
	/** Messages from node to node. */
	readonly between_nodes: number;
	/** All messages that came to NATS, and all that it passed on; with what nodes do to stay alive. */
	readonly to_nats: number;
	readonly from_nats: number;
	/** Changes of the bucket of who serves what. */
	readonly owner_changes: number;
	/** Rows that were added, changed and deleted in the database, and transactions that were committed. */
	readonly rows: number;
	readonly commits: number;
}

export interface ClusterNode {
	readonly port: number;
	readonly pid: number;
	/** Ends it like a power cut. */
	kill(): Promise<void>;
}

/** Servers that are measured together. */
export interface Nodes {
	readonly nodes: readonly ClusterNode[];
	traffic(): Promise<Traffic>;
	stop(): Promise<void>;
}

export interface NodesOptions {
	/** The command line that starts this program. */
	readonly program: readonly string[];
	/** Where nodes run. */
	readonly core: number;
	/** How many nodes; without any, it is one server that is in no cluster. */
	readonly nodes: number;
	/** They are servers that know nothing of each other, each with a database of its own. */
	readonly are_apart?: boolean;
	/** Rooms are archived. */
	readonly archive?: boolean;
	/** How long others wait for a sign of life, in seconds. */
	readonly lease?: number;
}

/** The database of one server, or of all nodes. */
const shared_database = "prosody";

function config_of(
	data: string,
	port: number,
	database: PreparedPostgresql,
	archive: boolean,
	cluster: string,
	database_name = shared_database,
): string {
	return `data_path = "${data}"
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
c2s_direct_tls_ports = {}
log = { info = "*console" }
modules_enabled = { "saslauth", "disco" }
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
storage = "sql"
sql = { driver = "PostgreSQL", database = "${database_name}", host = "${database.folder}", port = ${database.port}, username = "root" }
muc_room_cache_size = 100000
muc_log_expires_after = "never"
storage_archive_item_limit = 100000000
${cluster}
VirtualHost "localhost"
	authentication = "anonymous"
Component "conference.localhost" "muc"
	muc_room_locking = false
${archive ? '	modules_enabled = { "muc_mam" }' : ""}
`;
}

/** Asks the database as its administrator. */
function ask({ programs, folder, port, runner }: PreparedPostgresql, sql: string, database: string): string {
	return run_program(join(programs, "psql"), ["-h", folder, "-p", String(port), "-U", "root", "-Atc", sql, database], runner);
}

async function start_database(): Promise<PreparedPostgresql> {
	const prepared = await prepare_postgresql();
	prepared.daemon.start();
	const deadline = performance.now() + patience;
	for (;;) {
		try {
			ask(prepared, `CREATE DATABASE ${shared_database}`, "postgres");
			return prepared;
		} catch (error) {
			if (performance.now() > deadline) throw error;
			await delay(50);
		}
	}
}

async function start_node(
	name: string,
	folder: string,
	{ program, core }: NodesOptions,
	config: (data: string, port: number) => string,
): Promise<ClusterNode & { readonly running: Running }> {
	const port = await free_port();
	const own = join(folder, name);
	mkdirSync(own);
	const path = join(own, "prosody.cfg.lua");
	writeFileSync(path, config(own, port));
	const [command, ...args] = pinned(core, [...program, "start", "--config", path]);
	const running = new Running(command, args, own);
	const deadline = performance.now() + patience;
	while (!running.log().includes("listens on")) {
		if (running.ended !== undefined || performance.now() > deadline) {
			await running.stop();
			throw new Error(`a node does not start: ${running.ended ?? "it takes too long"}\n${running.last_lines(10)}`);
		}
		await delay(20);
	}
	const kill = async (): Promise<void> => {
		process.kill(running.pid, "SIGKILL");
		while (running.ended === undefined) await delay(10);
	};
	return { running, port, pid: running.pid, kill };
}

/** Reads numbers from the pages that nats-server has for its administrator. */
async function monitor(port: number, page: string): Promise<Record<string, unknown>> {
	const answer: unknown = await (await fetch(`http://127.0.0.1:${port}/${page}`)).json();
	return fields_of(answer);
}

function fields_of(value: unknown): Record<string, unknown> {
	return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function list_of(value: unknown): Record<string, unknown>[] {
	return Array.isArray(value) ? value.map(fields_of) : [];
}

async function traffic_of(monitoring: number, database: PreparedPostgresql): Promise<Traffic> {
	const [all, subscriptions, streams] = await Promise.all([
		monitor(monitoring, "varz"),
		monitor(monitoring, "subsz?subs=1&limit=100000"),
		monitor(monitoring, "jsz?streams=1"),
	]);
	let between_nodes = 0;
	for (const { subject, msgs } of list_of(subscriptions["subscriptions_list"])) {
		if (String(subject).startsWith("enjamb.link.")) between_nodes += Number(msgs);
	}
	let owner_changes = 0;
	for (const account of list_of(streams["account_details"])) {
		for (const { name, state } of list_of(account["stream_detail"])) {
			if (String(name).endsWith("owners")) owner_changes += Number(fields_of(state)["last_seq"]);
		}
	}
	// Each connection tells of what it has changed a moment later
	await delay(1500);
	const counted = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables";
	const committed = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'prosody'";
	const [rows, commits] = [counted, committed].map((sql) => Number(ask(database, sql, "prosody")));
	return {
		between_nodes,
		to_nats: Number(all["in_msgs"]),
		from_nats: Number(all["out_msgs"]),
		owner_changes,
		rows: rows ?? 0,
		commits: commits ?? 0,
	};
}

/** Starts a database, NATS and nodes. Rejects where one of them does not start. */
export async function start_nodes(options: NodesOptions): Promise<Nodes> {
	const folder = mkdtempSync(join(tmpdir(), "enjamb-bench-cluster-"));
	const nodes: (ClusterNode & { readonly running: Running })[] = [];
	let database: PreparedPostgresql | undefined;
	let nats: TestNats | undefined;
	const stop = async (): Promise<void> => {
		await Promise.all(nodes.map(({ running }) => running.stop()));
		await Promise.all([nats?.remove(), database?.daemon.end("SIGQUIT")]);
		database?.daemon.remove();
		rmSync(folder, { recursive: true, force: true });
	};
	try {
		const monitoring = await free_port();
		const own_database = await start_database();
		database = own_database;
		nats = await start_nats(["-js", "-m", String(monitoring)]);
		const { url } = nats;
		const names = options.nodes === 0 ? ["alone"] : [...Array(options.nodes).keys()].map((index) => `n${index}`);
		for (const name of names) {
			const database_name = options.are_apart ? `own_${name}` : shared_database;
			if (options.are_apart) ask(own_database, `CREATE DATABASE ${database_name}`, "postgres");
			const cluster =
				options.nodes === 0 || options.are_apart
					? ""
					: `cluster = { nats = "${url}"; node = "${name}"; lease = ${options.lease ?? lease} }`;
			nodes.push(
				await start_node(name, folder, options, (data, port) =>
					config_of(data, port, own_database, options.archive === true, cluster, database_name),
				),
			);
		}
		return { nodes, traffic: () => traffic_of(monitoring, own_database), stop };
	} catch (error) {
		await stop();
		throw error;
	}
}
