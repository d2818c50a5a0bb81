// Counterpart: core/moduleapi.lua: measure, metric

import type { AnyWrapper } from "../../host/util/events.ts";
import type { LuaContext } from "../context.ts";
import { optional_text, text_argument } from "../vm/arguments.ts";
import type { Table, TValue } from "../vm/fengari.ts";
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

	return {
		measure: (module, [name, kind]) => {
			const type = text_argument(kind, "type");
			const known = type === "amount" || type === "rate" || type === "times" || type === "counter" ? type : "distribution";
			const measure = module.api.measure(
				text_argument(name, "name"),
				type === "sizes" || type === "distribution" ? "distribution" : known,
			);
			if (type !== "times") return border.fn((value?: number) => measure(value));
			// called when something begins, it answers what to call when that is done
			return border.fn(() => {
				const started = performance.now();
				return () => measure((performance.now() - started) / 1000);
			});
		},
		metric: (module, [kind, name]) => {
			const type = text_argument(kind, "type");
			const measure = module.api.measure(
				text_argument(name, "name"),
				type === "counter" ? "counter" : type === "gauge" ? "amount" : "distribution",
			);
			let total = 0;
			const metric = border.table({
				set: border.fn((_: unknown, value: number) => {
					total = value;
					measure(value);
				}),
				add: border.fn((_: unknown, value = 1) => {
					total += value;
					measure(type === "gauge" ? total : value);
				}),
				sample: border.fn((_: unknown, value: number) => measure(value)),
			});
			const family = border.table({});
			for (const method of ["with_labels", "with_partial_label"]) {
				vm.raw_set(
					family.value as Table,
					method,
					vm.native(() => (method === "with_labels" ? metric : family)),
				);
			}
			return family;
		},
		measure_event: (module, [name, stat]) => measure_bus(module, module.api.host === "*", name, stat),
		measure_global_event: (module, [name, stat]) => measure_bus(module, true, name, stat),
	};
}
