// What befalls a server that runs: locks, a full disk, one that can only be read, no descriptors.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import Sqlite from "better-sqlite3";

/** Something that goes wrong for a while; begins and answers with how it ends, or undefined where it could not begin. */
type Trouble = (folder: string, pid: number) => (() => void) | undefined;

function run(command: string, ...given: string[]): boolean {
	return spawnSync(command, given, { stdio: "ignore" }).status === 0;
}

/** Whether file systems can be mounted here, so that disks can be full and read-only. */
export const can_mount = process.platform === "linux" && process.getuid?.() === 0 && run("unshare", "-m", "true");

/** Puts a file system in memory at a folder. */
export function mount(folder: string): void {
	execFileSync("mount", ["-t", "tmpfs", "-o", "size=1g,mode=0755", "tmpfs", folder]);
}

export function unmount(folder: string): void {
	run("umount", "-l", folder);
}

const lock: Trouble = (folder) => {
	const other = new Sqlite(join(folder, "prosody.sqlite"), { timeout: 1000 });
	other.exec(Math.random() < 0.5 ? "BEGIN IMMEDIATE" : "BEGIN EXCLUSIVE");
	return () => {
		if (other.inTransaction) other.exec("COMMIT");
		other.close();
	};
};

const full_disk: Trouble = (folder) => {
	const { blocks, bfree, bsize } = statfsSync(folder);
	if (!run("mount", "-o", `remount,size=${(blocks - bfree) * bsize}`, folder)) return undefined;
	return () => void run("mount", "-o", "remount,size=1g", folder);
};

const read_only: Trouble = (folder) => {
	if (!run("mount", "-o", "remount,ro", folder)) return undefined;
	return () => void run("mount", "-o", "remount,rw", folder);
};

const no_descriptors: Trouble = (_folder, pid) => {
	const used = readdirSync(`/proc/${pid}/fd`).length;
	if (!run("prlimit", "--pid", `${pid}`, `--nofile=${used}:`)) return undefined;
	return () => void run("prlimit", "--pid", `${pid}`, "--nofile=1024:");
};

/** The troubles that a storage can get into here, by name. A SQLite file is open all the time, so its disk stays writable. */
export function troubles_of(storage: string): Map<string, Trouble> {
	const all = new Map<string, Trouble>();
	if (storage === "sql") all.set("locks", lock);
	if (can_mount) all.set("full disk", full_disk);
	if (can_mount && storage !== "sql") all.set("read-only disk", read_only);
	if (existsSync("/proc/self/fd") && run("prlimit", "--version")) all.set("no descriptors", no_descriptors);
	return all;
}

/** Has one trouble come after another until it is told to stop; counts them by name. */
export class Troubles {
	readonly counts = new Map<string, number>();
	private readonly all: [string, Trouble][];
	private is_over = false;

	constructor(
		storage: string,
		/** The folder of the data. */
		private readonly folder: string,
	) {
		this.all = [...troubles_of(storage)];
	}

	get names(): string[] {
		return this.all.map(([name]) => name);
	}

	/** Runs until {@link stop}, for one life of a server; what goes wrong is put right at the end. */
	async run(pid: number): Promise<void> {
		this.is_over = false;
		while (!this.is_over) {
			await delay(Math.random() * 150);
			const [name, trouble] = this.all[Math.floor(Math.random() * this.all.length)] ?? [];
			if (this.is_over || name === undefined || trouble === undefined) continue;
			let end: (() => void) | undefined;
			try {
				end = trouble(this.folder, pid);
			} catch {
				// The server is gone, or has locked the file itself
			}
			if (end === undefined) continue;
			this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
			try {
				await delay(Math.random() * 300);
			} finally {
				end();
			}
		}
	}

	stop(): void {
		this.is_over = true;
	}
}
