// No counterpart: a benchmark's findings as a page with plots.

import { xml_escape } from "../../host/util/stanza.ts";
import { median_of, report_text, result_of, scenarios_of, short, subjects_of } from "./report_text.ts";
import type { BenchReport, ScenarioResult, SubjectName } from "./types.ts";

const colours: Record<SubjectName, string> = {
	enjamb: "#0b7a75",
	prosody: "#6e44a8",
	ejabberd: "#c8553d",
	floor: "#8a8a8a",
	lua: "#2f6fc4",
};
const width = 640;
const row_height = 18;

function legend(subjects: readonly SubjectName[]): string {
	return `<p>${subjects.map((subject) => `<span style="color:${colours[subject]}">■</span> ${subject}`).join(" &#160; ")}</p>`;
}

/** Bars of one scenario, longest first to none. */
function bars(report: BenchReport, { id, title, unit }: ScenarioResult["scenario"]): string {
	const found = subjects_of(report)
		.map((subject) => ({ subject, value: median_of(result_of(report, id, subject)) }))
		.filter((entry): entry is { subject: SubjectName; value: number } => entry.value !== undefined);
	const longest = Math.max(...found.map(({ value }) => value));
	const rows = found.map(({ subject, value }, index) => {
		const y = index * row_height;
		const length = Math.max(1, (value / longest) * (width - 200));
		return `<rect x="100" y="${y}" width="${length.toFixed(1)}" height="${row_height - 4}" fill="${colours[subject]}"/><text x="94" y="${y + 11}" text-anchor="end">${subject}</text><text x="${(length + 106).toFixed(1)}" y="${y + 11}">${short(value)}</text>`;
	});
	const per = ["MiB", "KiB", "ms"].includes(unit) ? unit : `µs per ${unit}`;
	return `<h3>${xml_escape(title)} <small>${per}</small></h3><svg width="${width}" height="${found.length * row_height}" role="img">${rows.join("")}</svg>`;
}

/** How the cost grows, on logarithmic axes. */
function curve(report: BenchReport, of: "occupants" | "rooms"): string {
	const scenarios = scenarios_of(report).filter(({ sweep }) => sweep?.of === of);
	if (scenarios.length === 0) return "";
	const lines = subjects_of(report).map((subject) => ({
		subject,
		points: scenarios.flatMap(({ id, sweep }) => {
			const value = median_of(result_of(report, id, subject));
			return value === undefined || sweep === undefined ? [] : [{ at: sweep.at, value }];
		}),
	}));
	const all = lines.flatMap(({ points }) => points);
	const scale = (numbers: readonly number[], from: number, to: number) => {
		const low = Math.log(Math.min(...numbers));
		const high = Math.log(Math.max(...numbers));
		return (number: number): string => (from + ((Math.log(number) - low) / (high - low || 1)) * (to - from)).toFixed(1);
	};
	const x = scale(
		all.map(({ at }) => at),
		60,
		width - 40,
	);
	const y = scale(
		all.map(({ value }) => value),
		270,
		20,
	);
	const drawn = lines.map(({ subject, points }) => {
		const marks = points.map(
			({ at, value }) =>
				`<circle cx="${x(at)}" cy="${y(value)}" r="3" fill="${colours[subject]}"/><text x="${x(at)}" y="${Number(y(value)) - 6}" text-anchor="middle">${short(value)}</text>`,
		);
		const path = points.map(({ at, value }) => `${x(at)},${y(value)}`).join(" ");
		return `<polyline points="${path}" fill="none" stroke="${colours[subject]}"/>${marks.join("")}`;
	});
	const places = [...new Set(all.map(({ at }) => at))].map(
		(at) => `<text x="${x(at)}" y="292" text-anchor="middle">${at}</text>`,
	);
	return `<h3>µs per delivery by number of ${of}</h3><svg width="${width}" height="300" role="img">${drawn.join("")}${places.join("")}</svg>`;
}

/** One page that needs nothing from elsewhere. */
export function report_html(report: BenchReport): string {
	const plain = scenarios_of(report).filter(({ sweep }) => sweep === undefined);
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>enjamb bench</title>
<style>body{font:14px/1.4 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}svg text{font-size:11px}h3{margin:1.2rem 0 .2rem}small{font-weight:normal;color:#666}pre{overflow-x:auto}</style>
<h1>enjamb bench</h1>${legend(subjects_of(report))}
${plain.map((scenario) => bars(report, scenario)).join("\n")}
${curve(report, "occupants")}${curve(report, "rooms")}
<h2>Table</h2><pre>${xml_escape(report_text(report))}</pre><p><code>${xml_escape(report.command)}</code></p></html>
`;
}
