// No counterpart: a Prosody is one process.

import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { file_mode } from "../../util/file_owner.ts";
import { is_alive, server_of_pid } from "../../util/processes.ts";

/** How often it is looked whether a process has ended, and for how long, in milliseconds. */
const interval = 20;
const patience = 10_000;

/**
 * The numbers of a server's workers, in a file in the folder of data. Workers end when the process ends that has started them; one that
 * hangs does not notice that, and must not store anything beside those of the next start.
 */
export class WorkerNumbers {
	private readonly path: string;

	constructor(data: string) {
		this.path = join(data, ".enjamb.workers");
	}

	write(pids: readonly number[]): void {
		// Whoever reads it sees all of them
		const beside = `${this.path}~`;
		writeFileSync(beside, `${pids.join("\n")}\n`, { mode: file_mode });
		renameSync(beside, this.path);
	}

	remove(): void {
		rmSync(this.path, { force: true });
	}

	/**
	 * Ends what is left of an earlier start.
	 * @returns the numbers of those processes, and of the one among them that does not end
	 */
	async end_orphans(): Promise<{ readonly ended: readonly number[]; readonly stays: number | undefined }> {
		const orphans = this.read();
		for (const pid of orphans) kill(pid);
		const end = performance.now() + patience;
		for (const pid of orphans) {
			while (is_alive(pid)) {
				if (performance.now() > end) return { ended: orphans, stays: pid };
				await delay(interval);
			}
		}
		return { ended: orphans, stays: undefined };
	}

	private read(): number[] {
		try {
			const written = statSync(this.path).mtimeMs / 1000;
			const pids = readFileSync(this.path, "latin1").split("\n").map(Number);
			return pids.filter((pid) => server_of_pid(pid, written)?.program === "enjamb");
		} catch {
			return [];
		}
	}
}

function kill(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch {
		// It has ended meanwhile
	}
}
