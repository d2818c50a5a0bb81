// No counterpart: what servers of databases need to run beside a spec or a benchmark: a user that is not root, a folder of their own, an end.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Who runs them: databases refuse to run as root. */
export interface Runner {
	readonly uid?: number;
	readonly gid?: number;
}

function number_of(user: string, what: "-u" | "-g"): number {
	return Number(spawnSync("id", [what, user], { encoding: "utf8" }).stdout);
}

/** Another user than root where this one is root. */
export function unprivileged(user: string): Runner {
	if (process.getuid?.() !== 0) return {};
	return { uid: number_of(user, "-u"), gid: number_of(user, "-g") };
}

/** A folder that belongs to whoever runs the database. */
export function folder_for(runner: Runner, name: string): string {
	const folder = mkdtempSync(join(tmpdir(), name));
	if (runner.uid !== undefined && runner.gid !== undefined) chownSync(folder, runner.uid, runner.gid);
	return folder;
}

/** Runs a program to its end, and answers with what it wrote; throws with what it said where it fails. */
export function run_program(program: string, args: readonly string[], runner: Runner): string {
	const ran = spawnSync(program, args, { ...runner, encoding: "utf8", cwd: "/" });
	if (ran.status !== 0) throw new Error(`${program}: ${ran.error?.message ?? `${ran.stderr}${ran.stdout}`}`);
	return ran.stdout;
}

/** A process that may be killed and started again. */
export class Daemon {
	private child: ChildProcess | undefined;
	output = "";
	/** An interrupted run leaves no processes and files behind. */
	private readonly abandon = (): void => {
		this.child?.kill("SIGKILL");
		this.remove();
	};

	constructor(
		private readonly program: string,
		private readonly args: readonly string[],
		private readonly runner: Runner,
		readonly folder: string,
	) {}

	start(): void {
		const child = spawn(this.program, this.args, { ...this.runner, stdio: ["ignore", "pipe", "pipe"], cwd: "/" });
		for (const stream of [child.stdout, child.stderr]) {
			stream.on("data", (data) => {
				this.output += String(data);
			});
		}
		this.child = child;
		process.removeListener("exit", this.abandon);
		process.once("exit", this.abandon);
	}

	get pid(): number {
		return this.child?.pid ?? 0;
	}

	get has_ended(): boolean {
		const { child } = this;
		return child === undefined || child.exitCode !== null || child.signalCode !== null;
	}

	/** Ends it, and waits for its end. */
	async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
		const { child, has_ended } = this;
		this.child = undefined;
		if (child === undefined || has_ended) return;
		const ended = new Promise((resolve) => child.once("exit", resolve));
		child.kill(signal);
		await ended;
	}

	remove(): void {
		process.removeListener("exit", this.abandon);
		rmSync(this.folder, { recursive: true, force: true });
	}
}
