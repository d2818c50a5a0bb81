// Counterpart: core/modulemanager.lua (what is kept of all modules), as far as they are seen from Lua

import { readFileSync } from "node:fs";
import type { ModuleApi } from "../../host/core/types.ts";
import type { LuaContext } from "../context.ts";
import { find_library } from "../module_files.ts";
import { plugin_libraries } from "../plugin_libraries.ts";
import { type Table, TValue } from "../vm/fengari.ts";
import { nil, string_value, tags } from "../vm/live_table.ts";
import { bytes_of } from "../vm/text.ts";
import type { Costs } from "./costs.ts";
import { LuaModule } from "./lua_module.ts";

/** The modules of one Lua state, and modules in other languages as Lua sees them. */
export class ModuleRegistry {
	/** The metatable of each `module`, whose `__index` is the methods. */
	readonly metatable: Table;
	private readonly modules = new WeakMap<object, LuaModule>();
	private readonly module_of_api = new WeakMap<ModuleApi, LuaModule>();
	private readonly undos = new WeakMap<LuaModule, (() => void)[]>();
	private readonly environments = new WeakMap<LuaModule, Table>();

	/** @param folders folders with modules and their libraries */
	constructor(
		private readonly host: LuaContext,
		private readonly folders: readonly string[],
		readonly costs: Costs,
	) {
		this.metatable = host.vm.new_table();
	}

	/** Makes a module known by its table. */
	register(module: LuaModule): void {
		this.modules.set(module.table, module);
		this.module_of_api.set(module.api, module);
	}

	/** Makes `module` for a module, with its methods. */
	create(api: ModuleApi, path: string): LuaModule {
		const module = new LuaModule(this.host.vm, api, path);
		module.table.metatable = this.metatable;
		this.host.vm.raw_set(module.table, "name", string_value(api.name));
		this.host.vm.raw_set(module.table, "host", string_value(api.host));
		this.register(module);
		return module;
	}

	/** The module that a method was called on. Throws where it is something else. */
	module_of(self: TValue | undefined, method: string): LuaModule {
		let table: unknown = self?.value;
		for (let depth = 0; depth < 8 && typeof table === "object" && table !== null; depth++) {
			const known = this.modules.get(table);
			if (known) return known;
			const { metatable } = table as Table;
			table = metatable ? this.host.vm.raw_get(metatable, "__index").value : undefined;
		}
		throw new TypeError(`calling '${method}' without a module: expected module:${method}(...)`);
	}

	/** Lua's `module` of a module in any language. */
	value_of(api: ModuleApi): TValue {
		return (this.module_of_api.get(api) ?? this.create(api, api.path ?? "")).value;
	}

	/** The globals of one module. */
	environment_of(module: LuaModule): Table {
		return this.environments.get(module) ?? this.host.vm.new_table();
	}

	/** Gives a module its globals. */
	set_environment(module: LuaModule, environment: Table): void {
		this.environments.set(module, environment);
	}

	/** Adds something to do when a module is unloaded. */
	undo({ origin }: LuaModule, callback: () => void): void {
		const undos = this.undos.get(origin) ?? [];
		undos.push(callback);
		this.undos.set(origin, undos);
	}

	/** Undoes everything that a module did. Errors are logged, and the rest is still undone. */
	release(module: LuaModule): void {
		const hooks = [...module.handlers.values()].flatMap((by_name) =>
			[...by_name.values()].flatMap(({ undo_on }) => [...undo_on.values()]),
		);
		for (const callback of [...hooks, ...(this.undos.get(module) ?? [])].reverse()) {
			try {
				callback();
			} catch (error) {
				module.api.log("error", "Error while unloading: %s", error instanceof Error ? error.stack : error);
			}
		}
		this.undos.delete(module);
		module.handlers.clear();
	}

	/** Calls back when the server is ready, after earlier callbacks; at once where the module was already told. */
	on_ready({ origin }: LuaModule, callback: () => void): void {
		if (origin.is_ready) {
			callback();
			return;
		}
		const { api } = origin;
		const before = api.ready;
		api.ready = () => {
			origin.is_ready = true;
			try {
				before?.();
			} finally {
				callback();
			}
		};
	}

	/** A library beside a module: `module:require "x"` runs `x.lib.lua` in the module's own environment. */
	require_beside(module: LuaModule, name: string): TValue {
		const { vm } = this.host;
		const path = find_library(this.folders, module.api.name, name);
		const own = path === undefined ? plugin_libraries.get(name) : undefined;
		if (path === undefined && own === undefined)
			throw new Error(`Failed to load plugin library '${name}': there is no ${name}.lib.lua for mod_${module.api.name}`);
		const code = path === undefined ? bytes_of(own ?? "") : readFileSync(path);
		const chunk_name = path === undefined ? `=lua-shims/plugins/${name}.lua` : `@${path}`;
		const chunk = vm.load(code, chunk_name, new TValue(tags.table, this.environment_of(module)));
		if (!chunk.ok) throw new Error(`Failed to load plugin library '${name}': ${chunk.error}`);
		return vm.call(chunk.value, [])[0] ?? nil;
	}
}
