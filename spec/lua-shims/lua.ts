// A LuaHost for specs, and Lua beside it to compare with.
//
//	const lua = await create_lua();           // a host on a server that is composed, not started; in memory, silent
//	lua.lines('print(("x"):rep(3), 1)')       // what code prints, a line for each print, its values with tabs between
//	lua.run("return 1, {2}")                  // the results of code, as the host sees them
//	lua.host, lua.server, lua.data_path       // for all else; lua.log holds lines "level name: message"
//	await lua.stop();                         // once done: the folder of data goes
//
//	lua_lines(code)                           // what the same code prints in lua5.4 amid Prosody 0.12's libraries
//	no_lua("util.jid")                        // why that cannot be asked, for it.skipIf; undefined where it can
//
// Code runs as a module's would: with the globals of modules, an environment of its own, and a guard that stops what runs too long.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "node:util";
import { compose_server } from "../../host/composition.ts";
import { type ConfigValue, default_config } from "../../host/core/configmanager.ts";
import type { RunningServer } from "../../host/running_server.ts";
import { LuaHost } from "../../lua-shims/lua_host.ts";
import { TValue } from "../../lua-shims/vm/fengari.ts";
import { tags } from "../../lua-shims/vm/live_table.ts";
import { bytes_of } from "../../lua-shims/vm/text.ts";
import { run_lua, why_not } from "../host/prosody_lua.ts";

/** Lua on a server of a test. */
export interface TestLua {
	readonly host: LuaHost;
	readonly server: RunningServer;
	readonly data_path: string;
	/** What was logged, each line as `level name: message`. */
	readonly log: string[];
	/** Runs code; answers with its results as the host sees them. Throws a LuaError, or an Error where it cannot be compiled. */
	run(code: string): unknown[];
	/** Runs code; answers with what it prints. */
	lines(code: string): string[];
	/** Ends the server. */
	stop(): Promise<void>;
}

/** Makes a LuaHost on a server that is composed but not started. */
export async function create_lua(options: Readonly<Record<string, ConfigValue>> = {}): Promise<TestLua> {
	const data_path = await mkdtemp(join(tmpdir(), "enjamb-lua-"));
	const config = default_config(data_path);
	config.set("*", "storage", "memory");
	// For specs that start it: others run beside it
	config.set("*", "c2s_ports", [0]);
	for (const [name, value] of Object.entries(options)) config.set("*", name, value);
	const composed = compose_server(config, { log: [] });
	if (!composed.ok) throw new Error(composed.error);
	const log: string[] = [];
	const server: RunningServer = Object.create(composed.value, {
		logger: {
			value:
				(name: string) =>
				(level: string, message: string, ...args: unknown[]): void => {
					log.push(`${level} ${name}: ${format(message, ...args)}`);
				},
		},
	});
	const host = new LuaHost(server);
	const { vm, border } = host;

	function call(code: string, print?: (line: string) => void): readonly TValue[] {
		const environment = vm.new_table();
		environment.metatable = vm.new_table();
		vm.raw_set(environment.metatable, "__index", host.globals);
		if (print) {
			const printed = vm.native((args) => {
				print(args.map((arg) => vm.to_string(arg)).join("\t"));
				return undefined;
			});
			vm.raw_set(environment, "print", printed);
		}
		const chunk = vm.load(bytes_of(code), "=test", new TValue(tags.table, environment));
		if (!chunk.ok) throw new Error(chunk.error);
		// Long, for machines that do much else
		return vm.with_timeout(200, () => vm.call(chunk.value, []));
	}

	return {
		host,
		server,
		data_path,
		log,
		run: (code) => call(code).map((value) => border.from_lua(value)),
		lines(code) {
			const lines: string[] = [];
			call(code, (line) => lines.push(...line.split("\n")));
			return lines;
		},
		async stop() {
			await composed.value.stop("The test is over");
			await rm(data_path, { recursive: true, force: true });
		},
	};
}

/** Why lua5.4 cannot run here with these libraries of Prosody; undefined where it can. */
export const no_lua = why_not;

/** What code prints in lua5.4 amid Prosody's libraries. */
export function lua_lines(code: string): string[] {
	const output = run_lua(code);
	return output === "" ? [] : output.replace(/\n$/, "").split("\n");
}
