// No counterpart: a nats-server of one's own, or several, in temporary folders and on free ports, for specs and benchmarks.

import { existsSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Daemon, folder_for } from "./daemon.ts";
import { free_port } from "./running.ts";

/** The program; undefined where there is none. Debian puts it where only root looks. */
export function find_nats(): string | undefined {
	const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/bin"];
	return folders.map((folder) => join(folder, "nats-server")).find((path) => existsSync(path));
}

/** One server, or several as one. */
export interface TestNats {
	/** Of the first one. */
	readonly url: string;
	readonly urls: readonly string[];
	readonly pid: number;
	start(): void;
	/** Ends it, and waits for its end; what it stores stays. */
	end(signal?: NodeJS.Signals): Promise<void>;
	remove(): Promise<void>;
	readonly servers: readonly Omit<TestNats, "servers">[];
}

function program_of(): string {
	const program = find_nats();
	if (program === undefined) throw new Error("nats-server is not installed");
	return program;
}

/** Starts one with JetStream; whoever connects waits until it is there. */
export async function start_nats(args: readonly string[] = ["-js"]): Promise<TestNats> {
	const program = program_of();
	const folder = folder_for({}, "enjamb-nats-");
	const port = await free_port();
	return running(new Daemon(program, [...args, "-a", "127.0.0.1", "-p", String(port), "-sd", folder], {}, folder), port);
}

function running(daemon: Daemon, port: number, address = here.address): TestNats {
	daemon.start();
	const url = `nats://${address}:${port}`;
	const one = {
		url,
		urls: [url],
		get pid() {
			return daemon.pid;
		},
		start: () => daemon.start(),
		end: (signal?: NodeJS.Signals) => daemon.end(signal),
		remove: async () => {
			await daemon.end("SIGKILL");
			daemon.remove();
		},
	};
	return Object.assign(one, { servers: [one] });
}

/** Where one of several servers is: what runs it there, and its address. */
export interface NatsPlace {
	readonly run: readonly string[];
	readonly address: string;
}

const here: NatsPlace = { run: [], address: "127.0.0.1" };

/** Starts several with JetStream that are one together, as long as most of them are there. */
export async function start_nats_cluster(count: number, places: readonly NatsPlace[] = []): Promise<TestNats> {
	const program = program_of();
	const ports: (readonly [clients: number, routes: number])[] = [];
	while (ports.length < count) ports.push([await free_port(), await free_port()]);
	const all = ports.map(([port, own], index) => ({ port, own, place: places[index] ?? here }));
	const servers = all.map(({ port, own, place: { run, address } }) => {
		const folder = folder_for({}, "enjamb-nats-");
		const path = join(folder, "nats.conf");
		const routes = all.filter((other) => other.own !== own).map((other) => `"nats://${other.place.address}:${other.own}"`);
		writeFileSync(
			path,
			`server_name: n${port}
listen: "${address}:${port}"
jetstream { store_dir: "${folder}" }
cluster { name: spec, listen: "${address}:${own}", no_advertise: true, routes: [${routes.join(", ")}] }
`,
		);
		const [command = program, ...args] = [...run, program, "-c", path];
		return running(new Daemon(command, args, {}, folder), port, address);
	});
	const [first] = servers;
	if (first === undefined) throw new RangeError("expected at least one server");
	return {
		url: first.url,
		urls: servers.map(({ url }) => url),
		get pid() {
			return first.pid;
		},
		start() {
			for (const server of servers) server.start();
		},
		async end(signal) {
			await Promise.all(servers.map((server) => server.end(signal)));
		},
		async remove() {
			await Promise.all(servers.map((server) => server.remove()));
		},
		servers,
	};
}
