// Counterpart: util/prosodyctl/check.lua (checks.config)
import { type Config, type ConfigValue, type ConfigWarning, GLOBAL_SECTION } from "./config.ts";
import { type KnownOption, known_option, known_option_names, outdated_option } from "./known_options.ts";
import { nearestName } from "./nearest_name.ts";
import { as_array, as_boolean, as_integer, as_number, as_period } from "./option_types.ts";

/** Set by the words VirtualHost and Component, not by an assignment. */
const SECTION_MARKS: ReadonlySet<string> = new Set(["component_module", "defined", "load_global_modules"]);

/** Module names that belong into an option of their own. */
const PROVIDER_PREFIXES: readonly (readonly [string, string])[] = [
	["auth_", "authentication"],
	["storage_", "storage"],
];

/** Names of modules that a section's own list enables. */
function enabledModules(config: Config, host: string): string[] {
	const list = as_array(config.raw(host)?.get("modules_enabled")).value ?? [];
	return list.filter((name) => typeof name === "string");
}

/** Every module the configuration names. */
function allModules(config: Config): Set<string> {
	const modules = new Set<string>();
	for (const host of [GLOBAL_SECTION, ...config.hosts()]) {
		for (const name of enabledModules(config, host)) modules.add(name);
		const component = config.component_module(host);
		if (component !== undefined) modules.add(component);
	}
	return modules;
}

/** What is wrong with a value by its option's type; `undefined` when nothing is, or nobody can tell. */
function typeProblem(known: KnownOption, value: ConfigValue): string | undefined {
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
		const location = this.config.location(host, option ?? (host === GLOBAL_SECTION ? "" : "defined"));
		this.warnings.push({
			message,
			host,
			...(option === undefined ? {} : { option }),
			...location,
			...(suggestion === undefined ? {} : { suggestion }),
		});
	}
}

function checkOption(report: Report, host: string, option: string, value: ConfigValue): void {
	const outdated = outdated_option(option);
	if (outdated !== undefined) report.add(host, option, `option '${option}' is outdated: ${outdated}`);
	const known = known_option(option);
	if (known === undefined) return;
	const problem = typeProblem(known, value);
	if (problem !== undefined) report.add(host, option, `option '${option}' ${problem}`);
	if (known.global && host !== GLOBAL_SECTION) {
		const message = `option '${option}' is looked for in the global section only; move it above the first VirtualHost or Component`;
		report.add(host, option, message);
	}
}

function checkUnknown(
	report: Report,
	host: string,
	option: string,
	modules: ReadonlySet<string>,
	names: readonly string[],
): void {
	const suggestion = nearestName(option, names);
	// A module that is enabled may read options of its own; a slip of the pen is still a slip.
	const mayBeItsOwn = [...modules].some((module) => option === module || option.startsWith(`${module}_`));
	if (suggestion === undefined && mayBeItsOwn) return;
	const message =
		suggestion === undefined
			? `option '${option}' is not known; that is all right when a module of yours reads it`
			: `option '${option}' is not known; did you mean ${suggestion}?`;
	report.add(host, option, message, suggestion);
}

/** What a section's list of modules has that does not belong there. */
function checkModules(report: Report, config: Config, host: string): void {
	for (const option of ["modules_enabled", "modules_disabled"]) {
		const value = config.raw(host)?.get(option);
		if (value === undefined) continue;
		if (!Array.isArray(value) || value.some((name) => typeof name !== "string")) {
			report.add(host, option, `option '${option}' expected a list of module names, as { "ping", "time" }`);
		}
	}
	for (const name of enabledModules(config, host)) {
		if (name.startsWith("mod_")) {
			const short = name.slice("mod_".length);
			report.add(host, "modules_enabled", `modules are named without mod_: "${short}", not "${name}"`, short);
		}
		for (const [prefix, option] of PROVIDER_PREFIXES) {
			if (!name.startsWith(prefix)) continue;
			const value = name.slice(prefix.length);
			report.add(host, "modules_enabled", `"${name}" does not belong into modules_enabled: use ${option} = "${value}"`);
		}
	}
}

function checkComponent(report: Report, config: Config, host: string, globalModules: readonly string[]): void {
	const module = config.component_module(host);
	if (module === undefined) return;
	if (module === "component" && config.get(host, "component_secret") === undefined) {
		const message = `Component "${host}" names no module and has no component_secret, so nothing can serve it`;
		report.add(host, "component_module", message);
	}
	if (globalModules.includes(module)) {
		report.add(
			GLOBAL_SECTION,
			"modules_enabled",
			`"${module}" is in modules_enabled of the global section and serves Component "${host}" too; it belongs to one of them`,
		);
	}
}

function checkSections(report: Report, config: Config): void {
	const hosts = config.hosts();
	if (hosts.length === 0) {
		report.add(GLOBAL_SECTION, undefined, "no host is defined; expected at least one VirtualHost");
	} else if (config.raw(GLOBAL_SECTION)?.size === 0) {
		report.add(
			GLOBAL_SECTION,
			undefined,
			"the global section is empty; options for all hosts belong above the first VirtualHost",
		);
	} else if (hosts.every((host) => config.get(host, "enabled") === false)) {
		report.add(GLOBAL_SECTION, undefined, "all hosts are disabled");
	}
}

/** What the caller knows beyond the table of known options. */
export interface CheckContext {
	/** Names of further options, as those that modules in plugin_paths declare. */
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
	const modules = allModules(config);
	const globalModules = enabledModules(config, GLOBAL_SECTION);
	checkSections(report, config);
	for (const host of [GLOBAL_SECTION, ...config.hosts()]) {
		for (const [option, value] of config.raw(host) ?? []) {
			if (SECTION_MARKS.has(option)) continue;
			checkOption(report, host, option, value);
			const isKnown = further.has(option) || known_option(option) !== undefined || outdated_option(option) !== undefined;
			if (!isKnown) checkUnknown(report, host, option, modules, names);
		}
		checkModules(report, config, host);
		checkComponent(report, config, host, globalModules);
	}
	return report.warnings;
}
