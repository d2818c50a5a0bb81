// Counterpart: plugins/mod_http_files.lua

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { serve } from "../core/http_files.ts";
import type { ModuleDefinition } from "../core/types.ts";

/** Types that do not depend on the system's list. */
const mime_types: readonly (readonly [string, string])[] = [
	["html", "text/html"],
	["htm", "text/html"],
	["xml", "application/xml"],
	["txt", "text/plain"],
	["css", "text/css"],
	["js", "application/javascript"],
	["png", "image/png"],
	["gif", "image/gif"],
	["jpeg", "image/jpeg"],
	["jpg", "image/jpeg"],
	["svg", "image/svg+xml"],
];

/** Reads a file such as `/etc/mime.types`: a type and the extensions that have it, line by line. Undefined where there is none. */
function read_mime_types(path: string): Map<string, string> | undefined {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch {
		return undefined;
	}
	const types = new Map<string, string>();
	for (const line of text.split("\n")) {
		const [type = "", ...extensions] = line.replace(/#.*/, "").trim().split(/\s+/);
		for (const extension of extensions) if (!types.has(extension)) types.set(extension, type);
	}
	return types;
}

/** Serves the files of a folder. */
export const definition: ModuleDefinition = {
	name: "http_files",
	load(module) {
		module.depends("http");
		const named = module.get_option_string("http_files_dir") ?? module.get_option_string("http_path");
		if (named === undefined) throw new Error("http_files_dir is not set: expected the folder whose files are served");
		const { config } = module.server.paths;
		const known = new Map(mime_types);
		const database = read_mime_types(resolve(config, module.get_option_string("mime_types_file", "/etc/mime.types")));
		// Without the system's list, browsers have to guess types.
		const fallback = database === undefined ? undefined : "application/octet-stream";
		const mime_map = (extension: string): string | undefined =>
			known.get(extension) ?? database?.get(extension.toLowerCase()) ?? fallback;
		module.provides("http", {
			place: "any",
			route: {
				"GET /*": serve(module.server.http_server, {
					path: resolve(config, named),
					directory_index: module.get_option_boolean("http_dir_listing", false),
					mime_map,
					cache_size: module.get_option_integer("http_files_cache_size", 128, 1),
					cache_max_file_size: module.get_option_integer("http_files_cache_max_file_size", 4096, 1),
					index_files: module.get_option_array("http_index_files", ["index.html", "index.htm"]).map(String),
				}),
			},
		});
	},
};
