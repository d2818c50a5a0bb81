// No counterpart: `enjamb bench`, which measures servers side by side.

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { load, machine, pin } from "./bench/processes.ts";
import { reportHtml } from "./bench/report_html.ts";
import { reportText } from "./bench/report_text.ts";
import { stallScenario, standardScenarios, sweepScenarios } from "./bench/scenarios.ts";
import { startSubject } from "./bench/subjects.ts";
import { type BenchReport, type Effort, type Finding, type Scenario, type SubjectName, subjectNames } from "./bench/types.ts";

export { serveFloor } from "./bench/floor.ts";
export { serveProbe } from "./bench/probe.ts";

/** What the command line says. */
export interface BenchOptions {
	/** The command line that starts this program. */
	readonly program: readonly string[];
	/** Servers to measure beside this one. */
	readonly against: readonly string[];
	/** Another Prosody than that on the PATH. */
	readonly prosody?: string | undefined;
	/** Only scenarios whose ids begin with one of these. */
	readonly scenarios?: readonly string[] | undefined;
	/** Also how the cost grows with occupants and rooms, and how long a great storm keeps others waiting. */
	readonly sweeps?: boolean | undefined;
	readonly runs: number;
	/** How long each load is measured, in seconds. */
	readonly seconds: number;
	readonly json?: boolean | undefined;
	/** Where to write a page. */
	readonly html?: string | undefined;
	/** The command, for the report. */
	readonly command: string;
	write(text: string): void;
	complain(text: string): void;
}

/** How many storms are added up, for servers quick enough; one of the others takes as long. */
const storms: Record<SubjectName, number> = { enjamb: 4, floor: 4, ejabberd: 1, prosody: 1, lua: 1 };
/** Loads that the others would take minutes for are not put on them. */
const longestSweep = 300;
const longStorm = 2000;

function isFor(scenario: Scenario, subject: SubjectName): boolean {
	if (subject === "floor") return scenario.floor;
	if (subject === "enjamb") return true;
	return !scenario.id.startsWith("stall") && (scenario.sweep?.at ?? 0) <= longestSweep;
}

/** Measures and prints; answers with the exit status. */
export async function run(options: BenchOptions): Promise<number> {
	const unknown = options.against.filter((name) => !subjectNames.some((known) => known === name));
	if (unknown.length > 0) {
		options.complain(`enjamb: cannot measure ${unknown.join(", ")}: expected some of ${subjectNames.slice(1).join(", ")}\n`);
		return 2;
	}
	const subjects = subjectNames.filter((name) => name === "enjamb" || options.against.includes(name));
	const all = [...standardScenarios, stallScenario(longStorm, options.program), ...sweepScenarios];
	const wanted = options.scenarios;
	const chosen =
		wanted === undefined
			? all.filter(({ id }) => options.sweeps || !(id.startsWith("sweep") || id.startsWith("stall")))
			: all.filter(({ id }) => wanted.some((beginning) => id.startsWith(beginning)));
	if (chosen.length === 0) {
		options.complain(`enjamb: no such load: expected the beginning of ${all.map(({ id }) => id).join(", ")}\n`);
		return 2;
	}
	// To exit ends the servers; to be ended by a signal would leave them
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
	const core = 0;
	const own = Math.min(1, cpus().length - 1);
	await pin(process.pid, own);
	const before = load();
	const found = new Map<string, { scenario: Scenario; subject: SubjectName; runs: Finding[] }>();
	let failures = 0;
	for (let round = 0; round < options.runs; round++) {
		for (const scenario of chosen) {
			for (const name of subjects) {
				if (!isFor(scenario, name)) continue;
				const effort: Effort = { warmUpMs: 1500, measureMs: options.seconds * 1000, storms: storms[name] };
				const finding = await measureOnce(scenario, name, effort, options, core);
				if (finding === undefined) {
					failures++;
					continue;
				}
				const key = `${scenario.id} ${name}`;
				const entry = found.get(key) ?? { scenario, subject: name, runs: [] };
				entry.runs.push(finding);
				found.set(key, entry);
			}
		}
	}
	const report: BenchReport = {
		machine: machine(core, own, [before, load()]),
		command: options.command,
		results: [...found.values()].map(({ scenario: { id, title, unit, sweep }, subject, runs }) => ({
			scenario: { id, title, unit, ...(sweep === undefined ? {} : { sweep }) },
			subject,
			runs,
		})),
	};
	options.write(options.json ? `${JSON.stringify(report, undefined, "\t")}\n` : reportText(report));
	if (options.html !== undefined) writeFileSync(options.html, reportHtml(report));
	return failures > 0 ? 1 : 0;
}

/** Starts a server afresh, puts one load on it, and ends it. */
async function measureOnce(
	scenario: Scenario,
	name: SubjectName,
	effort: Effort,
	{ program, prosody, complain }: BenchOptions,
	core: number,
): Promise<Finding | undefined> {
	const started = await startSubject(name, scenario.archive === true, { program, prosody, core });
	if (!started.ok) {
		complain(`${scenario.id} ${name}: ${started.error}\n`);
		return undefined;
	}
	try {
		const finding = await scenario.run(started.value, effort);
		const text =
			"value" in finding
				? `${finding.value.toFixed(1)} ${scenario.unit}`
				: `${finding.cpuMicros.toFixed(2)} µs, p50 ${finding.p50Ms.toFixed(1)}, p99 ${finding.p99Ms.toFixed(1)} ms, ${finding.perSecond.toFixed(0)}/s, ${finding.rssMib.toFixed(0)} MiB`;
		complain(`${scenario.id} ${name}: ${text}\n`);
		return finding;
	} catch (error) {
		complain(`${scenario.id} ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
		return undefined;
	} finally {
		await started.value.stop();
	}
}
