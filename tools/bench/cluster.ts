// No counterpart: what it costs to be one of several nodes.

import { setTimeout as delay } from "node:timers/promises";
import { type BenchClient, open_clients_on } from "./client.ts";
import { type Nodes, type NodesOptions, start_nodes, type Traffic } from "./cluster_servers.ts";
import { count_at, leave_alone, measure, type Operation } from "./load.ts";
import { cpu_micros } from "./processes.ts";
import { each, type FilledRoom, fill_with, room_jid } from "./rooms.ts";
import { talk, whisper } from "./talk.ts";
import type { Effort, Finding, OwnScenario } from "./types.ts";

/** Whose it is where it is measured. */
type Place = Parameters<OwnScenario["measure"]>[1];

/** What people do in rooms. */
interface Load {
	readonly id: string;
	readonly title: string;
	readonly rooms: number;
	readonly occupants: number;
	readonly archive?: boolean;
	operations(filled: readonly FilledRoom[]): Operation[];
}

function talking(rooms: number, occupants: number, archive = false): Load {
	return {
		id: `${rooms}x${occupants}${archive ? "-archive" : ""}`,
		title: `messages, ${rooms} × ${occupants}${archive ? ", archived" : ""}`,
		rooms,
		occupants,
		archive,
		operations: (filled) => filled.map((room) => talk(room, rooms)),
	};
}

const whispering: Load = {
	id: "private",
	title: "private messages, 1 × 100",
	rooms: 1,
	occupants: 100,
	operations: (filled) => filled.map((room) => whisper(room)),
};

/** What is said of servers that are started. */
type Setting = Partial<Pick<NodesOptions, "archive" | "lease" | "are_apart">>;

/** Does something with servers that are started for it. */
async function with_nodes<T>(place: Place, nodes: number, setting: Setting, act: (nodes: Nodes) => Promise<T>): Promise<T> {
	const started = await start_nodes({ ...place, ...setting, nodes });
	try {
		return await act(started);
	} finally {
		await started.stop();
	}
}

/** What a delivery cost: in microseconds of each node, and messages from node to node. */
interface Cost {
	readonly of_nodes: readonly number[];
	readonly messages: number;
}

/** How servers and clients are placed. */
interface Placing {
	/** How many nodes; without any, it is one server in no cluster. */
	readonly nodes: number;
	/** Where clients are: those of each room at all servers in turn, at the node of their room, or at servers that know nothing of each other. */
	readonly clients?: "spread" | "home" | "apart";
}

/** Has clients do something in rooms. */
function cost_of(load: Load, { nodes, clients: placed = "spread" }: Placing, effort: Effort, place: Place): Promise<Cost> {
	const setting: Setting = { archive: load.archive === true, are_apart: placed === "apart" };
	return with_nodes(place, nodes, setting, async ({ nodes: servers, traffic }) => {
		const ports = servers.map(({ port }) => port);
		const clients = await open_clients_on(ports, load.rooms * load.occupants, placed === "spread" ? 1 : load.occupants);
		try {
			const filled = await fill_with(clients, load.rooms);
			const samples: number[][] = [];
			const at_ends = (): void => void samples.push(servers.map(({ pid }) => cpu_micros(pid)));
			const subject = { name: "enjamb", pid: servers[0]?.pid ?? 0 } as const;
			const operations = load.operations(filled);
			const { deliveries } = await measure(subject, operations, effort, at_ends);
			const [before = [], after = []] = samples;
			const of_nodes = after.map((time, index) => (time - (before[index] ?? 0)) / deliveries);
			const messages = nodes > 1 && placed !== "apart" ? await messages_of(operations, traffic) : 0;
			return { of_nodes, messages };
		} finally {
			for (const client of clients) client.close();
		}
	});
}

/** How many messages pass from node to node for each that is said, one at a time. */
async function messages_of(operations: readonly Operation[], traffic: () => Promise<Traffic>): Promise<number> {
	const [first] = operations;
	if (first === undefined) return 0;
	const said = 50;
	const before = await traffic();
	let count = 0;
	const one: Operation = { ...first, window: 1, act: (index) => count++ < said && first.act(index) };
	const heard = new Promise<void>((done) => {
		let received = 0;
		for (const client of first.clients) {
			count_at(client, first.marker, (came) => {
				received += came;
				if (received >= first.fan * count && count < said) one.act(count);
				else if (received >= first.fan * said) done();
			});
		}
	});
	one.act(0);
	await heard;
	for (const client of first.clients) leave_alone(client);
	return ((await traffic()).between_nodes - before.between_nodes) / said;
}

/** One node of a cluster, beside the same server in none. */
function one_node(load: Load): OwnScenario {
	return {
		id: `cluster-one-${load.id}`,
		title: `One node of a cluster beside a server in none: ${load.title}`,
		unit: "times the cost",
		async measure(effort, place) {
			const [without = 0] = (await cost_of(load, { nodes: 0 }, effort, place)).of_nodes;
			const [with_cluster = 0] = (await cost_of(load, { nodes: 1 }, effort, place)).of_nodes;
			return { value: with_cluster / without, details: { "µs without": without, "µs with": with_cluster } };
		},
	};
}

/** How many times as much is under way where nodes are compared, so that each of them always has something to do. */
const more_under_way = 4;
/** How many deliveries may be under way at once in one room: in a large one, a few messages are much. */
const most_under_way = 200_000;

function busier(load: Load, times: number): Load {
	const window_of = ({ window, fan }: Operation): number =>
		Math.min(times * window, Math.max(10, Math.round(most_under_way / fan)));
	return {
		...load,
		operations: (filled) => load.operations(filled).map((operation) => ({ ...operation, window: window_of(operation) })),
	};
}

/** Three times as much to do: as many rooms of the same size, or messages under way where there is one room. */
function thrice(load: Load): Load {
	return load.rooms > 1 ? { ...load, rooms: 3 * load.rooms } : busier(load, 3);
}

const placed_how = {
	spread: "Three nodes beside one, thrice as much to do, clients of each room spread over the nodes",
	home: "Three nodes beside one, thrice as much to do, clients at the node of their room",
	apart: "Three servers that know nothing of each other beside one, thrice as much to do",
};

/**
 * Three nodes beside one, with three times as much to do: how much more they deliver for each second of the busiest one. Rooms are spread over the
 * nodes, and so are the clients of each, unless said otherwise: two thirds of them are on other nodes than their room.
 */
function three_nodes(load: Load, clients: keyof typeof placed_how = "spread"): OwnScenario {
	return {
		id: `cluster-three-${load.id}${clients === "spread" ? "" : `-${clients}`}`,
		title: `${placed_how[clients]}: ${load.title}`,
		unit: "times as many deliveries a CPU second of the busiest",
		async measure(effort, place) {
			const own = busier(load, more_under_way);
			const [one = 0] = (await cost_of(own, { nodes: clients === "apart" ? 0 : 1 }, effort, place)).of_nodes;
			const { of_nodes, messages } = await cost_of(thrice(own), { nodes: 3, clients }, effort, place);
			const busiest = Math.max(...of_nodes);
			const all = of_nodes.reduce((sum, own) => sum + own, 0);
			const details: Record<string, number> = { "µs of one": one, "µs of the busiest": busiest, "µs of all": all };
			if (clients !== "apart") details["NATS messages for each said"] = messages;
			return { value: one / busiest, details };
		},
	};
}

const no_traffic: Traffic = { between_nodes: 0, to_nats: 0, from_nats: 0, owner_changes: 0, rows: 0, commits: 0 };

/** What came to NATS and to the database between two looks, for each of so many. */
function between(before: Traffic, after: Traffic, count: number): Record<string, number> {
	const each_of = (name: keyof Traffic): number => (after[name] - before[name]) / count;
	return {
		"owners written": each_of("owner_changes"),
		"rows written": each_of("rows"),
		commits: each_of("commits"),
		"messages between nodes": each_of("between_nodes"),
	};
}

/** What logins and joins write, with three nodes. */
function steps(kind: "login" | "join", count: number): OwnScenario {
	return {
		id: `cluster-${kind}`,
		title: kind === "login" ? "A login, one of three nodes" : `A join, ${count} into one room over three nodes`,
		unit: "µs of all nodes",
		measure: (_effort, place) =>
			with_nodes(place, 3, {}, async ({ nodes, traffic }) => {
				const ports = nodes.map(({ port }) => port);
				const cpu = (): number => nodes.reduce((sum, { pid }) => sum + cpu_micros(pid), 0);
				// The first ones find much that is not loaded yet
				const clients = await open_clients_on(ports, 30);
				if (kind === "join") clients.push(...(await open_clients_on(ports, count)));
				let before = no_traffic;
				try {
					await fill_with(clients.slice(0, 30), 1);
					before = await traffic();
					const begun = cpu();
					if (kind === "login") clients.push(...(await open_clients_on(ports, count)));
					else await enter_in_turn(clients.slice(30));
					const value = (cpu() - begun) / count;
					return { value, details: between(before, await traffic(), count) };
				} finally {
					for (const client of clients) client.close();
				}
			}),
	};
}

async function enter_in_turn(clients: readonly BenchClient[]): Promise<void> {
	await each(clients, 10, (client, index) => client.join(room_jid("joined"), `nick${index}`));
}

/** A node dies: how long until its room answers those on other nodes, and what that writes. */
function take_over(occupants: number): OwnScenario {
	const lease = 1.1;
	return {
		id: `cluster-take-over-${occupants}`,
		title: `From a node's death until a room of ${occupants} is served by another, lease ${lease} s`,
		unit: "ms",
		measure: (_effort, place) =>
			with_nodes(place, 3, { archive: true, lease }, async ({ nodes: [first, ...others], traffic }) => {
				if (first === undefined) throw new Error("there is no node");
				const ports = [first, ...others].map(({ port }) => port);
				const clients = await open_clients_on(ports, occupants);
				try {
					await fill_with(clients, 1);
					const before = await traffic();
					await first.kill();
					const begun = performance.now();
					const [, witness] = clients;
					if (witness === undefined) throw new Error("there is no client");
					await heard_again(witness);
					const value = performance.now() - begun;
					return { value, details: between(before, await traffic(), 1) };
				} finally {
					for (const client of clients) client.close();
				}
			}),
	};
}

/** Somebody speaks until it comes back. */
async function heard_again(client: BenchClient): Promise<void> {
	let is_heard = false;
	client.onpiece = (piece) => {
		is_heard ||= /<message[^>]*type='groupchat'/.test(piece);
	};
	const deadline = performance.now() + 60_000;
	for (let index = 0; !is_heard; index++) {
		if (performance.now() > deadline) throw new Error("the room was not served again");
		client.send(`<message type='groupchat' id='again${index}' to='${room_jid(0)}'><body>again</body></message>`);
		await delay(20);
	}
	client.onpiece = undefined;
}

/** One room over three nodes: what passes between them for each message that is said. */
function large_room(occupants: number): OwnScenario {
	return {
		id: `cluster-large-${occupants}`,
		title: `Messages over NATS for each that is said in a room of ${occupants} over three nodes`,
		unit: "messages",
		async measure(effort, place): Promise<Finding> {
			const { of_nodes, messages } = await cost_of(talking(1, occupants), { nodes: 3 }, effort, place);
			const [n0 = 0, n1 = 0, n2 = 0] = of_nodes;
			return { value: messages, details: { "µs of its node": n0, "of the second": n1, "of the third": n2 } };
		},
	};
}

/** What it costs to be in a cluster: with PostgreSQL and NATS of their own, on the core of the clients. */
export const cluster_scenarios: readonly OwnScenario[] = [
	...[false, true].flatMap((archive) =>
		[[1, 100] as const, [1, 500] as const, [50, 10] as const].map(([rooms, occupants]) =>
			one_node(talking(rooms, occupants, archive)),
		),
	),
	one_node(whispering),
	...[[50, 10] as const, [12, 100] as const, [1, 500] as const, [1, 3000] as const].map(([rooms, occupants]) =>
		three_nodes(talking(rooms, occupants)),
	),
	three_nodes(talking(12, 100), "home"),
	three_nodes(talking(12, 100), "apart"),
	three_nodes(whispering),
	large_room(1000),
	large_room(3000),
	steps("login", 300),
	steps("join", 300),
	take_over(30),
];
