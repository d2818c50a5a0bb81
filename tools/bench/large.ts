// No counterpart: what very many clients do to others.

import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../host/util/ns.ts";
import { type BenchClient, open_clients } from "./client.ts";
import { start_probe } from "./probe.ts";
import { cpu_micros, rss_mib } from "./processes.ts";
import { each, enter, room_jid } from "./rooms.ts";
import { StanzaCounter } from "./stanza_counter.ts";
import type { Scenario } from "./types.ts";

/** How many messages are said in the full room, one a second. */
const messages = 10;
/** How long what was sent may take to arrive, in milliseconds. */
const patience = 600_000;

/** Counts what arrives at all clients. */
class Arrivals {
	private readonly counts = new Map<string, number>();

	constructor(clients: readonly BenchClient[], markers: readonly string[]) {
		for (const client of clients) {
			const counters = markers.map((marker) => ({ marker, counter: new StanzaCounter(marker) }));
			client.onpiece = (piece) => {
				for (const { marker, counter } of counters) {
					const count = counter.count(piece);
					if (count > 0) this.counts.set(marker, (this.counts.get(marker) ?? 0) + count);
				}
			};
		}
	}

	of(marker: string): number {
		return this.counts.get(marker) ?? 0;
	}

	async until(marker: string, count: number): Promise<void> {
		const deadline = performance.now() + patience;
		while (this.of(marker) < count) {
			if (performance.now() > deadline) throw new Error(`${count - this.of(marker)} of ${count} ${marker} did not come`);
			await delay(5);
		}
	}
}

/** A storm of joins into one room, a message a second there, and everybody leaving; what somebody in another room waits at most. */
export function crowd_scenario(occupants: number, program: readonly string[]): Scenario {
	return {
		id: `large-${occupants}-crowd`,
		title: `Longest wait elsewhere, one room of ${occupants.toLocaleString("en")}`,
		unit: "ms",
		floor: false,
		async run(subject) {
			const clients = await open_clients(subject.port, occupants);
			const arrivals = new Arrivals(clients, ["</message>", "</presence>"]);
			const probe = await start_probe(program, subject.port);
			const room = room_jid("crowd");
			try {
				await probe.longest();
				await each(clients, 50, (client, index) => client.join(room, `nick${index}`));
				await arrivals.until("</presence>", occupants ** 2);
				await delay(500);
				const joining = await probe.longest();
				// Each has got the subject
				const heard = arrivals.of("</message>");
				const before = cpu_micros(subject.pid);
				for (let index = 0; index < messages; index++) {
					const speaker = clients[(index * 37) % clients.length];
					speaker?.send(`<message type='groupchat' id='m${index}' to='${room}'><body>Message ${index}</body></message>`);
					await delay(1000);
				}
				await arrivals.until("</message>", heard + messages * occupants);
				const delivery = (cpu_micros(subject.pid) - before) / (messages * occupants);
				const talking = await probe.longest();
				const memory = rss_mib(subject.pid);
				// One half says so, the other is just gone
				const [polite, others] = [clients.slice(0, occupants / 2), clients.slice(occupants / 2)];
				for (const client of others) client.close();
				for (const client of polite) client.send(`<presence to='${room}/x' type='unavailable'/>`);
				const deadline = performance.now() + patience;
				for (let is_empty = false; !is_empty; ) {
					if (performance.now() > deadline) throw new Error("the room did not become empty");
					await delay(1000);
					is_empty = (await answer_of(polite.at(-1), room)).includes("item-not-found");
				}
				const leaving = await probe.longest();
				return {
					value: Math.max(joining, talking, leaving),
					details: { joining, talking, leaving, "µs a delivery": delivery, MiB: memory },
				};
			} finally {
				probe.stop();
				for (const client of clients) client.close();
			}
		},
	};
}

/** What a room says of itself. */
async function answer_of(client: BenchClient | undefined, room: string): Promise<string> {
	let said = "";
	if (client === undefined) return said;
	const before = client.onpiece;
	client.onpiece = (piece) => {
		said += piece;
	};
	await client.ask(`<iq type='get' id='j' to='${room}'><query xmlns='${ns.disco_info}'/></iq>`, "id='j'");
	client.onpiece = before;
	return said;
}

/** How long a server is left alone before its memory is measured, in milliseconds. */
const settling_ms = 3000;

/** Many rooms of two: what a delivery costs in them is in the sweep; here, what each room takes. */
export function rooms_scenario(rooms: number): Scenario {
	return {
		id: `large-${rooms}-rooms`,
		title: `Memory per room of two, ${rooms.toLocaleString("en")} rooms`,
		unit: "KiB",
		floor: false,
		async run(subject) {
			const clients = await open_clients(subject.port, 20);
			await enter(room_jid("first"), clients.slice(0, 2));
			await delay(settling_ms);
			const before = rss_mib(subject.pid);
			const cpu = cpu_micros(subject.pid);
			await each([...Array(rooms).keys()], 10, async (index) => {
				const [first, second] = [clients[(2 * index) % 20], clients[(2 * index + 1) % 20]];
				if (first === undefined || second === undefined) return;
				await enter(room_jid(`many${index}`), [first, second]);
			});
			const joining = (cpu_micros(subject.pid) - cpu) / (2 * rooms);
			await delay(settling_ms);
			const value = ((rss_mib(subject.pid) - before) * 1024) / rooms;
			for (const client of clients) client.close();
			return { value, details: { "µs a join": joining } };
		},
	};
}

/** Clients that are logged in and say nothing. */
export function idle_scenario(count: number): Scenario {
	return {
		id: `large-${count}-idle`,
		title: `Memory per idle client, ${count.toLocaleString("en")} clients`,
		unit: "KiB",
		floor: false,
		async run(subject) {
			const first = await open_clients(subject.port, 100);
			await delay(settling_ms);
			const before = rss_mib(subject.pid);
			const cpu = cpu_micros(subject.pid);
			const clients = await open_clients(subject.port, count);
			const login = (cpu_micros(subject.pid) - cpu) / count;
			await delay(settling_ms);
			const value = ((rss_mib(subject.pid) - before) * 1024) / count;
			const then = cpu_micros(subject.pid);
			await delay(settling_ms);
			const idling = (cpu_micros(subject.pid) - then) / settling_ms / 10;
			for (const client of [...first, ...clients]) client.close();
			return { value, details: { "µs a login": login, "% of a core while idle": idling } };
		},
	};
}
