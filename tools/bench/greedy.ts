// No counterpart: how long one client that asks for much at once keeps another one waiting.

import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../host/util/ns.ts";
import { BenchClient } from "./client.ts";
import { start_probe } from "./probe.ts";
import { cpu_micros } from "./processes.ts";
import { room_jid } from "./rooms.ts";
import { StanzaCounter } from "./stanza_counter.ts";
import type { Scenario, Subject } from "./types.ts";

/** How many stanzas are sent in one write while a room is prepared. */
const batch = 100;

function affiliation_text(room: string, index: number, affiliation: string): string {
	const item = `<item affiliation='${affiliation}' jid='person${index}@example.org'/>`;
	return `<iq type='set' id='a${index}' to='${room}'><query xmlns='${ns.muc_admin}'>${item}</query></iq>`;
}

/** Sends texts in one write, and waits until something has come that many times. */
async function send_all(client: BenchClient, texts: readonly string[], marker = "</iq>", fan = 1): Promise<void> {
	const counter = new StanzaCounter(marker);
	let missing = texts.length * fan;
	const done = new Promise<void>((resolve) => {
		client.onpiece = (piece) => {
			missing -= counter.count(piece);
			if (missing <= 0) resolve();
		};
	});
	client.send(texts.join(""));
	await done;
	client.onpiece = undefined;
}

/** Gives a number of people an affiliation, one by one. */
async function affiliate(client: BenchClient, room: string, from: number, to: number): Promise<void> {
	for (let first = from; first < to; first += batch) {
		const size = Math.min(batch, to - first);
		const texts = Array.from({ length: size }, (_, index) => affiliation_text(room, first + index, "member"));
		await send_all(client, texts, "type='result'");
	}
}

interface Load {
	readonly id: string;
	readonly title: string;
	readonly archive?: boolean;
	/** Gets things ready. */
	prepare(client: BenchClient): Promise<void>;
	/** Sends everything in one write, and waits for all answers. */
	ask(client: BenchClient): Promise<void>;
}

const page = 50;

const loads: readonly Load[] = [
	{
		id: "nothing",
		title: "nothing, for comparison",
		prepare: () => Promise.resolve(),
		ask: () => delay(3000),
	},
	{
		id: "affiliations",
		title: "500 affiliation changes in a room with 5,000",
		async prepare(client) {
			await client.join(room_jid("big"), "owner");
			await affiliate(client, room_jid("big"), 0, 5000);
		},
		ask: (client) =>
			send_all(
				client,
				Array.from({ length: 500 }, (_, index) => affiliation_text(room_jid("big"), index * 10, "outcast")),
				"type='result'",
			),
	},
	{
		id: "rooms",
		title: "1,000 rooms made",
		prepare: () => Promise.resolve(),
		ask: (client) =>
			send_all(
				client,
				Array.from(
					{ length: 1000 },
					(_, index) => `<presence to='${room_jid(`new${index}`)}/nick'><x xmlns='${ns.muc}'/></presence>`,
				),
				"code='110'",
			),
	},
	{
		id: "pages",
		title: "500 archive pages of 50",
		archive: true,
		async prepare(client) {
			await client.join(room_jid("old"), "writer");
			const texts = Array.from(
				{ length: batch },
				(_, index) => `<message type='groupchat' id='w${index}' to='${room_jid("old")}'><body>Message ${index}</body></message>`,
			);
			await send_all(client, texts, "</message>");
		},
		ask(client) {
			const query = `<query xmlns='${ns.mam}'><set xmlns='${ns.rsm}'><max>${page}</max><before/></set></query>`;
			const texts = Array.from(
				{ length: 500 },
				(_, index) => `<iq type='set' id='q${index}' to='${room_jid("old")}'>${query}</iq>`,
			);
			return send_all(client, texts, "</result>", page);
		},
	},
];

/** How long a client in another room waits at most while one client asks for much in one write; `program` as for `start_probe`. */
export function greedy_scenarios(program: readonly string[]): Scenario[] {
	return (["internal", "sql"] as const).flatMap((storage) =>
		loads.map(({ id, title, archive, prepare, ask }): Scenario => {
			return {
				id: `greedy-${id}-${storage}`,
				title: `Longest wait elsewhere, one write with ${title}, ${storage}`,
				unit: "ms",
				storage,
				archive: archive === true,
				floor: false,
				async run(subject) {
					const client = await BenchClient.open(subject.port);
					await prepare(client);
					const probe = await start_probe(program, subject);
					try {
						// Waiting times up to here do not count
						await probe.longest();
						await ask(client);
						return { value: await probe.longest() };
					} finally {
						probe.stop();
						client.close();
					}
				},
			};
		}),
	);
}

/** Processor time of a number of changes, in microseconds each. */
async function cost(subject: Subject, client: BenchClient, from: number, to: number): Promise<number> {
	const before = cpu_micros(subject.pid);
	await affiliate(client, room_jid("huge"), from, to);
	return (cpu_micros(subject.pid) - before) / (to - from);
}

/** How many there are in the end; with files, which are written as a whole, more would take hours. */
const most_affiliations = { internal: 10_000, sql: 100_000 };

/** How many times as much a change of an affiliation costs in a room with many as in one with few. */
export const growth_scenarios: readonly Scenario[] = (["internal", "sql"] as const).map((storage) => {
	const total = most_affiliations[storage];
	return {
		id: `growth-${storage}`,
		title: `An affiliation in a room with ${total.toLocaleString("en")}, beside one with few, ${storage}`,
		unit: "times",
		storage,
		floor: false,
		async run(subject) {
			const client = await BenchClient.open(subject.port);
			await client.join(room_jid("huge"), "owner");
			const step = Math.min(2000, total / 4);
			// The first ones still warm up the server
			await affiliate(client, room_jid("huge"), 0, step);
			const first = await cost(subject, client, step, 2 * step);
			await affiliate(client, room_jid("huge"), 2 * step, total - step);
			const last = await cost(subject, client, total - step, total);
			client.close();
			return { value: last / first };
		},
	};
});
