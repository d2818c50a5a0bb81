// Counterpart: core/storagemanager.lua, as the Lua side of the host's stores

import type { Server } from "../host/core/types.ts";
import type { TValue } from "./fengari.ts";
import { nil } from "./live_table.ts";
import type { LuaHost } from "./lua_host.ts";

/** A store for Lua; nil and why where it cannot be opened. */
export function open_store(host: LuaHost, server: Server, on: string, name: string, kind: string): TValue | readonly TValue[] {
	void server;
	void on;
	void name;
	void kind;
	void host;
	return nil;
}
