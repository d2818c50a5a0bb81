// Counterpart: util/prosodyctl/check.lua. What `enjamb check` does.

import { dirname, resolve } from "node:path";
import { load_config } from "../../composition.ts";
import { type Config, type ConfigWarning, check_options, type LoadedConfig } from "../../core/configmanager.ts";
import { data_folder, enabled_hosts, no_host, plugin_folders } from "../../startup.ts";
import { check_behaviours } from "./behaviours.ts";
import { check_certificates } from "./certificates.ts";
import { check_cluster } from "./cluster.ts";
import { check_effects } from "./effects.ts";
import { exit_status, type Finding, findings_as_text, summarize } from "./findings.ts";
import { check_limits } from "./limits.ts";
import type { LuaSurface } from "./lua_scan.ts";
import { type CheckedModule, check_modules, usual_prosody_folders } from "./modules.ts";
import { check_log_files, check_needed_options } from "./needs.ts";
import { check_other_server } from "./other_server.ts";
import { check_ports } from "./ports.ts";
import { check_storage, check_stored } from "./storage.ts";
import { check_workers } from "./workers.ts";

/** What is known of the program that is to run the configuration. */
export interface CheckContext {
	/** Names of its built-in modules. */
	readonly built_in: ReadonlySet<string>;
	/** What it offers to Lua modules; undefined where it runs none. */
	readonly surface: LuaSurface | undefined;
	/** Where a Prosody keeps its own modules; by default where packages put them. */
	readonly prosody_folders?: readonly string[];
}

/** What was found. */
export interface CheckReport {
	readonly config: string;
	/** All files that were read. */
	readonly files: readonly string[];
	readonly findings: readonly Finding[];
	readonly modules: readonly CheckedModule[];
}

function option_finding({ message, host, option, file, line }: ConfigWarning): Finding {
	return {
		severity: "warning",
		area: "option",
		message,
		...(host === undefined ? {} : { host }),
		...(option === undefined ? {} : { option }),
		...(file === undefined ? {} : { file }),
		...(line === undefined ? {} : { line }),
	};
}

/** Findings about a configuration that both `check` and `start` show: about its options and modules. */
export function review_config({ config, warnings }: LoadedConfig, config_folder: string, context: CheckContext) {
	const { modules, findings: module_findings } = check_modules(config, {
		built_in: context.built_in,
		get surface() {
			return context.surface;
		},
		folders: plugin_folders(config, config_folder),
		prosody_folders: context.prosody_folders ?? usual_prosody_folders,
	});
	const known = modules.flatMap(({ options }) => options);
	const option_findings = [
		...[...warnings, ...check_options(config, { known })].map(option_finding),
		...check_effects(config, modules),
	];
	return { modules, module_findings, option_findings };
}

/** Findings as a start prints them: a line each, and one for all options whose modules are not enabled. */
export function review_lines(findings: readonly Finding[], config_path: string): string[] {
	const lines = findings
		.filter(({ severity }) => severity !== "info")
		.map(({ severity, message, expected, file, line }) => {
			const place = `${file ?? config_path}${line === undefined ? "" : `:${line}`}`;
			return `${place}: ${severity}: ${message}${expected === undefined ? "" : `; ${expected}`}`;
		});
	const idle = findings.flatMap(({ severity, option }) => (severity === "info" && option !== undefined ? [option] : []));
	if (idle.length > 0) {
		const names = [...new Set(idle)].join(", ");
		lines.push(`${config_path}: info: without effect, since the modules that would read them are not enabled: ${names}`);
	}
	return lines;
}

/** Without a host, nothing starts. */
function check_hosts(config: Config): Finding[] {
	if (enabled_hosts(config).length > 0) return [];
	return [{ severity: "error", area: "option", message: no_host }];
}

/**
 * Reads a configuration as Prosody 0.12, Prosody 13 and we would, and looks at what it names: modules, certificates, ports, data. Nothing
 * is written, no module is run, and ports are held for a moment only.
 */
export async function check_config(path: string, context: CheckContext): Promise<CheckReport> {
	const loaded = await load_config(path, { missing_credentials: "warn" });
	if (!loaded.ok) {
		const { file, line, message } = loaded.error;
		const finding: Finding = { severity: "error", area: "syntax", message, file, ...(line === undefined ? {} : { line }) };
		return { config: path, files: [], findings: [finding], modules: [] };
	}
	const { config, files } = loaded.value;
	const config_folder = dirname(resolve(path));
	const data = data_folder(config, config_folder);
	const { modules, module_findings, option_findings } = review_config(loaded.value, config_folder, context);
	const loaded_modules = modules.filter(({ runs }) => runs !== "no").flatMap(({ name, depends }) => [name, ...depends]);
	const findings = [
		...check_hosts(config),
		...option_findings,
		...check_behaviours(config, files, data),
		...check_limits(config, new Set(loaded_modules)),
		...module_findings,
		...check_needed_options(config, modules),
		...check_log_files(config, config_folder),
		...check_certificates(config, config_folder),
		...(await check_ports(config, { loaded: new Set(loaded_modules), data_folder: data })),
		...check_other_server(config, path, data),
		...check_storage(config, data),
		...(await check_cluster(config, modules)),
		...check_workers(config, modules),
		...check_stored(config, data),
	];
	return { config: path, files, findings, modules };
}

/** Where a report goes. */
export interface CheckOutput {
	readonly json: boolean;
	write(text: string): void;
}

/**
 * Checks a configuration and prints what was found.
 * @returns the exit status: 0 fine, 1 errors, 2 a configuration that cannot be read
 */
export async function run(path: string, context: CheckContext, output: CheckOutput): Promise<0 | 1 | 2> {
	const report = await check_config(path, context);
	const status = exit_status(report.findings);
	if (output.json) {
		const { findings, modules, files, config } = report;
		output.write(`${JSON.stringify({ config, status, summary: summarize(findings), files, findings, modules }, null, "\t")}\n`);
		return status;
	}
	output.write(findings_as_text(report.findings, path));
	const count = (found: CheckedModule["found"]): number => report.modules.filter((module) => module.found === found).length;
	if (report.modules.length > 0) {
		const lua = report.modules.filter(({ found, runs }) => found === "lua" && runs !== "no").length;
		output.write(
			`${path}: ${report.modules.length} modules: ${count("built in")} built in, ${count("typescript")} in TypeScript, ${count("lua")} in Lua (of which ${lua} run here), ${count("nowhere")} not there\n`,
		);
	}
	return status;
}
