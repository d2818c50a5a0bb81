// Counterpart: util/prosodyctl/check.lua (modules), util/pluginloader.lua (where Lua modules lie)

import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Config } from "../../core/configmanager.ts";
import { modules_for_host } from "../../core/modulemanager.ts";
import { provider_of } from "../../core/provided_modules.ts";
import { current_driver } from "../../core/storagemanager.ts";
import { find_module_file, module_file_problem } from "../../core/typescript_loader.ts";
import type { Finding } from "./findings.ts";
import { type LuaNeed, type LuaSurface, lua_needs, lua_options, missing_in_surface, own_methods } from "./lua_scan.ts";

/** What a module is for: a section's own service, a provider that an option names, or an addition. */
type Purpose = "component" | "authentication" | "storage" | "authorization" | "addition";

/** A module that a configuration names, and whether it can run. */
export interface CheckedModule {
	readonly name: string;
	/** Sections that ask for it. */
	readonly hosts: readonly string[];
	readonly found: "built in" | "typescript" | "lua" | "nowhere";
	/** Where it lies; absent for what is built in, and for what is not there. */
	readonly file?: string;
	/**
	 * Whether a server of ours runs it: `partly` where it is loaded, and something that it asks for only later is not there, and
	 * `unknown` where its source has not been looked at.
	 */
	readonly runs: "yes" | "no" | "partly" | "unknown";
	/** What it asks for that is not offered here, as `util.x (line 3)`. */
	readonly missing: readonly string[];
	/** Why its file cannot be loaded. */
	readonly problem?: string | undefined;
	/** Why what is built in is taken, although its Lua is preferred. */
	readonly not_in_lua?: string;
	/** Options that its source reads, and modules that it has loaded with it, as far as that has been looked at. */
	readonly options: readonly string[];
	readonly depends: readonly string[];
}

/** What is known about the program that is to run a configuration. */
export interface ModuleContext {
	readonly built_in: ReadonlySet<string>;
	/** The folders of `plugin_paths`. */
	readonly folders: readonly string[];
	/** Where a Prosody on this machine keeps its own modules. */
	readonly prosody_folders: readonly string[];
	/** What Lua modules are offered; undefined where none can run. */
	readonly surface: LuaSurface | undefined;
}

/** Folders where a Prosody that was installed by a package, or from source, keeps its modules. */
export const usual_prosody_folders: readonly string[] = ["/usr/lib/prosody/modules", "/usr/local/lib/prosody/modules"];

/** Modules that Prosody loads on every host without being told to, beside ours. Source: autoload_modules. */
const prosody_autoloads = ["s2s", "s2s_auth_certs"];

/** Where Lua's package manager puts what it installs, below a folder. */
const lua_versions = ["5.4", "5.3", "5.2"];

/** Places of a module's file in a folder, in Prosody's order. */
function places(folder: string, module: string, file: string): string[] {
	return [
		join(folder, `mod_${module}`, module, file),
		join(folder, `mod_${module}`, file),
		join(folder, module, file),
		join(folder, file),
		...lua_versions.flatMap((version) => [
			join(folder, "share/lua", version, file),
			join(folder, "share/lua", version, `mod_${module}`, file),
		]),
	];
}

/** The file of a Lua module, in the first folder that has it. Source: util/pluginloader.lua. */
export function find_lua_module(folders: readonly string[], name: string): string | undefined {
	return folders.flatMap((folder) => places(folder, name, `mod_${name}.lua`)).find((path) => existsSync(path));
}

/** The file of a module's part, which `module:require` names. */
function find_part(folders: readonly string[], module_file: string, module: string, part: string): string | undefined {
	const file = `${part}.lib.lua`;
	return [dirname(module_file), ...folders]
		.flatMap((folder) => [...places(folder, module, file), ...places(folder, part, file)])
		.find((path) => existsSync(path));
}

interface ModuleSource {
	readonly file: string;
	readonly text: string;
	/** Whether it is a part that is asked for only within functions. */
	readonly later: boolean;
}

/** A source with all its parts, each once. */
function sources_of(
	file: string,
	module: string,
	folders: readonly string[],
	later = false,
	seen = new Set<string>(),
): ModuleSource[] {
	if (seen.has(file)) return [];
	seen.add(file);
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch {
		return [];
	}
	const parts = lua_needs(text).flatMap((need) => {
		const part = need.kind === "part" ? find_part(folders, file, module, need.name) : undefined;
		return part === undefined ? [] : sources_of(part, module, folders, later || need.later, seen);
	});
	return [{ file, text, later }, ...parts];
}

/** The options that a module in TypeScript reads, as far as its file names them. */
function typescript_options(file: string): string[] {
	try {
		const reads = readFileSync(file, "utf8").matchAll(/\.get_option(?:_[a-z_]+)?(?:<[^()]*>)?\(\s*["'`]([a-z0-9_]+)["'`]/g);
		return [...new Set([...reads].map(([, option = ""]) => option))];
	} catch {
		return [];
	}
}

function describe_need({ kind, name, line }: LuaNeed, file: string, module_file: string): string {
	const where = file === module_file ? `line ${line}` : `${basename(file)} line ${line}`;
	const prefix = kind === "method" ? "module:" : kind === "module" ? "mod_" : "";
	return `${prefix}${name} (${where})`;
}

/** Modules that options name without `mod_` and their kind. */
function providers(config: Config, host: string): [string, Purpose][] {
	const found: [string, Purpose][] = [];
	const add = (prefix: string, value: unknown, purpose: Purpose): void => {
		if (typeof value !== "string" || value === "null") return;
		found.push([`${prefix}_${purpose === "storage" ? current_driver(value) : value}`, purpose]);
	};
	if (config.host_type(host) === "local") add("auth", config.get(host, "authentication"), "authentication");
	add("authz", config.get(host, "authorization"), "authorization");
	const storage = config.get(host, "storage");
	const drivers =
		storage instanceof Map ? [...storage.values()] : typeof storage === "object" ? Object.values(storage) : [storage];
	for (const driver of [...drivers, config.get(host, "default_storage")]) add("storage", driver, "storage");
	return found;
}

interface Wanted {
	readonly hosts: string[];
	purpose: Purpose;
	/** Where it was asked for. */
	readonly host: string;
	readonly option: string;
}

/** Every module that a configuration names, once, with the sections that want it. */
function wanted_modules(config: Config): Map<string, Wanted> {
	const wanted = new Map<string, Wanted>();
	const add = (name: string, host: string, purpose: Purpose, option: string): void => {
		const known = wanted.get(name);
		if (known === undefined) {
			const is_own = config.raw(host)?.has(option) === true;
			wanted.set(name, { hosts: [host], purpose, host: is_own ? host : "*", option });
		} else if (!known.hosts.includes(host)) known.hosts.push(host);
		if (known !== undefined && purpose !== "addition") known.purpose = purpose;
	};
	const active = config.hosts().filter((host) => config.raw(host)?.get("enabled") !== false);
	for (const host of active) {
		const component = config.component_module(host);
		for (const name of modules_for_host(config, host)) {
			const is_own = name === component;
			add(name, host, is_own ? "component" : "addition", is_own ? "component_module" : "modules_enabled");
		}
		for (const [name, purpose] of providers(config, host)) add(name, host, purpose, purpose);
	}
	return wanted;
}

/**
 * Finds a module, and looks into it where it is in Lua.
 * @param prefers_lua whether its Lua is looked at even where it is built in
 * @param on_the_way modules that depend on this one, which are looked into already
 */
export function examine(
	name: string,
	hosts: readonly string[],
	context: ModuleContext,
	prefers_lua: boolean,
	on_the_way: readonly string[] = [],
): CheckedModule {
	const { built_in, folders, prosody_folders } = context;
	const lua_folders = [...folders, ...prosody_folders];
	const lua = find_lua_module(lua_folders, name);
	if (!prefers_lua || lua === undefined) {
		if (built_in.has(name)) {
			const not_in_lua = prefers_lua ? { not_in_lua: `there is no mod_${name}.lua in plugin_paths` } : {};
			return { name, hosts, found: "built in", runs: "yes", missing: [], options: [], depends: [], ...not_in_lua };
		}
		const typescript = find_module_file(folders, name);
		if (typescript !== undefined) {
			const problem = module_file_problem(typescript);
			const runs = problem === undefined ? "unknown" : "no";
			const options = typescript_options(typescript);
			return { name, hosts, found: "typescript", file: typescript, runs, missing: [], problem, options, depends: [] };
		}
	}
	if (lua === undefined) return { name, hosts, found: "nowhere", runs: "no", missing: [], options: [], depends: [] };
	const sources = sources_of(lua, name, lua_folders);
	const [built_in_since] = sources.flatMap(({ file, text }) => context.surface?.replaced_since?.(text, file) ?? []);
	if (built_in.has(name) && built_in_since !== undefined) {
		return { name, hosts, found: "built in", runs: "yes", missing: [], options: [], depends: [], not_in_lua: built_in_since };
	}
	const options = sources.flatMap(({ text }) => lua_options(text));
	const depends = sources.flatMap(({ text }) =>
		lua_needs(text).flatMap(({ kind, name: other }) => (kind === "module" ? [other] : [])),
	);
	const { surface } = context;
	if (surface === undefined) return { name, hosts, found: "lua", file: lua, runs: "no", missing: [], options, depends };
	const [problem] = sources.flatMap(({ file, text }) => surface.syntax_error(text, file) ?? []);
	if (problem !== undefined) return { name, hosts, found: "lua", file: lua, runs: "no", missing: [], problem, options, depends };
	const does_not_run = (other: string): boolean =>
		!on_the_way.includes(other) && examine(other, hosts, context, false, [...on_the_way, name]).runs === "no";
	const own = own_methods(sources.map(({ text }) => text).join("\n"));
	const missing = sources.flatMap(({ file, text, later }) => {
		const wanted_modules = lua_needs(text).filter((need) => need.kind === "module" && does_not_run(need.name));
		return [...missing_in_surface(text, surface, own), ...wanted_modules]
			.filter(({ optional }) => !optional)
			.map((need) => ({ later: later || need.later, text: describe_need(need, file, lua) }));
	});
	const runs = missing.length === 0 ? "yes" : missing.every(({ later }) => later) ? "partly" : "no";
	return { name, hosts, found: "lua", file: lua, runs, missing: missing.map(({ text }) => text), options, depends };
}

const consequences: { readonly [Key in Purpose]: { readonly severity: "error" | "warning"; readonly text: string } } = {
	component: { severity: "error", text: "so that nothing serves the component" },
	authentication: { severity: "error", text: "so that nobody can log in" },
	storage: { severity: "error", text: "so that nothing can be stored" },
	authorization: { severity: "error", text: "so that roles cannot be told" },
	addition: { severity: "warning", text: "and the server runs without the module" },
};

function finding(checked: CheckedModule, config: Config, wanted: Wanted): Finding | undefined {
	const { name, found, file, runs, missing, problem, not_in_lua } = checked;
	if (not_in_lua !== undefined) {
		const preferring = wanted.hosts.find((host) => prefers(config, host, name)) ?? "*";
		const host = config.raw(preferring)?.has("prefer_lua_modules") === true ? preferring : "*";
		const place = { ...config.location(host, "prefer_lua_modules"), host, option: "prefer_lua_modules" };
		const message = `prefer_lua_modules names ${name}, and what is built in is loaded all the same`;
		return { severity: "warning", area: "module", ...place, message, expected: not_in_lua };
	}
	if (runs === "yes" || runs === "unknown") return undefined;
	const { severity, text } = consequences[wanted.purpose];
	const place = { ...config.location(wanted.host, wanted.option), host: wanted.host, option: wanted.option };
	const base = { severity, area: "module", ...place } as const;
	if (found === "nowhere") {
		return {
			...base,
			message: `mod_${name} is neither built in nor in plugin_paths, ${text}`,
			expected: `expected mod_${name}.ts or mod_${name}.lua in a folder that plugin_paths names`,
		};
	}
	if (problem !== undefined) return { ...base, message: `mod_${name} cannot be loaded, ${text}`, expected: problem };
	if (runs === "partly") {
		const message = `mod_${name} (${file}) runs, but some of what it asks for later is not offered here`;
		return { ...base, severity: "info", message, expected: `missing: ${missing.join(", ")}` };
	}
	if (missing.length === 0) return { ...base, message: `mod_${name} is in Lua (${file}), which does not run here, ${text}` };
	return {
		...base,
		message: `mod_${name} (${file}) needs what is not offered here, ${text}`,
		expected: `missing: ${missing.join(", ")}`,
	};
}

/** Modules that Prosody loads on every host without configuration, and that Enjamb lacks. */
function missing_autoloads(config: Config, context: ModuleContext): Finding[] {
	const disabled = config.get("*", "modules_disabled");
	const lacks = prosody_autoloads.filter((name) => !context.built_in.has(name));
	if (!lacks.includes("s2s") || (Array.isArray(disabled) && disabled.includes("s2s"))) return [];
	return [
		{
			severity: "warning",
			area: "module",
			message: "Prosody talks to other servers unless it is told not to (mod_s2s); that is not built in here",
			expected: 'rooms and accounts can be reached from this server only, as with modules_disabled = { "s2s" }',
		},
	];
}

/** Whether a host wants a module in Lua rather than what is built in. */
function prefers(config: Config, host: string, name: string): boolean {
	const preferred = config.get(host, "prefer_lua_modules");
	return Array.isArray(preferred) && preferred.includes(name);
}

/** Names of modules to be taken in Lua that no module has. */
function unknown_preferences(config: Config, { built_in, folders, prosody_folders }: ModuleContext): Finding[] {
	const found: Finding[] = [];
	for (const host of ["*", ...config.hosts()]) {
		const preferred = config.raw(host)?.get("prefer_lua_modules");
		for (const name of Array.isArray(preferred) ? preferred : []) {
			if (typeof name !== "string" || built_in.has(name)) continue;
			if (find_lua_module([...folders, ...prosody_folders], name) !== undefined) continue;
			const place = { ...config.location(host, "prefer_lua_modules"), host, option: "prefer_lua_modules" };
			const message = `prefer_lua_modules names ${name}, and there is no such module`;
			found.push({ severity: "warning", area: "module", ...place, message });
		}
	}
	return found;
}

/** Looks for every module that a configuration names: whether it is there, and whether it can run. */
export function check_modules(config: Config, context: ModuleContext): { modules: CheckedModule[]; findings: Finding[] } {
	const modules: CheckedModule[] = [];
	const findings: Finding[] = [];
	for (const [name, wanted] of wanted_modules(config)) {
		const { hosts } = wanted;
		if (hosts.every((host) => provider_of(config, host, name) !== undefined)) {
			modules.push({ name, hosts, found: "built in", runs: "yes", missing: [], options: [], depends: [] });
			continue;
		}
		const prefers_lua = wanted.hosts.some((host) => prefers(config, host, name));
		const checked = examine(name, wanted.hosts, context, prefers_lua);
		modules.push(checked);
		const found = finding(checked, config, wanted);
		if (found !== undefined) findings.push(found);
	}
	return { modules, findings: [...findings, ...unknown_preferences(config, context), ...missing_autoloads(config, context)] };
}
