// No counterpart: `enjamb check --modules`, which loads every module of some folders here and, beside it, in a real Prosody.

import type { LuaSurface } from "../lua_scan.ts";
import { examine, usual_prosody_folders } from "../modules.ts";
import { type ModuleFile, modules_in } from "./files.ts";
import type { Loader } from "./outcome.ts";
import { module_as_text, summary_as_text } from "./report.ts";
import { disagreement, fails_for_want, hosts_behind, type LoadedModule } from "./verdict.ts";

/** Options of `check --modules`. */
export interface LoadsOptions {
	readonly folders: readonly string[];
	/** The names of those to be tried; all where none is given. */
	readonly only?: readonly string[] | undefined;
	readonly here: Loader;
	/** A real Prosody to load them as well. */
	readonly reference?: Loader | undefined;
	readonly json: boolean;
	readonly built_in: ReadonlySet<string>;
	readonly surface: LuaSurface;
	write(text: string): void;
	complain(text: string): void;
}

function find_modules({ folders, only }: LoadsOptions): ModuleFile[] {
	const found = folders.flatMap(modules_in);
	return only === undefined ? found : found.filter(({ name }) => only.includes(name));
}

async function load_module(file: ModuleFile, options: LoadsOptions): Promise<LoadedModule> {
	const { name, folders } = file;
	const { built_in, surface, here, reference } = options;
	const context = { built_in, surface, folders, prosody_folders: usual_prosody_folders };
	const { runs, missing } = examine(name, ["host.test"], context, true);
	const loads = await here.load(name, folders);
	return { ...file, here: loads, reference: await reference?.load(name, folders), said: runs, missing };
}

/**
 * Loads modules and prints the result of each, and how many there are.
 * @returns the exit status: 0 where all that a real Prosody loads is loaded here and `check` says so, 1 where not, 2 where nothing could
 *   be tried
 */
export async function run_loads(options: LoadsOptions): Promise<0 | 1 | 2> {
	let files: ModuleFile[];
	try {
		files = find_modules(options);
	} catch (error) {
		options.complain(`${error instanceof Error ? error.message : error}\n`);
		return 2;
	}
	if (files.length === 0) {
		options.complain(`there is no module in Lua in ${options.folders.join(", ")}\n`);
		return 2;
	}
	const modules: LoadedModule[] = [];
	for (const file of files) {
		const module = await load_module(file, options);
		modules.push(module);
		if (!options.json) options.write(module_as_text(module));
	}
	options.write(options.json ? `${JSON.stringify(modules, null, "\t")}\n` : summary_as_text(modules));
	const is_fine = (module: LoadedModule): boolean =>
		hosts_behind(module).length === 0 && !fails_for_want(module) && disagreement(module) === undefined;
	return modules.every(is_fine) ? 0 : 1;
}
