// Counterpart: util/openmetrics.lua
// Families of metrics and their text, after OpenMetrics 1.0: https://github.com/prometheus/OpenMetrics

import { Counter, Gauge, Histogram, type MetricKind, type MetricListener, type Metrics, Summary } from "./statistics.ts";

/** What a family is made from, beside its name and kind. */
export interface FamilyOptions {
	/** Becomes part of the name, as "seconds"; `""` for none. */
	readonly unit?: string;
	readonly description?: string;
	/** Names of labels; each combination of their values has a metric of its own. */
	readonly labels?: readonly string[];
	/** Bounds of a histogram's buckets, in rising order. */
	readonly buckets?: readonly number[];
}

/** Metrics by the values of labels, some of which may be given already. */
export interface LabelledMetrics<Kind extends MetricKind = MetricKind> {
	/** The metric for these values, one for each label that is left; throws where there are more or fewer. */
	with_labels(...values: readonly string[]): Metrics[Kind];
	/** Gives the first label that is left. */
	with_partial_label(value: string): LabelledMetrics<Kind>;
}

/** Tells somebody of the changes of a metric; by family and values of labels. */
export type Listening = (family: string, labels: readonly string[]) => MetricListener;

const makers: { readonly [Kind in MetricKind]: (bounds: readonly number[], listener?: MetricListener) => Metrics[Kind] } = {
	gauge: (_bounds, listener) => new Gauge(listener),
	counter: (_bounds, listener) => new Counter(listener),
	summary: (_bounds, listener) => new Summary(listener),
	histogram: (bounds, listener) => new Histogram(bounds, listener),
};

/** Bounds as they have to be: numbers in rising order, without the one for everything, which is always there. */
function good_bounds(bounds: readonly number[] = []): number[] {
	const finite = bounds.filter((bound) => Number.isFinite(bound));
	return [...new Set(finite)].sort((a, b) => a - b);
}

/** Metrics of one name. */
export class MetricFamily<Kind extends MetricKind = MetricKind> implements LabelledMetrics<Kind> {
	readonly unit: string;
	readonly description: string;
	readonly label_keys: readonly string[];
	private readonly by_labels = new Map<string, { readonly labels: readonly string[]; readonly metric: Metrics[Kind] }>();
	private readonly bounds: readonly number[];

	constructor(
		readonly name: string,
		readonly kind: Kind,
		options: FamilyOptions,
		private readonly listen?: Listening,
	) {
		this.unit = options.unit ?? "";
		this.description = options.description ?? "";
		this.label_keys = options.labels ?? [];
		this.bounds = good_bounds(options.buckets);
		if (this.label_keys.length === 0) this.with_labels();
	}

	with_labels(...labels: readonly string[]): Metrics[Kind] {
		if (labels.length !== this.label_keys.length) {
			throw new RangeError(
				`${this.name}: expected ${this.label_keys.length} values of labels (${this.label_keys.join(", ")}), got ${labels.length}`,
			);
		}
		const key = labels.length === 1 ? (labels[0] ?? "") : JSON.stringify(labels);
		const known = this.by_labels.get(key);
		if (known !== undefined) return known.metric;
		const make = makers[this.kind];
		const metric = make(this.bounds, this.listen?.(this.name, labels));
		this.by_labels.set(key, { labels, metric });
		return metric;
	}

	with_partial_label(value: string): LabelledMetrics<Kind> {
		return with_values(this, [value]);
	}

	/** All metrics begin anew. */
	clear(): void {
		for (const { metric } of this.by_labels.values()) metric.reset();
	}

	/** The metrics with the values of their labels. */
	metrics(): Iterable<{ readonly labels: readonly string[]; readonly metric: Metrics[Kind] }> {
		return this.by_labels.values();
	}

	/** Whether another family has the same kind and labels, so that their values can be in one. */
	looks_like(other: MetricFamily): boolean {
		return this.kind === other.kind && JSON.stringify(this.label_keys) === JSON.stringify(other.label_keys);
	}
}

function with_values<Kind extends MetricKind>(family: LabelledMetrics<Kind>, given: readonly string[]): LabelledMetrics<Kind> {
	return {
		with_labels: (...values) => family.with_labels(...given, ...values),
		with_partial_label: (value) => with_values(family, [...given, value]),
	};
}

// ---------------------------------------------------------------------------------------------------------------- text

/** A name as it may stand in the text. Source: util/openmetrics.lua, escape_name. */
export function shown_name(name: string): string {
	return name
		.replaceAll("/", "__")
		.replace(/[^A-Za-z0-9_]/g, "_")
		.replace(/^[^A-Za-z_]/, "_$&");
}

function escaped(text: string): string {
	return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function number_text(value: number): string {
	if (Number.isFinite(value)) return String(value);
	return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function labels_text(labels: readonly (readonly [key: string, value: string])[]): string {
	if (labels.length === 0) return "";
	return `{${labels.map(([key, value]) => `${shown_name(key)}="${escaped(value).replaceAll('"', '\\"')}"`).join(",")}}`;
}

function family_text(family: MetricFamily): string[] {
	const name = shown_name(family.name);
	const lines = [`# TYPE ${name} ${family.kind}`];
	if (family.unit !== "") lines.push(`# UNIT ${name} ${shown_name(family.unit)}`);
	lines.push(`# HELP ${name} ${escaped(family.description)}`);
	for (const { labels, metric } of family.metrics()) {
		const own = family.label_keys.map((key, place) => [key, labels[place] ?? ""] as const);
		for (const { suffix, labels: further = {}, value } of metric.samples()) {
			lines.push(`${name}${suffix}${labels_text([...own, ...Object.entries(further)])} ${number_text(value)}`);
		}
	}
	return lines;
}

/** The families of a server. */
export class MetricRegistry {
	private readonly by_name = new Map<string, MetricFamily>();

	/** @param listen told of all changes of all metrics, where somebody wants to know */
	constructor(private readonly listen?: Listening) {}

	/** Makes a family, or gives the one that was there before if it looks the same; otherwise the new one takes its place. */
	family<Kind extends MetricKind>(kind: Kind, name: string, options: FamilyOptions = {}): MetricFamily<Kind> {
		const full_name = options.unit === undefined || options.unit === "" ? name : `${name}_${options.unit}`;
		const family = new MetricFamily(full_name, kind, options, this.listen);
		const known = this.by_name.get(full_name);
		if (known !== undefined && is_kind(known, kind) && known.looks_like(family)) return known;
		this.by_name.set(full_name, family);
		return family;
	}

	/** By name, in the order in which they came. */
	get families(): ReadonlyMap<string, MetricFamily> {
		return this.by_name;
	}

	/** Everything as text. */
	render(): string {
		// Names that only differ in characters which cannot be shown would be one family twice
		const shown = new Map([...this.by_name.values()].map((family) => [shown_name(family.name), family]));
		return [...[...shown.values()].flatMap(family_text), "# EOF", ""].join("\n");
	}
}

function is_kind<Kind extends MetricKind>(family: MetricFamily, kind: Kind): family is MetricFamily<Kind> {
	return family.kind === kind;
}
