// No counterpart. The composition root: only here host, muc and lua-shims meet.

import { create_lua_host as make_lua_host, run_config } from "../lua-shims/entrance.ts";
import { create_lua_loader } from "../lua-shims/loader.ts";
import type { LuaHost } from "../lua-shims/lua_host.ts";
import { find_lua_module, lua_folders } from "../lua-shims/module_files.ts";
import { muc_modules } from "../muc/builtin.ts";
import package_json from "../package.json" with { type: "json" };
import * as api from "./api.ts";
import { create_builtin_loader } from "./core/builtin_loader.ts";
import {
	type Config,
	type ConfigError,
	config_reader,
	default_config,
	type LoadedConfig,
	type LoadOptions,
} from "./core/configmanager.ts";
import type { ModuleDefinition, Server } from "./core/types.ts";
import { create_typescript_loader, find_module_file } from "./core/typescript_loader.ts";
import { host_modules } from "./plugins/builtin.ts";
import type { RunningServer } from "./running_server.ts";
import { create_server, type ServerOptions } from "./startup.ts";
import type { Result } from "./util/error.ts";

/** This program's version. */
export const version: string = package_json.version;

/** What may be said of a server beside its configuration. */
export interface ComposeOptions
	extends Partial<Pick<ServerOptions, "cluster" | "config_path" | "is_claimed" | "log" | "log_prefix" | "read_config">> {
	/** Built-in modules of somebody who embeds the server; one of ours by the same name gives way. */
	readonly modules?: readonly ModuleDefinition[];
}

/** A server for a configuration, with everything that belongs to this program. */
export function compose_server(config: Config, options: ComposeOptions = {}): Result<RunningServer, string> {
	const { modules = [], ...rest } = options;
	return create_server({
		config,
		...rest,
		version,
		loaders: (folders) => [
			create_builtin_loader([...host_modules, ...muc_modules, ...modules]),
			create_typescript_loader(folders, api),
			create_lua_loader(folders),
		],
	});
}

/** What reads a `prosody.cfg.lua` as Prosody does, as often as it is called. */
export function make_config_reader(path: string, options: LoadOptions = {}): () => Result<LoadedConfig, ConfigError> {
	const make_server = (): Server => {
		const server = compose_server(scratch_config(), { config_path: path, log: [] });
		if (!server.ok) throw new Error(server.error);
		return server.value;
	};
	return config_reader(path, (request) => run_config(make_server, request), options);
}

/**
 * Reads a `prosody.cfg.lua`.
 * @returns the configuration with the files it came from and warnings, or the first error with its file and line
 */
export async function load_config(path: string, options: LoadOptions = {}): Promise<Result<LoadedConfig, ConfigError>> {
	return make_config_reader(path, options)();
}

/** Names of the modules that this program brings along. */
export const built_in_modules: ReadonlySet<string> = new Set([...host_modules, ...muc_modules].map(({ name }) => name));

/** The Lua of a server, which is otherwise made with the first module that needs it. */
export function create_lua_host(server: Server): LuaHost {
	return make_lua_host(server);
}

/** The folders that modules in Lua are looked for in: the administrator's, then those of an installed Prosody. */
export function lua_module_folders(plugin_paths: readonly string[]): string[] {
	return lua_folders(plugin_paths);
}

/** What modules in Lua are offered here. */
export function lua_surface(): ReturnType<LuaHost["surface"]> {
	const config = scratch_config();
	const server = compose_server(config, { log: [] });
	if (!server.ok) throw new Error(server.error);
	return make_lua_host(server.value).surface();
}

/** Modules that a configuration enables and that are neither built in nor found, in TypeScript or in Lua. */
export function missing_modules(config: Config, folders: readonly string[]): string[] {
	const enabled = ["*", ...config.hosts()].flatMap((host) => {
		const value = config.raw(host)?.get("modules_enabled");
		return Array.isArray(value) ? value : [];
	});
	const components = config.hosts().map((host) => config.component_module(host));
	const names = new Set([...enabled, ...components].filter((name) => typeof name === "string"));
	const in_lua = lua_folders(folders);
	const is_there = (name: string): boolean =>
		built_in_modules.has(name) || find_module_file(folders, name) !== undefined || find_lua_module(in_lua, name) !== undefined;
	return [...names].filter((name) => !is_there(name)).sort();
}

/** Where scripts find the server of {@link start_scratch_server}. */
export interface ScratchServer {
	readonly port: number;
	stop(): Promise<void>;
}

/** What a scratch server runs that is given no configuration: the newcomer's, in memory, without certificates to make, with an admin. */
function scratch_config(): Config {
	const config = default_config("");
	config.set("*", "storage", "memory");
	config.set("*", "modules_disabled", ["s2s", "tls"]);
	config.set("*", "admins", ["admin@localhost"]);
	return config;
}

/**
 * Starts a server for one script: on a free port of the loopback address, silent. Throws where it cannot start.
 * @param config what it runs; where nothing is given, an empty server in memory where any password opens any account
 */
export async function start_scratch_server(config = scratch_config()): Promise<ScratchServer> {
	config.set("*", "c2s_ports", [0]);
	config.set("*", "interfaces", ["127.0.0.1"]);
	const server = compose_server(config, { log: [] });
	const listening = server.ok ? await server.value.start() : server;
	if (!server.ok) throw new Error(server.error);
	if (!listening.ok) throw new Error(listening.error);
	const address = listening.value.find(({ service }) => service === "c2s");
	if (!address) throw new Error("the scratch server listens nowhere");
	return { port: address.port, stop: () => server.value.stop("The script has ended") };
}
