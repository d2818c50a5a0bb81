// Counterpart: util/prosodyctl/check.lua (the command)

import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { built_in_modules, lua_surface } from "../composition.ts";
import type { Loader } from "./check/loads/outcome.ts";
import { refuse } from "./opening.ts";

/** What the command line says to `check`. */
interface CheckFlags {
	readonly config?: string;
	readonly modules?: readonly string[];
	readonly only?: string;
	readonly reference?: string | true;
	readonly json?: boolean;
	readonly loads?: boolean;
}

/** A real Prosody to load modules in, or true for the one on the PATH; without one, the program ends. */
async function loads_in_prosody(path: string | true): Promise<Loader> {
	const { ReferenceLoads } = await import("../../tools/loads.ts");
	const { load_hosts, loads_nowhere, loads_of } = await import("./check/loads/outcome.ts");
	const opened = ReferenceLoads.open(path === true ? undefined : path);
	if (!opened.ok) return refuse(opened.error);
	const reference = opened.value;
	return {
		async load(name, folders) {
			const found = await reference.load(name, folders, load_hosts);
			if (!found.ok) return loads_nowhere(found.error.split("\n", 1)[0] ?? "");
			return loads_of((host) => (found.value.has(host) ? found.value.get(host) : "Prosody did not try it"));
		},
		close: async () => reference.close(),
	};
}

export function add_check(program: Command): void {
	program
		.command("check")
		.description(
			"read a configuration as Prosody 0.12, Prosody 13 and Enjamb would, and say what to look at; or load modules in Lua, and say which cannot be",
		)
		.option("-c, --config <file>", "a prosody.cfg.lua")
		.option("--modules <folders...>", "load each module in these folders on a host, a room service and a component of its own")
		.option("--only <names>", "with --modules: only these (separated by commas)")
		.option("--reference [path]", "with --modules: load them in a real Prosody, too (a prosody, or a built checkout of it)")
		.option("--json", "print what was found as JSON")
		.addOption(new Option("--loads").hideHelp())
		.addHelpText(
			"after",
			"\nExit status: 0 nothing stands in the way, 1 errors, 2 the configuration cannot be read, or there is no module to try.",
		)
		.action(async ({ config, modules, only, reference, json = false, loads }: CheckFlags) => {
			const write = (text: string): void => void process.stdout.write(text);
			if (loads === true) {
				const { serve_loads } = await import("./check/loads/child.ts");
				serve_loads();
				return;
			}
			if (modules !== undefined) {
				const { run_loads } = await import("./check/loads/run.ts");
				const { LoadsHere } = await import("./check/loads/here.ts");
				const in_prosody = reference === undefined ? undefined : await loads_in_prosody(reference);
				const here = new LoadsHere([process.execPath, ...process.execArgv, resolve(process.argv[1] ?? "")]);
				try {
					process.exitCode = await run_loads({
						folders: modules.map((folder) => resolve(folder)),
						only: only?.split(",").map((name) => name.trim()),
						here,
						reference: in_prosody,
						json,
						built_in: built_in_modules,
						surface: lua_surface(),
						write,
						complain: (text) => void process.stderr.write(text),
					});
				} finally {
					await here.close();
					await in_prosody?.close();
				}
				return;
			}
			if (config === undefined) refuse("nothing is named to be checked: expected --config FILE, or --modules FOLDER");
			const { run } = await import("./check/run.ts");
			const context = { built_in: built_in_modules, surface: lua_surface() };
			process.exitCode = await run(config, context, { json, write });
		});
}
