// Counterpart: util/statistics.lua

/** One value of a metric: what comes behind the family's name, its further labels, and the number. */
export interface Sample {
	readonly suffix: string;
	readonly labels?: Readonly<Record<string, string>>;
	readonly value: number;
}

/**
 * Told of changes, for those who send them elsewhere: what comes behind the metric's name, and the new value of a gauge or by how much
 * a counter has grown.
 */
export interface MetricListener {
	gauge(suffix: string, value: number): void;
	counted(suffix: string, by: number): void;
}

/** What all metrics have in common. */
export interface AnyMetric {
	/** Begins anew. */
	reset(): void;
	samples(): Sample[];
}

/** In seconds since 1970. */
function now(): number {
	return Date.now() / 1000;
}

/** A value that goes up and down. */
export class Gauge implements AnyMetric {
	private value = 0;

	constructor(private readonly listener?: MetricListener) {}

	set(value: number): void {
		this.value = value;
		this.listener?.gauge("", value);
	}

	add(by: number): void {
		this.set(this.value + by);
	}

	reset(): void {
		this.set(0);
	}

	samples(): Sample[] {
		return [{ suffix: "", value: this.value }];
	}
}

/** A number that only grows. */
export class Counter implements AnyMetric {
	private value = 0;
	private readonly created = now();

	constructor(private readonly listener?: MetricListener) {}

	/** For what is counted elsewhere: the number as it is now. */
	set(value: number): void {
		const by = value - this.value;
		this.value = value;
		if (by !== 0) this.listener?.counted("", by);
	}

	add(by: number): void {
		this.value += by;
		this.listener?.counted("", by);
	}

	reset(): void {
		this.value = 0;
	}

	samples(): Sample[] {
		return [
			{ suffix: "_created", value: this.created },
			{ suffix: "_total", value: this.value },
		];
	}
}

/** How many values there were, and their sum. */
export class Summary implements AnyMetric {
	protected created = now();
	protected sum = 0;
	protected count = 0;

	constructor(protected readonly listener?: MetricListener) {}

	sample(value: number): void {
		this.sum += value;
		this.count++;
		this.listener?.counted(".sum", value);
		this.listener?.counted(".count", 1);
	}

	reset(): void {
		this.created = now();
		this.sum = 0;
		this.count = 0;
	}

	samples(): Sample[] {
		return [
			{ suffix: "_created", value: this.created },
			{ suffix: "_sum", value: this.sum },
			{ suffix: "_count", value: this.count },
		];
	}
}

/** The bound of a bucket as text. Source: util/openmetrics.lua, render_histogram_le. */
export function bound_text(bound: number): string {
	return bound === Number.POSITIVE_INFINITY ? "+Inf" : String(Number(bound.toPrecision(14)));
}

/** The same, and how many values were at most as large as certain bounds. */
export class Histogram extends Summary {
	private readonly counts: number[];

	/** @param bounds in rising order; one for all values comes after them */
	constructor(
		private readonly bounds: readonly number[],
		listener?: MetricListener,
	) {
		super(listener);
		this.counts = new Array<number>(bounds.length).fill(0);
	}

	override sample(value: number): void {
		this.samples_of(value, 1);
	}

	/** The same for several equal values at once. */
	samples_of(value: number, times: number): void {
		const { bounds, counts, listener } = this;
		// Every bound that is large enough counts it, beginning with the largest
		for (let place = bounds.length - 1; place >= 0; place--) {
			const bound = bounds[place] ?? 0;
			if (value > bound) break;
			counts[place] = (counts[place] ?? 0) + times;
			listener?.counted(`.bucket.${bound_text(bound).replaceAll(".", "_")}`, times);
		}
		this.sum += value * times;
		this.count += times;
		if (listener === undefined) return;
		listener.counted(".bucket.+Inf", times);
		listener.gauge(".sum", this.sum);
		listener.counted(".count", times);
	}

	override reset(): void {
		super.reset();
		this.counts.fill(0);
	}

	override samples(): Sample[] {
		const bucket = (bound: number, value: number): Sample => ({ suffix: "_bucket", labels: { le: bound_text(bound) }, value });
		return [
			...this.bounds.map((bound, place) => bucket(bound, this.counts[place] ?? 0)),
			bucket(Number.POSITIVE_INFINITY, this.count),
			...super.samples(),
		];
	}
}

/** The metrics by the names of their kinds. */
export interface Metrics {
	gauge: Gauge;
	counter: Counter;
	summary: Summary;
	histogram: Histogram;
}

/** Names of kinds of metrics. */
export type MetricKind = keyof Metrics;
