// Counterpart: plugins/mod_admin_shell.lua (render_single_fancy_histogram_ex)

import { general } from "../../util/human/units.ts";
import type { AnyMetric } from "../../util/statistics.ts";

/** Rows of a picture. */
const height = 10;
/** Parts of a row, each an eighth higher than the one before. */
const eighths = [..." ▁▂▃▄▅▆▇█"];

/** How many columns a bucket takes: the fewer there are, the wider they can be. */
function width_for(buckets: number): number {
	if (buckets < 8) return 8;
	if (buckets < 16) return 4;
	return buckets < 32 ? 2 : 1;
}

/**
 * A picture of a histogram: a column for each bucket.
 * @param cumulative whether a column is as high as all values up to its bound are many
 */
export function draw_histogram(metric: AnyMetric, title: string, unit: string, cumulative: boolean): readonly string[] {
	const totals = metric.samples().flatMap(({ suffix, labels, value }) => {
		if (suffix !== "_bucket") return [];
		const bound = labels?.["le"];
		return [{ bound: bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound), total: value }];
	});
	if (totals.length === 0) return ["[no data or not a histogram]"];
	const columns = totals.map(({ bound, total }, place) => ({
		bound,
		count: cumulative ? total : total - (totals[place - 1]?.total ?? 0),
	}));
	const width = width_for(columns.length);
	const most = Math.max(...columns.map(({ count }) => count));
	const row_of = (row: number): string => {
		const cells = columns.map(({ count }) => {
			const filled = most === 0 ? 0 : (height * count) / most - (row - 1);
			const part = Math.ceil(Math.max(0, Math.min(1, filled)) * 8);
			return (part === 0 ? "-" : (eighths[part] ?? "")).repeat(width);
		});
		return `${cells.join("")}|- ${general(Math.ceil((most / height) * (row - 0.5)), 8)}`;
	};
	const rows = Array.from({ length: height }, (_, place) => row_of(height - place));
	const legend = columns.map(({ bound }) => general(bound, Math.max(1, width - 1)).padStart(width - 1));
	return ["", title, `${"_".repeat(columns.length * width)} ${most}`, ...rows, [...legend, ` ${unit}`].join("/")];
}
