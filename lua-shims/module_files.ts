// Counterpart: util/pluginloader.lua, and what core/modulemanager.lua reads in the first lines of a module

import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where Prosody's packages put its own modules. */
const prosody_folders = ["/usr/lib/prosody/modules", "/usr/local/lib/prosody/modules"];

/** Features that modules may require, or refuse to run with, in their first lines. Source: core/features.lua of Prosody 13. */
export const features: ReadonlySet<string> = new Set([
	"getopt-enum",
	"getopt-integer",
	"getopt-interval",
	"getopt-period",
	"keyval+",
	"loader",
	"module-ready",
	"muc_vcard",
	"permissions",
	"s2sout-pre-connect-event",
	"split-user-roles",
]);

/** Versions of Lua that modules may require; what only some of these versions have is there in any case. */
const lua_versions: ReadonlySet<string> = new Set(["5.1", "5.2", "5.3", "5.4"]);

/** The folders in which Lua modules are searched: the administrator's, then those of an installed Prosody. */
export function lua_folders(plugin_paths: readonly string[]): string[] {
	return [...new Set([...plugin_paths, ...prosody_folders.filter((folder) => existsSync(folder))])];
}

/** A file that belongs to a module, in the first folder that has it under one of Prosody's names. */
export function find_resource(folders: readonly string[], plugin: string, resource: string): string | undefined {
	for (const folder of folders) {
		for (const name of [
			join(`mod_${plugin}`, plugin, resource),
			join(`mod_${plugin}`, resource),
			join(plugin, resource),
			resource,
			...["5.4", "5.3", "5.2"].flatMap((version) => [
				join("share/lua", version, resource),
				join("share/lua", version, `mod_${plugin}`, resource),
			]),
		]) {
			const path = join(folder, name);
			if (existsSync(path)) return path;
		}
	}
	return undefined;
}

/** A library of a module: `module:require "x"` finds `x.lib.lua`. */
export function find_library(folders: readonly string[], plugin: string, name: string): string | undefined {
	return (
		find_resource(folders, plugin, `${name}.lib.lua`) ??
		find_resource(folders, plugin, `${name}.lua`) ??
		find_resource(folders, name, `${name}.lib.lua`)
	);
}

/** The file of a module. */
export function find_lua_module(folders: readonly string[], name: string): string | undefined {
	return find_resource(folders, name, `mod_${name}.lua`);
}

/** The entries in the first lines of a module: `--% key: value`. */
export function module_metadata(code: string): ReadonlyMap<string, string> {
	const metadata = new Map<string, string>();
	for (const line of code.split("\n")) {
		if (!line.startsWith("--%") && metadata.size > 0) break;
		const [, key, value] = /^--% *(\w+): *(.+?)\s*$/.exec(line) ?? [];
		if (key !== undefined && value !== undefined) metadata.set(key, value);
	}
	return metadata;
}

/** Why a module refuses to run here; undefined where it does not. */
export function refusal(metadata: ReadonlyMap<string, string>): string | undefined {
	const list = (key: string): string[] => metadata.get(key)?.split(/[, ]+/) ?? [];
	const versions = list("lua");
	if (versions.length > 0 && !versions.some((version) => lua_versions.has(version))) {
		return `it is for Lua ${versions.join(", ")} only`;
	}
	const conflicts = list("conflicts").filter((feature) => features.has(feature));
	if (conflicts.length > 0) return `it conflicts with what is built in: ${conflicts.join(", ")}`;
	const missing = list("requires").filter((feature) => !features.has(feature));
	return missing.length > 0 ? `it requires what is not offered here: ${missing.join(", ")}` : undefined;
}

/** Whether a module's code makes it a global module, found out before the code runs. */
export function is_global(code: string): boolean {
	const without_blocks = code.replace(/--\[(=*)\[[\s\S]*?\]\1\]/g, "");
	return /^[^\n-]*\bmodule\s*:\s*set_global\s*\(/m.test(without_blocks);
}
