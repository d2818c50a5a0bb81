// Counterpart: util/pluginloader.lua. The modules in Lua that lie in a folder.

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { find_lua_module } from "../modules.ts";

/** A Lua module to be tried. */
export interface ModuleFile {
	readonly name: string;
	readonly file: string;
	/** The folder that `plugin_paths` has to name so that it is found. */
	readonly folders: readonly string[];
}

/** How deep below a folder its modules lie: `mod_x.lua`, `mod_x/mod_x.lua`, `mod_x/x/mod_x.lua`, `collection/mod_x/mod_x.lua`. */
const deepest = 4;

function lua_files(folder: string, depth: number): string[] {
	if (depth > deepest) return [];
	return readdirSync(folder, { withFileTypes: true })
		.sort((a, b) => (a.name < b.name ? -1 : 1))
		.flatMap((entry) => {
			const path = join(folder, entry.name);
			if (entry.isDirectory()) return entry.name.startsWith(".") ? [] : lua_files(path, depth + 1);
			return /^mod_.+\.lua$/.test(entry.name) && !entry.name.endsWith(".lib.lua") ? [path] : [];
		});
}

/**
 * All modules of a folder, each once. Throws where it cannot be read.
 * @returns in the order of their names
 */
export function modules_in(folder: string): ModuleFile[] {
	const found = new Map<string, ModuleFile>();
	for (const file of lua_files(folder, 0)) {
		const [, name = ""] = /\/mod_([^/]+)\.lua$/.exec(file) ?? [];
		if (found.has(name)) continue;
		// A module that Prosody would not find in this folder by its name is in a collection of folders.
		const is_found = find_lua_module([folder], name) === file;
		found.set(name, { name, file, folders: is_found ? [folder] : [dirname(file), dirname(dirname(file)), folder] });
	}
	return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
