// Counterpart: util/pluginloader.lua, for modules in TypeScript and JavaScript

import { existsSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { join } from "node:path";
import { failed, ok, type Result } from "../util/error.ts";
import type { ModuleApi, ModuleDefinition, ModuleLoader } from "./types.ts";

type Transform = (file: string) => { code: string };

/** Loads esbuild when the first module needs it, and makes one file of a module and what it imports from beside it. */
function create_transform(): Transform {
	const require = createRequire(import.meta.url);
	return (file) => {
		const esbuild: typeof import("esbuild") = require("esbuild");
		const built = esbuild.buildSync({
			entryPoints: [file],
			bundle: true,
			packages: "external",
			format: "cjs",
			platform: "node",
			target: "node20",
			sourcemap: "inline",
			write: false,
			logLevel: "silent",
		});
		return { code: built.outputFiles[0]?.text ?? "" };
	};
}

/**
 * Checks a module's file without running it.
 * @returns why a server could not load it
 */
export function module_file_problem(file: string): string | undefined {
	const require = createRequire(import.meta.url);
	const esbuild: typeof import("esbuild") = require("esbuild");
	try {
		const { metafile } = esbuild.buildSync({
			entryPoints: [file],
			bundle: true,
			packages: "external",
			format: "esm",
			platform: "node",
			write: false,
			metafile: true,
			logLevel: "silent",
		});
		const exported = Object.values(metafile.outputs).flatMap((output) => output.exports);
		return exported.includes("default") || exported.includes("load") ? undefined : exports_nothing(file);
	} catch (error) {
		return `${file} cannot be loaded: ${describe(error)}`;
	}
}

/** The file of a module: `mod_x.ts`, or `mod_x/mod_x.ts` as in community repositories; the first folder that has one counts. */
export function find_module_file(folders: readonly string[], name: string): string | undefined {
	for (const folder of folders) {
		for (const extension of ["ts", "js"]) {
			const file = `mod_${name}.${extension}`;
			for (const path of [join(folder, file), join(folder, `mod_${name}`, file)]) {
				if (existsSync(path)) return path;
			}
		}
	}
	return undefined;
}

function is_load_function(value: unknown): value is (module: ModuleApi) => unknown {
	return typeof value === "function";
}

function exports_nothing(file: string): string {
	return `${file} exports no function: expected \`export default function (module) { … }\``;
}

function describe(error: unknown): string {
	const errors = typeof error === "object" && error !== null && "errors" in error ? error.errors : undefined;
	if (Array.isArray(errors)) {
		return errors
			.map(({ text, location }) => (location ? `${location.file}:${location.line}:${location.column}: ${text}` : text))
			.join("; ");
	}
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Node's own kind of module, so that errors name lines of the source. Node's types leave out the method that compiles it. */
class SourceModule extends Module {
	declare readonly _compile: (code: string, file: string) => void;

	constructor(
		file: string,
		private readonly api: object,
	) {
		super(file);
		this.filename = file;
		const beside = createRequire(file);
		this.require = Object.assign((id: string): unknown => (id === "enjamb" ? this.api : beside(id)), beside);
	}
}

/**
 * Finds `mod_NAME.ts` and `mod_NAME.js` in folders. Such a file exports a function that gets the `module`, as default or as
 * `load`, and `global = true` where it wants to be loaded once for all hosts; it may import `enjamb` for stanzas and the like.
 * @param folders the option `plugin_paths`
 * @param api what modules get when they import `enjamb`
 */
export function create_typescript_loader(folders: readonly string[], api: object): ModuleLoader {
	const transform = create_transform();
	/** Node forgets where the lines of a file come from once its module is gone, which must live as long as what it defines. */
	const sources = new WeakMap<ModuleDefinition, SourceModule>();

	function load(file: string, name: string): Result<ModuleDefinition, string> {
		try {
			const { code } = transform(file);
			process.setSourceMapsEnabled(true);
			const source = new SourceModule(file, api);
			source._compile(code, file);
			const exported: { [key: string]: unknown } = source.exports;
			const { default: by_default, load: by_name = by_default, global } = exported;
			if (!is_load_function(by_name)) return failed(exports_nothing(file));
			const definition = { name, path: file, global: global === true, is_guarded: true, load: by_name };
			sources.set(definition, source);
			return ok(definition);
		} catch (error) {
			return failed(`${file} cannot be loaded: ${describe(error)}`);
		}
	}

	return {
		language: "typescript",
		find(name) {
			const file = find_module_file(folders, name);
			return file === undefined ? undefined : load(file, name);
		},
	};
}
