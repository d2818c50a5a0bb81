// No counterpart: the loads that servers are measured under.

import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../host/util/ns.ts";
import { account_scenarios } from "./accounts.ts";
import { open_clients } from "./client.ts";
import { component_scenario, s2s_scenario, uplink_scenario } from "./entrances.ts";
import type { Firewall } from "./firewall.ts";
import { measure } from "./load.ts";
import { login_scenarios } from "./logins.ts";
import { start_probe } from "./probe.ts";
import { rss_mib } from "./processes.ts";
import { enter, type FilledRoom, fill_rooms, join_storm, leave, room_jid } from "./rooms.ts";
import { single_scenarios } from "./single.ts";
import { managed_messages, resumptions } from "./smacks.ts";
import { timed_body } from "./stanza_counter.ts";
import { member, talk, whisper } from "./talk.ts";
import type { Carrier, Effort, Measurement, Scenario, Subject } from "./types.ts";
import { warm_scenario } from "./warm.ts";

async function with_rooms(
	subject: Subject,
	rooms: number,
	occupants: number,
	run: (filled: FilledRoom[]) => Promise<Measurement>,
): Promise<Measurement> {
	const filled = await fill_rooms(subject, rooms, occupants);
	try {
		return await run(filled);
	} finally {
		leave(filled);
	}
}

const carrier_names = { tcp: "TCP", tls: "TLS", websocket: "WebSocket", wss: "WebSocket with TLS", bosh: "BOSH" };

function messages(rooms: number, occupants: number, archive: boolean, carrier?: Exclude<Carrier, "tcp">): Scenario {
	const by = carrier === undefined ? "" : `, by ${carrier_names[carrier]}`;
	return {
		id: `${carrier ?? "messages"}-${rooms}x${occupants}${archive ? "-archive" : ""}`,
		title: `Messages, ${rooms} × ${occupants}${archive ? ", archived" : ""}${by}`,
		unit: "delivery",
		archive,
		floor: !archive && carrier === undefined,
		...(carrier === undefined ? {} : { entrance: carrier }),
		run: (subject, effort) =>
			with_rooms(subject, rooms, occupants, (filled) =>
				measure(
					subject,
					filled.map((room) => talk(room, rooms)),
					effort,
				),
			),
	};
}

/** The same where each room has one message under way. */
function one_at_a_time(rooms: number, occupants: number, carrier?: "tls"): Scenario {
	const { id, title, ...rest } = messages(rooms, occupants, false, carrier);
	return {
		...rest,
		id: `${carrier === undefined ? "" : `${carrier}-`}single-${rooms}x${occupants}`,
		title: `${title}, one message each under way`,
		run: (subject, effort) =>
			with_rooms(subject, rooms, occupants, (filled) =>
				measure(
					subject,
					filled.map((room) => ({ ...talk(room, rooms), window: 1 })),
					effort,
				),
			),
	};
}

/** Messages on a host whose firewall looks at each of them. */
function behind_firewall(rooms: number, occupants: number, firewall: Firewall): Scenario {
	const { title, ...rest } = messages(rooms, occupants, false);
	const rules = firewall === "looking" ? "ten rules" : "ten rules and a rate";
	return {
		...rest,
		id: `firewall-${firewall}-${rooms}x${occupants}`,
		title: `${title}, behind ${rules} of mod_firewall`,
		floor: false,
		firewall,
	};
}

function storm(occupants: number, archive: boolean): Scenario {
	return {
		id: `storm-${occupants}${archive ? "-archive" : ""}`,
		title: `Join storm, 1 × ${occupants}${archive ? ", archived" : ""}`,
		unit: "presence",
		archive,
		floor: !archive,
		run: (subject, effort) => join_storm(subject, occupants, effort),
	};
}

/** Many small rooms that people enter at the same time. */
function joins(rooms: number, occupants: number): Scenario {
	return {
		id: `joins-${rooms}x${occupants}`,
		title: `Joining ${rooms} rooms of ${occupants}`,
		unit: "presence",
		floor: false,
		run: (subject, effort) => join_storm(subject, occupants, { ...effort, storms: Math.min(effort.storms, 2) }, undefined, rooms),
	};
}

const private_messages: Scenario = {
	id: "private",
	title: "Private messages, 1 × 100",
	unit: "delivery",
	floor: false,
	run: (subject, effort) =>
		with_rooms(subject, 1, 100, (rooms) =>
			measure(
				subject,
				rooms.map((room) => whisper(room)),
				effort,
			),
		),
};

function private_messages_by(carrier: Exclude<Carrier, "tcp">): Scenario {
	return {
		...private_messages,
		id: `${carrier}-private`,
		title: `${private_messages.title}, by ${carrier_names[carrier]}`,
		entrance: carrier,
	};
}

const nick_changes: Scenario = {
	id: "nicks",
	title: "Nick changes, 1 × 100",
	unit: "presence",
	floor: false,
	run: (subject, effort) =>
		with_rooms(subject, 1, 100, ([room]) => {
			const clients = room?.clients ?? [];
			const act = (index: number): void => member(clients, index).send(`<presence to='${room_jid(0)}/other${index}'/>`);
			// Everybody sees one nick go and another come
			return measure(subject, [{ clients, marker: "</presence>", fan: 200, window: 20, act }], effort);
		}),
};

const archive_page = 50;

const archive_queries: Scenario = {
	id: "archive-queries",
	title: "Archive queries, pages of 50",
	unit: "result",
	archive: true,
	floor: false,
	async run(subject, effort) {
		const clients = await open_clients(subject.port, 10);
		await enter(room_jid(0), clients);
		const [writer] = clients;
		for (let index = 0; index < 200; index++) {
			await writer?.ask(
				`<message type='groupchat' id='w${index}' to='${room_jid(0)}'><body>${timed_body(index)}</body></message>`,
				`id='w${index}'`,
			);
		}
		const query = `<query xmlns='${ns.mam}'><set xmlns='${ns.rsm}'><max>${archive_page}</max><before/></set></query>`;
		const act = (index: number): void =>
			member(clients, index).send(`<iq type='set' id='q${index}' to='${room_jid(0)}'>${query}</iq>`);
		try {
			return await measure(subject, [{ clients, marker: "</result>", fan: archive_page, window: 10, act }], effort);
		} finally {
			for (const client of clients) client.close();
		}
	},
};

/** How long a server is left alone before its memory is measured, in milliseconds. */
const settling_ms = 3000;

function memory(rooms: number, occupants: number, carrier?: Carrier): Scenario {
	return {
		id: carrier === undefined ? "memory" : `memory-${carrier}-${rooms}x${occupants}`,
		title: `Memory per joined client, ${rooms} × ${occupants}${carrier === undefined ? "" : `, by ${carrier_names[carrier]}`}`,
		unit: "KiB",
		floor: carrier === undefined,
		...(carrier === undefined ? {} : { entrance: carrier }),
		async run(subject) {
			// What a server loads and compiles for its first clients does not depend on their number
			const first = await enter(room_jid("first"), await open_clients(subject.port, 50, subject.carrier));
			await delay(settling_ms);
			const before = rss_mib(subject.pid);
			const filled = await fill_rooms(subject, rooms, occupants);
			await delay(settling_ms);
			const value = ((rss_mib(subject.pid) - before) * 1024) / (rooms * occupants);
			leave([first, ...filled]);
			return { value };
		},
	};
}

/** All that a server takes with so many clients in its rooms. */
function total_memory(rooms: number, occupants: number, carrier: "tls"): Scenario {
	return {
		id: `memory-all-${carrier}-${rooms}x${occupants}`,
		title: `Memory of a server with ${rooms} × ${occupants}, by ${carrier_names[carrier]}`,
		unit: "MiB",
		floor: false,
		entrance: carrier,
		async run(subject) {
			const filled = await fill_rooms(subject, rooms, occupants);
			await delay(settling_ms);
			const value = rss_mib(subject.pid);
			leave(filled);
			return { value };
		},
	};
}

const idle: Scenario = {
	id: "idle",
	title: "Memory of an idle server",
	unit: "MiB",
	floor: true,
	async run(subject) {
		await delay(settling_ms);
		return { value: rss_mib(subject.pid) };
	},
};

const start: Scenario = {
	id: "start",
	title: "From start to listening",
	unit: "ms",
	floor: true,
	run: (subject) => Promise.resolve({ value: subject.start_ms }),
};

/** What a benchmark measures unless told otherwise. */
export const standard_scenarios: readonly Scenario[] = [
	messages(1, 100, false),
	messages(1, 500, false),
	messages(50, 10, false),
	storm(500, false),
	messages(1, 100, true),
	messages(1, 500, true),
	messages(50, 10, true),
	storm(500, true),
	joins(200, 10),
	private_messages,
	nick_changes,
	archive_queries,
	...account_scenarios(500),
	...single_scenarios,
	managed_messages(100),
	managed_messages(500),
	resumptions,
	messages(1, 100, false, "tls"),
	messages(1, 500, false, "tls"),
	messages(50, 10, false, "tls"),
	one_at_a_time(50, 10),
	one_at_a_time(50, 10, "tls"),
	...(["websocket", "wss", "bosh"] as const).flatMap((carrier) => [
		messages(1, 100, false, carrier),
		messages(1, 500, false, carrier),
		messages(50, 10, false, carrier),
		messages(50, 10, true, carrier),
	]),
	private_messages_by("websocket"),
	behind_firewall(1, 100, "looking"),
	behind_firewall(50, 10, "looking"),
	behind_firewall(1, 100, "counting"),
	component_scenario(100),
	uplink_scenario(100),
	s2s_scenario(100),
	...login_scenarios,
	memory(20, 50),
	memory(200, 10, "tcp"),
	memory(1, 500, "tls"),
	memory(200, 10, "tls"),
	memory(20, 50, "websocket"),
	memory(20, 50, "bosh"),
	total_memory(1000, 10, "tls"),
	idle,
	start,
	warm_scenario,
];

/** How long a storm of so many clients into one room keeps others waiting; `program` is the command line of this program. */
export function stall_scenario(occupants: number, program: readonly string[]): Scenario {
	return {
		id: `stall-${occupants}`,
		title: `Longest stall elsewhere in a join storm of ${occupants}`,
		unit: "ms",
		floor: true,
		async run(subject) {
			const probe = await start_probe(program, subject);
			try {
				const single: Effort = { warm_up_ms: 0, measure_ms: 0, storms: 1 };
				let value = 0;
				await join_storm(subject, occupants, single, async () => {
					value = await probe.longest();
				});
				return { value };
			} finally {
				probe.stop();
			}
		},
	};
}

function in_sweep(scenario: Scenario, of: "occupants" | "rooms", at: number): Scenario {
	return { ...scenario, id: `sweep-${of}-${at}`, sweep: { of, at } };
}

/** How the cost of a message grows with the size of a room, and with the number of rooms. */
export const sweep_scenarios: readonly Scenario[] = [
	...[10, 30, 100, 300, 1000, 2000, 5000].map((occupants) => in_sweep(messages(1, occupants, false), "occupants", occupants)),
	...[1, 10, 100, 1000, 5000].map((rooms) => in_sweep(messages(rooms, 2, false), "rooms", rooms)),
];
