// No counterpart: where an ejabberd is, and how to start one in a folder of its own.

import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where Debian keeps Erlang's libraries of ejabberd. */
const libraries = "/usr/lib/x86_64-linux-gnu";

/** How to run it: the command and the environment. */
export interface EjabberdCommand {
	readonly command: readonly string[];
	readonly environment: Record<string, string>;
}

/** Whether there is one here. */
export function has_ejabberd(): boolean {
	return (
		existsSync("/usr/bin/erl") && existsSync(libraries) && readdirSync(libraries).some((name) => name.startsWith("ejabberd-"))
	);
}

/**
 * Writes what it needs into a folder, and tells how to start it.
 * @param configuration text of its ejabberd.yml
 */
export function ejabberd_in(folder: string, configuration: string): EjabberdCommand {
	const spool = join(folder, "spool");
	mkdirSync(spool, { recursive: true });
	const config = join(folder, "ejabberd.yml");
	writeFileSync(config, configuration);
	return {
		command: ["erl", "+K", "true", "+P", "1000000", "-noinput", "-mnesia", "dir", `"${spool}"`, "-s", "ejabberd"],
		environment: {
			HOME: folder,
			ERL_LIBS: libraries,
			EJABBERD_CONFIG_PATH: config,
			EJABBERD_LOG_PATH: join(folder, "ejabberd.log"),
			ERL_CRASH_DUMP: join(folder, "crash.dump"),
		},
	};
}
