// No counterpart: Prosody trusts its lock alone.

import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";

/** A process that serves XMPP, as its command line has it. */
export interface ServerProcess {
	readonly pid: number;
	readonly program: string;
}

const programs: ReadonlySet<string> = new Set(["prosody", "metronome", "enjamb", "enjamb.js"]);
/** How far from the front of a command line the program may stand, behind its interpreter and that one's options. */
const furthest = 6;

function read(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return undefined;
	}
}

/** Whether there is a process of this number. */
export function is_alive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return error instanceof Error && "code" in error && error.code === "EPERM";
	}
}

/** The server that a command line starts; undefined where it is something else. */
function program_of(command_line: readonly string[]): string | undefined {
	const at = command_line.slice(0, furthest).findIndex((part) => programs.has(basename(part)));
	const name = basename(command_line[at] ?? "");
	if (at < 0) return undefined;
	// Others of our commands serve nobody
	if (name.startsWith("enjamb") && !command_line.slice(at + 1).includes("start")) return undefined;
	return name.replace(/\.js$/, "");
}

/** The processes that this one comes from, which wait for it: a shell, npm. Itself is one of them. */
function ancestors(): ReadonlySet<number> {
	const found = new Set<number>([process.pid]);
	let pid = process.ppid;
	while (pid > 0 && !found.has(pid)) {
		found.add(pid);
		pid = Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1] ?? 0);
	}
	return found;
}

function command_line_of(pid: number): string[] | undefined {
	return read(`/proc/${pid}/cmdline`)?.split("\0");
}

/** The unit of times in `/proc`, per second: the same on all that Node runs on. */
const ticks = 100;

/** When a process began, in seconds since 1970. */
function start_of(pid: number): number | undefined {
	// The name of the program comes second, and may hold anything
	const fields = read(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ");
	const boot = /^btime (\d+)/m.exec(read("/proc/stat") ?? "")?.[1];
	const since_boot = fields?.[19];
	return boot === undefined || since_boot === undefined ? undefined : Number(boot) + Number(since_boot) / ticks;
}

/**
 * The server that a number in a file stands for. Numbers are used again: those of other programs mean nothing, nor does a process that
 * began after the file was written. Where it cannot be seen what a process is, it counts.
 * @param written when that was, in seconds since 1970
 */
export function server_of_pid(pid: number, written: number): ServerProcess | undefined {
	if (!Number.isInteger(pid) || pid <= 0 || !is_alive(pid) || ancestors().has(pid)) return undefined;
	const command_line = command_line_of(pid);
	if (command_line === undefined) return { pid, program: "a server" };
	// Clocks are read in turn
	if ((start_of(pid) ?? 0) > written + 2) return undefined;
	const program = program_of(command_line);
	return program === undefined ? undefined : { pid, program };
}

/** A Prosody at work in a folder: it makes that of its data its own. Only what this user may see is found, and only on Linux. */
export function prosody_in(folder: string): ServerProcess | undefined {
	let wanted: string;
	let pids: string[];
	try {
		wanted = realpathSync(folder);
		pids = readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
	} catch {
		return undefined;
	}
	for (const pid of pids) {
		try {
			if (readlinkSync(join("/proc", pid, "cwd")) !== wanted) continue;
		} catch {
			continue;
		}
		const program = program_of(command_line_of(Number(pid)) ?? []);
		if (program === "prosody" || program === "metronome") return { pid: Number(pid), program };
	}
	return undefined;
}

/** The process that holds a lock of a file; undefined where that cannot be seen. */
export function lock_holder(inode: number): number | undefined {
	const line = read("/proc/locks")
		?.split("\n")
		.find((text) => text.includes(`:${inode} `) && / POSIX /.test(text) && !text.includes("->"));
	const pid = Number(/ POSIX +\w+ +\w+ +(\d+) /.exec(line ?? "")?.[1] ?? 0);
	return pid > 0 ? pid : undefined;
}
