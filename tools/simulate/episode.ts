// No counterpart: a few nodes, some time, and much that goes wrong.

import { usual_lease } from "../../host/util/cluster/membership.ts";
import { SimulatedDatabase } from "./database.ts";
import { SimulatedNetwork } from "./network.ts";
import { SimulatedNode, type Surroundings } from "./node.ts";
import { type Rules, right_rules } from "./rules.ts";
import { type Random, random_numbers, SimulatedProcess, World } from "./world.ts";

export interface EpisodeOptions {
	readonly seed: number;
	/** How many things go wrong. */
	readonly failures: number;
	readonly rules?: Rules;
}

export interface EpisodeReport {
	readonly seed: number;
	/** What must not be, with the time when it was. */
	readonly violations: readonly string[];
	/** How often each kind of failure was played. */
	readonly failures: { readonly [kind: string]: number };
	/** Simulated milliseconds, and how many things happened. */
	readonly time: number;
	readonly happened: number;
	/** What clients said: heard by themselves, or told that it may not have been said. */
	readonly heard: number;
	readonly failed: number;
	/** How often a room was taken. */
	readonly taken: number;
	/** How long it took each time until all rooms were served again after a node was killed, in milliseconds, where nothing else went wrong. */
	readonly recoveries: readonly number[];
}

/** How long everything may take to be well again when nothing goes wrong any more, in milliseconds. */
const patience = 30_000;
const most_violations = 5;

type Failure = (node: SimulatedNode) => void;

/** Plays an episode: nodes with clients who talk, failures, an end at which everything has to be well. */
export async function play_episode(options: EpisodeOptions): Promise<EpisodeReport> {
	return new Episode(options).play();
}

class Episode {
	private readonly world = new World();
	private readonly random: Random;
	private readonly network: SimulatedNetwork;
	private readonly database: SimulatedDatabase;
	private readonly around: Surroundings;
	private readonly rooms: string[];
	/** The nodes whose processes run, by their names. */
	private readonly nodes = new Map<string, SimulatedNode>();
	private readonly gone: SimulatedNode[] = [];
	private readonly violations: string[] = [];
	private readonly counts: { [kind: string]: number } = {};
	private readonly recoveries: number[] = [];
	private connections = 0;
	private said = 0;
	private is_talking = true;

	constructor(private readonly options: EpisodeOptions) {
		const { seed, rules = right_rules } = options;
		const { world } = this;
		this.random = random_numbers(seed);
		const report = (text: string): void => {
			if (this.violations.length < most_violations) this.violations.push(`after ${Math.round(world.now)} ms: ${text}`);
		};
		this.network = new SimulatedNetwork(world, this.random, usual_lease / 3, 0.05);
		this.database = new SimulatedDatabase(world, this.random, rules.has_fence, report);
		this.rooms = Array.from({ length: 2 + this.any(6) }, (_none, index) => `room${index}`);
		this.around = {
			world,
			network: this.network,
			database: this.database,
			random: this.random,
			rules,
			rooms: this.rooms,
			report,
			acts: (node, room) => this.look_at(room, node),
		};
	}

	private any(below: number): number {
		return Math.floor(this.random() * below);
	}

	private one_of<Item>(items: readonly Item[]): Item | undefined {
		return items[this.any(items.length)];
	}

	/** Whether nobody else may serve a room. */
	private look_at(room: string, actor?: SimulatedNode): void {
		const owners = [...this.nodes.values()].filter((node) => node === actor || node.serves(room));
		if (owners.length > 1)
			this.around.report(`${room} has two owners that may serve: ${owners.map(({ label }) => label).join(", ")}`);
	}

	private start_node(name: string): void {
		this.connections++;
		const process = new SimulatedProcess(this.world, 0.99 + 0.02 * this.random());
		const node = new SimulatedNode(name, `${name}${this.connections}`, process, this.around);
		this.nodes.set(name, node);
		node.start();
		this.talk(node);
	}

	/** Clients of a node say something now and then. */
	private talk(node: SimulatedNode): void {
		node.process.after(20 + this.any(400), () => {
			if (!this.is_talking) return;
			const room = this.one_of(this.rooms);
			this.said++;
			if (room !== undefined) node.say(room, `${node.name}: ${this.said}`);
			this.talk(node);
		});
	}

	async play(): Promise<EpisodeReport> {
		const names = "abcde".slice(0, 3 + this.any(3));
		for (const name of names) this.start_node(name);
		await this.world.run_until(2000);
		const pause = 100 + 1400 * this.random();
		for (let n = 0; n < this.options.failures && this.violations.length === 0; n++) {
			this.fail();
			// Pauses of all lengths, at random
			await this.pass(-Math.log(1 - this.random()) * pause);
			for (const room of this.rooms) this.look_at(room);
		}
		if (this.violations.length === 0) await this.make_well();
		return this.report();
	}

	private pass(milliseconds: number): Promise<void> {
		return this.world.run_until(this.world.now + milliseconds);
	}

	private fail(): void {
		const kinds = Object.entries(this.failures);
		const [kind, failure] = kinds[this.any(kinds.length)] ?? [];
		const node = this.one_of([...this.nodes.values()]);
		if (kind === undefined || failure === undefined || node === undefined) return;
		this.counts[kind] = (this.counts[kind] ?? 0) + 1;
		failure(node);
	}

	/** A time of any length up to a limit, in milliseconds: short ones are as likely as long ones. */
	private span(limit: number): number {
		return 30 * (limit / 30) ** this.random();
	}

	private readonly failures: { readonly [kind: string]: Failure } = {
		"killed, and started again": (node) => {
			this.end(node);
			this.world.after(this.span(5000), () => this.start_node(node.name));
		},
		"stopped for a while": (node) => {
			node.process.stop();
			this.world.after(this.span(10_000), () => node.process.go_on());
		},
		"cut off from NATS": (node) => {
			this.network.cut(node.connection);
			this.world.after(this.span(6000), () => this.network.mend(node.connection));
		},
		"slow to NATS": (node) => this.network.hold(node.connection, "up", this.span(3000)),
		"slow from NATS": (node) => this.network.hold(node.connection, "down", this.span(3000)),
		"NATS gone": () => {
			this.network.set_broker(false);
			this.world.after(this.span(3000), () => this.network.set_broker(true));
		},
		"database gone": () => {
			this.database.is_down = true;
			this.world.after(this.span(3000), () => {
				this.database.is_down = false;
			});
		},
		"left, and came back": (node) => {
			node.process.run(() => {
				void node.leave().then(() => {
					if (this.nodes.get(node.name) !== node) return;
					this.end(node);
					this.world.after(this.span(3000), () => this.start_node(node.name));
				});
			});
		},
		"rooms handed over": (node) => {
			node.process.run(() => {
				const others = [...node.membership.others()].map(({ life }) => life);
				for (const room of [...node.ownership.mine()]) {
					const to = this.one_of(others);
					if (to !== undefined) void node.hand_over(room, to);
				}
			});
		},
		"rooms released": (node) => {
			node.process.run(() => {
				for (const room of [...node.ownership.mine()]) node.give_back(room);
			});
		},
	};

	private end(node: SimulatedNode): void {
		if (this.nodes.get(node.name) !== node) return;
		node.process.kill();
		this.network.disconnect(node.connection);
		this.nodes.delete(node.name);
		this.gone.push(node);
	}

	/** Nothing goes wrong any more: after a while, everybody can talk and hear everywhere, and knows what became of what was said. */
	private async make_well(): Promise<void> {
		const { world } = this;
		await this.pass(10_000);
		const is_quiet = (): boolean => [...this.nodes.values()].every((node) => node.membership.may_serve());
		if (!(await world.run_until_true(is_quiet, patience))) this.around.report("a node does not come to serve again");
		this.is_talking = false;
		const is_answered = (): boolean => [...this.nodes.values()].every(({ open }) => open.size === 0);
		if (!(await world.run_until_true(is_answered, patience))) {
			const waiting = [...this.nodes.values()].flatMap((node) => [...node.open.keys()].map((text) => `${text} (${node.label})`));
			this.around.report(`nobody knows what became of ${waiting.slice(0, 3).join(", ")}`);
		}
		for (const room of this.rooms) await this.try_room(room);
		if (this.violations.length === 0) await this.kill_one();
	}

	/** Each node's client says something in a room; all hear all of it. */
	private async try_room(room: string): Promise<void> {
		const nodes = [...this.nodes.values()];
		for (const node of nodes) {
			// Who has not heard anything yet hears from here on
			this.said++;
			node.say(room, `${node.name}: last ${this.said}`);
			const is_heard = (): boolean => node.open.size === 0;
			if (!(await this.world.run_until_true(is_heard, patience))) this.around.report(`${node.label} is not heard in ${room}`);
		}
		const last = (): number => this.database.said(room).length - 1;
		const have_all = (): boolean => nodes.every(({ heard }) => heard.get(room) === last());
		if (!(await this.world.run_until_true(have_all, patience))) {
			const heard = nodes.map((node) => `${node.label}: ${node.heard.get(room)}`).join(", ");
			this.around.report(`in ${room}, ${last()} was said last, and heard was ${heard}`);
		}
		this.look_at(room);
	}

	/** One node more is killed: how long is it until all rooms are served? */
	private async kill_one(): Promise<void> {
		const victim = this.one_of([...this.nodes.values()]);
		if (victim === undefined || this.nodes.size < 2) return;
		const begun = this.world.now;
		const lost = this.rooms.filter((room) => victim.serves(room));
		this.end(victim);
		const is_served = (): boolean => lost.every((room) => [...this.nodes.values()].some((node) => node.serves(room)));
		if (!(await this.world.run_until_true(is_served, patience)))
			this.around.report(`rooms of ${victim.label} are not taken over`);
		if (lost.length > 0) this.recoveries.push(this.world.now - begun);
	}

	private report(): EpisodeReport {
		const nodes = [...this.nodes.values(), ...this.gone];
		const sum = (count: "heard" | "failed" | "taken"): number => nodes.reduce((total, { counts }) => total + counts[count], 0);
		return {
			seed: this.options.seed,
			violations: this.violations,
			failures: this.counts,
			time: this.world.now,
			happened: this.world.happened,
			heard: sum("heard"),
			failed: sum("failed"),
			taken: sum("taken"),
			recoveries: this.recoveries,
		};
	}
}
