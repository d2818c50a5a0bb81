// Counterpart: util/startup.lua (prosody.reload_config)

import { isDeepStrictEqual } from "node:util";
import { failed, ok, type Result } from "../util/error.ts";
import { check_options } from "./config/check_options.ts";
import { type Config, type ConfigError, global_section } from "./config/config.ts";
import type { LoadedConfig } from "./config/lua_sandbox.ts";
import { telling } from "./telling.ts";
import type { ReloadReport } from "./types/reload.ts";
import type { LogLevel, Server } from "./types.ts";

/** Options that are read once, when the server starts. */
const read_at_start =
	/^(?:data_path|pidfile|plugin_paths|umask|authentication|authorization|prefer_lua_modules|(?:.+_)?storage|sql|sqlite_tune|(?:.+_)?ports|(?:.+_)?interfaces?|use_ipv[46]|workers|worker_timeout|cluster)$/;

/** Options that differ between two configurations. */
function changes(before: Config, after: Config): { host: string; option: string }[] {
	const found: { host: string; option: string }[] = [];
	for (const host of [global_section, ...before.hosts()]) {
		const [old_options, new_options] = [before.raw(host), after.raw(host)];
		if (old_options === undefined || new_options === undefined) continue;
		for (const option of new Set([...old_options.keys(), ...new_options.keys()])) {
			if (!isDeepStrictEqual(old_options.get(option), new_options.get(option))) found.push({ host, option });
		}
	}
	return found;
}

function is_enabled(config: Config, host: string): boolean {
	return config.raw(host)?.get("enabled") !== false;
}

/** The line that says where a configuration cannot be read, and why. */
export function explain({ file, line, message }: ConfigError): string {
	return `${file}${line === undefined ? "" : `:${line}`}: ${message}`;
}

/** Modules that came and went, as `name (host)`, and what is in the way of others. */
export interface ModuleChanges {
	readonly loaded: string[];
	readonly unloaded: string[];
	readonly problems: string[];
}

interface HostChanges {
	readonly added: string[];
	readonly removed: string[];
	readonly changes: ModuleChanges;
}

/** What a reload needs of the rest of the core. */
export interface ReloadServices {
	/** Brings up a host; answers with why it does not run. */
	activate(host: string): string | undefined;
	deactivate(host: string): unknown;
	/** The modules that the configuration has for a host. */
	modules_for(host: string): string[];
	/** Loads and unloads modules of a host so that those of a list give way to those that the configuration has now. */
	follow_configuration(host: string, before: readonly string[]): ModuleChanges;
	/** The same for modules that no host has: those of the whole server that none of these hosts wants any more. */
	unload_unwanted(before: Iterable<string>): ModuleChanges;
}

/** What is another kind of host under the same name. */
function kind_of(config: Config, host: string): unknown {
	return config.raw(host)?.get("component_module");
}

/**
 * Makes the function that reads a server's configuration again, with certificates and log files. Hosts and modules that came or went
 * come and go at once; other modules keep what they read when they were loaded, until they are reloaded, as in Prosody. A
 * configuration that cannot be read changes nothing.
 * @param config the configuration that everybody reads; it gets the new values
 * @param read reads the file again; undefined where there is none, so that only files that the options name are read again
 */
export function create_reload(
	server: Pick<Server, "events" | "hosts" | "logger">,
	config: Config,
	read: (() => Result<LoadedConfig, ConfigError>) | undefined,
	filename: string | undefined,
	services: ReloadServices,
): () => Result<ReloadReport, string> {
	const log = server.logger("general");
	const report = telling(log);
	let is_reloading = false;

	function refuse(reason: string): Result<never, string> {
		log("error", "The configuration stays as it was: %s", reason);
		return failed(reason);
	}

	function tell_of(result: ReloadReport): void {
		const { hosts_added, hosts_removed, modules_loaded, modules_unloaded, options, at_next_start, problems } = result;
		const tell = (level: LogLevel, text: string, list: readonly string[]): void => {
			if (list.length > 0) log(level, text, list.join(", "));
		};
		tell("info", "Served from now on: %s", hosts_added);
		tell("info", "Not served any more: %s", hosts_removed);
		tell("info", "Loaded: %s", modules_loaded);
		tell("info", "Unloaded: %s", modules_unloaded);
		tell("info", "Changed: %s. Modules keep what they have read until they are reloaded", options);
		tell("warn", "Without effect until the next start: %s", at_next_start);
		for (const problem of problems) log("error", "%s", problem);
	}

	/** Has hosts and modules follow a configuration that is another one now. */
	function follow(before: ReadonlyMap<string, readonly string[]>, restarted: ReadonlySet<string>): HostChanges {
		const wanted = config.hosts().filter((host) => is_enabled(config, host));
		const removed = [...server.hosts.keys()].filter((host) => !wanted.includes(host) || restarted.has(host));
		for (const host of removed) services.deactivate(host);
		const changes: ModuleChanges = { loaded: [], unloaded: [], problems: [] };
		const note = (more: ModuleChanges): void => {
			changes.loaded.push(...more.loaded);
			changes.unloaded.push(...more.unloaded);
			changes.problems.push(...more.problems);
		};
		for (const host of server.hosts.keys()) note(services.follow_configuration(host, before.get(host) ?? []));
		const added: string[] = [];
		for (const host of wanted.filter((name) => !server.hosts.has(name))) {
			const problem = services.activate(host);
			if (problem === undefined) added.push(host);
			else changes.problems.push(problem);
		}
		note(services.unload_unwanted([...before.values()].flat()));
		return { added, removed, changes };
	}

	function reload(): Result<ReloadReport, string> {
		log("info", "Reloading configuration file");
		server.events.tell("reloading-config", {}, report);
		const loaded = read?.();
		if (loaded?.ok === false) return refuse(explain(loaded.error));
		const fresh = loaded?.value.config ?? config;
		if (!fresh.hosts().some((host) => is_enabled(fresh, host))) return refuse("the file defines no host");
		for (const { file, line, message } of [...(loaded?.value.warnings ?? []), ...check_options(fresh)]) {
			log("warn", "%s", explain({ file: file ?? filename ?? "", ...(line === undefined ? {} : { line }), message }));
		}
		const changed = changes(config, fresh);
		const named = (list: typeof changed): string[] =>
			list.map(({ host, option }) => (host === global_section ? option : `${option} (${host})`));
		const before = new Map([...server.hosts.keys()].map((host) => [host, services.modules_for(host)]));
		const restarted = new Set([...server.hosts.keys()].filter((host) => kind_of(config, host) !== kind_of(fresh, host)));
		if (fresh !== config) config.replace(fresh);
		server.events.tell("config-reloaded", { filename }, report);
		const { added, removed, changes: modules } = follow(before, restarted);
		const result: ReloadReport = {
			hosts_added: added,
			hosts_removed: removed,
			modules_loaded: modules.loaded,
			modules_unloaded: modules.unloaded,
			options: named(changed),
			at_next_start: named(changed.filter(({ option }) => read_at_start.test(option))),
			problems: modules.problems,
		};
		tell_of(result);
		return ok(result);
	}

	return () => {
		// Reading and telling others is one step, so a second reload can only come in the middle of it
		if (is_reloading) return failed("the configuration is being reloaded already");
		is_reloading = true;
		try {
			return reload();
		} finally {
			is_reloading = false;
		}
	};
}
