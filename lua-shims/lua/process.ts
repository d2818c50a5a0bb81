// Counterpart: Lua's liolib.c (io_popen), loslib.c (os_execute), lauxlib.c (luaL_execresult)

import { spawnSync } from "node:child_process";
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { boolean_value } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, number_value, string_value } from "../vm/live_table.ts";
import { open_nameless } from "./file.ts";

/** A command that has run. */
export interface FinishedCommand {
	/** A file with its output, open for reading at the start. */
	readonly fd: number;
	/** How it ended, as Lua returns it. */
	readonly answer: readonly TValue[];
}

/**
 * Runs a command of the system's shell to its end. Throws errors of Node's functions where it cannot be run or takes too long.
 * @param seconds how long it may take
 */
export function run_command(command: Buffer, seconds: number): FinishedCommand {
	const fd = open_nameless();
	const { status, signal, error } = spawnSync("/bin/sh", ["-c", command.toString()], {
		stdio: ["ignore", fd, "inherit"],
		timeout: seconds * 1000,
	});
	if (error !== undefined) {
		closeSync(fd);
		throw error;
	}
	const number = signal === null ? (status ?? 1) : constants.signals[signal];
	return {
		fd,
		answer: [status === 0 ? boolean_value(true) : nil, string_value(signal === null ? "exit" : "signal"), number_value(number)],
	};
}
