// No counterpart: what Linux tells of a process.

import { execFile } from "node:child_process";
import { openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { cpus, loadavg, release, type as system_name, totalmem } from "node:os";
import { promisify } from "node:util";
import type { Machine } from "./types.ts";

/** Linux counts in these, whatever the kernel's own clock: USER_HZ. */
const micros_per_tick = 10_000;

/** Processor time of a process in microseconds: its own, and what the kernel did for it. Sums are exact, how they are shared out is sampled. */
export interface CpuTime {
	readonly user: number;
	readonly kernel: number;
}

/** Processor time that a process has used so far with all its threads. */
export function cpu_time(pid: number): CpuTime {
	const text = readFileSync(`/proc/${pid}/stat`, "latin1");
	// The name, in parentheses, may contain anything
	const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
	return { user: Number(fields[11]) * micros_per_tick, kernel: Number(fields[12]) * micros_per_tick };
}

/** The same in one number, in microseconds. */
export function cpu_micros(pid: number): number {
	const { user, kernel } = cpu_time(pid);
	return user + kernel;
}

/** The same more exactly, in nanoseconds, for a process that is doing nothing at the moment: the kernel adds up what is over. */
export function cpu_nanos(pid: number): number {
	let sum = 0;
	for (const task of readdirSync(`/proc/${pid}/task`)) {
		sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "latin1").split(" ")[0]);
	}
	return sum;
}

/** How long threads were on a core so far, and how long they could have been and waited for one, in milliseconds. */
export interface CoreTime {
	readonly used: number;
	readonly queued: number;
}

/** Looks at a process again and again, quickly and exact to some milliseconds: `all` threads that it has now, and the first one, with its event loop. */
export function core_watch(pid: number): () => { readonly all: CoreTime; readonly first: CoreTime } {
	const tasks = readdirSync(`/proc/${pid}/task`).map(Number);
	const files = tasks.map((task) => ({ task, file: openSync(`/proc/${pid}/task/${task}/schedstat`, "r") }));
	const space = Buffer.alloc(100);
	return () => {
		const all = { used: 0, queued: 0 };
		let first: CoreTime = all;
		for (const { task, file } of files) {
			const [used = 0, queued = 0] = space
				.toString("latin1", 0, readSync(file, space, 0, space.length, 0))
				.split(" ")
				.map(Number);
			const own = { used: used / 1_000_000, queued: queued / 1_000_000 };
			if (task === pid) first = own;
			all.used += own.used;
			all.queued += own.queued;
		}
		return { all, first };
	};
}

/** Memory of a process that is not swapped out, in MiB. */
export function rss_mib(pid: number): number {
	const found = /^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
	return Number(found?.[1] ?? 0) / 1024;
}

/** The processes that a process has started and that are there still. */
export function children_of(pid: number): number[] {
	const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
	return text === "" ? [] : text.split(" ").map(Number);
}

/** Keeps a process with all its threads on one core, where there are several. */
export async function pin(pid: number, core: number): Promise<void> {
	if (cpus().length > 1) await promisify(execFile)("taskset", ["-a", "-c", "-p", String(core), String(pid)]);
}

/** The command that starts a program on one core. */
export function pinned(core: number, command: readonly string[]): [string, ...string[]] {
	const [program = "", ...rest] = command;
	return cpus().length > 1 ? ["taskset", "-c", String(core), program, ...rest] : [program, ...rest];
}

/** Load average of the last minute. */
export function load(): number {
	return loadavg()[0] ?? 0;
}

/** This machine. */
export function machine(server_core: number, generator_core: number, loads: readonly [number, number]): Machine {
	return {
		processor: cpus()[0]?.model ?? "unknown",
		cores: cpus().length,
		memory_mib: Math.round(totalmem() / 1024 / 1024),
		system: `${system_name()} ${release()}`,
		node: process.version,
		server_core,
		generator_core,
		date: new Date().toISOString(),
		load: loads,
	};
}
