// Counterpart: plugins/mod_admin_shell.lua (def_env.config)

import type { ConfigValue } from "../../core/config/config.ts";
import type { ModuleApi, ReloadReport } from "../../core/types.ts";
import { entries, type LuaValue } from "../../util/luatable.ts";
import { serialize } from "../../util/serialization.ts";
import { BadArgument, command, done, refused, result, type Section, type ShellValue, text_of } from "./command.ts";

/** A value as Prosody's console shows it. */
function show(value: ShellValue): string {
	if (value === undefined) return "nil";
	const text = serialize(value);
	// Keys that are names stand for themselves
	return text.ok ? text.value.replace(/^(\t+)\["([A-Za-z_]\w*)"\] = /gm, "$1$2 = ") : text.error;
}

/** A value that an option can hold. Throws a {@link BadArgument} where that is none. */
function config_value(value: LuaValue): ConfigValue {
	if (typeof value === "bigint") throw new BadArgument(`expected a number below 2^53, got ${value}`);
	if (typeof value !== "object") return value;
	if (Array.isArray(value)) return value.map(config_value);
	if (!(value instanceof Map)) return Object.fromEntries(entries(value).map(([key, item]) => [key, config_value(item)]));
	return new Map(
		[...value].map(([key, item]) => {
			if (typeof key === "string" || typeof key === "number") return [key, config_value(item)];
			throw new BadArgument(`expected keys that are texts or numbers, got ${key}`);
		}),
	);
}

/** What a reload brought about, and what it could not. */
function report_lines(report: ReloadReport): string[] {
	const { hosts_added, hosts_removed, modules_loaded, modules_unloaded, at_next_start, problems } = report;
	const lists: readonly (readonly [string, readonly string[]])[] = [
		["Not served any more", hosts_removed],
		["Served from now on", hosts_added],
		["Unloaded", modules_unloaded],
		["Loaded", modules_loaded],
		["Without effect until the next start", at_next_start],
	];
	const told = lists.filter(([, list]) => list.length > 0).map(([title, list]) => `${title}: ${list.join(", ")}`);
	return [...told, ...problems.map((problem) => `Problem: ${problem}`)];
}

export function config_section(module: ModuleApi): Section {
	const { server } = module;
	return {
		name: "config",
		desc: "Reloading the configuration, etc.",
		commands: [
			command("get([host,] option)", "Show the value of a config option.", (_shell, [first, second]) => {
				const [host, option] = second === undefined ? ["*", first] : [text_of(first, "the host"), second];
				const name = text_of(option, "the option's name");
				return done(show(server.config.get(host, name)));
			}),
			command(
				"set([host,] option, value)",
				"Update the value of a config option without writing to the config file.",
				(_shell, args) => {
					const [first] = args;
					const has_host = first === "*" || (typeof first === "string" && server.hosts.has(first));
					const [host, name, value] = has_host ? args : ["*", ...args];
					const option = text_of(name, "the option's name");
					const held = value === undefined ? undefined : config_value(value);
					const problem = server.set_config(text_of(host, "the host"), option, held);
					return problem === undefined ? result(true) : refused(problem);
				},
				{ nodes: "workers" },
			),
			command(
				"reload()",
				"Reload the server configuration. Modules may need to be reloaded for changes to take effect.",
				(shell) => {
					const reloaded = server.reload_config();
					if (!reloaded.ok) return refused(reloaded.error);
					for (const line of report_lines(reloaded.value)) shell.print(line);
					return done("Config reloaded (you may need to reload modules to take effect)");
				},
			),
		],
	};
}
