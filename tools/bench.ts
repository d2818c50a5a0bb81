// No counterpart: `enjamb bench`, which measures servers side by side.

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { cluster_scenarios } from "./bench/cluster.ts";
import { crowd_scenario } from "./bench/crowd.ts";
import { has_modules } from "./bench/ejabberd.ts";
import { greedy_scenarios, growth_scenarios } from "./bench/greedy.ts";
import { add_to_history, commit_of, history_entries, plot_history, read_history } from "./bench/history.ts";
import { idle_scenario, rooms_scenario } from "./bench/large.ts";
import { pipe_scenario } from "./bench/pipe.ts";
import { load, machine, pin } from "./bench/processes.ts";
import { report_html } from "./bench/report_html.ts";
import { report_text } from "./bench/report_text.ts";
import { stall_scenario, standard_scenarios, sweep_scenarios } from "./bench/scenarios.ts";
import { archive_scenario, stored_rooms_scenario } from "./bench/stored.ts";
import { modules_of_others, start_subject, version_of_prosody } from "./bench/subjects.ts";
import {
	type BenchReport,
	type Effort,
	type Finding,
	type Measurement,
	type OwnScenario,
	type Scenario,
	type SubjectName,
	subject_names,
} from "./bench/types.ts";
import { worker_scenarios } from "./bench/workers.ts";

export { serve_floor } from "./bench/floor.ts";
export { serve_pipe } from "./bench/pipe.ts";
export { serve_probe } from "./bench/probe.ts";

/** What the command line says. */
export interface BenchOptions {
	/** The command line that starts this program. */
	readonly program: readonly string[];
	/** Servers to measure beside this one. */
	readonly against: readonly string[];
	/** Other Prosodys than that on the PATH, each of which is measured. */
	readonly prosody?: readonly string[] | undefined;
	/** The option `sql` of Prosody and Enjamb, as Lua, instead of SQLite; `%s` in it stands for the server's name. */
	readonly sql?: string | undefined;
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
	/** A file of JSON lines to which the findings are added. */
	readonly history?: string | undefined;
	/** Where to draw that file's figures over time. */
	readonly plot?: string | undefined;
	/** The command, for the report. */
	readonly command: string;
	write(text: string): void;
	complain(text: string): void;
}

/** How many storms are added up for quick servers; on the others, one storm takes as long. */
const storms: Record<SubjectName, number> = { enjamb: 4, floor: 4, ejabberd: 1, prosody: 1, lua: 1 };
/** Loads that would take minutes on the other servers are left out there. */
const longest_sweep = 300;
const largest_crowd = 1000;
const long_storm = 2000;

/** Whether a load is only put on servers where it is asked for. */
function is_special(scenario: Scenario | OwnScenario): boolean {
	if ("measure" in scenario) return true;
	const { id, storage } = scenario;
	return storage !== undefined || ["sweep", "stall", "large", "stored", "workers"].some((kind) => id.startsWith(kind));
}

function is_for(scenario: Scenario | OwnScenario, subject: SubjectName): boolean {
	if ("measure" in scenario) return subject === "enjamb";
	if (subject === "floor") return scenario.floor;
	if (subject === "enjamb") return true;
	if (scenario.community && subject === "prosody") return modules_of_others !== undefined;
	if (scenario.prepare !== undefined || scenario.workers !== undefined) return false;
	if (scenario.firewall !== undefined) return subject === "prosody";
	const { accounts } = scenario;
	if (accounts !== undefined && subject === "ejabberd") {
		return scenario.entrance === undefined && !accounts.passwords && !accounts.archive && has_modules(accounts.modules);
	}
	if (accounts !== undefined) return subject === "prosody";
	if (scenario.entrance !== undefined) return subject === "prosody" && scenario.entrance !== "uplink";
	if (scenario.storage !== undefined && subject === "ejabberd") return false;
	return (
		!(scenario.id.startsWith("stall") || scenario.id.startsWith("growth")) &&
		Number(/^large-([0-9]+)-crowd$/.exec(scenario.id)?.[1] ?? 0) <= largest_crowd &&
		(scenario.sweep?.at ?? 0) <= longest_sweep
	);
}

/** A server that takes part. */
interface Contestant {
	readonly name: SubjectName;
	readonly label: string;
	readonly prosody?: string | undefined;
}

/** The servers that take part. Several Prosodys are told apart by their versions. */
async function contestants_of({ against, prosody = [] }: Pick<BenchOptions, "against" | "prosody">): Promise<Contestant[]> {
	const names = subject_names.filter((name) => name === "enjamb" || against.includes(name));
	const all: Contestant[] = [];
	for (const name of names) {
		if (name !== "prosody" || prosody.length < 2) all.push({ name, label: name, prosody: prosody[0] });
		else for (const path of prosody) all.push({ name, label: `prosody-${await version_of_prosody(path)}`, prosody: path });
	}
	return all;
}

/** Measures and prints; returns the exit status. */
export async function run(options: BenchOptions): Promise<number> {
	const unknown = options.against.filter((name) => !subject_names.some((known) => known === name));
	if (unknown.length > 0) {
		options.complain(`enjamb: cannot measure ${unknown.join(", ")}: expected some of ${subject_names.slice(1).join(", ")}\n`);
		return 2;
	}
	const all: (Scenario | OwnScenario)[] = [
		...standard_scenarios,
		stall_scenario(long_storm, options.program),
		...greedy_scenarios(options.program),
		...growth_scenarios,
		...[300, 1000, 2000, 3000, 5000, 10_000].map((occupants) => crowd_scenario(occupants, options.program)),
		...[1_000_000, 10_000_000].flatMap((messages) =>
			(["sql", "internal"] as const).map((storage) => archive_scenario(messages, storage)),
		),
		stored_rooms_scenario(100_000),
		rooms_scenario(5000),
		// As many as a process with 20,000 open files can have beside its own
		idle_scenario(19_500),
		...sweep_scenarios,
		pipe_scenario,
		...cluster_scenarios,
		...worker_scenarios,
	];
	const wanted = options.scenarios;
	const chosen =
		wanted === undefined
			? all.filter((scenario) => options.sweeps || !is_special(scenario))
			: all.filter(({ id }) => wanted.some((beginning) => id.startsWith(beginning)));
	if (chosen.length === 0) {
		options.complain(`enjamb: no such load: expected the beginning of ${all.map(({ id }) => id).join(", ")}\n`);
		return 2;
	}
	// Exiting ends the servers; a signal alone would leave them running
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
	const core = 0;
	const own = Math.min(1, cpus().length - 1);
	await pin(process.pid, own);
	const before = load();
	const contestants = await contestants_of(options);
	const found = new Map<string, { scenario: Scenario | OwnScenario; subject: string; runs: Finding[] }>();
	let failures = 0;
	for (let round = 0; round < options.runs; round++) {
		for (const scenario of chosen) {
			for (const contestant of contestants) {
				if (!is_for(scenario, contestant.name)) continue;
				const { name, label } = contestant;
				const effort: Effort = {
					warm_up_ms: 1500,
					warms_by_count: true,
					measure_ms: options.seconds * 1000,
					storms: storms[name],
				};
				const finding = await measure_once(scenario, contestant, effort, options, core);
				if (finding === undefined) {
					failures++;
					continue;
				}
				const key = `${scenario.id} ${label}`;
				const entry = found.get(key) ?? { scenario, subject: label, runs: [] };
				entry.runs.push(finding);
				found.set(key, entry);
			}
		}
	}
	const report: BenchReport = {
		machine: machine(core, own, [before, load()]),
		command: options.command,
		results: [...found.values()].map(({ scenario, subject, runs }) => {
			const { id, title, unit } = scenario;
			const sweep = "sweep" in scenario ? scenario.sweep : undefined;
			return { scenario: { id, title, unit, ...(sweep === undefined ? {} : { sweep }) }, subject, runs };
		}),
	};
	options.write(options.json ? `${JSON.stringify(report, undefined, "\t")}\n` : report_text(report));
	if (options.html !== undefined) writeFileSync(options.html, report_html(report));
	if (options.history !== undefined) add_to_history(options.history, history_entries(report, commit_of(process.cwd())));
	if (options.plot !== undefined && draw(options) !== 0) failures++;
	return failures > 0 ? 1 : 0;
}

/** Draws a history; returns the exit status. */
export function draw({ history, plot, complain }: Pick<BenchOptions, "history" | "plot" | "complain">): number {
	if (history === undefined || plot === undefined) {
		complain("enjamb: --plot FILE draws what --history FILE has: expected both\n");
		return 2;
	}
	const entries = read_history(history);
	if (!entries.ok) {
		complain(`enjamb: ${entries.error}\n`);
		return 1;
	}
	writeFileSync(plot, plot_history(entries.value));
	return 0;
}

/** What of a cost is the kernel's, in words. */
function kernel_share({ kernel_micros }: Measurement): string {
	return kernel_micros === undefined ? "" : `, ${kernel_micros.toFixed(2)} of them the kernel's`;
}

/** Puts one load on a server that is new. */
async function measure_once(
	scenario: Scenario | OwnScenario,
	contestant: Contestant,
	effort: Effort,
	options: BenchOptions,
	core: number,
): Promise<Finding | undefined> {
	const { label } = contestant;
	const { program, complain } = options;
	try {
		const finding = await ("measure" in scenario
			? scenario.measure(effort, { program, core })
			: measure_subject(scenario, contestant, effort, options, core));
		const text =
			"value" in finding
				? `${finding.value.toFixed(finding.value < 10 ? 2 : 1)} ${scenario.unit}`
				: `${finding.cpu_micros.toFixed(2)} µs${kernel_share(finding)}, p50 ${finding.p50_ms.toFixed(1)}, p99 ${finding.p99_ms.toFixed(1)} ms, ${finding.per_second.toFixed(0)}/s, ${finding.rss_mib.toFixed(0)} MiB`;
		complain(`${scenario.id} ${label}: ${text}\n`);
		return finding;
	} catch (error) {
		complain(`${scenario.id} ${label}: ${error instanceof Error ? error.message : String(error)}\n`);
		return undefined;
	}
}

/** Starts a server, puts one load on it, and ends it. Rejects where it does not start. */
async function measure_subject(
	scenario: Scenario,
	{ name, prosody }: Contestant,
	effort: Effort,
	{ program, sql }: BenchOptions,
	core: number,
): Promise<Finding> {
	const started = await start_subject(name, scenario, { program, prosody, sql, core });
	if (!started.ok) throw new Error(started.error);
	try {
		return await scenario.run(started.value, effort);
	} finally {
		await started.value.stop();
	}
}
