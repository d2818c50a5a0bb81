import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect } from "vitest";

/** Starts a process that does nothing, under the name of a program; answers once its command line says so. */
export async function start_named(program: string, cwd?: string): Promise<ChildProcess> {
	const child = spawn("bash", ["-c", 'exec -a "$0" sleep 60', program], cwd === undefined ? {} : { cwd });
	await expect.poll(() => readFileSync(`/proc/${child.pid}/cmdline`, "utf8").startsWith(`${program}\0`)).toBe(true);
	return child;
}
