// No counterpart: one room with very many people in it, and what it does to everybody else.

import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../host/util/ns.ts";
import { type BenchClient, open_clients } from "./client.ts";
import { start_probe, type Waits, wait_details } from "./probe.ts";
import { cpu_micros, rss_mib } from "./processes.ts";
import { each, room_jid } from "./rooms.ts";
import { EndCounter } from "./stanza_counter.ts";
import type { Scenario, Subject } from "./types.ts";

/** How many messages are said in the full room, one a second. */
const messages = 10;
/** How many enter at a time. */
const entering = 50;
/** How many leave at a time, and how long until the next ones do, in milliseconds: 5,000 in a second. */
const leaving = 50;
const leaving_pause = 10;
/** How long what was sent may take to arrive, in milliseconds. */
const patience = 300_000;
/** How long the server is left alone between phases, in milliseconds. */
const rest = 1000;

/** People who enter a room and from then on only count what comes. */
class Crowd {
	messages = 0;
	presences = 0;
	private readonly entered = new Map<BenchClient, () => void>();

	constructor(
		readonly clients: readonly BenchClient[],
		private readonly room: string,
	) {
		for (const client of clients) this.count(client);
	}

	private count(client: BenchClient): void {
		const counter = new EndCounter();
		client.look_at_bytes((bytes) => {
			const { messages, presences } = counter;
			counter.count(bytes);
			this.presences += counter.presences - presences;
			this.messages += counter.messages - messages;
			if (messages > 0 || counter.messages === 0) return;
			// The subject is the last that somebody gets on entering
			this.entered.get(client)?.();
			this.entered.delete(client);
		});
	}

	enter(client: BenchClient, nick: string): Promise<void> {
		return new Promise((entered) => {
			this.entered.set(client, entered);
			client.send(`<presence to='${this.room}/${nick}'><x xmlns='${ns.muc}'/></presence>`);
		});
	}

	async until(is_so: () => boolean | Promise<boolean>, otherwise: string, interval = 5): Promise<void> {
		const deadline = performance.now() + patience;
		while (!(await is_so())) {
			if (performance.now() > deadline) throw new Error(`${otherwise}: ${this.presences} presences, ${this.messages} messages`);
			await delay(interval);
		}
	}
}

/** Processor time of a server and of a probe's load on it, in microseconds. */
class Cost {
	private idle = 0;
	private cpu = 0;
	private time = 0;

	constructor(private readonly pid: number) {}

	/** Looks what it costs that nobody but the probe says anything. */
	async look_at_rest(): Promise<void> {
		this.begin();
		await delay(2 * rest);
		this.idle = (cpu_micros(this.pid) - this.cpu) / (performance.now() - this.time);
	}

	begin(): void {
		this.cpu = cpu_micros(this.pid);
		this.time = performance.now();
	}

	/** What it cost since it began, but for the probe. */
	get spent(): number {
		return Math.max(0, cpu_micros(this.pid) - this.cpu - this.idle * (performance.now() - this.time));
	}
}

/** What a room says of itself: an error once nobody is in it. */
async function is_empty(client: BenchClient, room: string): Promise<boolean> {
	let said = "";
	client.onpiece = (piece) => {
		said += piece;
	};
	await client.ask(`<iq type='get' id='is-empty' to='${room}'><query xmlns='${ns.disco_info}'/></iq>`, "id='is-empty'");
	client.onpiece = undefined;
	return said.includes("item-not-found");
}

/** Everybody enters, ten messages are said, and everybody leaves; nobody else may wait for that. */
async function play(subject: Subject, occupants: number, program: readonly string[]): Promise<Record<string, number>> {
	const room = room_jid("crowd");
	const begun = performance.now();
	const [witness] = await open_clients(subject.port, 1);
	const clients = await open_clients(subject.port, occupants);
	if (witness === undefined) throw new Error("there is no client");
	const logged_in = performance.now();
	const crowd = new Crowd(clients, room);
	const probe = await start_probe(program, subject);
	const cost = new Cost(subject.pid);
	const details: Record<string, number> = { "s to log in": (logged_in - begun) / 1000 };
	const note = (beside: string, waits: Waits): void => void Object.assign(details, wait_details(beside, waits));
	try {
		await cost.look_at_rest();
		await probe.waits();
		const before_storm = performance.now();
		cost.begin();
		await each(clients, entering, (client, index) => crowd.enter(client, `nick${index}`));
		await crowd.until(() => crowd.presences >= occupants ** 2, "not everybody sees everybody");
		details["s to enter"] = (performance.now() - before_storm) / 1000;
		details["µs a presence, entering"] = cost.spent / occupants ** 2;
		await delay(rest);
		note("entering", await probe.waits());
		details["MiB, full"] = rss_mib(subject.pid);

		cost.begin();
		for (let index = 0; index < messages; index++) {
			const speaker = clients[(index * 37) % clients.length];
			speaker?.send(`<message type='groupchat' id='m${index}' to='${room}'><body>Message ${index}</body></message>`);
			await delay(rest);
		}
		// Each got the subject before
		await crowd.until(() => crowd.messages >= (messages + 1) * occupants, "not everybody hears everything");
		details["µs a delivery"] = cost.spent / (messages * occupants);
		note("talking", await probe.waits());

		// One half says so, the other is just gone
		const before_leaving = performance.now();
		cost.begin();
		for (const [index, client] of clients.entries()) {
			if (index % 2 === 0) client.close();
			else client.send(`<presence to='${room}/x' type='unavailable'/>`);
			if (index % leaving === 0) await delay(leaving_pause);
		}
		await crowd.until(() => is_empty(witness, room), "the room does not become empty", 200);
		details["s to leave"] = (performance.now() - before_leaving) / 1000;
		details["µs a departure"] = cost.spent / occupants;
		note("leaving", await probe.waits());
		details["MiB, empty"] = rss_mib(subject.pid);
		return details;
	} finally {
		probe.stop();
		for (const client of [witness, ...clients]) client.close();
	}
}

/** A storm of joins into one room, a message a second there, and everybody leaving; what somebody elsewhere waits at most. */
export function crowd_scenario(occupants: number, program: readonly string[]): Scenario {
	return {
		id: `large-${occupants}-crowd`,
		title: `Longest wait elsewhere, one room of ${occupants.toLocaleString("en")}`,
		unit: "ms",
		floor: false,
		async run(subject) {
			const details = await play(subject, occupants, program);
			const waits = Object.entries(details).filter(([name]) => name.endsWith(": message, ms") || name.endsWith(": ping, ms"));
			return { value: Math.max(...waits.map(([, wait]) => wait)), details };
		},
	};
}
