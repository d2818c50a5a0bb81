// No counterpart: keeps a server busy in a closed loop, and measures what that costs it.

import { setTimeout as delay } from "node:timers/promises";
import { Latencies } from "./latencies.ts";
import { cpu_time, rss_mib } from "./processes.ts";
import { EndCounter, StanzaCounter, TimeReader } from "./stanza_counter.ts";
import type { Effort, Measurement, Subject } from "./types.ts";

/** Something that receives stanzas: a client, or a stream for many. */
interface Listener {
	onpiece: ((piece: string) => void) | undefined;
	/** Whether it can be looked at as bytes, which is counted quicker. */
	readonly gives_bytes?: boolean;
	look_at_bytes?(look: ((bytes: Uint8Array) => void) | undefined): void;
}

const counted_in_bytes: { readonly [marker: string]: (counter: EndCounter) => number } = {
	"</message>": (counter) => counter.messages,
	"</presence>": (counter) => counter.presences,
};

/** Counts what a client gets with a marker; tells of each piece how many there were. */
export function count_at(client: Listener, marker: string, counted: (count: number) => void): void {
	const count_of = client.gives_bytes ? counted_in_bytes[marker] : undefined;
	if (count_of !== undefined) {
		const counter = new EndCounter();
		let before = 0;
		client.look_at_bytes?.((bytes) => {
			counter.count(bytes);
			const count = count_of(counter) - before;
			before += count;
			if (count > 0) counted(count);
		});
		return;
	}
	const counter = new StanzaCounter(marker);
	client.onpiece = (piece) => {
		const count = counter.count(piece);
		if (count > 0) counted(count);
	};
}

/** Looks at what a client gets no longer. */
export function leave_alone(client: Listener): void {
	client.onpiece = undefined;
	client.look_at_bytes?.(undefined);
}

/** Something that clients do again and again. */
export interface Operation {
	/** Who takes part. */
	readonly clients: readonly Listener[];
	/** A text that is exactly once in each stanza that it leads to. */
	readonly marker: string;
	/** How many such stanzas one operation leads to. */
	readonly fan: number;
	/** How many operations may be unfinished at the same time. */
	readonly window: number;
	/** Clients whose messages say when they were sent; elsewhere whole operations are timed. */
	readonly timed?: readonly Listener[];
	/** Does it once more. */
	act(index: number): void;
}

/** One operation in a closed loop: it goes on as soon as stanzas of earlier ones have arrived. */
class Loop {
	received = 0;
	private begun = 0;
	private running = true;
	private readonly starts: number[] = [];
	private finished = 0;

	constructor(
		private readonly operation: Operation,
		private readonly latencies: Latencies,
	) {
		const timed = new Set(operation.timed);
		for (const client of operation.clients) {
			const counted = (count: number): void => {
				this.received += count;
				this.go_on();
			};
			if (!timed.has(client)) {
				count_at(client, operation.marker, counted);
				continue;
			}
			const counter = new StanzaCounter(operation.marker);
			const reader = new TimeReader();
			client.onpiece = (piece) => {
				const now = performance.now();
				for (const sent of reader.read(piece)) this.latencies.add(now - sent);
				const count = counter.count(piece);
				if (count > 0) counted(count);
			};
		}
	}

	/** Begins as many operations as allowed. */
	go_on(): void {
		const { fan, window, timed } = this.operation;
		if (timed === undefined) {
			const now = performance.now();
			while ((this.finished + 1) * fan <= this.received) this.latencies.add(now - (this.starts[this.finished++] ?? now));
		}
		while (this.running && this.begun * fan - this.received <= (window - 1) * fan) {
			if (timed === undefined) this.starts.push(performance.now());
			this.operation.act(this.begun++);
		}
	}

	/** Begins no further ones. */
	stop(): void {
		this.running = false;
	}

	/** How many operations were finished. */
	get done(): number {
		return Math.floor(this.received / this.operation.fan);
	}

	/** Whether everything that was begun has arrived. */
	get idle(): boolean {
		return this.received >= this.begun * this.operation.fan;
	}

	close(): void {
		for (const client of this.operation.clients) leave_alone(client);
	}
}

/** How long the rest of a load may take to arrive, in milliseconds. */
const patience = 60_000;

/** How much a server has done before it is measured: from then on its compilers have seen everything. In large rooms, that is few operations. */
const warm_up_deliveries = 100_000;
const warm_up_operations = 1000;
const most_warm_up_deliveries = 1_000_000;
/** How long that may take, in milliseconds. */
const longest_warm_up = 20_000;

/** How long slow servers are measured at most, in milliseconds. */
const longest_measure = 15_000;

/**
 * Does operations side by side, lets things settle, and measures for a while. Throws where stanzas get lost.
 * @param at_ends called when the measuring begins and when it ends
 */
export async function measure(
	subject: Pick<Subject, "name" | "pid">,
	operations: readonly Operation[],
	effort: Effort,
	at_ends: () => void = () => {},
): Promise<Measurement> {
	const latencies = new Latencies();
	const loops = operations.map((operation) => new Loop(operation, latencies));
	const total = (): number => loops.reduce((sum, loop) => sum + loop.received, 0);
	for (const loop of loops) loop.go_on();
	const has_warmed = (): boolean => {
		const received = total();
		const done = loops.reduce((sum, loop) => sum + loop.done, 0);
		return received >= most_warm_up_deliveries || (received >= warm_up_deliveries && done >= warm_up_operations);
	};
	const latest_begin = performance.now() + longest_warm_up;
	await delay(effort.warm_up_ms);
	while (effort.warms_by_count === true && !has_warmed() && performance.now() < latest_begin) await delay(50);

	latencies.clear();
	at_ends();
	const before = { cpu: cpu_time(subject.pid), received: total(), time: performance.now() };
	// The unfinished operations at both ends must not matter much
	const enough = 2 * operations.reduce((sum, { window, fan }) => sum + window * fan, 0);
	const latest = before.time + Math.max(effort.measure_ms, longest_measure);
	do await delay(effort.measure_ms);
	while (total() - before.received < enough && performance.now() < latest);
	const after = { cpu: cpu_time(subject.pid), received: total(), time: performance.now() };
	at_ends();
	const times = latencies.summary();
	const rss = rss_mib(subject.pid);

	for (const loop of loops) loop.stop();
	const deadline = performance.now() + patience;
	while (!loops.every((loop) => loop.idle)) {
		if (performance.now() > deadline) throw new Error(`${subject.name} lost stanzas`);
		await delay(10);
	}
	for (const loop of loops) loop.close();
	const deliveries = after.received - before.received;
	const kernel = after.cpu.kernel - before.cpu.kernel;
	return {
		deliveries,
		cpu_micros: (after.cpu.user - before.cpu.user + kernel) / deliveries,
		kernel_micros: kernel / deliveries,
		...times,
		per_second: (deliveries / (after.time - before.time)) * 1000,
		rss_mib: rss,
	};
}
