// Counterpart: core/moduleapi.lua: context, depends, require, open_store

import { isAbsolute, join } from "node:path";
import type { LuaContext } from "../context.ts";
import { open_store } from "../store.ts";
import { is_true, optional_text, text_argument } from "../vm/arguments.ts";
import { nil, string_value } from "../vm/live_table.ts";
import { LuaModule, type Methods } from "./lua_module.ts";
import type { ModuleRegistry } from "./registry.ts";

/** Other modules, and files beside this one. */
export function other_module_methods(host: LuaContext, modules: ModuleRegistry): Methods {
	const { vm, border } = host;

	return {
		context: (module, [other]) => {
			const on = optional_text(other);
			const elsewhere = on === undefined ? "*" : on;
			const made = new LuaModule(vm, module.api.context(elsewhere), module.path, module.origin);
			vm.raw_set(made.table, "host", string_value(elsewhere));
			vm.raw_set(made.table, "global", border.to_lua(elsewhere === "*"));
			made.table.metatable = vm.new_table();
			vm.raw_set(made.table.metatable, "__index", module.value);
			vm.raw_set(made.table.metatable, "__newindex", module.value);
			modules.register(made);
			return made.value;
		},
		require: (module, [name]) => modules.require_beside(module, text_argument(name, "library")),
		depends: (module, [name, soft]) => {
			const wanted = text_argument(name, "module");
			const disabled = module.api.get_option_inherited_set("modules_disabled");
			if (disabled.has(wanted) && is_true(soft)) {
				module.api.log("debug", "Not loading disabled soft dependency mod_%s", wanted);
				return [nil, string_value("disabled")];
			}
			const exported = module.api.depends(wanted);
			return host.exports_value(wanted, module.api.host, exported);
		},
		shared: (module, [path]) => border.to_lua(module.api.shared(text_argument(path, "path"))),
		open_store: (module, [name, kind]) => {
			const store = optional_text(name) ?? module.api.name;
			return open_store(host, module.api.server, module.api.host, store, optional_text(kind) ?? "keyval");
		},
		get_directory: (module) => string_value(module.directory),
		load_resource: (module, [path, mode]) => {
			const file = text_argument(path, "path");
			const full = isAbsolute(file) ? file : join(module.directory, file);
			return vm.call(vm.index(vm.index(host.globals, string_value("io")), string_value("open")), [
				string_value(full),
				mode ?? string_value("r"),
			]);
		},
	};
}
