// Counterpart: util/startup.lua (prosody.reload_config)

import { isDeepStrictEqual } from "node:util";
import { failed, ok, type Result } from "../util/error.ts";
import { check_options } from "./config/check_options.ts";
import { type Config, type ConfigError, global_section } from "./config/config.ts";
import type { LoadedConfig } from "./config/lua_sandbox.ts";
import { telling } from "./telling.ts";
import type { ReloadReport } from "./types/reload.ts";
import type { Server } from "./types.ts";

/** Options that are read once, when the server starts. */
const read_at_start =
	/^(?:data_path|pidfile|plugin_paths|umask|modules_enabled|modules_disabled|component_module|prefer_lua_modules|(?:.+_)?storage|sql|sqlite_tune|(?:.+_)?ports|(?:.+_)?interfaces?|use_ipv[46])$/;

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

/**
 * Makes the function that reads a server's configuration again, certificates and log files included. Modules keep what they read when
 * they were loaded, until they are reloaded, as in Prosody. A configuration that cannot be read changes nothing.
 * @param config the configuration that everybody reads; it gets the new values
 * @param read reads the file again; undefined where there is none, so that only files that the options name are read again
 */
export function create_reload(
	server: Pick<Server, "events" | "hosts" | "logger">,
	config: Config,
	read: (() => Result<LoadedConfig, ConfigError>) | undefined,
	filename: string | undefined,
): () => Result<ReloadReport, string> {
	const log = server.logger("general");
	const report = telling(log);
	let is_reloading = false;

	function refuse(reason: string): Result<never, string> {
		log("error", "The configuration stays as it was: %s", reason);
		return failed(reason);
	}

	function tell_of(result: ReloadReport): void {
		const { hosts_added, hosts_removed, options, at_next_start } = result;
		for (const host of hosts_added) log("warn", "%s is new in the configuration, and is served after the next start", host);
		for (const host of hosts_removed) log("warn", "%s is gone from the configuration, and is served until the next start", host);
		if (options.length > 0)
			log("info", "Changed: %s. Modules keep what they have read until they are reloaded", options.join(", "));
		if (at_next_start.length > 0) log("warn", "Without effect until the next start: %s", at_next_start.join(", "));
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
		const result: ReloadReport = {
			hosts_added: fresh.hosts().filter((host) => is_enabled(fresh, host) && !server.hosts.has(host)),
			hosts_removed: [...server.hosts.keys()].filter((host) => !(fresh.has_host(host) && is_enabled(fresh, host))),
			options: named(changed),
			at_next_start: named(changed.filter(({ option }) => read_at_start.test(option))),
		};
		if (fresh !== config) config.replace(fresh);
		tell_of(result);
		server.events.tell("config-reloaded", { filename }, report);
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
