// Counterpart: core/moduleapi.lua: measure, metric

import type { AnyWrapper } from "../../host/util/events.ts";
import type { LuaContext } from "../context.ts";
import { array_value } from "../native_calls.ts";
import { optional_text, text_argument } from "../vm/arguments.ts";
import type { TValue } from "../vm/fengari.ts";
import { nil, string_value } from "../vm/live_table.ts";
import type { LuaModule, Methods } from "./lua_module.ts";
import type { ModuleRegistry } from "./registry.ts";

/** Measures. */
export function measure_methods(host: LuaContext, modules: ModuleRegistry): Methods {
	const { vm, border } = host;

	/** Counts and times an event's handling. */
	function measure_bus(module: LuaModule, global: boolean, name: TValue | undefined, stat: TValue | undefined): undefined {
		const event = text_argument(name, "event");
		const measure = module.api.measure(optional_text(stat) ?? event.replaceAll("/", "_"), "times");
		const { server, host: on } = module.api;
		const bus = (global ? undefined : server.hosts.get(on)?.events) ?? server.events;
		const wrapper: AnyWrapper = (next, event_name, payload) => {
			const started = performance.now();
			const answer = next(event_name, payload);
			measure((performance.now() - started) / 1000);
			return answer;
		};
		bus.wrap_any(event, wrapper);
		modules.undo(module, () => bus.unwrap_any(event, wrapper));
		return undefined;
	}

	/** A function of core.statsmanager. */
	const statsmanager = (name: string): TValue => host.libraries.function_of("core.statsmanager", name);
	const is_counted = (): boolean => {
		const [registry = nil] = vm.call(statsmanager("get_metric_registry"), []);
		return !registry.ttisnil();
	};

	/** Measures that the host keeps, even where statistics are not configured. */
	function measure_quietly(module: LuaModule, name: string, type: string): TValue {
		const known = type === "amount" || type === "rate" || type === "times" || type === "counter" ? type : "distribution";
		const measure = module.api.measure(name, known);
		if (type !== "times") return border.fn((value?: number) => measure(value));
		// called when something begins; returns a function to call when it is done
		return border.fn(() => {
			const started = performance.now();
			return () => measure((performance.now() - started) / 1000);
		});
	}

	return {
		measure: (module, [name, kind, conf = nil]) => {
			const text = text_argument(name, "name");
			const type = text_argument(kind, "type");
			if (!is_counted()) return measure_quietly(module, text, type);
			const on = module.api.host === "*" ? [] : [string_value("host"), string_value(module.api.host)];
			const full_name = string_value(`mod_${module.api.name}/${text}`);
			return vm.call(statsmanager("measure"), [string_value(type), full_name, conf, ...on]);
		},
		metric: (module, [kind, name, unit = nil, description = nil, labels = nil, conf = nil]) => {
			const full_name = string_value(`prosody_mod_${module.api.name}/${text_argument(name, "name")}`);
			const given = border.copy(labels);
			const is_scoped = module.api.host !== "*";
			const keys = array_value(host, [...(is_scoped ? ["host"] : []), ...(Array.isArray(given) ? given : [])]);
			const family = vm.call(statsmanager("metric"), [
				string_value(text_argument(kind, "type")),
				full_name,
				unit,
				description,
				keys,
				conf,
			]);
			const [first = nil] = family;
			if (!is_scoped) return first;
			return vm.call(vm.index(first, string_value("with_partial_label")), [first, string_value(module.api.host)]);
		},
		measure_event: (module, [name, stat]) => measure_bus(module, module.api.host === "*", name, stat),
		measure_global_event: (module, [name, stat]) => measure_bus(module, true, name, stat),
	};
}
