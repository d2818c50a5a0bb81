// No counterpart: Prosody's own modules are files in a folder; ours are part of the program.

import { ok } from "../util/error.ts";
import type { ModuleDefinition, ModuleLoader } from "./types.ts";

/** Finds the modules that are part of the program. */
export function create_builtin_loader(definitions: readonly ModuleDefinition[]): ModuleLoader {
	const by_name = new Map(definitions.map((definition) => [definition.name, definition]));
	return {
		language: "builtin",
		find(name) {
			const definition = by_name.get(name);
			return definition && ok(definition);
		},
	};
}
