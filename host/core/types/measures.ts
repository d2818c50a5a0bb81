// Counterpart: core/statsmanager.lua, core/moduleapi.lua: what is measured, and how

import type { LabelledMetrics } from "../../util/openmetrics.ts";
import type { MetricKind } from "../../util/statistics.ts";

/** What `module.measure` gives, by kind. */
export interface Measures {
	/** A value that goes up and down. */
	amount: (value: number) => void;
	/** Counts by so much. */
	counter: (by: number) => void;
	/** Counts one. */
	rate: () => void;
	/** Called when something begins; what it returns is called when that is over. In seconds. */
	times: () => () => void;
	/** In bytes. */
	sizes: (bytes: number) => void;
	distribution: (value: number) => void;
}

/** Kinds of measures. */
export type MeasureKind = keyof Measures;

/** What else a measure may have. */
export interface MeasureOptions {
	readonly unit?: string;
	readonly description?: string;
	/** What an amount is at first. */
	readonly initial?: number;
	/** Bounds for `times` and `sizes`. */
	readonly buckets?: readonly number[];
}

/** A family of metrics that can begin anew. */
export interface MeasuredFamily<Kind extends MetricKind> extends LabelledMetrics<Kind> {
	/** All its metrics begin anew. */
	clear(): void;
}

/** What is shown of a family of metrics (item `metric`). */
export interface MetricShape {
	readonly kind: MetricKind;
	readonly unit: string;
	readonly description: string;
	readonly label_keys: readonly string[];
}
