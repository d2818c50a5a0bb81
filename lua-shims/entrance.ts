// No counterpart: what the rest of the program takes of Lua. The built program loads what is behind it with the first call
// (tools/package/build.mjs), since many servers need no Lua: nothing but functions is exported here.

import { run_config as run_in } from "../host/core/config/lua_sandbox.ts";
import type { RunConfig } from "../host/core/configmanager.ts";
import type { Server } from "../host/core/types.ts";
import { create_config_lua } from "./config_lua.ts";
import type { LuaContext } from "./context.ts";
import { LuaHost } from "./lua_host.ts";
import { run_console_line as run_line } from "./shell_commands.ts";

/** Reads a configuration by running it. `make_server` gives a server that does not run, for libraries that show something of one. */
export function run_config(make_server: () => Server, request: Parameters<RunConfig>[0]): ReturnType<RunConfig> {
	return run_in({ ...request, make_lua: (needs) => create_config_lua(make_server(), needs) });
}

/** The Lua of a server. */
export function create_lua_host(server: Server, folders?: readonly string[]): LuaHost {
	return new LuaHost(server, folders);
}

/** Runs a line of Lua that an administrator has typed, with all that modules see. Throws what it throws. */
export function run_console_line(host: LuaContext, code: string, print: (text: string) => void): ReturnType<typeof run_line> {
	return run_line(host, code, print);
}
