// No counterpart: options that are set and do nothing, which no server should keep to itself.

import { known_option, outdated_option, port_option_module } from "../../core/config/known_options.ts";
import { dependencies_here, readers_here } from "../../core/config/options_here.ts";
import { type Config, type ConfigValue, global_section } from "../../core/configmanager.ts";
import { default_driver } from "../../core/storagemanager.ts";
import type { Finding } from "./findings.ts";
import type { CheckedModule } from "./modules.ts";

/** Set by the words VirtualHost and Component. */
const section_marks: ReadonlySet<string> = new Set(["component_module", "defined", "load_global_modules"]);

/** What to do about options that this server does not support. */
const instead: ReadonlyMap<string, string> = new Map([
	["prosody_user", "the server stays the user who starts it: start it as the user that the data belong to"],
	["prosody_group", "the server stays the user who starts it: start it as the user that the data belong to"],
]);

/** Modules that Prosody loads on every host without configuration, besides those that Enjamb loads. Source: autoload_modules. */
const prosody_autoloads: readonly string[] = ["s2s", "s2s_auth_certs"];

/** Modules that read an option here, or `core`. */
function readers_of(option: string): readonly string[] {
	const known = readers_here[option];
	const pattern = Object.keys(readers_here).find((name) => name.startsWith("*") && option.endsWith(name.slice(1)));
	if (known === undefined && pattern === undefined) return [];
	// Options of a service are read where its module runs.
	return [port_option_module(option) ?? known ?? readers_here[pattern ?? ""] ?? ""].flatMap((names) => names.split(" "));
}

/** Modules that read it in Prosody; `core` for anything else. */
function prosody_readers(option: string): readonly string[] {
	const service = port_option_module(option);
	if (service !== undefined) return [service];
	const readers = known_option(option)?.readers.split(" ") ?? [];
	return readers.map((reader) => (reader.startsWith("mod_") ? reader.slice("mod_".length) : "core"));
}

/** The modules that run, and what they read. */
class RunningModules {
	/** By section, and for all together under the global one. */
	private readonly running = new Map<string, Set<string>>();
	private readonly by_name: ReadonlyMap<string, CheckedModule>;

	constructor(config: Config, modules: readonly CheckedModule[]) {
		this.by_name = new Map(modules.map((module) => [module.name, module]));
		const everywhere = new Set<string>();
		for (const host of config.hosts()) {
			const here = new Set<string>();
			for (const { name, hosts, runs } of modules) if (runs !== "no" && hosts.includes(host)) this.add(here, name);
			if (config.get(host, "authentication") === undefined) this.add(here, "auth_internal_hashed");
			this.add(here, "authz_internal");
			// Modules load it when they first schedule a task.
			this.add(here, "cron");
			this.add(here, `storage_${default_driver}`);
			this.running.set(host, here);
			for (const name of here) everywhere.add(name);
		}
		this.running.set(global_section, everywhere);
	}

	private add(here: Set<string>, name: string): void {
		if (here.has(name)) return;
		here.add(name);
		for (const other of dependencies_here[name]?.split(" ") ?? []) this.add(here, other);
		for (const other of this.by_name.get(name)?.depends ?? []) this.add(here, other);
	}

	/** Whether one of some modules runs where a section's options count. */
	has_any(section: string, names: readonly string[]): boolean {
		const here = this.running.get(section);
		return names.some((name) => name === "core" || here?.has(name));
	}

	/** Whether a module that is not built in reads an option by what its source tells. */
	reads(section: string, option: string): boolean {
		return [...this.by_name.values()].some(({ name, options }) => options.includes(option) && this.has_any(section, [name]));
	}
}

function words(names: readonly string[]): string {
	return [...new Set(names)].map((name) => `mod_${name}`).join(", ");
}

/** Why an option of a section does nothing; undefined where it does something, or is unknown. */
function idle_option(
	option: string,
	value: ConfigValue,
	section: string,
	running: RunningModules,
	wanted: ReadonlySet<string>,
): Pick<Finding, "severity" | "message" | "expected"> | undefined {
	const known = known_option(option);
	const advice = instead.get(option);
	if (section_marks.has(option) || outdated_option(option) !== undefined) return undefined;
	// An option with its default value changes nothing, except where this server behaves differently.
	if (known?.default === value && advice === undefined) return undefined;
	if (running.has_any(section, readers_of(option)) || running.reads(section, option)) return undefined;
	const readers = prosody_readers(option);
	if (readers.length === 0) return undefined;
	const asked_for = readers.filter((name) => name === "core" || wanted.has(name));
	const missing = asked_for.filter((name) => name !== "core" && !running.has_any(section, [name]));
	if (missing.length > 0) {
		const verb = missing.length > 1 ? "do" : "does";
		return { severity: "warning", message: `option '${option}' has no effect here: ${words(missing)} ${verb} not run` };
	}
	if (asked_for.length > 0) {
		const message = `option '${option}' has no effect here: nothing that runs reads it`;
		return { severity: "warning", message, ...(advice === undefined ? {} : { expected: advice }) };
	}
	const verb = readers.length > 1 ? "are" : "is";
	return { severity: "info", message: `option '${option}' has no effect: ${words(readers)} ${verb} not enabled` };
}

/**
 * Finds options that are set and have no effect: `warning` where Prosody would follow them, `info` where it would not either, since the
 * module that reads them is not enabled.
 * @param modules all modules that the configuration names
 */
export function check_effects(config: Config, modules: readonly CheckedModule[]): Finding[] {
	const running = new RunningModules(config, modules);
	const disabled = config.get(global_section, "modules_disabled");
	const autoloads = prosody_autoloads.filter((name) => !(Array.isArray(disabled) && disabled.includes(name)));
	const wanted = new Set([...modules.map(({ name }) => name), ...autoloads]);
	const findings: Finding[] = [];
	for (const section of [global_section, ...config.hosts()]) {
		for (const [option, value] of config.raw(section) ?? []) {
			const found = idle_option(option, value, section, running, wanted);
			if (found === undefined) continue;
			findings.push({ ...found, area: "option", host: section, option, ...config.location(section, option) });
		}
	}
	return findings;
}
