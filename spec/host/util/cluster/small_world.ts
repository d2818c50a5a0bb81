import { Membership, type MembershipOptions } from "../../../../host/util/cluster/membership.ts";
import type { MemoryClient } from "../../../../host/util/cluster/memory.ts";
import type { NodeInfo } from "../../../../host/util/cluster/node_record.ts";
import { Ownership } from "../../../../host/util/cluster/ownership.ts";
import { type Bucket, type Bus, type Fence, type Life, life_text } from "../../../../host/util/cluster/types.ts";
import { SimulatedNetwork } from "../../../../tools/simulate/network.ts";
import { random_numbers, SimulatedProcess, World } from "../../../../tools/simulate/world.ts";

export const lease = 1200;

/** A node that is simulated, as it is seen by specs. */
export interface Node {
	readonly name: string;
	readonly process: SimulatedProcess;
	readonly membership: Membership;
	readonly ownership: Ownership;
	/** What it was told of lives, such as `dead a.1`. */
	readonly told: string[];
	readonly lost: string[];
}

/** A few nodes over a simulated network. */
export class SmallWorld {
	readonly world = new World();
	readonly network: SimulatedNetwork;
	readonly fences: string[] = [];
	/** What nodes say of themselves. */
	info: () => NodeInfo = () => ({});
	/** Whether the database answers. */
	has_database = true;
	private connections = 0;
	private readonly clients = new Map<string, MemoryClient>();
	private readonly random;

	constructor(seed = 1, staleness = 0) {
		this.random = random_numbers(seed);
		this.network = new SimulatedNetwork(this.world, this.random, lease / 3, staleness);
	}

	/** A process named so; its connection's name has a number behind it. */
	node(name: string, options: Partial<MembershipOptions> & { rate?: number } = {}): Node {
		this.connections++;
		const process = new SimulatedProcess(this.world, options.rate);
		const client = this.network.connect(`${name}${this.connections}`, process);
		this.clients.set(`${name}${this.connections}`, client);
		const fence: Fence = {
			raise: (life: Life) =>
				new Promise((resolve, reject) => {
					process.after(5, () => {
						if (!this.has_database) {
							reject(new Error("no database"));
							return;
						}
						this.fences.push(life_text(life));
						resolve();
					});
				}),
		};
		const bucket = this.network.bucket(client, "nodes");
		const membership = new Membership({
			node: name,
			clock: process,
			bucket,
			fence,
			lease,
			random: this.random,
			info: () => this.info(),
			...options,
		});
		const told: string[] = [];
		const lost: string[] = [];
		membership.listen({
			on_begun: (life) => told.push(`begun ${life_text(life)}`),
			on_over: (life) => told.push(`over ${life_text(life)}`),
			on_joined: (life) => told.push(`joined ${life_text(life)}`),
			on_ended: (life) => told.push(`ended ${life_text(life)}`),
			on_dead: (life) => told.push(`dead ${life_text(life)}`),
		});
		const ownership = new Ownership({
			membership,
			clock: process,
			bucket: this.network.bucket(client, "owners"),
			on_lost: (keys) => lost.push(...keys),
		});
		return { name: `${name}${this.connections}`, process, membership, ownership, told, lost };
	}

	/** A node's connection. @throws where there is no such node */
	bus_of(node: Node): Bus {
		const client = this.clients.get(node.name);
		if (client === undefined) throw new Error(`no node ${node.name}`);
		return client;
	}

	/** Somebody's bucket, past all nodes. */
	anybodys(bucket: string): Bucket {
		this.connections++;
		return this.network.connect(`anybody${this.connections}`, new SimulatedProcess(this.world)).bucket(bucket);
	}

	/** Another look at what is owned, of one who keeps few owners in mind. */
	few(node: Node, remembered: number): Ownership {
		const bucket = this.anybodys("owners");
		return new Ownership({ membership: node.membership, clock: node.process, bucket, remembered });
	}

	/** Nodes that have entered. */
	async started(...names: string[]): Promise<Node[]> {
		const nodes = names.map((name) => this.node(name));
		const starts = nodes.map((node) => node.membership.start());
		const is_complete = (): boolean =>
			nodes.every(({ membership }) => membership.may_serve() && [...membership.others()].length >= nodes.length - 1);
		await this.until(is_complete);
		for (const start of starts) if (!(await start).ok) throw new Error("a node did not start");
		return nodes;
	}

	/** What a promise brings, while time goes on; what it was rejected with, where it was. */
	async brings<Value>(promise: Promise<Value>, limit = 60_000): Promise<Value | Error> {
		let result: { readonly value: Value | Error } | undefined;
		promise.then(
			(value) => {
				result = { value };
			},
			(error: unknown) => {
				result = { value: error instanceof Error ? error : new Error(String(error)) };
			},
		);
		await this.world.run_until_true(() => result !== undefined, limit);
		if (result === undefined) throw new Error(`nothing came in ${limit} ms`);
		return result.value;
	}

	async until(is_so: () => boolean, limit = 60_000): Promise<void> {
		if (!(await this.world.run_until_true(is_so, limit))) throw new Error(`it did not come to that in ${limit} ms`);
	}

	pass(milliseconds: number): Promise<void> {
		return this.world.run_until(this.world.now + milliseconds);
	}
}
