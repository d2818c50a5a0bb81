// No counterpart: how soon a server is as quick as it gets, after its compiler has seen what it does.

import { setTimeout as delay } from "node:timers/promises";
import { cpu_nanos } from "./processes.ts";
import { type FilledRoom, fill_rooms, leave } from "./rooms.ts";
import { StanzaCounter } from "./stanza_counter.ts";
import type { Scenario, Subject } from "./types.ts";

const rooms = 50;
const occupants = 10;
/** How many deliveries each step goes up to. The last one shows what a warm server needs. */
const steps = [1000, 10_000, 20_000, 50_000, 100_000, 200_000, 300_000];
/** How long a step may take, in milliseconds. */
const patience = 120_000;
/** How long a server that was asked for nothing needs to become still, in milliseconds. */
const settling_ms = 50;

/** Has everybody talk, one message under way in each room, until so many stanzas have arrived. */
class Talk {
	private arrived = 0;
	private said = 0;
	private readonly counts: number[];

	constructor(private readonly filled: readonly FilledRoom[]) {
		this.counts = filled.map(() => 0);
		for (const [room, { clients }] of filled.entries()) {
			for (const client of clients) {
				const counter = new StanzaCounter("</message>");
				client.onpiece = (piece) => this.arrive(room, counter.count(piece));
			}
		}
	}

	private wanted = 0;

	private arrive(room: number, count: number): void {
		this.arrived += count;
		const before = this.counts[room] ?? 0;
		this.counts[room] = before + count;
		if (count > 0 && Math.floor((before + count) / occupants) > Math.floor(before / occupants)) this.say(room);
	}

	private say(room: number): void {
		const { jid, clients } = this.filled[room] ?? { jid: "", clients: [] };
		if (this.said * occupants >= this.wanted) return;
		const speaker = clients[this.said++ % clients.length];
		speaker?.send(`<message type='groupchat' id='w${this.said}' to='${jid}'><body>${"x".repeat(100)}</body></message>`);
	}

	/** Goes on until so many stanzas have arrived in all. */
	async until(deliveries: number): Promise<void> {
		this.wanted = deliveries;
		for (const room of this.filled.keys()) this.say(room);
		const deadline = performance.now() + patience;
		while (this.arrived < deliveries) {
			if (performance.now() > deadline) throw new Error(`${deliveries - this.arrived} messages did not arrive`);
			await delay(2);
		}
		await delay(settling_ms);
	}
}

/** What a delivery costs a new server, and one that has done many. */
export const warm_scenario: Scenario = {
	id: "warm",
	title: `Deliveries 10,000 to 20,000 of a new server ÷ those of a warm one, ${rooms} × ${occupants}`,
	unit: "×",
	floor: true,
	async run(subject: Subject) {
		const filled = await fill_rooms(subject, rooms, occupants);
		const talk = new Talk(filled);
		const costs: [string, number][] = [];
		let begun = 0;
		for (const deliveries of steps) {
			const before = cpu_nanos(subject.pid);
			await talk.until(deliveries);
			costs.push([
				`µs, ${begun / 1000}k to ${deliveries / 1000}k`,
				(cpu_nanos(subject.pid) - before) / 1000 / (deliveries - begun),
			]);
			begun = deliveries;
		}
		leave(filled);
		const warm = costs.at(-1)?.[1] ?? Number.NaN;
		return { value: (costs[2]?.[1] ?? Number.NaN) / warm, details: Object.fromEntries(costs) };
	},
};
