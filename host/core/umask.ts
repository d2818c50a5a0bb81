// Counterpart: util/startup.lua (posix_umask), plugins/mod_posix.lua of 0.12

import { failed, ok, type Result } from "../util/error.ts";
import type { Config } from "./config/config.ts";

/** Prosody's: the group may read what is made, others may do nothing. */
const usual = 0o027;

/**
 * Reads the option `umask`, which removes permissions from all files that this process makes. Only the program itself sets it,
 * since it applies to the whole process.
 */
export function read_umask(config: Config): Result<number, string> {
	const option = config.get("*", "umask");
	if (option === undefined) return ok(usual);
	const text = typeof option === "number" ? String(option) : option;
	if (typeof text === "string" && /^[0-7]{1,4}$/.test(text)) return ok(Number.parseInt(text, 8) & 0o777);
	return failed(`umask is ${JSON.stringify(option)}: expected an octal number such as "027"`);
}
