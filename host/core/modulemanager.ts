// Counterpart: core/modulemanager.lua

import { failed, ok, type Result } from "../util/error.ts";
import { is_promise, ModuleGuard } from "./module_guard.ts";
import { ModuleInstance, type ModuleServices } from "./moduleapi.ts";
import { provider_of } from "./provided_modules.ts";
import type { ModuleChanges } from "./reload.ts";
import { telling } from "./telling.ts";
import type {
	ConfigReader,
	ItemTypes,
	LoadedModule,
	ModuleApi,
	ModuleDefinition,
	ModuleLoader,
	ModuleManager,
	Server,
} from "./types.ts";

/** Loaded on every host without being named. */
const autoload_modules = ["presence", "message", "iq", "offline", "c2s", "s2s", "s2s_auth_certs"];
/** What components take over from the global `modules_enabled`. */
const component_inheritable_modules = new Set([
	"tls",
	"saslauth",
	"dialback",
	"iq",
	"s2s",
	"s2s_bidi",
	"smacks",
	"server_contact_info",
]);

/** The module manager with what the rest of the host's core needs of it. */
export interface ModuleManagerInternals extends ModuleManager {
	/** Loads all that the configuration names for a host; what cannot be loaded is in the log. */
	load_modules_for_host(host: string): void;
	/** Unloads everything on a host, dependants first. */
	unload_all(host: string): void;
	/** See {@link ReloadServices}. */
	follow_configuration(host: string, before: readonly string[]): ModuleChanges;
	unload_unwanted(before: Iterable<string>): ModuleChanges;
	/** Calls `ready` of every module, once the server listens. */
	server_is_ready(): void;
}

/** A loaded module while the manager still fills it in. */
interface Entry extends LoadedModule {
	readonly module: ModuleInstance;
	exports: unknown;
}

function list(value: unknown): string[] {
	return (Array.isArray(value) ? value : value === undefined ? [] : [value]).filter((item) => typeof item === "string");
}

/**
 * The modules that a configuration names for a host, in the order in which they are loaded; that of a component comes first.
 * Source: get_modules_for_host.
 */
export function modules_for_host(config: ConfigReader, host: string): string[] {
	const own = (option: string): string[] => {
		const value = config.get(host, option);
		return value === config.get("*", option) ? [] : list(value);
	};
	const component = config.get(host, "component_module");
	const disabled = list(config.get("*", "modules_disabled"));
	let names = [...autoload_modules, ...list(config.get("*", "modules_enabled"))].filter((name) => !disabled.includes(name));
	if (typeof component === "string") names = names.filter((name) => component_inheritable_modules.has(name));
	// The option alone says so, as `Component "…"` alone means mod_component in Prosody
	if (typeof component === "string" && config.get(host, "component_uplink") !== undefined) names.push("component_uplink");
	const disabled_here = own("modules_disabled");
	const wanted = [...names, ...own("modules_enabled")].filter((name) => !disabled_here.includes(name));
	return [...new Set(typeof component === "string" ? [component, ...wanted] : wanted)];
}

/**
 * Loads and unloads modules on the hosts of one server.
 * @param server all of it, as modules see it as `module.server`
 * @param loaders asked in turn for a module; those for languages in `prefer_lua_modules` go first for the modules named there
 */
export function create_modulemanager(server: Server, loaders: readonly ModuleLoader[]): ModuleManagerInternals {
	const log = server.logger("modulemanager");
	const report = telling(log);
	const modules = new Map<string, Map<string, Entry>>();
	const shared_tables = new Map<string, Map<string, unknown>>();
	let is_ready = false;

	const services: ModuleServices = {
		depend(dependant, name) {
			if (list(server.config.get(dependant.host, "modules_disabled")).includes(name)) {
				throw new Error(`mod_${dependant.name} depends on mod_${name}, which modules_disabled names`);
			}
			let found = get_entry(dependant.host, name);
			const global = get_entry("*", name);
			if (!found && global && (dependant.host === "*" || !global.module.add_host)) found = global;
			if (!found) {
				const loaded = load_entry(dependant.host, name, undefined);
				if (!loaded.ok) throw new Error(`mod_${dependant.name} cannot load mod_${name}, which it depends on: ${loaded.error}`);
				found = loaded.value;
			}
			dependant.dependencies.add(name);
			return found.exports;
		},
		*modules_of(host) {
			for (const entry of modules.get(host)?.values() ?? []) yield entry.module;
		},
		shared(path) {
			let table = shared_tables.get(path);
			if (!table) {
				table = new Map();
				shared_tables.set(path, table);
			}
			return table;
		},
	};

	function get_entry(host: string, name: string): Entry | undefined {
		return modules.get(host)?.get(name);
	}

	function keep(host: string, entry: Entry): void {
		let on_host = modules.get(host);
		if (!on_host) {
			on_host = new Map();
			modules.set(host, on_host);
		}
		on_host.set(entry.name, entry);
		server.hosts.get(host)?.modules.set(entry.name, entry);
	}

	function drop(host: string, name: string): void {
		modules.get(host)?.delete(name);
		server.hosts.get(host)?.modules.delete(name);
	}

	function find_definition(host: string, name: string): Result<ModuleDefinition, string> {
		const prefers_lua = list(server.config.get(host, "prefer_lua_modules")).includes(name);
		const in_turn = prefers_lua
			? [...loaders].sort((a, b) => Number(b.language === "lua") - Number(a.language === "lua"))
			: loaders;
		for (const loader of in_turn) {
			const found = loader.find(name);
			if (found === undefined) continue;
			if (prefers_lua && loader.language !== "lua") {
				const reason = loaders.find(({ language }) => language === "lua")?.why_not?.(name) ?? "no Lua runs here";
				log("warn", "prefer_lua_modules names '%s', which is not loaded in Lua on '%s': %s", name, host, reason);
			}
			return found;
		}
		const folders = server.paths.plugins;
		return failed(
			`there is no such module: mod_${name} is neither built in nor in plugin_paths (${folders.length > 0 ? folders.join(", ") : "none set"})`,
		);
	}

	function describe(error: unknown): string {
		return error instanceof Error ? (error.stack ?? error.message) : String(error);
	}

	/** Runs a module's code on a host, and takes all of it back when it throws. */
	function run(host: string, definition: ModuleDefinition, code: (module: ModuleInstance) => unknown): Result<Entry, string> {
		const { name } = definition;
		const guard = definition.is_guarded ? new ModuleGuard(server.logger(host === "*" ? name : `${host}:${name}`)) : undefined;
		const module = new ModuleInstance(server, host, name, services, definition.path, guard);
		const entry: Entry = { name, module, definition, exports: undefined };
		const is_there = (): boolean => get_entry(host, name) === entry;
		const give_up = (error: unknown): void => {
			log("error", "Error initializing module '%s' on '%s': %s", name, host, describe(error));
		};
		keep(host, entry);
		try {
			entry.exports = guard === undefined ? code(module) : guard.run(() => code(module));
		} catch (error) {
			module.release();
			drop(host, name);
			give_up(error);
			return failed(error instanceof Error ? error.message : String(error));
		}
		if (is_promise(entry.exports)) {
			// Others get the result of an async function as soon as it is there. Where it fails, the module is unloaded again
			entry.exports.then(
				(exported) => {
					if (is_there()) entry.exports = exported;
				},
				(error: unknown) => {
					give_up(error);
					if (is_there()) unload(host, name);
				},
			);
		}
		module.set_status("core", "Loaded", false);
		if (is_ready) call(module, "ready", () => module.ready?.());
		return ok(entry);
	}

	function call(module: ModuleInstance, what: string, callback: () => unknown): Result<unknown, string> {
		const tell = (error: unknown): void =>
			log("warn", "Error in %s of module '%s' on '%s': %s", what, module.name, module.host, describe(error));
		try {
			const answer = module.guard === undefined ? callback() : module.guard.run(callback);
			if (is_promise(answer)) answer.then(undefined, tell);
			return ok(answer);
		} catch (error) {
			tell(error);
			return failed(error instanceof Error ? error.message : String(error));
		}
	}

	function load_entry(host: string, name: string, reloading: ModuleApi["reloading"]): Result<Entry, string> {
		if (host !== "*" && !server.hosts.has(host)) return failed("unknown-host");
		if (get_entry(host, name)) return failed("module-already-loaded");
		const global = get_entry("*", name);
		if (global) {
			const { add_host } = global.module;
			if (!add_host) return failed("global-module-already-loaded");
			return run(host, global.definition, (module) => {
				add_host(module);
				return global.exports;
			});
		}
		const definition = find_definition(host, name);
		if (!definition.ok) {
			log("error", "Unable to load module '%s': %s", name, definition.error);
			return definition;
		}
		if (definition.value.global && host !== "*") {
			const everywhere = load_entry("*", name, reloading);
			if (!everywhere.ok) return everywhere;
			return everywhere.value.module.add_host ? load_entry(host, name, reloading) : everywhere;
		}
		const loaded = run(host, definition.value, (module) => {
			module.reloading = reloading;
			const exported = definition.value.load(module);
			module.reloading = undefined;
			return exported;
		});
		if (loaded.ok) bus(host).tell("module-loaded", { module: name, host }, report);
		return loaded;
	}

	function bus(host: string) {
		return server.hosts.get(host)?.events ?? server.events;
	}

	/** @param is_last whether the whole host goes, so that unloading each dependant is not logged */
	function unload(host: string, name: string, is_last = false): Result<true, string> {
		const entry = get_entry(host, name);
		if (!entry) return failed("module-not-loaded");
		for (const other of [...(modules.get(host)?.values() ?? [])]) {
			if (other.module.dependencies.has(name) && get_entry(host, other.name)) {
				if (!is_last) log("info", "Unloading %s:%s since it depends on %s", host, other.name, name);
				unload(host, other.name, is_last);
			}
		}
		call(entry.module, "unload", () => entry.module.unload?.());
		entry.module.release();
		drop(host, name);
		bus(host).tell("module-unloaded", { module: name, host }, report);
		return ok(true);
	}

	/** Whether a module that stays needs another one. */
	function is_needed(name: string, wanted: ReadonlySet<string>): string | undefined {
		for (const on_host of modules.values()) {
			for (const entry of on_host.values()) {
				if (entry.name !== name && wanted.has(entry.name) && entry.module.dependencies.has(name)) return entry.name;
			}
		}
		return undefined;
	}

	/** Loads what a host is to have, unless something else does what it does. */
	function load_configured(host: string, name: string): Result<Entry, string> | undefined {
		const provider = provider_of(server.config, host, name);
		if (provider === undefined) return get_entry(host, name) ? undefined : load_entry(host, name, undefined);
		log("info", "mod_%s is not loaded on %s: mod_%s does what it does", name, host, provider);
		return undefined;
	}

	function follow_configuration(host: string, before: readonly string[]): ModuleChanges {
		const after = modules_for_host(server.config, host);
		const changes: ModuleChanges = { loaded: [], unloaded: [], problems: [] };
		const wanted = new Set(after);
		for (const name of before) {
			if (wanted.has(name) || !get_entry(host, name)) continue;
			const dependant = is_needed(name, wanted);
			if (dependant !== undefined) {
				log("info", "mod_%s stays on %s, since mod_%s depends on it", name, host, dependant);
				continue;
			}
			unload(host, name);
			changes.unloaded.push(`${name} (${host})`);
		}
		for (const name of after) {
			// What could not be loaded before is not tried again
			if (before.includes(name)) continue;
			const loaded = load_configured(host, name);
			if (loaded?.ok === false && loaded.error !== "global-module-already-loaded") {
				changes.problems.push(`mod_${name} could not be loaded on ${host}: ${loaded.error}`);
			} else if (loaded?.ok) changes.loaded.push(`${name} (${host})`);
		}
		return changes;
	}

	/** Modules of the whole server go when the last host that had them has them no more. */
	function unload_unwanted(before: Iterable<string>): ModuleChanges {
		const changes: ModuleChanges = { loaded: [], unloaded: [], problems: [] };
		const wanted = new Set([...server.hosts.keys()].flatMap((host) => modules_for_host(server.config, host)));
		for (const name of new Set(before)) {
			const is_on_host = [...server.hosts.keys()].some((host) => get_entry(host, name));
			if (wanted.has(name) || is_on_host || !get_entry("*", name) || is_needed(name, wanted) !== undefined) continue;
			unload("*", name);
			changes.unloaded.push(name);
		}
		return changes;
	}

	/** Makes a global module's parts on hosts again, which belong to the instance before. */
	function renew_parts(name: string): void {
		for (const host of server.hosts.keys()) {
			if (!get_entry(host, name)) continue;
			unload(host, name);
			load_entry(host, name, undefined);
		}
	}

	return {
		load: (host, name) => load_entry(host, name, undefined),
		unload: (host, name) => unload(host, name),
		reload(host, name) {
			const entry = get_entry(host, name);
			if (!entry) return failed("module-not-loaded");
			const definition = find_definition(host, name);
			if (!definition.ok) return definition;
			const saved = call(entry.module, "save", () => entry.module.save?.());
			if (!saved.ok && server.config.get(host, "force_module_reload") !== true) return failed("save-state-failed");
			const reloading = { saved: saved.ok ? saved.value : undefined };
			entry.module.reloading = reloading;
			const dependants = [...(modules.get(host)?.values() ?? [])].filter((other) => other.module.dependencies.has(name));
			unload(host, name);
			const loaded = load_entry(host, name, reloading);
			if (!loaded.ok) return loaded;
			const { module } = loaded.value;
			if (saved.ok && saved.value !== undefined) call(module, "restore", () => module.restore?.(saved.value));
			for (const dependant of dependants) {
				if (get_entry(host, dependant.name)) continue;
				const again = load_entry(host, dependant.name, undefined);
				if (again.ok && host === "*") renew_parts(dependant.name);
			}
			const tell = (): void => void bus(host).tell("module-reloaded", { module: name, host }, report);
			if (module.while_reloaded === undefined) tell();
			else module.while_reloaded(tell);
			return loaded;
		},
		get_module: get_entry,
		is_loaded: (host, name) => get_entry(host, name) !== undefined,
		loaded_on: (host) => [...(modules.get(host)?.values() ?? [])],
		configured_for: (host) => modules_for_host(server.config, host),
		get_items<Key extends keyof ItemTypes>(host: string, key: Key): ItemTypes[Key][] {
			return [...(modules.get(host)?.values() ?? [])].flatMap(({ module }) => module.own_items(key));
		},
		run_line: (code, print) => loaders.find(({ run_line }) => run_line !== undefined)?.run_line?.(server, code, print),
		follow_configuration,
		unload_unwanted,
		load_modules_for_host(host) {
			for (const name of modules_for_host(server.config, host)) load_configured(host, name);
		},
		unload_all(host) {
			for (const name of [...(modules.get(host)?.keys() ?? [])].reverse()) unload(host, name, true);
			modules.delete(host);
		},
		server_is_ready() {
			is_ready = true;
			for (const on_host of modules.values()) {
				for (const { module } of on_host.values()) call(module, "ready", () => module.ready?.());
			}
		},
	};
}
