// Counterpart: plugins/mod_admin_shell.lua (def_env.stats)

import type { ModuleApi } from "../../core/types.ts";
import { format_number } from "../../util/human/units.ts";
import type { MetricFamily, MetricRegistry } from "../../util/openmetrics.ts";
import type { AnyMetric } from "../../util/statistics.ts";
import { command, type Outcome, optional_text, refused, type Section, type Shell, type ShellObject } from "./command.ts";
import { draw_histogram } from "./histogram.ts";
import { lua_pattern } from "./patterns.ts";

const disabled = 'Statistics disabled. Try `statistics = "internal"` in the global section of the config file and restart.';

/** Units in short. */
const short_units: Readonly<Record<string, string>> = { seconds: "s", bytes: "B" };

function value_of(metric: AnyMetric, suffix: string): number {
	return metric.samples().find((sample) => sample.suffix === suffix)?.value ?? 0;
}

/** A metric in one line, under what it is called. */
function metric_line({ kind, unit: given }: MetricFamily, metric: AnyMetric, title: string, now: number): string {
	const unit = short_units[given] ?? given;
	const line = (text: string): string => `${title.padEnd(50)} ${text}`;
	switch (kind) {
		case "gauge":
			return line(format_number(value_of(metric, ""), unit));
		case "counter": {
			const rate = value_of(metric, "_total") / (now - value_of(metric, "_created"));
			// Seconds a second are a part of the time
			if (unit === "s") return line(format_number(100 * rate, "% [avg]"));
			return line(format_number(rate, `${unit === "" ? "events/s" : `${unit}/s`} [avg]`));
		}
		default: {
			const count = value_of(metric, "_count");
			return line(count === 0 ? "no obs." : format_number(value_of(metric, "_sum") / count, `${unit}/event [avg]`));
		}
	}
}

/** The metrics of a family, each under its labels. */
function* lines_of(family: MetricFamily, show: (metric: AnyMetric, title: string) => readonly string[]): Generator<string, void> {
	const { label_keys, name } = family;
	if (label_keys.length > 0) yield name;
	for (const { labels, metric } of family.metrics()) {
		const shown = label_keys.map((key, place) => `${key}=${labels[place]}`).join(" ");
		yield* show(metric, label_keys.length > 0 ? `  ${shown}` : name);
	}
}

/** Statistics that are shown in lines, unless somebody asks for pictures: `stats:show():histogram()`. */
class ShownStatistics implements ShellObject {
	private readonly pictures: string[][];

	constructor(
		private readonly shell: Shell,
		private readonly families: readonly MetricFamily[],
	) {
		this.pictures = families.map(() => []);
	}

	/** `histogram` shows how many values there were in each bucket, `cfgraph` how many up to its bound. */
	call(name: string): Outcome | undefined {
		if (name !== "histogram" && name !== "cfgraph") return undefined;
		for (const [place, family] of this.families.entries()) {
			const drawn = lines_of(family, (metric, title) => draw_histogram(metric, title, family.unit, name === "cfgraph"));
			this.pictures[place]?.push(...drawn);
		}
		return { kind: "object", object: this };
	}

	show(): string {
		const { families, shell } = this;
		const now = Date.now() / 1000;
		for (const [place, family] of families.entries()) {
			const picture = this.pictures[place] ?? [];
			const lines =
				picture.length > 0
					? [`\n#${family.name}`, "", ...picture, ""]
					: lines_of(family, (metric, title) => [metric_line(family, metric, title, now)]);
			for (const line of lines) shell.print(line);
		}
		return `${families.length} statistics displayed`;
	}
}

/** The families whose names match a pattern, by name. */
function matching({ families }: MetricRegistry, pattern: string | undefined): MetricFamily[] {
	const is_meant = pattern === undefined ? () => true : lua_pattern(pattern);
	const found = [...families.values()].filter(({ name }) => is_meant(name));
	return found.sort(({ name: one }, { name: other }) => (one < other ? -1 : 1));
}

export function stats_section(module: ModuleApi): Section {
	const { statsmanager } = module.server;
	return {
		name: "stats",
		desc: "Commands to show internal statistics",
		commands: [
			command(
				"show(pattern)",
				"Show internal statistics, optionally filtering by name with a pattern.",
				(shell, [given]) => {
					const { registry } = statsmanager;
					if (registry === undefined) return refused(disabled);
					const families = matching(registry, optional_text(given, "the pattern"));
					if (statsmanager.is_manual) statsmanager.collect();
					return { kind: "object", object: new ShownStatistics(shell, families) };
				},
				{ nodes: "workers" },
			),
		],
	};
}
