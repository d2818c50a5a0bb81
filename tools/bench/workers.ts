// No counterpart: what a server of several processes delivers, beside one of one.

import { setTimeout as delay } from "node:timers/promises";
import { children_of, cpu_micros, rss_mib } from "./processes.ts";
import { type FilledRoom, fill_rooms, leave } from "./rooms.ts";
import { StanzaCounter } from "./stanza_counter.ts";
import type { Effort, Finding, Scenario, Subject } from "./types.ts";

/** Messages that are under way at once in each room. */
const under_way = 10;
/** How long it is looked whether processes have come to rest, and what they may use meanwhile, in milliseconds. */
const rest_time = 500;
const rest_cpu = 30;
/** How long something may take to come about, in milliseconds. */
const patience = 60_000;

/** Everybody in a room talks in turn, as long as this goes on. */
class Conversation {
	heard = 0;
	private said = 0;
	private is_over = false;

	constructor(private readonly room: FilledRoom) {
		for (const client of room.clients) {
			const counter = new StanzaCounter("</message>");
			client.onpiece = (piece) => {
				this.heard += counter.count(piece);
				this.go_on();
			};
		}
	}

	go_on(): void {
		const { clients, jid } = this.room;
		while (!this.is_over && this.said * clients.length - this.heard <= (under_way - 1) * clients.length) {
			const index = this.said++;
			const speaker = clients[index % clients.length];
			speaker?.send(`<message type='groupchat' id='m${index}' to='${jid}'><body>This is message ${index}</body></message>`);
		}
	}

	end(): void {
		this.is_over = true;
	}

	get is_idle(): boolean {
		return this.heard >= this.said * this.room.clients.length;
	}
}

/** The processes of a server: the first one, and its workers where it has some. Waits until all of them are there and have come to rest. */
async function processes_of(pid: number, workers: number): Promise<number[]> {
	const deadline = performance.now() + patience;
	for (;;) {
		const pids = [pid, ...children_of(pid)];
		const before = total(pids.map(cpu_micros));
		await delay(rest_time);
		const is_whole = pids.length === (workers === 1 ? 1 : workers + 1);
		if (is_whole && total(pids.map(cpu_micros)) - before < rest_cpu * 1000) return pids;
		if (performance.now() > deadline) throw new Error(`there are ${pids.length} processes, or they do not come to rest`);
	}
}

function total(numbers: readonly number[]): number {
	return numbers.reduce((sum, number) => sum + number, 0);
}

async function measure(subject: Subject, workers: number, rooms: number, occupants: number, effort: Effort): Promise<Finding> {
	const pids = await processes_of(subject.pid, workers);
	const idle = pids.map(rss_mib);
	const filled = await fill_rooms(subject, rooms, occupants);
	const conversations = filled.map((room) => new Conversation(room));
	const heard = (): number => total(conversations.map((one) => one.heard));
	for (const one of conversations) one.go_on();
	await delay(effort.warm_up_ms);
	const before = { cpu: pids.map(cpu_micros), heard: heard(), time: performance.now() };
	await delay(effort.measure_ms);
	const after = { cpu: pids.map(cpu_micros), heard: heard(), time: performance.now() };
	for (const one of conversations) one.end();
	const deadline = performance.now() + patience;
	while (!conversations.every((one) => one.is_idle)) {
		if (performance.now() > deadline) throw new Error(`${subject.name} lost stanzas`);
		await delay(10);
	}
	const loaded = pids.map(rss_mib);
	leave(filled);
	const deliveries = after.heard - before.heard;
	const used = after.cpu.map((cpu, index) => cpu - (before.cpu[index] ?? 0));
	const [first = 0, ...others] = used;
	return {
		value: (deliveries / Math.max(...used)) * 1_000_000,
		details: {
			"deliveries a second": (deliveries / (after.time - before.time)) * 1000,
			"µs of all": total(used) / deliveries,
			...(workers === 1 ? {} : { "µs of the process that starts them": first / deliveries }),
			"µs of a worker": total(workers === 1 ? [first] : others) / workers / deliveries,
			"MiB of all at first": total(idle),
			"MiB of all with clients": total(loaded),
		},
	};
}

function load(workers: number, rooms: number, occupants: number, archive: boolean): Scenario {
	return {
		id: `workers-${workers}-${rooms}x${occupants}${archive ? "-archive" : ""}`,
		title: `${workers === 1 ? "One process" : `${workers} workers`}, messages, ${rooms} × ${occupants}${archive ? ", archived" : ""}`,
		unit: "deliveries for each CPU second of the busiest process",
		archive,
		storage: "sql",
		floor: false,
		workers,
		run: (subject, effort) => measure(subject, workers, rooms, occupants, effort),
	};
}

/** One, two and three processes under the same loads: clients of each room are spread over all of them. */
export const worker_scenarios: readonly Scenario[] = [
	[30, 20, false] as const,
	[30, 20, true] as const,
	[60, 10, false] as const,
	[10, 100, false] as const,
].flatMap(([rooms, occupants, archive]) => [1, 2, 3].map((workers) => load(workers, rooms, occupants, archive)));
