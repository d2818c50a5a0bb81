// Counterpart: core/modulemanager.lua: how a module in Lua is loaded, kept over a reload, and unloaded

import { readFileSync } from "node:fs";
import type { ModuleApi } from "../../host/core/types.ts";
import type { LuaContext } from "../context.ts";
import { log_function } from "../log_format.ts";
import { type Table, TValue } from "../vm/fengari.ts";
import { is_function, nil, string_value, tags } from "../vm/live_table.ts";
import { LuaModule } from "./lua_module.ts";
import type { ModuleRegistry } from "./registry.ts";

/** How long loading a module may take, as a multiple of the limit for a hook. */
const loading_factor = 10;

function lifecycle_function({ vm }: LuaContext, module: LuaModule, name: string): TValue | undefined {
	const value = vm.raw_get(module.table, name);
	return is_function(value) ? new TValue(value.type, value.value) : undefined;
}

/** Makes a module's globals, in which `module` is. */
function create_environment({ vm, globals }: LuaContext, module: LuaModule): Table {
	const environment = vm.new_table();
	vm.raw_set(environment, "module", module.value);
	environment.metatable = vm.new_table();
	vm.raw_set(environment.metatable, "__index", globals);
	return environment;
}

/** Runs a module's file for a host; answers with its globals, which other modules get. Throws where it fails. */
export function load_module(host: LuaContext, modules: ModuleRegistry, path: string, api: ModuleApi): unknown {
	const { vm, border } = host;
	const module = modules.create(api, path);
	const environment = create_environment(host, module);
	const globals = new TValue(tags.table, environment);
	const set = (name: string, value: TValue): void => vm.raw_set(module.table, name, value);
	set("path", string_value(path));
	set("environment", globals);
	set("_log", log_function(vm, api.log));
	if (api.host === "*") set("global", border.to_lua(true));
	if (api.reloading !== undefined) {
		set("reloading", border.to_lua(true));
		set("saved_state", border.to_lua(api.reloading.saved));
	}
	modules.set_environment(module, environment);
	const chunk = vm.load(readFileSync(path), `@${path}`, globals);
	if (!chunk.ok) throw new Error(`mod_${api.name} cannot be compiled: ${chunk.error}`);
	modules.on_ready(module, () => {});
	module.api.unload = () => {
		try {
			if (api.reloading !== undefined) set("reloading", border.to_lua(true));
			const unload = lifecycle_function(host, module, "unload");
			if (unload) vm.call(unload, []);
		} finally {
			modules.release(module);
		}
	};
	try {
		vm.with_timeout(vm.timeout * loading_factor, () => {
			vm.call(chunk.value, []);
			const load = lifecycle_function(host, module, "load");
			if (load) vm.call(load, []);
		});
	} catch (error) {
		modules.release(module);
		throw error;
	}
	for (const name of ["reloading", "saved_state"]) set(name, nil);
	// Source: core/modulemanager.lua, reload
	api.while_reloaded = (tell) => {
		set("reloading", border.to_lua(true));
		try {
			tell();
		} finally {
			set("reloading", nil);
		}
	};
	adopt(host, modules, module);
	return border.from_lua(globals);
}

/** Uses the functions that a module has set on `module` while it loaded. */
function adopt(host: LuaContext, modules: ModuleRegistry, module: LuaModule): void {
	const { vm, border } = host;
	const { api } = module;
	const save = lifecycle_function(host, module, "save");
	// what it saved comes back as it is, functions and metatables with it; who saved nothing gets an empty table
	api.save = () => border.from_lua(kept_table(save && vm.call(save, [])[0]));
	const restore = lifecycle_function(host, module, "restore");
	if (restore) api.restore = (saved) => void vm.call(restore, [border.to_lua(saved)]);
	function kept_table(saved: TValue | undefined): TValue {
		return saved === undefined || saved.ttisnil() || saved.value === false ? border.table({}) : saved;
	}
	const ready = lifecycle_function(host, module, "ready");
	if (ready) modules.on_ready(module, () => void vm.call(ready, []));
	const add_host = lifecycle_function(host, module, "add_host");
	if (!add_host) return;
	api.add_host = (host_api) => {
		const on_host = new LuaModule(vm, host_api, module.path);
		on_host.table.metatable = vm.new_table();
		vm.raw_set(on_host.table.metatable, "__index", module.value);
		vm.raw_set(on_host.table, "host", string_value(host_api.host));
		vm.raw_set(on_host.table, "global", border.to_lua(false));
		modules.register(on_host);
		modules.set_environment(on_host, modules.environment_of(module));
		host_api.unload = () => {
			const own = vm.raw_get(on_host.table, "unload");
			try {
				if (is_function(own)) vm.call(own, []);
			} finally {
				modules.release(on_host);
			}
		};
		const [answer, reason] = vm.call(add_host, [on_host.value]);
		if (answer?.value === false) throw new Error(reason === undefined ? "add_host refused" : vm.to_string(reason));
	};
}
