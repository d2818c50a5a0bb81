// Counterpart: core/moduleapi.lua: measure, metric

import type { LuaContext } from "../context.ts";
import { bus_of } from "../origins.ts";
import { family_options, MetricViews, measure_kind, measure_options, measure_value, metric_kind } from "../statistics.ts";
import { optional_text, text_argument } from "../vm/arguments.ts";
import { TValue } from "../vm/fengari.ts";
import { LiveTable, nil, string_value, tags } from "../vm/live_table.ts";
import type { LuaModule, Methods } from "./lua_module.ts";
import type { ModuleRegistry } from "./registry.ts";

/** Measures. */
export function measure_methods(host: LuaContext, modules: ModuleRegistry): Methods {
	const { vm } = host;
	const views = new MetricViews(host);

	/** Counts and times an event on a bus of Lua, `util.events`. */
	function measure_lua_bus(module: LuaModule, bus: TValue, event: string, name = event.replaceAll("/", "_")): void {
		if (module.api.server.statsmanager.registry === undefined) return;
		const begin = module.api.measure(name, "times");
		const kept = new TValue(bus.type, bus.value);
		const wrapper = vm.native(([next = nil, ...more]) => {
			const done = begin();
			const answers = vm.call(next, more);
			done();
			return answers;
		});
		vm.call(vm.index(kept, string_value("add_wrapper")), [string_value(event), wrapper]);
		modules.undo(module, () => vm.call(vm.index(kept, string_value("remove_wrapper")), [string_value(event), wrapper]));
	}

	return {
		measure: (module, [name, kind, conf]) => {
			const known = measure_kind(kind);
			const measure = module.api.measure(text_argument(name, "name"), known, measure_options(host, conf));
			return measure_value(host, measure, known);
		},
		metric: (module, [kind, name, ...more]) => {
			const known = metric_kind(kind);
			return views.family(module.api.metric(known, text_argument(name, "name"), family_options(host, known, more)));
		},
		measure_event: (module, [name, stat]) => void module.api.measure_event(event_of(name), optional_text(stat)),
		measure_global_event: (module, [name, stat]) => void module.api.measure_global_event(event_of(name), optional_text(stat)),
		measure_object_event: (module, [bus = nil, name, stat]) => {
			if (bus.type === tags.table && !(bus.value instanceof LiveTable)) {
				measure_lua_bus(module, bus, text_argument(name, "event"), optional_text(stat));
			} else module.api.measure_object_event(bus_of(host, bus), event_of(name), optional_text(stat));
			return undefined;
		},
	};
}

/** The name of an event, which may be one of Lua modules' own. */
function event_of(name: TValue | undefined): `signal/${string}` {
	return text_argument(name, "event") as `signal/${string}`;
}
