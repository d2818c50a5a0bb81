// Counterpart: util/prosodyctl.lua (isrunning, getpid)

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ServerProcess, server_of_pid } from "../util/processes.ts";
import { lock_name } from "./claims.ts";

/** The server whose number a file has. */
function server_in(path: string): ServerProcess | undefined {
	try {
		const text = readFileSync(path, "latin1").trim();
		return /^\d+$/.test(text) ? server_of_pid(Number(text), statSync(path).mtimeMs / 1000) : undefined;
	} catch {
		return undefined;
	}
}

/**
 * The server that runs on a folder of data, by the files that it keeps there.
 * @param pidfile where the configuration has a server leave its number
 */
export function find_running(data: string, pidfile: string | undefined): ServerProcess | undefined {
	return (pidfile === undefined ? undefined : server_in(pidfile)) ?? server_in(join(data, lock_name));
}
