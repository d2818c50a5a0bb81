// Temporary folders with configuration files for the specs beside this file.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach } from "vitest";
import { load_config } from "../../../../host/composition.ts";
import type { ConfigError, LoadedConfig, LoadOptions } from "../../../../host/core/configmanager.ts";

const main_file = "prosody.cfg.lua";

/** A folder of configuration files, removed when the test ends. */
export interface ConfigFolder {
	readonly path: string;
	/** Full path of a file in it. */
	file(name: string): string;
	/** Reads `prosody.cfg.lua` and expects it to be right. */
	load(options?: LoadOptions): Promise<LoadedConfig>;
	/** Reads `prosody.cfg.lua` and expects an error. */
	fail(options?: LoadOptions): Promise<ConfigError>;
}

/** Answers a function that writes files into a new folder; text alone is the main file. Call once in a spec's outermost block. */
export function config_folders(): (files: string | Readonly<Record<string, string | Uint8Array>>) => ConfigFolder {
	const made: string[] = [];
	afterEach(() => {
		for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
	});
	return (files) => {
		const path = mkdtempSync(join(tmpdir(), "enjamb-config-"));
		made.push(path);
		const file = (name: string): string => join(path, name);
		for (const [name, content] of Object.entries(typeof files === "string" ? { [main_file]: files } : files)) {
			mkdirSync(dirname(file(name)), { recursive: true });
			writeFileSync(file(name), content);
		}
		return {
			path,
			file,
			load: async (options) => {
				const result = await load_config(file(main_file), options);
				if (!result.ok) throw new Error(`${result.error.file}:${result.error.line}: ${result.error.message}`);
				return result.value;
			},
			fail: async (options) => {
				const result = await load_config(file(main_file), options);
				if (result.ok) throw new Error("expected an error, but the configuration was read");
				return result.error;
			},
		};
	};
}
