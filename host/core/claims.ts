// Counterpart: util/startup.lua (write_pidfile)

import { statSync } from "node:fs";
import { join } from "node:path";
import { failed, ok, type Result } from "../util/error.ts";
import { prosody_in } from "../util/processes.ts";
import { PidFile } from "./pidfile.ts";
import type { Log } from "./types.ts";

/** A pid file in the data folder, for configurations that name none, or that name different ones for the same data. */
export const lock_name = ".enjamb.lock";

/** How to end what is in the way. */
const advice = "stop it, and disable its service, before this one is started";

/** What a running server claims, so that no other one runs on the same data. */
export class Claims {
	private files: PidFile[] = [];
	private pid_file: PidFile | undefined;
	/** When the server before this one began with the data, if it never came to its end; in milliseconds since 1970. */
	unended_since: number | undefined;

	constructor(private readonly log: Log) {}

	/**
	 * Makes sure that no other server runs on the same data, and prevents others from starting.
	 * @param data the folder of data; undefined where none are kept
	 * @param pidfile where the process's number goes, if anywhere
	 * @returns an error in one line that says which process is in the way
	 */
	take(data: string | undefined, pidfile: string | undefined): Result<void, string> {
		const other = data === undefined ? undefined : prosody_in(data);
		if (other) return failed(`${other.program} (process ${other.pid}) runs on the data in ${data}: ${advice}`);
		if (pidfile !== undefined) {
			const taken = this.take_file(pidfile);
			if (!taken.ok) return taken;
			this.pid_file = taken.value;
		}
		if (data === undefined) return ok(undefined);
		const lock = join(data, lock_name);
		const left = statSync(lock, { throwIfNoEntry: false });
		const taken = this.take_file(lock);
		if (!taken.ok) return taken;
		this.unended_since = left?.mtimeMs;
		taken.value?.write();
		return ok(undefined);
	}

	private take_file(path: string): Result<PidFile | undefined, string> {
		const taken = PidFile.take(path);
		if (taken.ok) {
			this.files.push(taken.value);
			return taken;
		}
		if (taken.error.taken) return failed(`${taken.error.text}: ${advice}`);
		this.log("error", "%s", taken.error.text);
		return ok(undefined);
	}

	/** Writes the process's number, once the server can be reached. */
	write_pid(): void {
		this.pid_file?.write();
	}

	/** Gives everything up. */
	release(): void {
		for (const file of this.files.splice(0)) file.release();
	}
}
