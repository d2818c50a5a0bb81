// No counterpart: a benchmark's findings as text.

import { median } from "./latencies.ts";
import type { BenchReport, Finding, ScenarioResult, SubjectName } from "./types.ts";

/** What stands for a finding in tables: microseconds of processor time, or the number itself. */
export function figure(finding: Finding): number {
	return "value" in finding ? finding.value : finding.cpuMicros;
}

/** The median over the runs; undefined where nothing was measured. */
export function medianOf(
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
export function subjectsOf(report: BenchReport): SubjectName[] {
	return [...new Set(report.results.map(({ subject }) => subject))];
}

/** The result of one scenario on one server. */
export function resultOf(report: BenchReport, id: string, subject: SubjectName): ScenarioResult | undefined {
	return report.results.find((result) => result.scenario.id === id && result.subject === subject);
}

/** The scenarios in order. */
export function scenariosOf(report: BenchReport): ScenarioResult["scenario"][] {
	const byId = new Map(report.results.map(({ scenario }) => [scenario.id, scenario]));
	return [...byId.values()];
}

function p99(finding: Finding): number | undefined {
	return "value" in finding ? undefined : finding.p99Ms;
}

function ratio(other: number | undefined, own: number | undefined): string {
	return other === undefined || own === undefined || own === 0 ? "–" : `${short(other / own)}×`;
}

function line(cells: readonly string[]): string {
	return `| ${cells.join(" | ")} |`;
}

/** Tables in Markdown: the medians, and how many times as much the others need. */
export function reportText(report: BenchReport): string {
	const subjects = subjectsOf(report);
	const others = subjects.filter((subject) => subject !== "enjamb");
	const { machine } = report;
	const lines = [
		`${machine.processor}, ${machine.cores} cores, ${machine.memoryMib} MiB, ${machine.system}, Node ${machine.node}`,
		`Server on core ${machine.serverCore}, load generator on core ${machine.generatorCore}; ${machine.date}; load average ${machine.load.map((load) => load.toFixed(2)).join(" → ")}`,
		"",
		"Processor time of the server in µs (median of the runs), p99 in ms, and how many times as much the others need:",
		"",
		line(["load", "per", ...subjects, ...others.map((name) => `${name} ÷ enjamb`), ...subjects.map((name) => `p99 ${name}`)]),
		line(["---", "---", ...[...subjects, ...others, ...subjects].map(() => "---:")]),
	];
	for (const { id, title, unit } of scenariosOf(report)) {
		const results = subjects.map((subject) => resultOf(report, id, subject));
		const own = medianOf(resultOf(report, id, "enjamb"));
		lines.push(
			line([
				title,
				unit,
				...results.map((result) => short(medianOf(result))),
				...others.map((subject) => ratio(medianOf(resultOf(report, id, subject)), own)),
				...results.map((result) => short(medianOf(result, p99))),
			]),
		);
	}
	return `${lines.join("\n")}\n`;
}
