// No counterpart: Prosody has no turns, and leaves the process to modules such as mod_measure_memory.

import type { Server } from "./types.ts";

/** In seconds. Most turns take less than a millisecond. */
const bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A number that somebody counts already. */
interface Counted {
	readonly name: string;
	readonly unit?: string;
	readonly description: string;
	value(): number;
}

/** Measures what a server does as a whole, where statistics are kept. */
export function measure_server(server: Server): void {
	const { statsmanager: stats, turn, delivery, router, events } = server;
	stats
		.metric("gauge", "prosody_info", { description: "Prosody version", labels: ["version"] })
		.with_labels(server.version)
		.set(1);
	if (stats.registry === undefined) return;

	const times = (name: string, description: string) =>
		stats.metric("histogram", name, { unit: "seconds", description, buckets: bounds }).with_labels();
	const commits = times("enjamb_commit", "How long storing a turn took");
	const waits = times("enjamb_stanza_wait", "From a stanza's first handling until what it caused is stored and sent");
	turn.observer = {
		committed: (time) => commits.sample(time / 1000),
		finished: (stanzas, time) => waits.samples_of(time / 1000, stanzas),
	};

	const { counts } = turn;
	let cpu = process.cpuUsage();
	let memory = process.memoryUsage();
	let loop = performance.eventLoopUtilization();
	let utilization = 0;
	const counters: readonly Counted[] = [
		{ name: "enjamb_turns", description: "Turns: what one pass of the event loop reads", value: () => counts.turns },
		{ name: "enjamb_failed_turns", description: "Turns that could not be stored", value: () => counts.failures },
		{ name: "enjamb_commits", description: "Commits of stores", value: () => counts.commits },
		{ name: "enjamb_flushes", description: "Writes to connections", value: () => counts.flushes },
		{ name: "enjamb_deliveries", description: "Stanzas given to sessions", value: () => delivery.count },
		{
			name: "process_cpu",
			unit: "seconds",
			description: "Processor time, of user and system",
			value: () => (cpu.user + cpu.system) / 1_000_000,
		},
	];
	const gauges: readonly Counted[] = [
		{ name: "enjamb_waiting_work", description: "Work that waits for later turns", value: () => router.slices.pending },
		{
			name: "enjamb_event_loop_busy_ratio",
			description: "Part of the time in which something was done",
			value: () => utilization,
		},
		{ name: "process_resident_memory", unit: "bytes", description: "Memory of the process", value: () => memory.rss },
		{ name: "enjamb_heap", unit: "bytes", description: "Memory that JavaScript uses", value: () => memory.heapUsed },
		{
			name: "process_start_time",
			unit: "seconds",
			description: "When the server started, in seconds since 1970",
			value: () => server.start_time ?? 0,
		},
	];
	const shown = [
		...counters.map((counted) => [stats.metric("counter", counted.name, counted).with_labels(), counted] as const),
		...gauges.map((counted) => [stats.metric("gauge", counted.name, counted).with_labels(), counted] as const),
	];
	events.add_handler("stats-update", () => {
		cpu = process.cpuUsage();
		memory = process.memoryUsage();
		const now = performance.eventLoopUtilization();
		utilization = performance.eventLoopUtilization(now, loop).utilization;
		loop = now;
		for (const [metric, counted] of shown) metric.set(counted.value());
		return undefined;
	});
}
