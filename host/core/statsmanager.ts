// Counterpart: core/statsmanager.lua

import type { Events } from "../util/events.ts";
import { type FamilyOptions, MetricFamily, MetricRegistry } from "../util/openmetrics.ts";
import type { MetricKind } from "../util/statistics.ts";
import { type StatsdOptions, send_to_statsd } from "../util/statsd.ts";
import type {
	ConfigReader,
	EventMap,
	Log,
	MeasuredFamily,
	MeasureKind,
	MeasureOptions,
	Measures,
	StatsManager,
} from "./types.ts";

/** In seconds. */
const usual_interval = 60;
const second_bounds = [0.001, 0.01, 0.1, 1, 10, 100];
const byte_bounds = [1024, 4096, 32768, 131072, 1048576, 4194304, 33554432, 134217728, 1073741824];

/** What a statistics manager needs of its server. */
export interface StatsNeeds {
	readonly config: ConfigReader;
	readonly events: Events<EventMap>;
	readonly log: Log;
	/** Told of handlers that fail. */
	readonly report: (event: string, error: unknown) => void;
}

/** Who keeps the numbers, as the configuration says. */
interface Provider {
	readonly kind: "internal" | "statsd";
	/** How often they are brought up to date, in seconds; undefined for only when somebody asks. */
	readonly interval: number | undefined;
}

function read_provider({ config, log }: StatsNeeds): Provider | undefined {
	const wanted = config.get("*", "statistics_interval");
	const is_manual = wanted === "manual";
	const number = typeof wanted === "number" || (typeof wanted === "string" && wanted.trim() !== "") ? Number(wanted) : Number.NaN;
	const given = number > 0 && Number.isFinite(number) ? number : undefined;
	if (wanted !== undefined && given === undefined && !is_manual) {
		log("error", "Invalid 'statistics_interval': expected seconds or \"manual\", got %q", wanted);
	}
	const named = config.get("*", "statistics") ?? (given === undefined ? undefined : "internal");
	if (named === undefined || named === false) return undefined;
	if (named !== "internal" && named !== "statsd") {
		log("error", 'Unrecognized statistics provider %q, statistics will be disabled: expected "internal" or "statsd"', named);
		return undefined;
	}
	return { kind: named, interval: is_manual ? undefined : (given ?? usual_interval) };
}

/** Source: util/statsd.lua, new. */
function read_statsd({ config }: StatsNeeds): StatsdOptions | undefined {
	const given = config.get("*", "statistics_config");
	const table = new Map<unknown, unknown>(
		given instanceof Map ? given : typeof given === "object" && given !== null ? Object.entries(given) : [],
	);
	const [server, port, prefix] = ["statsd_server", "statsd_port", "prefix"].map((name) => table.get(name));
	if (typeof server !== "string" || server === "") return undefined;
	const is_port = typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65536;
	return { server, port: is_port ? port : 8125, prefix: typeof prefix === "string" ? prefix : "prosody" };
}

/** A family that nobody sees. */
function unseen<Kind extends MetricKind>(kind: Kind, name: string): MeasuredFamily<Kind> {
	const metric = new MetricFamily(name, kind, {}).with_labels();
	const family: MeasuredFamily<Kind> = { with_labels: () => metric, with_partial_label: () => family, clear() {} };
	return family;
}

const nothing = (): void => {};

/** Measures where no statistics are kept. */
const no_measures: Measures = {
	amount: nothing,
	counter: nothing,
	rate: nothing,
	times: () => nothing,
	sizes: nothing,
	distribution: nothing,
};

/**
 * Keeps the numbers of a server, as `statistics` and `statistics_interval` say; where they say nothing, whatever is measured costs a
 * call of a function that does nothing.
 */
export function create_statsmanager(needs: StatsNeeds): StatsManager {
	const { events, log, report } = needs;
	let provider = read_provider(needs);
	const statsd_options = provider?.kind === "statsd" ? read_statsd(needs) : undefined;
	if (provider?.kind === "statsd" && statsd_options === undefined) {
		log("error", 'Statistics will be disabled: expected statistics_config = { statsd_server = "…" } for a statsd');
		provider = undefined;
	}
	const statsd =
		statsd_options && send_to_statsd(statsd_options, (problem) => log("error", "Cannot send statistics to statsd: %s", problem));
	const registry = provider && new MetricRegistry(statsd?.listen);

	function metric<Kind extends MetricKind>(kind: Kind, name: string, options: FamilyOptions = {}): MeasuredFamily<Kind> {
		return registry === undefined ? unseen(kind, name) : registry.family(kind, name, options);
	}

	function measure<Kind extends MeasureKind>(
		kind: Kind,
		name: string,
		options: MeasureOptions = {},
		label?: readonly [key: string, value: string],
	): Measures[Kind] {
		if (registry === undefined) return no_measures[kind];
		const { unit, description = `${name} ${kind === "rate" ? "counter" : kind}`, buckets } = options;
		const [labels, values] = label === undefined ? [[], []] : [[label[0]], [label[1]]];
		const single = <Of extends MetricKind>(of: Of, more: FamilyOptions) =>
			registry
				.family(of, `prosody_${name}`, { ...(unit === undefined ? {} : { unit }), description, labels, ...more })
				.with_labels(...values);
		const makers: { readonly [Of in MeasureKind]: () => Measures[Of] } = {
			amount() {
				const gauge = single("gauge", {});
				gauge.set(options.initial ?? 0);
				return (value) => gauge.set(value);
			},
			counter() {
				const counter = single("counter", {});
				counter.set(0);
				return (by) => counter.add(by);
			},
			rate() {
				const counter = single("counter", {});
				counter.set(0);
				return () => counter.add(1);
			},
			times() {
				const histogram = single("histogram", { unit: "seconds", buckets: buckets ?? second_bounds });
				return () => {
					const begun = performance.now();
					return () => histogram.sample((performance.now() - begun) / 1000);
				};
			},
			sizes() {
				const histogram = single("histogram", { unit: "bytes", buckets: buckets ?? byte_bounds });
				return (bytes) => histogram.sample(bytes);
			},
			distribution() {
				const summary = single("summary", {});
				return (value) => summary.sample(value);
			},
		};
		return makers[kind]();
	}

	const measure_collection = measure("times", "stats.collection");
	const measure_processing = measure("times", "stats.processing");
	function collect(): void {
		if (registry === undefined) return;
		const collected = measure_collection();
		events.tell("stats-update", {}, report);
		collected();
		const processed = measure_processing();
		events.tell("openmetrics-updated", { metric_registry: registry }, report);
		processed();
	}

	let timer: NodeJS.Timeout | undefined;
	if (provider?.interval !== undefined) {
		const milliseconds = Math.min(provider.interval * 1000, 2 ** 31 - 1);
		events.add_handler(
			"server-started",
			() => {
				collect();
				timer = setInterval(collect, milliseconds).unref();
			},
			-1,
		);
	}

	return {
		registry,
		is_manual: provider !== undefined && provider.interval === undefined,
		measure,
		metric,
		collect,
		close() {
			clearInterval(timer);
			collect();
			statsd?.close();
		},
	};
}
