// Counterpart: util/pluginloader.lua

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModuleDefinition, ModuleLoader } from "../host/core/types.ts";
import { failed, ok, type Result } from "../host/util/error.ts";
import { LuaHost } from "./lua_host.ts";

/** The file of a module: `mod_x.lua`, `x/mod_x.lua` or `mod_x/mod_x.lua`; the first folder that has one counts. */
export function find_lua_module(folders: readonly string[], name: string): string | undefined {
	const file = `mod_${name}.lua`;
	for (const folder of folders) {
		for (const path of [join(folder, file), join(folder, name, file), join(folder, `mod_${name}`, file)]) {
			if (existsSync(path)) return path;
		}
	}
	return undefined;
}

/** Whether a module's code makes it a global one, before anything of it runs. */
function is_global(code: string): boolean {
	return /^[^\n-]*\bmodule\s*:\s*set_global\s*\(/m.test(code);
}

/** Finds modules in Lua. The Lua state of the server is made when the first of them is loaded. */
export function create_lua_loader(folders: readonly string[]): ModuleLoader {
	let host: LuaHost | undefined;

	function definition(name: string, path: string): Result<ModuleDefinition, string> {
		let code: string;
		try {
			code = readFileSync(path, "utf8");
		} catch (error) {
			return failed(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
		}
		return ok({
			name,
			path,
			global: is_global(code),
			load(module) {
				host ??= new LuaHost(module.server);
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
	};
}
