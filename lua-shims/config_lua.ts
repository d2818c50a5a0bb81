// Counterpart: core/configmanager.lua (the Lua that configuration files find), loslib.c, lbaselib.c (what modules do not get)

import { existsSync, readFileSync } from "node:fs";
import { format } from "node:util";
import type { ConfigLua, ConfigLuaNeeds } from "../host/core/configmanager.ts";
import type { Server } from "../host/core/types.ts";
import { failed, ok, type Result } from "../host/util/error.ts";
import { OpenFile } from "./lua/file.ts";
import { run_command } from "./lua/process.ts";
import { system_error } from "./lua/system_error.ts";
import { LuaHost } from "./lua_host.ts";
import { type Arguments, boolean_value, bytes_at, is_none, text_at } from "./vm/arguments.ts";
import type { LuaState } from "./vm/fengari.ts";
import { type Table, TValue } from "./vm/fengari.ts";
import { nil, string_value } from "./vm/live_table.ts";
import type { LuaThread, NativeFunction } from "./vm/vm.ts";

/**
 * Makes the Lua for a configuration file. It has everything that modules have, and what only the administrator may do: run
 * programs, load code from files, and replace functions.
 * @param server one that does not run, for libraries that show something of a server
 */
export function create_config_lua(server: Server, needs: ConfigLuaNeeds): ConfigLua {
	const log: Server["logger"] =
		() =>
		(_level, message, ...args) =>
			needs.print(format(message, ...args));
	const shown: Server = Object.create(server, { logger: { value: log } });
	const host = new LuaHost(shown, [], "configuration");
	const { vm } = host;
	vm.memory_limit = process.memoryUsage().heapUsed + needs.memory_bytes;
	const globals = host.globals.value as Table;

	/** `loadfile`, `dofile`: compiled code sees the globals, as everywhere in Lua. */
	function load_file(args: Arguments, name: string): Result<TValue, string> {
		const path = text_at(args, 1, name);
		const environment = args.length > 2 ? (args[2] ?? nil) : host.globals;
		try {
			return vm.load(readFileSync(path), `@${path}`, environment);
		} catch (error) {
			return failed(`cannot open ${path} (${system_error(error).message})`);
		}
	}

	const set = (library: string | undefined, name: string, run: NativeFunction): void => {
		const table = library === undefined ? globals : (vm.raw_get(globals, library).value as Table);
		vm.raw_set(table, name, vm.native(run));
	};
	set(undefined, "loadfile", (args) => {
		const chunk = load_file(args, "loadfile");
		return chunk.ok ? chunk.value : [nil, string_value(chunk.error)];
	});
	set(undefined, "dofile", (args) => {
		const chunk = load_file(args.slice(0, 1), "dofile");
		if (!chunk.ok) throw new Error(chunk.error);
		return vm.call(chunk.value, []);
	});
	set("os", "getenv", (args) => {
		const value = needs.environment[text_at(args, 1, "getenv")];
		return value === undefined ? nil : string_value(value);
	});
	set("os", "execute", (args) => {
		if (is_none(args[0])) return boolean_value(existsSync("/bin/sh"));
		const { fd, answer } = run_command(bytes_at(args, 1, "execute"), needs.seconds);
		const output = new OpenFile(fd, "r");
		const written = output.read_all().toString();
		output.close();
		if (written !== "") needs.print(written.trimEnd());
		return answer;
	});
	set("os", "exit", () => {
		throw new Error("os.exit ends the reading of the configuration; nothing was started");
	});

	return {
		run(body) {
			let is_done = false;
			const run = vm.native((_args, L) => {
				body(L);
				is_done = true;
				return undefined;
			});
			try {
				vm.with_timeout(needs.seconds, () => vm.call(run, []));
			} catch (error) {
				// Once the time is over, even returning from a call fails; the body has already reported that.
				if (!is_done) throw error;
			}
		},
		push_globals: (L) => push(L, host.globals),
		compile(L, code, chunk_name) {
			const chunk = vm.load(code, chunk_name, host.globals);
			if (!chunk.ok) return chunk;
			push(L, chunk.value);
			return ok(true);
		},
		close: () => server.events.tell("server-stopped", { reason: "The configuration was read" }, () => undefined),
	};
}

function push(L: LuaState, value: TValue): void {
	const thread = L as LuaThread;
	thread.stack[thread.top++] = new TValue(value.type, value.value);
}
