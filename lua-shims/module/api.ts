// Counterpart: core/moduleapi.lua, as the Lua side of host/core/moduleapi.ts

import type { LuaContext } from "../context.ts";
import { TValue } from "../vm/fengari.ts";
import { tags } from "../vm/live_table.ts";
import type { NativeFunction } from "../vm/vm.ts";
import { basic_methods } from "./basics.ts";
import { hook_methods } from "./hooks.ts";
import type { Methods } from "./lua_module.ts";
import { measure_methods } from "./measures.ts";
import { item_methods } from "./module_items.ts";
import { option_methods } from "./options.ts";
import { other_module_methods } from "./others.ts";
import { permission_methods } from "./permissions.ts";
import type { ModuleRegistry } from "./registry.ts";
import { sending_methods } from "./sending.ts";

const sections: readonly ((host: LuaContext, modules: ModuleRegistry) => Methods)[] = [
	basic_methods,
	hook_methods,
	item_methods,
	option_methods,
	other_module_methods,
	sending_methods,
	permission_methods,
	measure_methods,
];

/** Makes the methods of `module`, once for a Lua state. */
export function create_module_api(host: LuaContext, modules: ModuleRegistry): TValue {
	const { vm } = host;
	const api = vm.new_table();
	for (const section of sections) {
		for (const [name, method] of Object.entries(section(host, modules))) {
			const run: NativeFunction = ([self, ...args], L) => method(modules.module_of(self, name), args, L);
			vm.raw_set(api, name, name === "log" ? vm.logger(run) : vm.native(run));
		}
	}
	vm.raw_set(api, "hook_stanza", vm.raw_get(api, "hook_tag"));
	return new TValue(tags.table, api);
}
