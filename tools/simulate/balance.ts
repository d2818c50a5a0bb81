// No counterpart: a node joins a cluster that has something to do.

import { weight_of } from "../../host/util/cluster/balance.ts";
import { usual_lease } from "../../host/util/cluster/membership.ts";
import { SimulatedDatabase } from "./database.ts";
import { SimulatedNetwork } from "./network.ts";
import { SimulatedNode, type Surroundings } from "./node.ts";
import { type Rules, right_rules } from "./rules.ts";
import { random_numbers, SimulatedProcess, World } from "./world.ts";

export interface BalanceReport {
	readonly seed: number;
	/** What must not be. */
	readonly violations: readonly string[];
	/** How often a room went to another node, and how long it took until the last one did, from when a node joined, in milliseconds. */
	readonly moves: number;
	readonly settled_after: number;
	/** How much the busiest node has to do in the end, in parts of what all have on average. */
	readonly busiest: number;
}

/** How long loads may take to become equal, and how long nothing has to move then, in milliseconds. */
const patience = 180_000;
const calm = 60_000;
/** How much more than all on average the busiest node may have to do, beside its heaviest room. */
const allowed = 1.35;

/**
 * Two to four nodes with rooms in which much or little is said; another node joins, and one is killed and comes back. Rooms move until all
 * nodes have about the same to do, and then no more.
 */
export async function play_balance(seed: number, rules: Rules = right_rules): Promise<BalanceReport> {
	const world = new World();
	const random = random_numbers(seed);
	const violations: string[] = [];
	const report = (text: string): void => {
		if (violations.length < 5) violations.push(`after ${Math.round(world.now)} ms: ${text}`);
	};
	const network = new SimulatedNetwork(world, random, usual_lease / 3, 0.05);
	const database = new SimulatedDatabase(world, random, true, report);
	const rooms = Array.from({ length: 20 + Math.floor(60 * random()) }, (_none, index) => `room${index}`);
	/** Messages a second. */
	const rates = new Map(rooms.map((room) => [room, 0.02 * 50 ** random()]));
	const nodes = new Map<string, SimulatedNode>();
	const around: Surroundings = { world, network, database, random, rules, rooms, report, acts: look_at };
	let started = 0;
	let said = 0;

	function look_at(actor: SimulatedNode, room: string): void {
		const owners = [...nodes.values()].filter((node) => node === actor || node.serves(room));
		if (owners.length > 1) report(`${room} has two owners that may serve: ${owners.map(({ label }) => label).join(", ")}`);
	}

	function start(name: string): void {
		started++;
		const process = new SimulatedProcess(world, 0.99 + 0.02 * random());
		const node = new SimulatedNode(name, `${name}${started}`, process, around);
		nodes.set(name, node);
		node.start();
	}

	function talk(room: string, rate: number): void {
		world.after((-Math.log(1 - random()) * 1000) / rate, () => {
			const all = [...nodes.values()];
			const node = all[Math.floor(random() * all.length)];
			said++;
			node?.process.run(() => node.say(room, `${node.name}: ${said}`));
			talk(room, rate);
		});
	}

	const moves = (): number => [...nodes.values()].reduce((sum, { balancer }) => sum + balancer.moved, 0);
	const load_of = (node: SimulatedNode): number =>
		rooms.filter((room) => node.serves(room)).reduce((sum, room) => sum + weight_of(rates.get(room) ?? 0, 1), 0);

	const names = "abcd".slice(0, 2 + Math.floor(3 * random()));
	for (const name of names) start(name);
	await world.run_until(3000);
	for (const [room, rate] of rates) talk(room, rate);
	await world.run_until(world.now + 60_000);
	// One that has nothing yet, and one that has nothing any more
	start("new");
	if (random() < 0.5) {
		const [victim] = [...nodes.values()];
		victim?.process.kill();
		if (victim !== undefined) {
			network.disconnect(victim.connection);
			world.after(3000, () => start(victim.name));
		}
	}
	const begun = world.now;
	let before = moves();
	let last = begun;
	while (world.now < begun + patience + calm && world.now < last + calm) {
		await world.run_until(world.now + 1000);
		if (moves() === before) continue;
		before = moves();
		last = world.now;
	}
	if (world.now >= begun + patience + calm) report("rooms go on moving");
	const loads = [...nodes.values()].map(load_of);
	const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
	const most = Math.max(...loads);
	const heaviest = Math.max(...[...rates.values()].map((rate) => weight_of(rate, 1)));
	if (most > allowed * mean + Math.max(heaviest, 1)) {
		report(
			`one node has ${most.toFixed(1)} of ${(mean * loads.length).toFixed(1)} to do: ${loads.map((load) => load.toFixed(1)).join(", ")}`,
		);
	}
	return { seed, violations, moves: before, settled_after: last - begun, busiest: most / mean };
}
