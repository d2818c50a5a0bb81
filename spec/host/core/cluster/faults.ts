// Three nodes with a busy room, and one fault after another. By hand: CLUSTER_FAULTS=100 npx vitest run spec/host/core/cluster/faults.spec.ts

import { setTimeout as delay } from "node:timers/promises";
import { Client } from "../../../../tools/scansion/client.ts";
import { Cutter } from "../../databases/cutter.ts";
import { archive_of, type Heard, Person } from "./people.ts";
import { type ProcessCluster, type ProcessNode, service, start_process_cluster } from "./process_nodes.ts";

export const fault_names = ["kill", "stop", "cut", "nats", "database", "rolling"] as const;
export type FaultName = (typeof fault_names)[number];

/** What a run has shown. */
export interface Report {
	readonly faults: string[];
	/** Ids and bodies that somebody heard, and that the archive does not have. */
	readonly missing: string[];
	/** People who heard something in another order than the archive has it. */
	readonly disordered: string[];
	/** How often the room did not know somebody whose connection stood. */
	readonly lost: number;
	readonly heard: number;
	readonly archived: number;
	/** For each fault, the longest time in which nobody heard anything of anybody, in milliseconds. */
	readonly gaps: number[];
	/** People who did not hear everybody at the end. */
	readonly unserved: string[];
	readonly logs: string;
}

const room = `hall@${service}`;
const people_count = 9;

class Play {
	readonly people: Person[] = [];
	private readonly ways = new Map<string, readonly [nats: Cutter, database: Cutter]>();
	readonly faults: string[] = [];
	readonly gaps: number[] = [];

	private constructor(
		readonly cluster: ProcessCluster,
		private readonly longest: number,
	) {}

	static async begin(program: string, longest: number): Promise<Play> {
		const ways = new Map<string, readonly [Cutter, Cutter]>();
		const cluster = await start_process_cluster({
			program,
			general: "smacks_hibernation_time = 5",
			// Where nobody is in it for a moment, it stays
			rooms: "	muc_room_default_persistent = true",
			async ways_of(node, nats, database) {
				const own = [await Cutter.start(nats), await Cutter.start(database)] as const;
				ways.set(node, own);
				return [own[0].port, own[1].port];
			},
		});
		const play = new Play(cluster, longest);
		for (const [node, way] of ways) play.ways.set(node, way);
		for (let number = 0; number < people_count; number++) {
			const ports = (): number[] => cluster.nodes.filter(({ is_running }) => is_running).map(({ port }) => port);
			play.people.push(new Person(`p${number}`, room, ports, 100));
		}
		return play;
	}

	private node(): ProcessNode {
		const { nodes } = this.cluster;
		const chosen = nodes[Math.floor(Math.random() * nodes.length)];
		if (chosen === undefined) throw new RangeError("expected nodes");
		return chosen;
	}

	/** Something goes wrong, and is right again at the end. */
	async fault(name: FaultName): Promise<void> {
		const node = this.node();
		const time = 1000 + Math.random() * (this.longest - 1000);
		this.faults.push(
			`${name} ${name === "nats" || name === "database" || name === "rolling" ? "" : node.name} ${Math.round(time)}`,
		);
		const from = performance.now();
		switch (name) {
			case "kill":
				await node.end("SIGKILL");
				await delay(time);
				await node.start();
				break;
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
			case "nats":
				await this.cluster.nats.end("SIGKILL");
				await delay(Math.min(time, 3000));
				this.cluster.nats.start();
				break;
			case "database":
				await this.cluster.database.stop("SIGQUIT");
				await delay(Math.min(time, 3000));
				await this.cluster.database.start();
				break;
			default:
				for (const one of this.cluster.nodes) {
					await one.end("SIGTERM");
					await one.start();
				}
		}
		await this.talking(performance.now());
		this.gaps.push(this.gap(from));
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

	async end(): Promise<Report> {
		const { people, faults, gaps, cluster } = this;
		const since = performance.now();
		await this.talking(since);
		const unserved = people.filter(({ hearings }) => (hearings.at(-1)?.at(-1)?.at ?? 0) <= since).map(({ name }) => name);
		await Promise.all(people.map((person) => person.quiet()));
		await delay(1000);
		for (const person of people) if (person.client !== undefined) person.listen(person.client);
		const archive = await this.archive();
		const order = new Map([...archive.keys()].map((id, index) => [id, index]));
		const missing = new Set<string>();
		const disordered: string[] = [];
		let heard = 0;
		for (const { name, hearings } of people) {
			for (const one of hearings) {
				heard += one.length;
				for (const { id, body } of one) if (archive.get(id) !== body) missing.add(`${id}: ${body}`);
				const wrong = out_of_order(one, order);
				if (wrong !== undefined) disordered.push(`${name}: ${wrong}`);
			}
		}
		const lost = people.reduce((sum, person) => sum + person.lost, 0);
		const logs = cluster.nodes.map((node) => `--- ${node.name}\n${node.log()}`).join("\n");
		return { faults, missing: [...missing], disordered, lost, heard, archived: archive.size, gaps, unserved, logs };
	}

	private async archive(): Promise<Map<string, string>> {
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
		await this.cluster.stop();
		for (const way of [...this.ways.values()].flat()) await way.stop();
	}
}

function out_of_order(heard: readonly Heard[], order: ReadonlyMap<string, number>): string | undefined {
	let last = -1;
	for (const { id, body } of heard) {
		const at = order.get(id);
		if (at === undefined) continue;
		if (at <= last) return body;
		last = at;
	}
	return undefined;
}

/** Plays one fault after another. */
export async function play_faults(program: string, faults: readonly FaultName[], longest: number): Promise<Report> {
	const play = await Play.begin(program, longest);
	try {
		await delay(2000);
		for (const fault of faults) await play.fault(fault);
		return await play.end();
	} finally {
		await play.stop();
	}
}
