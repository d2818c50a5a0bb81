// No counterpart: the command `bench`.

import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { port_number, seconds, whole_number } from "./numbers.ts";
import { refuse } from "./opening.ts";

/** What the command line says to `bench`. */
interface BenchFlags {
	readonly against?: string;
	readonly prosody?: readonly string[];
	readonly only?: string;
	readonly sweeps?: boolean;
	readonly runs: number;
	readonly seconds: number;
	readonly sql?: string;
	readonly html?: string;
	readonly json?: boolean;
	readonly history?: string;
	readonly plot?: string;
	readonly floor?: number;
	readonly pipe?: number;
	readonly probe?: number;
	readonly pid?: number;
}

export function add_bench(program: Command): void {
	program
		.command("bench")
		.description("measure what loads cost this server, and others beside it")
		.argument(
			"[what]",
			"plot: only draw a history; lua: what hooks in Lua cost, and Prosody's rooms in Lua on this server beside the real one (a line of JSON of its own with --json)",
		)
		.option("--against <servers>", "also measure these: prosody, ejabberd, floor, lua (separated by commas)")
		.option(
			"--prosody <path>",
			"a prosody, or a built checkout of it; otherwise the one on the PATH; several are all measured",
			(path: string, before: readonly string[] = []) => [...before, path],
		)
		.option("--sql <option>", "the option sql of both, as Lua, instead of SQLite; %s in it is the server's name: prosody, enjamb")
		.option("--only <loads>", "only loads whose names begin with these (separated by commas)")
		.option("--sweeps", "also how costs grow with rooms and occupants, and what a storm of 2,000 does to others")
		.option("--runs <count>", "how often everything is measured", whole_number, 3)
		.option("--seconds <seconds>", "how long each load is measured", seconds, 3)
		.option("--html <file>", "write a page with plots")
		.option("--json", "print results as JSON")
		.option("--history <file>", "add the figures to a file of JSON lines, with date, commit and machine")
		.option("--plot <file>", "draw the figures of that file over time, as a picture (SVG)")
		.addOption(new Option("--floor <port>").argParser(port_number).hideHelp())
		.addOption(new Option("--pipe <port>").argParser(port_number).hideHelp())
		.addOption(new Option("--probe <port>").argParser(port_number).hideHelp())
		.addOption(new Option("--pid <pid>").argParser(whole_number).hideHelp())
		.action(async (what: string | undefined, options: BenchFlags) => {
			const { draw, run, serve_floor, serve_pipe, serve_probe } = await import("../../tools/bench.ts");
			const complain = (text: string): void => void process.stderr.write(text);
			if (what === "plot") {
				process.exitCode = draw({ history: options.history, plot: options.plot, complain });
				return;
			}
			if (what !== undefined && what !== "lua") refuse(`there is no benchmark of ${what}: expected plot, lua, or nothing`);
			const { against, only, floor: floor_port, pipe: pipe_port, probe: probe_port, pid, ...rest } = options;
			if (floor_port !== undefined) {
				serve_floor(floor_port);
				return;
			}
			if (pipe_port !== undefined) {
				serve_pipe(pipe_port);
				return;
			}
			if (probe_port !== undefined) {
				await serve_probe(probe_port, pid ?? process.pid);
				return;
			}
			const names = (list: string): string[] => list.split(",").map((name) => name.trim());
			if (what === "lua") {
				const { lua_costs_text, measure_lua } = await import("./bench/lua_costs.ts");
				const costs = measure_lua();
				process.stdout.write(options.json ? `${JSON.stringify(costs)}\n` : `${lua_costs_text(costs)}\n`);
			}
			const lua_loads = ["messages-1x100", "messages-50x10", "storm-500"];
			process.exitCode = await run({
				...rest,
				program: [process.execPath, ...process.execArgv, resolve(process.argv[1] ?? "")],
				against: against !== undefined ? names(against) : what === "lua" ? ["prosody", "lua"] : [],
				scenarios: only !== undefined ? names(only) : what === "lua" ? lua_loads : undefined,
				command: ["enjamb", ...process.argv.slice(2)].join(" "),
				write: (text) => void process.stdout.write(text),
				complain,
			});
		});
}
