// No counterpart: loads modules in a child process, and says so where one ends it or never comes back.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoadOrder } from "./child.ts";
import { type Loader, type Loads, load_hosts, loads_nowhere, loads_of } from "./outcome.ts";

/** How long the loading of one module may take, in milliseconds. */
const patience = 60_000;

/** What a child answers: why a module was not loaded, on each host. */
function read_answer(answer: unknown): Loads {
	return loads_of((host) => {
		const problem: unknown = Array.isArray(answer)
			? answer[load_hosts.indexOf(host)]
			: "the child process answered something else";
		return typeof problem === "string" ? problem : undefined;
	});
}

/** Loads modules one after the other. */
export class LoadsHere implements Loader {
	private child: ChildProcess | undefined;
	private readonly scratch_folder = mkdtempSync(join(tmpdir(), "enjamb-loads-"));

	/** @param program the command line of this program */
	constructor(private readonly program: readonly string[]) {}

	async load(name: string, folders: readonly string[]): Promise<Loads> {
		const child = this.child ?? (await this.start());
		if (child === undefined) return loads_nowhere("the child process does not start");
		const order: LoadOrder = { name, folders, scratch_folder: this.scratch_folder };
		child.send(order);
		const answer = await this.next(child);
		if (typeof answer !== "string") return read_answer(answer);
		this.child = undefined;
		return loads_nowhere(answer);
	}

	private async start(): Promise<ChildProcess | undefined> {
		const [command = process.execPath, ...rest] = this.program;
		const child = spawn(command, [...rest, "check", "--loads"], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
		if ((await this.next(child)) !== "ready") return undefined;
		this.child = child;
		return child;
	}

	/** The next answer of a child, or why there is none. */
	private next(child: ChildProcess): Promise<unknown> {
		return new Promise((resolve) => {
			const done = (answer: unknown): void => {
				clearTimeout(timer);
				child.removeAllListeners();
				resolve(answer);
			};
			const timer = setTimeout(() => {
				child.kill("SIGKILL");
				done(`it did not come back within ${patience / 1000} s`);
			}, patience);
			child.once("message", done);
			child.once("error", (error) => done(error.message));
			child.once("exit", (status, signal) => done(`it ended the process with ${signal ?? `status ${status}`}`));
		});
	}

	/** Ends the child, and removes what was written. */
	async close(): Promise<void> {
		const { child } = this;
		if (child !== undefined) {
			const ended = new Promise((resolve) => child.once("exit", resolve));
			child.disconnect();
			await ended;
		}
		rmSync(this.scratch_folder, { recursive: true, force: true });
	}
}
