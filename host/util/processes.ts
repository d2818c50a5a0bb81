// No counterpart: Prosody trusts its lock alone.

import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";

/** A process that serves XMPP, as its command line says. */
export interface ServerProcess {
	readonly pid: number;
	readonly program: string;
}

const programs: ReadonlySet<string> = new Set(["prosody", "metronome", "enjamb", "enjamb.js"]);
/** Up to which position in a command line the program may come, after its interpreter and the interpreter's options. */
const furthest = 6;

function read(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return undefined;
	}
}

/** What Linux says of a process after its name, which may hold anything. */
function fields_of(pid: number): readonly string[] {
	return read(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ") ?? [];
}

/**
 * Whether a process with this number runs. One that has ended keeps its number until its parent asks how, which the first process of a
 * container may never do.
 */
export function is_alive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return fields_of(pid)[0] !== "Z";
	} catch (error) {
		return error instanceof Error && "code" in error && error.code === "EPERM";
	}
}

/** The server that a command line starts; undefined for another program. */
function program_of(command_line: readonly string[]): string | undefined {
	const at = command_line.slice(0, furthest).findIndex((part) => programs.has(basename(part)));
	const name = basename(command_line[at] ?? "");
	if (at < 0) return undefined;
	// Other commands of this program are not servers
	if (name.startsWith("enjamb") && !command_line.slice(at + 1).includes("start")) return undefined;
	return name.replace(/\.js$/, "");
}

/** The processes that started this one, such as a shell or npm, and this one itself. */
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

/** Ticks per second in `/proc`, the same on all systems that Node runs on. */
const ticks = 100;

/** When a process began, in seconds since 1970. */
function start_of(pid: number): number | undefined {
	const boot = /^btime (\d+)/m.exec(read("/proc/stat") ?? "")?.[1];
	const since_boot = fields_of(pid)[19];
	return boot === undefined || since_boot === undefined ? undefined : Number(boot) + Number(since_boot) / ticks;
}

/**
 * The server whose process number is in a file. Numbers are used again, so other programs do not count, and neither do processes
 * that began after the file was written. Where it cannot be seen what a process is, it does count.
 * @param written when the file was written, in seconds since 1970
 */
export function server_of_pid(pid: number, written: number): ServerProcess | undefined {
	if (!Number.isInteger(pid) || pid <= 0 || !is_alive(pid) || ancestors().has(pid)) return undefined;
	const command_line = command_line_of(pid);
	if (command_line === undefined) return { pid, program: "a server" };
	// Clocks may differ a little
	if ((start_of(pid) ?? 0) > written + 2) return undefined;
	const program = program_of(command_line);
	return program === undefined ? undefined : { pid, program };
}

/** A running Prosody that has a folder as its working directory, which is its data folder. Only finds processes that this user may see,
 * and only on Linux. */
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
