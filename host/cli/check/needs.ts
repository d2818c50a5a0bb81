// No counterpart: what a start would find missing, beside modules, ports, certificates and data: log files, and options of modules.

import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type Config, global_section } from "../../core/configmanager.ts";
import { read_log_option } from "../../core/loggingmanager.ts";
import type { Finding } from "./findings.ts";
import type { CheckedModule } from "./modules.ts";

/** Why nothing can be written to a log file; undefined where something can. The file is not made. */
function log_file_problem(path: string): string | undefined {
	const folder = dirname(path);
	if (!existsSync(folder)) return `there is no folder ${folder}`;
	const exists = existsSync(path);
	if (exists && statSync(path).isDirectory()) return "it is a folder";
	try {
		accessSync(exists ? path : folder, constants.W_OK);
		return undefined;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

/** Log files that the server would go on without. */
export function check_log_files(config: Config, config_folder: string): Finding[] {
	const sinks = read_log_option(config.get(global_section, "log"), config_folder, config.get(global_section, "debug") === true);
	const paths = new Set(sinks.flatMap(({ to }) => (to !== "console" && "file" in to ? [to.file] : [])));
	return [...paths].flatMap((path): Finding[] => {
		const problem = log_file_problem(path);
		if (problem === undefined) return [];
		const place = { host: global_section, option: "log", ...config.location(global_section, "log") };
		return [{ severity: "warning", area: "option", ...place, message: `cannot write the log file ${path}: ${problem}` }];
	});
}

/** Options, one of which modules of ours do not load without; the first is today's name. */
const needed_options: ReadonlyMap<string, readonly string[]> = new Map([["http_files", ["http_files_dir", "http_path"]]]);

/** Modules that would refuse to load, since an option is not set. */
export function check_needed_options(config: Config, modules: readonly CheckedModule[]): Finding[] {
	return modules.flatMap(({ name, hosts, found }) => {
		const options = needed_options.get(name);
		if (found !== "built in" || options === undefined) return [];
		return hosts
			.filter((host) => options.every((option) => config.get(host, option) === undefined))
			.map((host): Finding => {
				const message = `mod_${name} does not load on ${host}, since ${options[0]} is not set, and the server runs without it`;
				return { severity: "warning", area: "module", host, option: "modules_enabled", message };
			});
	});
}
