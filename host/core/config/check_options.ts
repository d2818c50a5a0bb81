// Counterpart: util/prosodyctl/check.lua (checks.config)
import { type Config, type ConfigValue, type ConfigWarning, global_section } from "./config.ts";
import { type KnownOption, known_option, known_option_names, outdated_option } from "./known_options.ts";
import { nearest_name } from "./nearest_name.ts";
import { as_array, as_boolean, as_integer, as_number, as_period } from "./option_types.ts";

/** Set by the words VirtualHost and Component, not by an assignment. */
const section_marks: ReadonlySet<string> = new Set(["component_module", "defined", "load_global_modules"]);

/** Module names that belong in an option of their own. */
const provider_prefixes: readonly (readonly [string, string])[] = [
	["auth_", "authentication"],
	["storage_", "storage"],
];

/** Names of modules that a section's own list enables. */
function enabled_modules(config: Config, host: string): string[] {
	const list = as_array(config.raw(host)?.get("modules_enabled")).value ?? [];
	return list.filter((name) => typeof name === "string");
}

/** Every module the configuration names. */
function all_modules(config: Config): Set<string> {
	const modules = new Set<string>();
	for (const host of [global_section, ...config.hosts()]) {
		for (const name of enabled_modules(config, host)) modules.add(name);
		const component = config.component_module(host);
		if (component !== undefined) modules.add(component);
	}
	return modules;
}

/** What is wrong with a value for its option's type; `undefined` when nothing is, or when that is not known. */
function type_problem(known: KnownOption, value: ConfigValue): string | undefined {
	switch (known.type) {
		case "boolean":
			return as_boolean(value).problem;
		case "number":
			return as_number(value).problem;
		case "integer":
			return value === Number.POSITIVE_INFINITY ? undefined : as_integer(value).problem;
		case "period":
			return as_period(value).problem;
		default:
			return undefined;
	}
}

/** Collects warnings, adding where each option was written. */
class Report {
	readonly warnings: ConfigWarning[] = [];
	private readonly config: Config;

	constructor(config: Config) {
		this.config = config;
	}

	add(host: string, option: string | undefined, message: string, suggestion?: string): void {
		const location = this.config.location(host, option ?? (host === global_section ? "" : "defined"));
		this.warnings.push({
			message,
			host,
			...(option === undefined ? {} : { option }),
			...location,
			...(suggestion === undefined ? {} : { suggestion }),
		});
	}
}

function check_option(report: Report, host: string, option: string, value: ConfigValue): void {
	const outdated = outdated_option(option);
	if (outdated !== undefined) report.add(host, option, `option '${option}' is outdated: ${outdated}`);
	const known = known_option(option);
	if (known === undefined) return;
	const problem = type_problem(known, value);
	if (problem !== undefined) report.add(host, option, `option '${option}' ${problem}`);
	if (known.global && host !== global_section) {
		const message = `option '${option}' is looked for in the global section only; move it above the first VirtualHost or Component`;
		report.add(host, option, message);
	}
}

function check_unknown(
	report: Report,
	host: string,
	option: string,
	modules: ReadonlySet<string>,
	names: readonly string[],
): void {
	const suggestion = nearest_name(option, names);
	// An enabled module may read options with its own name in front; misspelt names of known options are still reported.
	const may_be_its_own = [...modules].some((module) => option === module || option.startsWith(`${module}_`));
	if (suggestion === undefined && may_be_its_own) return;
	const message =
		suggestion === undefined
			? `option '${option}' is not known; that is all right when a module of yours reads it`
			: `option '${option}' is not known; did you mean ${suggestion}?`;
	report.add(host, option, message, suggestion);
}

/** What does not belong in a section's list of modules. */
function check_modules(report: Report, config: Config, host: string): void {
	for (const option of ["modules_enabled", "modules_disabled"]) {
		const value = config.raw(host)?.get(option);
		if (value === undefined) continue;
		if (!Array.isArray(value) || value.some((name) => typeof name !== "string")) {
			report.add(host, option, `option '${option}' expected a list of module names, as { "ping", "time" }`);
		}
	}
	for (const name of enabled_modules(config, host)) {
		if (name.startsWith("mod_")) {
			const short = name.slice("mod_".length);
			report.add(host, "modules_enabled", `modules are named without mod_: "${short}", not "${name}"`, short);
		}
		for (const [prefix, option] of provider_prefixes) {
			if (!name.startsWith(prefix)) continue;
			const value = name.slice(prefix.length);
			report.add(host, "modules_enabled", `"${name}" does not belong into modules_enabled: use ${option} = "${value}"`);
		}
	}
}

function check_component(report: Report, config: Config, host: string, global_modules: readonly string[]): void {
	const module = config.component_module(host);
	const uplink = config.get(host, "component_uplink");
	if (module === undefined) {
		if (config.raw(host)?.has("component_uplink")) {
			report.add(
				host,
				"component_uplink",
				"only a Component is served over another server's component stream, a VirtualHost is not",
			);
		}
		return;
	}
	if (uplink !== undefined && module === "component") {
		const message = `Component "${host}" names no module, so there is nothing to offer to the server at component_uplink: expected Component "${host}" "muc"`;
		report.add(host, "component_uplink", message);
	} else if (uplink !== undefined && config.get(host, "component_secret") === undefined) {
		report.add(
			host,
			"component_uplink",
			`component_uplink needs component_secret: the secret that the other server has for ${host}`,
		);
	} else if (module === "component" && config.get(host, "component_secret") === undefined) {
		const message = `Component "${host}" names no module and has no component_secret, so nothing can serve it`;
		report.add(host, "component_module", message);
	}
	if (global_modules.includes(module)) {
		report.add(
			global_section,
			"modules_enabled",
			`"${module}" is in modules_enabled of the global section and serves Component "${host}" too; it belongs to one of them`,
		);
	}
}

function check_sections(report: Report, config: Config): void {
	const hosts = config.hosts();
	// Whoever starts a server says itself that no host is defined or enabled.
	if (hosts.length === 0) return;
	if (config.raw(global_section)?.size === 0) {
		report.add(
			global_section,
			undefined,
			"the global section is empty; options for all hosts belong above the first VirtualHost",
		);
	}
}

/** What the caller knows besides the table of known options. */
export interface CheckContext {
	/** Names of other options, such as those of modules in plugin_paths. */
	readonly known?: Iterable<string>;
}

/**
 * Looks for what is probably a mistake: misspelt, outdated and misplaced options, values of the wrong type, module lists and components
 * that cannot work. Options that begin with the name of an enabled module are taken for that module's own.
 */
export function check_options(config: Config, context: CheckContext = {}): ConfigWarning[] {
	const report = new Report(config);
	const further = new Set(context.known);
	const names = [...known_option_names(), ...further];
	const modules = all_modules(config);
	const global_modules = enabled_modules(config, global_section);
	check_sections(report, config);
	for (const host of [global_section, ...config.hosts()]) {
		for (const [option, value] of config.raw(host) ?? []) {
			if (section_marks.has(option)) continue;
			check_option(report, host, option, value);
			const is_known = further.has(option) || known_option(option) !== undefined || outdated_option(option) !== undefined;
			if (!is_known) check_unknown(report, host, option, modules, names);
		}
		check_modules(report, config, host);
		check_component(report, config, host, global_modules);
	}
	return report.warnings;
}
