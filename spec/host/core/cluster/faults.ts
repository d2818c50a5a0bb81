// Three nodes with busy rooms, and one fault after another. By hand: CLUSTER_FAULTS=100 npx vitest run spec/host/core/cluster/faults.spec.ts

import { setTimeout as delay } from "node:timers/promises";
import { Nats } from "../../../../host/core/cluster/nats.ts";
import { key_of } from "../../../../host/util/cluster/keys.ts";
import { type Bucket, life_of_text } from "../../../../host/util/cluster/types.ts";
import { Client } from "../../../../tools/scansion/client.ts";
import { Cutter } from "../../databases/cutter.ts";
import { type FaultReport, judge } from "./faults_report.ts";
import { archive_of, Person } from "./people.ts";
import { type ProcessCluster, type ProcessNode, type ProcessOptions, service, start_process_cluster } from "./process_nodes.ts";

export const fault_names = ["kill", "stop", "cut", "nats", "database", "rolling", "join"] as const;
export type FaultName = (typeof fault_names)[number];

export interface FaultOptions extends Pick<ProcessOptions, "program" | "start_database" | "start_nats"> {
	readonly faults: readonly FaultName[];
	/** How long the longest of them takes, in milliseconds. */
	readonly longest: number;
	/** From 0 to 1. */
	readonly random: () => number;
	/** Told of each fault when it is over. */
	on_fault?(text: string): void;
}

/** One with everybody in it, and three with three people in each. */
const hall = `hall@${service}`;
const rooms = [hall, ...["one", "two", "three"].map((name) => `${name}@${service}`)];
const people_count = 9;

class Play {
	readonly people: Person[] = [];
	private readonly ways = new Map<string, readonly Cutter[]>();
	readonly faults: string[] = [];
	readonly gaps: number[] = [];
	readonly takeovers: number[] = [];
	private owners: Bucket | undefined;
	private nats: Nats | undefined;

	private constructor(
		readonly cluster: ProcessCluster,
		private readonly options: FaultOptions,
	) {}

	static async begin(options: FaultOptions): Promise<Play> {
		const ways = new Map<string, readonly Cutter[]>();
		const cluster = await start_process_cluster({
			...options,
			general: "smacks_hibernation_time = 5",
			// Where nobody is in it for a moment, it stays
			rooms: "	muc_room_default_persistent = true",
			async place(node, nats, database) {
				const own: Cutter[] = [];
				for (const port of [...nats.map((url) => Number(new URL(url).port)), database]) own.push(await Cutter.start(port));
				ways.set(node, own);
				const ports = own.map(({ port }) => port);
				return { nats: ports.slice(0, -1).map((port) => `nats://127.0.0.1:${port}`), database: { port: ports.at(-1) ?? 0 } };
			},
		});
		const play = new Play(cluster, options);
		for (const [node, way] of ways) play.ways.set(node, way);
		play.nats = await Nats.connect({ servers: cluster.nats.urls, name: "spec", patience: 2000 });
		play.owners = await play.nats.bucket("enjamb_owners", { is_watched: false });
		for (let number = 0; number < people_count; number++) {
			const ports = (): number[] => cluster.nodes.filter(({ is_running }) => is_running).map(({ port }) => port);
			play.people.push(new Person(`p${number}`, [hall, rooms[1 + (number % 3)] ?? hall], ports, 100));
		}
		return play;
	}

	private one_of<Item>(items: readonly Item[]): Item {
		const chosen = items[Math.floor(this.options.random() * items.length)];
		if (chosen === undefined) throw new RangeError("expected something to choose from");
		return chosen;
	}

	/** The rooms that a node has. */
	private async rooms_of({ name }: ProcessNode): Promise<string[]> {
		const found: string[] = [];
		for (const room of rooms) {
			const entry = await this.owners?.get(key_of(room)).catch(() => undefined);
			if (entry !== undefined && life_of_text(Buffer.from(entry.value).toString())?.node === name) found.push(room);
		}
		return found;
	}

	/** Something goes wrong, and is right again at the end. */
	async fault(name: FaultName): Promise<void> {
		const { nats, database, nodes } = this.cluster;
		const node = this.one_of(nodes);
		const time = 1000 + this.options.random() * (this.options.longest - 1000);
		const short = Math.min(time, 3000);
		const from = performance.now();
		let what = `${name} ${node.name} ${Math.round(time)}`;
		switch (name) {
			case "kill": {
				const lost = await this.rooms_of(node);
				const killed_at = performance.now();
				await node.end("SIGKILL");
				await delay(time);
				const taken = await this.taken(lost, killed_at);
				what += `: ${taken.join(", ")}`;
				this.takeovers.push(...taken);
				await node.start();
				break;
			}
			case "stop":
				process.kill(node.pid, "SIGSTOP");
				await delay(time);
				process.kill(node.pid, "SIGCONT");
				break;
			case "cut": {
				const ways = this.ways.get(node.name) ?? [];
				for (const way of ways) await way.set({ mode: "stall" });
				await delay(time);
				for (const way of ways) {
					await way.set({ mode: "pass" });
					// What came meanwhile is lost, and no connection goes on after that
					await way.cut();
				}
				break;
			}
			case "nats": {
				// One of several, or all of them
				const server = nats.servers.length > 1 && this.options.random() < 0.7 ? this.one_of(nats.servers) : nats;
				what = `${name} ${server === nats ? "all" : "one"} ${Math.round(short)}`;
				await server.end("SIGKILL");
				await delay(short);
				server.start();
				break;
			}
			case "database":
				what = `${name} ${Math.round(short)}`;
				await database.stop("SIGQUIT");
				await delay(short);
				await database.start();
				break;
			case "join":
				// Its rooms go to others; some come back when it is there again, and one is killed while they do
				await node.end("SIGTERM");
				await delay(short);
				await node.start();
				await this.moving();
				if (this.options.random() < 0.5) {
					const other = this.one_of(nodes);
					what += `, ${other.name} killed`;
					await other.end("SIGKILL");
					await other.start();
				}
				break;
			default:
				what = name;
				for (const one of nodes) {
					await one.end("SIGTERM");
					await one.start();
				}
		}
		await this.talking(performance.now());
		const gap = this.gap(from);
		this.gaps.push(gap);
		this.faults.push(what);
		this.options.on_fault?.(`${what}; longest silence ${gap}; lost ${this.people.flatMap(({ losses }) => losses).length}`);
	}

	/** Waits until a room has gone to another node by load, or for a minute: rooms stay for half of one where they came. */
	private async moving(): Promise<void> {
		const before = this.moves;
		const end = performance.now() + 60_000;
		while (this.moves === before && performance.now() < end) await delay(50);
	}

	private get moves(): number {
		return this.cluster.nodes.reduce((sum, node) => sum + (node.log().match(/ goes to node /g)?.length ?? 0), 0);
	}

	/** How long it took, in milliseconds, until each of these rooms was heard of again: where it takes longer than a minute, for ever. */
	private async taken(lost: readonly string[], since: number): Promise<number[]> {
		const end = performance.now() + 60_000;
		for (;;) {
			const found = lost.map((room) => this.first_after(room, since));
			if (found.every(Number.isFinite) || performance.now() >= end) return found;
			await delay(500);
		}
	}

	/** How long after a moment something was heard first in a room that was said after it, in milliseconds. */
	private first_after(room: string, since: number): number {
		let first = Number.POSITIVE_INFINITY;
		const said_at = new Map(this.people.flatMap((person) => [...person.said_at]));
		for (const heard of this.people.flatMap(({ hearings }) => hearings.flat())) {
			if (heard.room === room && (said_at.get(heard.body) ?? 0) > since) first = Math.min(first, heard.at);
		}
		return Math.round(first - since);
	}

	/** Waits until everybody hears something that was said after a moment. */
	private async talking(since: number): Promise<void> {
		const end = performance.now() + 60_000;
		const hears = ({ hearings }: Person): boolean => (hearings.at(-1)?.at(-1)?.at ?? 0) > since + 200;
		while (!this.people.every(hears) && performance.now() < end) await delay(50);
	}

	/** The longest silence since a moment. */
	private gap(since: number): number {
		const times = this.people.flatMap(({ hearings }) => hearings.flat().map(({ at }) => at)).filter((at) => at >= since);
		times.sort((one, other) => one - other);
		let longest = 0;
		let last = since;
		for (const at of times) {
			longest = Math.max(longest, at - last);
			last = at;
		}
		return Math.round(longest);
	}

	async end(): Promise<FaultReport> {
		const { people, faults, gaps, takeovers, cluster } = this;
		const since = performance.now();
		await this.talking(since);
		const unserved = people.filter(({ hearings }) => (hearings.at(-1)?.at(-1)?.at ?? 0) <= since).map(({ name }) => name);
		await Promise.all(people.map((person) => person.quiet()));
		await delay(1000);
		for (const person of people) if (person.client !== undefined) person.listen(person.client);
		const archives = new Map<string, ReadonlyMap<string, string>>();
		for (const room of rooms) archives.set(room, await this.archive(room));
		const logs = cluster.nodes.map((node) => `--- ${node.name}\n${node.log()}`).join("\n");
		return { faults, gaps, takeovers, unserved, moved: this.moves, logs, ...judge(people, archives) };
	}

	private async archive(room: string): Promise<Map<string, string>> {
		const [node] = this.cluster.nodes;
		const client = await Client.connect({
			host: "127.0.0.1",
			port: node?.port ?? 0,
			jid: "reader@localhost",
			password: "any",
			timeout: 20_000,
		});
		if (!client.ok) throw new Error(client.error);
		try {
			return await archive_of(client.value, room);
		} finally {
			await client.value.disconnect();
		}
	}

	async stop(): Promise<void> {
		await Promise.all(this.people.map((person) => person.leave()));
		await this.nats?.close();
		await this.cluster.stop();
		for (const way of [...this.ways.values()].flat()) await way.stop();
	}
}

/** Plays one fault after another. */
export async function play_faults(options: FaultOptions): Promise<FaultReport> {
	const play = await Play.begin(options);
	try {
		await delay(2000);
		for (const fault of options.faults) await play.fault(fault);
		return await play.end();
	} finally {
		await play.stop();
	}
}
