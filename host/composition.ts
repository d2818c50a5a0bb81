// No counterpart. The composition root: only here host, muc and lua-shims meet.

import { muc_modules } from "../muc/builtin.ts";
import packageJson from "../package.json" with { type: "json" };
import * as api from "./api.ts";
import { create_builtin_loader } from "./core/builtin_loader.ts";
import { type Config, default_config } from "./core/configmanager.ts";
import { create_typescript_loader } from "./core/typescript_loader.ts";
import { host_modules } from "./plugins/builtin.ts";
import { create_server, type RunningServer, type ServerOptions } from "./startup.ts";
import { failed, ok, type Result } from "./util/error.ts";

/** This program's version. */
export const version: string = packageJson.version;

/** A server of a configuration with all that this program brings along. */
export function compose_server(
	config: Config,
	options: Partial<Pick<ServerOptions, "config_path" | "log">> = {},
): Result<RunningServer, string> {
	const plugin_paths = config.get("*", "plugin_paths");
	const folders = Array.isArray(plugin_paths) ? plugin_paths.filter((path) => typeof path === "string") : [];
	return create_server({
		config,
		...options,
		version,
		loaders: [create_builtin_loader([...host_modules, ...muc_modules]), create_typescript_loader(folders, api)],
	});
}

/** An empty server for one script: in memory, on a free port, where any password opens any account, and nobody logs. */
export async function start_scratch_server(): Promise<Result<{ port: number; stop(): Promise<void> }, string>> {
	const config = default_config("");
	for (const [option, value] of [
		["storage", "memory"],
		["c2s_ports", [0]],
		["interfaces", ["127.0.0.1"]],
	] as const) {
		config.set("*", option, typeof value === "string" ? value : [...value]);
	}
	const server = compose_server(config, { log: [] });
	if (!server.ok) return server;
	const listening = await server.value.start();
	if (!listening.ok) return listening;
	const port = listening.value[0]?.port;
	if (port === undefined) return failed("the scratch server listens nowhere");
	return ok({ port, stop: () => server.value.stop("The script has ended") });
}
