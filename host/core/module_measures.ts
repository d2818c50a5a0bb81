// Counterpart: core/moduleapi.lua (measure, metric)

import type { AnyWrapper, Events } from "../util/events.ts";
import type { FamilyOptions } from "../util/openmetrics.ts";
import type { MetricKind } from "../util/statistics.ts";
import { ModuleOptions } from "./module_options.ts";
import type { EventMap, ItemTypes, MeasuredFamily, MeasureKind, MeasureOptions, Measures, Server } from "./types.ts";

/** What a module measures. */
export abstract class ModuleMeasures extends ModuleOptions {
	abstract override readonly server: Server;
	abstract readonly name: string;
	/** What is done when the module is unloaded. */
	protected abstract readonly undo: Set<() => void>;
	/** The bus of its host. */
	protected abstract get events(): Events<EventMap>;

	abstract add_item<Key extends keyof ItemTypes>(key: Key, item: ItemTypes[Key]): void;

	measure<Kind extends MeasureKind>(name: string, kind: Kind, options?: MeasureOptions): Measures[Kind] {
		this.add_item("measure", { name, type: kind, ...(options === undefined ? {} : { conf: options }) });
		const label = this.host === "*" ? undefined : (["host", this.host] as const);
		return this.server.statsmanager.measure(kind, `mod_${this.name}/${name}`, options, label);
	}

	metric<Kind extends MetricKind>(kind: Kind, name: string, options: FamilyOptions = {}): MeasuredFamily<Kind> {
		const is_scoped = this.host !== "*";
		const { unit = "", description = "", labels = [] } = options;
		const label_keys = is_scoped ? ["host", ...labels] : labels;
		const family = this.server.statsmanager.metric(kind, `prosody_mod_${this.name}/${name}`, { ...options, labels: label_keys });
		this.add_item("metric", { name, mf: { kind, unit, description, label_keys } });
		if (!is_scoped) return family;
		const { with_labels, with_partial_label } = family.with_partial_label(this.host);
		return { with_labels, with_partial_label, clear: () => family.clear() };
	}

	measure_event<Name extends keyof EventMap & string>(event: Name, name?: string): void {
		this.measure_object_event(this.events, event, name);
	}

	measure_global_event<Name extends keyof EventMap & string>(event: Name, name?: string): void {
		this.measure_object_event(this.server.events, event, name);
	}

	measure_object_event<Map>(events: Events<Map>, event: keyof Map & string, name = event.replaceAll("/", "_")): void {
		if (this.server.statsmanager.registry === undefined) return;
		const begin = this.measure(name, "times");
		const wrapper: AnyWrapper = (next, event_name, payload) => {
			const done = begin();
			const answer = next(event_name, payload);
			done();
			return answer;
		};
		events.wrap_any(event, wrapper);
		this.undo.add(() => events.unwrap_any(event, wrapper));
	}
}
