// No counterpart: what several commands begin with: the configuration, and its server.

import { dirname, resolve } from "node:path";
import {
	built_in_modules,
	type ComposeOptions,
	compose_server,
	load_config,
	lua_surface,
	make_config_reader,
} from "../composition.ts";
import { type Config, default_config } from "../core/configmanager.ts";
import { goes_to_journal, with_journal_level } from "../core/syslog.ts";
import { read_umask } from "../core/umask.ts";
import type { RunningServer } from "../running_server.ts";
import type { Result } from "../util/error.ts";
import { newcomer_config } from "./newcomer.ts";

/** Ends the program with one line that says why. */
export function refuse(problem: string): never {
	const line = `enjamb: ${problem}\n`;
	process.stderr.write(goes_to_journal(process.stderr.fd) ? with_journal_level("error", line) : line);
	process.exit(1);
}

/** Says what stands in the way, and ends the program. */
export type Refuse = (problem: string) => Promise<never> | never;

/**
 * Reads a configuration file, prints its warnings, and ends the program where it has errors.
 * @param tells_all whether remarks are printed, too
 * @param is_reviewed whether all that was printed before
 * @param refused ends the program
 */
export async function read_config(
	path: string,
	tells_all = false,
	is_reviewed = false,
	refused: Refuse = refuse,
): Promise<Config> {
	const loaded = await load_config(path);
	if (!loaded.ok) {
		const { file, line, message } = loaded.error;
		return refused(`${file}${line === undefined ? "" : `:${line}`}: ${message}`);
	}
	if (is_reviewed) return loaded.value.config;
	const { review_config, review_lines } = await import("./check/run.ts");
	let surface: ReturnType<typeof lua_surface> | undefined;
	const context = {
		built_in: built_in_modules,
		// What Lua modules are offered takes a while to find out, and only matters where there are some
		get surface() {
			surface ??= lua_surface();
			return surface;
		},
	};
	const { option_findings } = review_config(loaded.value, dirname(resolve(path)), context);
	const told = option_findings.filter(({ severity }) => tells_all || severity !== "info");
	for (const line of review_lines(told, path)) process.stderr.write(`enjamb: ${line}\n`);
	return loaded.value.config;
}

/** The options by which commands name a server's configuration. */
export interface ServerFiles {
	readonly config?: string;
	readonly data: string;
	/** Whether the newcomer's server speaks TLS and nothing else. */
	readonly tls?: true;
}

/**
 * The configuration of a server that is to run: that of a file, or the newcomer's. What it says about files that this process makes is
 * in force from now on.
 * @param is_reviewed whether its warnings were printed before
 * @param refused ends the program where there is none
 */
export async function open_config(
	{ config: path, data, tls }: ServerFiles,
	is_reviewed = false,
	refused: Refuse = refuse,
): Promise<Config> {
	const config = path === undefined ? newcomer_config(data, tls) : await read_config(path, true, is_reviewed, refused);
	const umask = set_umask(config);
	return umask.ok ? config : refused(umask.error);
}

/**
 * The server of a configuration, which comes from a file where there is a path.
 * @param refused ends the program where it cannot be
 */
export async function open_server(
	config: Config,
	config_path: string | undefined,
	options: ComposeOptions = {},
	refused: Refuse = refuse,
): Promise<RunningServer> {
	const server = compose_server(config, {
		...(config_path === undefined ? {} : { config_path, read_config: make_config_reader(config_path) }),
		...options,
	});
	return server.ok ? server.value : refused(server.error);
}

/** A server without a log, for a command that works on what it stores. */
export async function open_silent_server({ config: path, data }: ServerFiles): Promise<RunningServer> {
	const config = path === undefined ? default_config(data) : await read_config(path);
	const umask = set_umask(config);
	if (!umask.ok) refuse(umask.error);
	return open_server(config, path, { log: [] });
}

function set_umask(config: Config): Result<number, string> {
	const umask = read_umask(config);
	if (umask.ok) process.umask(umask.value);
	return umask;
}
