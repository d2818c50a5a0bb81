// Counterpart: core/moduleapi.lua: name, log, status

import type { LuaContext } from "../context.ts";
import { format_message, is_log_level } from "../log_format.ts";
import { function_argument, optional_text, text_argument } from "../vm/arguments.ts";
import { nil, number_value, string_value } from "../vm/live_table.ts";
import type { Methods } from "./lua_module.ts";
import type { ModuleRegistry } from "./registry.ts";

/** What a module is, and what it says about itself. */
export function basic_methods(host: LuaContext, modules: ModuleRegistry): Methods {
	const { vm, border } = host;

	return {
		get_name: (module) => string_value(module.api.name),
		get_host: (module) => (module.api.host === "*" ? nil : string_value(module.api.host)),
		get_host_type: (module) => {
			const type = module.api.get_host_type();
			return type === "global" ? nil : string_value(type);
		},
		set_global: (module) => {
			vm.raw_set(module.table, "host", string_value("*"));
			vm.raw_set(module.table, "global", border.to_lua(true));
			return undefined;
		},
		log: (module, [level, message, ...args]) => {
			const known = text_argument(level, "level");
			const text = text_argument(message, "message");
			module.api.log(
				is_log_level(known) ? known : "info",
				"%s",
				vm.logged(() => format_message(vm, text, args)),
			);
			return undefined;
		},
		log_status: (module, [level, message, ...args]) => {
			const known = text_argument(level, "level");
			const line = format_message(vm, text_argument(message, "message"), args);
			module.api.set_status(known === "error" || known === "warn" ? known : "info", line);
			module.status_time = Date.now() / 1000;
			module.api.log(is_log_level(known) ? known : "info", "%s", line);
			return undefined;
		},
		set_status: (module, [kind, message, override]) => {
			const known = text_argument(kind, "status");
			module.api.set_status(
				known === "error" || known === "warn" || known === "core" ? known : "info",
				text_argument(message, "message"),
				typeof override?.value === "boolean" ? override.value : undefined,
			);
			module.status_time = Date.now() / 1000;
			return undefined;
		},
		get_status: (module) => {
			const { status } = module.api as { status?: { kind: string; message: string } };
			return [string_value(status?.kind ?? "core"), string_value(status?.message ?? ""), number_value(module.status_time)];
		},
		on_ready: (module, [callback]) => {
			const run = function_argument(callback, "callback");
			modules.on_ready(module, () => void vm.call(run, []));
			return undefined;
		},
		once: (module, [callback]) => {
			const run = function_argument(callback, "callback");
			modules.on_ready(module, () => void vm.call(run, []));
			return undefined;
		},
		http_url: (module, [app, path, mode]) => {
			const { http_url } = module.api as { http_url?: (app?: string, path?: string, mode?: string) => string | undefined };
			if (!http_url) return nil;
			return border.to_lua(http_url.call(module.api, optional_text(app), optional_text(path), optional_text(mode)));
		},
	};
}
