// No counterpart: a benchmark's findings as text.

import { median } from "./latencies.ts";
import type { BenchReport, Finding, ScenarioResult } from "./types.ts";

/** The number for a finding in tables: microseconds of processor time, or the number itself. */
export function figure(finding: Finding): number {
	return "value" in finding ? finding.value : finding.cpu_micros;
}

/** The median over the runs; undefined where nothing was measured. */
export function median_of(
	result: ScenarioResult | undefined,
	of: (finding: Finding) => number | undefined = figure,
): number | undefined {
	const numbers = (result?.runs ?? []).map(of).filter((number) => number !== undefined);
	return numbers.length > 0 ? median(numbers) : undefined;
}

/** Three significant digits, and no more than the measurement gives. */
export function short(number: number | undefined): string {
	if (number === undefined) return "–";
	if (number >= 100) return number.toFixed(0);
	return number >= 10 ? number.toFixed(1) : number.toFixed(2);
}

/** The servers that took part, in the order in which they were asked for. */
export function subjects_of(report: BenchReport): string[] {
	return [...new Set(report.results.map(({ subject }) => subject))];
}

/** The result of one scenario on one server. */
export function result_of(report: BenchReport, id: string, subject: string): ScenarioResult | undefined {
	return report.results.find((result) => result.scenario.id === id && result.subject === subject);
}

/** The scenarios in order. */
export function scenarios_of(report: BenchReport): ScenarioResult["scenario"][] {
	const by_id = new Map(report.results.map(({ scenario }) => [scenario.id, scenario]));
	return [...by_id.values()];
}

/** The 99th percentile of deliveries; undefined where there is only a single number. */
export function p99(finding: Finding): number | undefined {
	return "value" in finding ? undefined : finding.p99_ms;
}

/** How many times as much another server needs. */
export function ratio(other: number | undefined, own: number | undefined): string {
	return other === undefined || own === undefined || own === 0 ? "–" : `${short(other / own)}×`;
}

function line(cells: readonly string[]): string {
	return `| ${cells.join(" | ")} |`;
}

/** Where and when it was measured, in two lines. */
export function machine_lines({ machine }: BenchReport): string[] {
	return [
		`${machine.processor}, ${machine.cores} cores, ${machine.memory_mib} MiB, ${machine.system}, Node ${machine.node}`,
		`Server on core ${machine.server_core}, load generator on core ${machine.generator_core}; ${machine.date}; load average ${machine.load.map((load) => load.toFixed(2)).join(" → ")}`,
	];
}

/** Tables in Markdown: the medians, and how many times as much the others need. */
export function report_text(report: BenchReport): string {
	const subjects = subjects_of(report);
	const others = subjects.filter((subject) => subject !== "enjamb");
	const lines = [
		...machine_lines(report),
		"",
		"Processor time of the server in µs (median of the runs), p99 in ms, and how many times as much the others need:",
		"",
		line(["load", "per", ...subjects, ...others.map((name) => `${name} ÷ enjamb`), ...subjects.map((name) => `p99 ${name}`)]),
		line(["---", "---", ...[...subjects, ...others, ...subjects].map(() => "---:")]),
	];
	for (const { id, title, unit } of scenarios_of(report)) {
		const results = subjects.map((subject) => result_of(report, id, subject));
		const own = median_of(result_of(report, id, "enjamb"));
		lines.push(
			line([
				title,
				unit,
				...results.map((result) => short(median_of(result))),
				...others.map((subject) => ratio(median_of(result_of(report, id, subject)), own)),
				...results.map((result) => short(median_of(result, p99))),
			]),
		);
	}
	const runs = others.length === 0 ? [] : scenarios_of(report).flatMap((scenario) => run_lines(report, scenario, others));
	if (runs.length > 0) {
		lines.push("", "Each run: the figures, and how many times as much the others need:", "");
		lines.push(
			line(["load", "enjamb", ...others.map((name) => `${name} ÷ enjamb`)]),
			line(["---", ...subjects.map(() => "---:")]),
		);
		lines.push(...runs);
	}
	const details = report.results.flatMap(detail_lines);
	if (details.length > 0) lines.push("", "What single numbers are made of, in each run:", "", ...details);
	return `${lines.join("\n")}\n`;
}

/** One load in each of several runs, where it was measured in more than one. */
function run_lines(report: BenchReport, { id, title }: ScenarioResult["scenario"], others: readonly string[]): string[] {
	const own = result_of(report, id, "enjamb")?.runs ?? [];
	if (own.length < 2) return [];
	const ratios = others.map((subject) => {
		const runs = result_of(report, id, subject)?.runs ?? [];
		// A run that failed is not there, so that the others' places cannot be told
		return runs.length === own.length ? own.map((finding, at) => run_ratio(runs[at], finding)).join(" · ") : "–";
	});
	return [line([title, own.map((finding) => short(figure(finding))).join(" · "), ...ratios])];
}

function run_ratio(other: Finding | undefined, own: Finding): string {
	return other === undefined || figure(own) === 0 ? "–" : short(figure(other) / figure(own));
}

/** What single numbers of a load are made of, a line for each run. */
function detail_lines({ scenario, subject, runs }: ScenarioResult): string[] {
	return runs.flatMap((finding) => {
		if (!("value" in finding) || finding.details === undefined) return [];
		const named = Object.entries(finding.details).map(([name, number]) => `${name} ${short(number)}`);
		return [`- ${scenario.title}, ${subject}: ${named.join(", ")}`];
	});
}
