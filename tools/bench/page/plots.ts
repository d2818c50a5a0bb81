// No counterpart: part of `enjamb bench --html`. Plots as SVG, in colours of the style sheet.

import { xml_escape } from "../../../host/util/stanza.ts";
import { figure, median_of, result_of, scenarios_of, short, subjects_of } from "../report_text.ts";
import type { BenchReport, ScenarioResult } from "../types.ts";

/** The unit of a scenario's figure: `µs per delivery`, `MiB`. */
export function unit_text(unit: string): string {
	return ["MiB", "KiB", "ms"].includes(unit) ? unit : `µs per ${unit}`;
}

/** One server's figures of one scenario. */
interface Figures {
	readonly subject: string;
	readonly median: number;
	readonly least: number;
	readonly most: number;
}

function figures_of(report: BenchReport, id: string): Figures[] {
	return subjects_of(report).flatMap((subject) => {
		const result = result_of(report, id, subject);
		const median = median_of(result);
		if (median === undefined) return [];
		const all = (result?.runs ?? []).map(figure);
		return [{ subject, median, least: Math.min(...all), most: Math.max(...all) }];
	});
}

/** Bars of one scenario: the median of each server, and a line from the least to the most of its runs. */
export function bars(report: BenchReport, { id, title, unit }: ScenarioResult["scenario"]): string {
	const figures = figures_of(report, id);
	const longest = Math.max(...figures.map(({ most }) => most));
	const percent = (value: number): string => ((value / longest) * 100).toFixed(2);
	const rows = figures.map(({ subject, median, least, most }) => {
		const spread = most > least ? `<line class="spread" x1="${percent(least)}" x2="${percent(most)}" y1="7" y2="7"/>` : "";
		const told = `${subject}: ${short(median)}, ${short(least)} to ${short(most)}`;
		const plot = `<svg viewBox="0 0 100 14" preserveAspectRatio="none" role="img" aria-label="${told}"><title>${told}</title><rect class="bar" width="${percent(Math.max(median, longest / 400))}" height="14" rx="0.8"/>${spread}</svg>`;
		return `<li class="${subject}"><span class="name">${subject}</span><span class="track">${plot}</span><span class="value">${short(median)}</span></li>`;
	});
	return `<section class="card"><h3>${xml_escape(title)}</h3><small>${xml_escape(unit_text(unit))}</small><ul class="bars">${rows.join("")}</ul></section>`;
}

const width = 640;
const height = 340;
const edge = { left: 52, right: 104, top: 14, bottom: 46 };
/** How far apart the names at the ends of lines are at least. */
const line_height = 19;

/** A logarithmic axis. */
function axis(numbers: readonly number[], from: number, to: number): (number: number) => number {
	const low = Math.log(Math.min(...numbers));
	const high = Math.log(Math.max(...numbers));
	return (number) => (high === low ? (from + to) / 2 : from + ((Math.log(number) - low) / (high - low)) * (to - from));
}

/** Round numbers between two: 1, 2 and 5 with their tens. */
function ticks(low: number, high: number): number[] {
	const found: number[] = [];
	for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
		for (const step of [1, 2, 5]) {
			const tick = Number(`${step}e${power}`);
			if (tick >= low && tick <= high) found.push(tick);
		}
	}
	return found;
}

interface Line {
	readonly subject: string;
	readonly points: readonly { readonly at: number; readonly value: number }[];
}

function lines_of(report: BenchReport, of: "occupants" | "rooms"): Line[] {
	const scenarios = scenarios_of(report).filter(({ sweep }) => sweep?.of === of);
	return subjects_of(report).map((subject) => ({
		subject,
		points: scenarios
			.flatMap(({ id, sweep }) => {
				const value = median_of(result_of(report, id, subject));
				return value === undefined || value <= 0 || sweep === undefined ? [] : [{ at: sweep.at, value }];
			})
			.sort((a, b) => a.at - b.at),
	}));
}

/** How the cost grows with what a sweep varies, on logarithmic axes; nothing where there is no such sweep. */
export function curve(report: BenchReport, of: "occupants" | "rooms"): string {
	const lines = lines_of(report, of).filter(({ points }) => points.length > 0);
	const all = lines.flatMap(({ points }) => points);
	if (all.length === 0) return "";
	const places = [...new Set(all.map(({ at }) => at))].sort((a, b) => a - b);
	const values = all.map(({ value }) => value);
	const [low, high] = [Math.min(...values) / 1.15, Math.max(...values) * 1.15];
	const x = axis(places, edge.left, width - edge.right);
	const y = axis([low, high], height - edge.bottom, edge.top);
	const rows = ticks(low, high).map((tick) => {
		const at = y(tick).toFixed(1);
		return `<line class="grid" x1="${edge.left}" x2="${width - edge.right}" y1="${at}" y2="${at}"/><text x="${edge.left - 8}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${tick}</text>`;
	});
	const columns = places.map(
		(at) =>
			`<text x="${x(at).toFixed(1)}" y="${height - edge.bottom + 20}" text-anchor="middle">${at.toLocaleString("en")}</text>`,
	);
	let lowest = Number.NEGATIVE_INFINITY;
	const drawn = lines
		.map((line) => ({ line, end: y(line.points.at(-1)?.value ?? low) }))
		.sort((a, b) => a.end - b.end)
		.map(({ line: { subject, points }, end }) => {
			lowest = Math.max(end, lowest + line_height);
			const path = points.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
			const marks = points.map(
				({ at, value }) =>
					`<circle class="point" cx="${x(at).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3.5"><title>${subject}, ${at} ${of}: ${short(value)} µs</title></circle>`,
			);
			const name = `<text class="end" x="${width - edge.right + 10}" y="${(lowest + 4).toFixed(1)}">${subject}</text>`;
			return `<g class="${subject}"><polyline class="line" points="${path}"/>${marks.join("")}${name}</g>`;
		});
	const under = `<text x="${(edge.left + width - edge.right) / 2}" y="${height - 4}" text-anchor="middle">${of}</text>`;
	return `<section class="card plot"><h3>With the number of ${of}</h3><small>µs per delivery</small><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="µs per delivery by number of ${of}">${rows.join("")}${columns.join("")}${under}${drawn.join("")}</svg></section>`;
}
