// Counterpart: core/modulemanager.lua (how it loads code)

import { readFileSync } from "node:fs";
import type { ModuleDefinition, ModuleLoader } from "../host/core/types.ts";
import { failed, ok, type Result } from "../host/util/error.ts";
import { create_lua_host, run_console_line } from "./entrance.ts";
import type { LuaHost } from "./lua_host.ts";
import { find_lua_module, is_global, lua_folders, module_metadata, refusal } from "./module_files.ts";
import { replaced_since, unworkable } from "./unworkable.ts";

/**
 * Finds modules in Lua. The Lua state of the server is made when the first of them is loaded.
 * @param plugin_paths the administrator's folders
 */
export function create_lua_loader(plugin_paths: readonly string[]): ModuleLoader {
	const folders = lua_folders(plugin_paths);
	let host: LuaHost | undefined;

	function definition(name: string, path: string): Result<ModuleDefinition, string> | undefined {
		let code: string;
		try {
			code = readFileSync(path, "utf8");
		} catch (error) {
			return failed(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
		}
		if (replaced_since(path, code) !== undefined) return undefined;
		const reason = refusal(module_metadata(code)) ?? unworkable(path, code);
		if (reason !== undefined) return failed(`${path} is not loaded: ${reason}`);
		return ok({
			name,
			path,
			global: is_global(code),
			load(module) {
				host ??= create_lua_host(module.server, folders);
				return host.load(path, module);
			},
		});
	}

	return {
		language: "lua",
		find(name) {
			const path = find_lua_module(folders, name);
			return path === undefined ? undefined : definition(name, path);
		},
		why_not(name) {
			const path = find_lua_module(folders, name);
			if (path === undefined) return `there is no mod_${name}.lua in ${folders.join(", ") || "plugin_paths"}`;
			return replaced_since(path, readFileSync(path, "utf8")) ?? `${path} is not taken`;
		},
		run_line(server, code, print) {
			host ??= create_lua_host(server, folders);
			return run_console_line(host, code, print);
		},
	};
}
