// No counterpart: a benchmark's findings as a page with plots and a table.

import { createHash } from "node:crypto";
import { xml_escape } from "../../host/util/stanza.ts";
import { bars, curve, unit_text } from "./page/plots.ts";
import { page_style } from "./page/style.ts";
import { machine_lines, median_of, p99, ratio, result_of, scenarios_of, short, subjects_of } from "./report_text.ts";
import type { BenchReport } from "./types.ts";

function legend(subjects: readonly string[]): string {
	return `<ul class="legend">${subjects.map((subject) => `<li class="${subject}">${subject}</li>`).join("")}</ul>`;
}

/** Cells of one row, of which the first has a line before it. */
function cells(texts: readonly { readonly text: string; readonly is_best?: boolean }[]): string {
	return texts
		.map(({ text, is_best }, index) => {
			const classes = [...(index === 0 ? ["first"] : []), ...(is_best ? ["best"] : [])];
			return `<td${classes.length > 0 ? ` class="${classes.join(" ")}"` : ""}>${text}</td>`;
		})
		.join("");
}

/** All figures: the medians, how many times as much the others need, and the 99th percentile of deliveries. */
function table(report: BenchReport): string {
	const subjects = subjects_of(report);
	const others = subjects.filter((subject) => subject !== "enjamb");
	const rows = scenarios_of(report).map(({ id, title, unit }) => {
		const results = subjects.map((subject) => result_of(report, id, subject));
		const medians = results.map((result) => median_of(result));
		// The floor is not a server that anybody could run
		const least = Math.min(...medians.filter((median, index) => median !== undefined && subjects[index] !== "floor").map(Number));
		const own = median_of(result_of(report, id, "enjamb"));
		const costs = medians.map((median) => ({ text: short(median), is_best: subjects.length > 1 && median === least }));
		const ratios = others.map((subject) => ({ text: ratio(median_of(result_of(report, id, subject)), own) }));
		const slowest = results.map((result) => ({ text: short(median_of(result, p99)) }));
		return `<tr><th scope="row" class="load">${xml_escape(title)}</th><td>${xml_escape(unit_text(unit))}</td>${cells(costs)}${cells(ratios)}${cells(slowest)}</tr>`;
	});
	const group = (title: string, count: number): string =>
		count === 0 ? "" : `<th class="group first" scope="colgroup" colspan="${count}">${title}</th>`;
	const names = (list: readonly string[]): string =>
		list.map((name, index) => `<th scope="col"${index === 0 ? ' class="first"' : ""}>${name}</th>`).join("");
	const head = `<tr><th class="load"></th><th></th>${group("median", subjects.length)}${group("times enjamb’s", others.length)}${group("p99 in ms", subjects.length)}</tr>
<tr><th scope="col" class="load">load</th><th scope="col">in</th>${names(subjects)}${names(others)}${names(subjects)}</tr>`;
	return `<div class="scroll" tabindex="0" role="region" aria-label="All figures"><table><thead>${head}</thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

/** One page that loads nothing; its own policy allows no styles but its own, and no scripts. */
export function report_html(report: BenchReport): string {
	const plain = scenarios_of(report).filter(({ sweep }) => sweep === undefined);
	const subjects = subjects_of(report);
	const curves = curve(report, "occupants") + curve(report, "rooms");
	const hash = createHash("sha256").update(page_style).digest("base64");
	const title = `enjamb bench, ${report.machine.date}`;
	return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${xml_escape(title)}</title>
<style>${page_style}</style>
</head>
<body>
<header>
<h1>What loads cost</h1>
${machine_lines(report)
	.map((line) => `<p class="about">${xml_escape(line)}</p>`)
	.join("\n")}
${legend(subjects)}
</header>
${plain.length === 0 ? "" : `<h2>Load by load</h2>\n<p class="quiet">Processor time, memory or time that the server takes; shorter is better. Bars are the median of the runs, the lines in them go from the least to the most.</p>\n<div class="cards">\n${plain.map((scenario) => bars(report, scenario)).join("\n")}\n</div>`}
${curves === "" ? "" : `<h2>How costs grow</h2>\n<div class="plots">\n${curves}\n</div>`}
<h2>All figures</h2>
${table(report)}
<footer><code>${xml_escape(report.command)}</code></footer>
</body>
</html>
`;
}
