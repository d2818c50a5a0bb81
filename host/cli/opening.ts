// No counterpart: what several commands begin with: the configuration, and its server.

import { dirname, resolve } from "node:path";
import { built_in_modules, compose_server, load_config, lua_surface, make_config_reader } from "../composition.ts";
import { type Config, default_config } from "../core/configmanager.ts";
import type { LogSink } from "../core/loggingmanager.ts";
import { goes_to_journal, with_journal_level } from "../core/syslog.ts";
import { read_umask } from "../core/umask.ts";
import type { RunningServer } from "../running_server.ts";
import { newcomer_config } from "./newcomer.ts";

/** Ends the program with one line that says why. */
export function refuse(problem: string): never {
	const line = `enjamb: ${problem}\n`;
	process.stderr.write(goes_to_journal(process.stderr.fd) ? with_journal_level("error", line) : line);
	process.exit(1);
}

/**
 * Reads a configuration file, prints its warnings, and ends the program where it has errors.
 * @param tells_all whether remarks are printed, too
 */
export async function read_config(path: string, tells_all = false): Promise<Config> {
	const loaded = await load_config(path);
	if (!loaded.ok) {
		const { file, line, message } = loaded.error;
		refuse(`${file}${line === undefined ? "" : `:${line}`}: ${message}`);
	}
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

/**
 * The server that the options of a command name: that of a file, or the newcomer's; with its own log, or the given one.
 * @param tls_only whether the newcomer's speaks TLS and nothing else
 */
export async function open_server(
	config_path: string | undefined,
	data: string,
	log?: readonly LogSink[],
	tls_only = false,
): Promise<RunningServer> {
	const config =
		config_path !== undefined
			? await read_config(config_path, log === undefined)
			: log === undefined
				? newcomer_config(data, tls_only)
				: default_config(data);
	const umask = read_umask(config);
	if (!umask.ok) refuse(umask.error);
	process.umask(umask.value);
	const server = compose_server(config, {
		...(config_path === undefined ? {} : { config_path, read_config: await make_config_reader(config_path) }),
		...(log === undefined ? {} : { log }),
	});
	return server.ok ? server.value : refuse(server.error);
}
