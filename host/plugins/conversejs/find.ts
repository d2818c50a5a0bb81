// No counterpart: the community's module takes Converse.js from a folder of the administrator or from others' servers.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The folder with the built files of the npm package `converse.js`; undefined where that is not installed. */
export function find_converse(): string | undefined {
	// The package does not export its package.json
	const folders = createRequire(import.meta.url).resolve.paths("converse.js") ?? [];
	return folders.map((folder) => join(folder, "converse.js/dist")).find((folder) => existsSync(join(folder, "converse.min.js")));
}
