// Counterpart: core/statsmanager.lua, util/openmetrics.lua: the host's metrics as Lua sees them

import type { MeasuredFamily, MeasureKind, MeasureOptions, Measures, StatsManager } from "../host/core/types.ts";
import { type FamilyOptions, type LabelledMetrics, MetricFamily, type MetricRegistry } from "../host/util/openmetrics.ts";
import { type AnyMetric, Counter, Gauge, type MetricKind, Summary } from "../host/util/statistics.ts";
import type { LuaContext } from "./context.ts";
import { is_none, make_library, number_at, optional_text, text_argument, text_at } from "./vm/arguments.ts";
import type { TValue } from "./vm/fengari.ts";
import { nil, number_value, string_value } from "./vm/live_table.ts";
import type { NativeFunction } from "./vm/vm.ts";

const kinds: readonly MetricKind[] = ["gauge", "counter", "histogram", "summary"];
const measure_kinds: readonly MeasureKind[] = ["amount", "counter", "rate", "times", "sizes", "distribution"];

/** The kind of metric that a module asks for. */
export function metric_kind(value: TValue | undefined): MetricKind {
	const name = optional_text(value);
	const found = kinds.find((kind) => kind === name);
	if (found === undefined) throw new TypeError(`unknown metric family type: ${name}: expected ${kinds.join(", ")}`);
	return found;
}

/** The kind of measure that a module asks for. */
export function measure_kind(value: TValue | undefined): MeasureKind {
	const name = optional_text(value);
	const found = measure_kinds.find((kind) => kind === name);
	if (found === undefined) throw new TypeError(`unknown legacy metric type ${name}: expected ${measure_kinds.join(", ")}`);
	return found;
}

function numbers(value: unknown): number[] | undefined {
	return Array.isArray(value) ? value.filter((number) => typeof number === "number") : undefined;
}

function fields_of(host: LuaContext, value: TValue | undefined): { readonly [name: string]: unknown } {
	const copied = value === undefined ? undefined : host.border.copy(value);
	return typeof copied === "object" && copied !== null && !Array.isArray(copied) && !(copied instanceof Map)
		? Object.fromEntries(Object.entries(copied))
		: {};
}

/** What else a measure has: a table, or in older modules the first value of an amount, or the unit of a distribution. */
export function measure_options(host: LuaContext, given: TValue | undefined): MeasureOptions {
	const copied = given === undefined ? undefined : host.border.copy(given);
	if (typeof copied === "number") return { initial: copied };
	if (typeof copied === "string") return { unit: copied };
	const { unit, description, initial, buckets } = fields_of(host, given);
	const bounds = numbers(buckets);
	return {
		...(typeof unit === "string" ? { unit } : {}),
		...(typeof description === "string" ? { description } : {}),
		...(typeof initial === "number" ? { initial } : {}),
		...(bounds === undefined ? {} : { buckets: bounds }),
	};
}

/** Unit, description, labels and further options of a family, as arguments. */
export function family_options(
	host: LuaContext,
	kind: MetricKind,
	[unit, description, labels = nil, extra]: readonly TValue[],
): FamilyOptions {
	const keys = host.border.copy(labels);
	const buckets = numbers(fields_of(host, extra)["buckets"]);
	if (kind === "histogram" && buckets === undefined) throw new TypeError("no buckets given for histogram metric");
	return {
		unit: optional_text(unit) ?? "",
		description: optional_text(description) ?? "",
		labels: Array.isArray(keys) ? keys.map(String) : [],
		...(buckets === undefined ? {} : { buckets }),
	};
}

/** What a measure gives, as a function for Lua. */
export function measure_value<Kind extends MeasureKind>(host: LuaContext, measure: Measures[Kind], kind: Kind): TValue {
	const { vm } = host;
	const call: (value: number) => unknown = measure;
	if (kind === "rate") return vm.native(() => void call(1));
	if (kind !== "times") return vm.native((args) => void call(number_at(args, 1, kind)));
	return vm.native(() => {
		const done = call(0);
		return vm.native(() => {
			if (typeof done === "function") done();
			return undefined;
		});
	});
}

/** Makes tables of the host's metrics, the same one for each as long as somebody has it. */
export class MetricViews {
	private readonly shown = new WeakMap<object, TValue>();

	constructor(private readonly host: LuaContext) {}

	private once(object: object, make: () => TValue): TValue {
		const known = this.shown.get(object);
		if (known !== undefined) return known;
		const made = make();
		this.shown.set(object, made);
		return made;
	}

	private table(
		functions: { readonly [name: string]: NativeFunction },
		fields: { readonly [name: string]: unknown } = {},
	): TValue {
		const { border, vm } = this.host;
		const natives = Object.entries(functions).map(([name, run]) => [name, vm.native(run)] as const);
		return border.table({ ...fields, ...Object.fromEntries(natives) });
	}

	metric(metric: AnyMetric): TValue {
		const value_of = (args: readonly TValue[], name: string): number => number_at(args, 2, name);
		return this.once(metric, () =>
			this.table({
				reset: () => void metric.reset(),
				iter_samples: () =>
					this.walk(metric.samples(), ({ suffix, labels, value }) => [
						string_value(suffix),
						labels === undefined ? nil : this.host.border.deep_table(labels),
						number_value(value),
					]),
				...(metric instanceof Gauge || metric instanceof Counter
					? { set: (args) => void metric.set(value_of(args, "set")), add: (args) => void metric.add(value_of(args, "add")) }
					: {}),
				...(metric instanceof Summary ? { sample: (args) => void metric.sample(value_of(args, "sample")) } : {}),
			}),
		);
	}

	/** An iterator for Lua. */
	private walk<Item>(items: Iterable<Item>, values: (item: Item) => readonly TValue[]): TValue {
		const iterator = items[Symbol.iterator]();
		return this.host.vm.native(() => {
			const step = iterator.next();
			return step.done === true ? nil : values(step.value);
		});
	}

	private label_methods(family: LabelledMetrics): { readonly [name: string]: NativeFunction } {
		return {
			with_labels: (args) => {
				const labels = args.slice(1).map((_value, place) => text_at(args, place + 2, "with_labels"));
				return this.metric(family.with_labels(...labels));
			},
			with_partial_label: (args) => this.labelled(family.with_partial_label(text_at(args, 2, "with_partial_label"))),
		};
	}

	/** Metrics some of whose labels are given. */
	labelled(family: LabelledMetrics): TValue {
		return this.once(family, () => this.table(this.label_methods(family)));
	}

	family(family: MeasuredFamily<MetricKind>): TValue {
		const methods = { ...this.label_methods(family), clear: () => void family.clear() };
		if (!(family instanceof MetricFamily)) return this.once(family, () => this.table(methods));
		return this.once(family, () =>
			this.table(
				{
					...methods,
					iter_metrics: () =>
						this.walk([...family.metrics()], ({ labels, metric }) => [
							this.host.border.deep_table([...labels]),
							this.metric(metric),
						]),
				},
				{
					family_name: family.name,
					type_: family.kind,
					unit: family.unit,
					description: family.description,
					label_keys: this.host.border.deep_table([...family.label_keys]),
					user_labels: family.label_keys.length,
				},
			),
		);
	}

	registry(registry: MetricRegistry): TValue {
		const { host } = this;
		const make =
			(kind: MetricKind): NativeFunction =>
			([, name, ...more]) =>
				this.family(registry.family(kind, text_argument(name, "name"), family_options(host, kind, more)));
		return this.once(registry, () =>
			this.table({
				...Object.fromEntries(kinds.map((kind) => [kind, make(kind)])),
				get_metric_families: () =>
					host.border.table(Object.fromEntries([...registry.families].map(([name, family]) => [name, this.family(family)]))),
				render: () => string_value(registry.render()),
			}),
		);
	}
}

/** `core.statsmanager`. */
export function statsmanager(host: LuaContext): TValue {
	const { server, vm } = host;
	const stats: StatsManager = server.statsmanager;
	const views = new MetricViews(host);
	return make_library(vm, {
		measure: ([kind, name, extra, key, value]) => {
			const known = measure_kind(kind);
			const label = is_none(key) ? undefined : ([text_argument(key, "label"), text_argument(value, "value")] as const);
			const measure = stats.measure(known, text_argument(name, "name"), measure_options(host, extra), label);
			return measure_value(host, measure, known);
		},
		metric: ([kind, name, ...more]) => {
			const known = metric_kind(kind);
			return views.family(stats.metric(known, text_argument(name, "name"), family_options(host, known, more)));
		},
		cork: () => undefined,
		uncork: () => undefined,
		get_metric_registry: () => (stats.registry === undefined ? nil : views.registry(stats.registry)),
		...(stats.is_manual
			? {
					collect: () => {
						stats.collect();
						return stats.registry === undefined ? nil : [nil, views.registry(stats.registry)];
					},
				}
			: {}),
	});
}
