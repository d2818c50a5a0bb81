// Counterpart: util/prosodyctl/check.lua (the command)

import type { Command } from "commander";
import { built_in_modules, lua_surface } from "../composition.ts";

export function add_check(program: Command): void {
	program
		.command("check")
		.description("read a configuration as Prosody 0.12, Prosody 13 and Enjamb would, and say what to look at")
		.requiredOption("-c, --config <file>", "a prosody.cfg.lua")
		.option("--json", "print what was found as JSON")
		.addHelpText("after", "\nExit status: 0 nothing stands in the way, 1 errors, 2 the configuration cannot be read.")
		.action(async ({ config, json = false }: { config: string; json?: boolean }) => {
			const { run } = await import("./check/run.ts");
			const context = { built_in: built_in_modules, surface: lua_surface() };
			process.exitCode = await run(config, context, { json, write: (text) => void process.stdout.write(text) });
		});
}
