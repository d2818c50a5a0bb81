// No counterpart: `npm run simulate`, which has a cluster fail in all ways, a hundred thousand times.

import { type BalanceReport, play_balance } from "./simulate/balance.ts";
import { type EpisodeReport, play_episode } from "./simulate/episode.ts";
import { type Rules, right_rules } from "./simulate/rules.ts";

export { sessions_text, simulate_sessions } from "./simulate/sessions.ts";

export interface SimulationOptions {
	/** How many things go wrong in all. */
	readonly failures: number;
	readonly seed: number;
	readonly rules?: Rules;
	/** Told now and then of how many failures were played. */
	on_progress?(failures: number): void;
}

/** All episodes together; violations and seed are those of the first one with any, which plays it again. */
export interface SimulationReport extends EpisodeReport {
	readonly episodes: number;
}

/** How many things go wrong in one episode. */
const failures_each = 60;

/** Plays episodes until so many failures were played, or until something was found that must not be. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
	const { rules = right_rules } = options;
	const failures: { [kind: string]: number } = {};
	const totals = { time: 0, happened: 0, heard: 0, failed: 0, taken: 0 };
	const recoveries: number[] = [];
	let played = 0;
	let episodes = 0;
	let last: EpisodeReport | undefined;
	while (played < options.failures && (last === undefined || last.violations.length === 0)) {
		const seed = options.seed + episodes;
		last = await play_episode({ seed, failures: Math.min(failures_each, options.failures - played), rules });
		episodes++;
		for (const [kind, count] of Object.entries(last.failures)) {
			failures[kind] = (failures[kind] ?? 0) + count;
			played += count;
		}
		for (const name of ["time", "happened", "heard", "failed", "taken"] as const) totals[name] += last[name];
		recoveries.push(...last.recoveries);
		options.on_progress?.(played);
	}
	recoveries.sort((one, other) => one - other);
	return { episodes, failures, violations: last?.violations ?? [], seed: last?.seed ?? options.seed, ...totals, recoveries };
}

/** Clusters that a node joins, and whose rooms move until all have about the same to do. */
export async function simulate_balances(count: number, seed: number): Promise<BalanceReport[]> {
	const reports: BalanceReport[] = [];
	while (reports.length < count && (reports.at(-1)?.violations.length ?? 0) === 0) {
		reports.push(await play_balance(seed + reports.length));
	}
	return reports;
}

/** The same as lines for people. */
export function balances_text(reports: readonly BalanceReport[]): string {
	const sorted = (what: "busiest" | "moves" | "settled_after"): number[] =>
		reports.map((report) => report[what]).sort((one, other) => one - other);
	const median = (all: readonly number[]): number => all[Math.floor((all.length - 1) / 2)] ?? 0;
	const [moves, times, busiest] = [sorted("moves"), sorted("settled_after"), sorted("busiest")];
	const seconds = (time: number): number => Math.round(time / 1000);
	const last = reports.at(-1);
	return [
		`A node joined ${reports.length} clusters: ${median(moves)} rooms moved (median; ${moves.at(-1) ?? 0} at most), the last one after ` +
			`${seconds(median(times))} s (median; ${seconds(times.at(-1) ?? 0)} at most). The busiest node had ${median(busiest).toFixed(2)} times ` +
			`as much to do as all on average (median; ${(busiest.at(-1) ?? 0).toFixed(2)} at most).`,
		...(last === undefined || last.violations.length === 0
			? ["Loads become equal, and then nothing moves."]
			: [`Found with seed ${last.seed}:`, ...last.violations.map((text) => `  ${text}`)]),
	].join("\n");
}

/** A report as lines for people. */
export function simulation_text(report: SimulationReport, seconds: number): string {
	const { episodes, failures, violations, seed, time, happened, heard, failed, taken, recoveries } = report;
	const total = Object.values(failures).reduce((sum, count) => sum + count, 0);
	const at = (part: number): number => Math.round(recoveries[Math.floor((recoveries.length - 1) * part)] ?? 0);
	return [
		`${total} failures in ${episodes} episodes, ${Math.round(time / 3_600_000)} simulated hours, ${happened} happenings, in ${Math.round(seconds)} s:`,
		...Object.entries(failures)
			.sort()
			.map(([kind, count]) => `  ${String(count).padStart(6)}  ${kind}`),
		`Rooms were taken ${taken} times. Of what was said, ${heard} was heard, ${failed} got an error.`,
		`A room whose node was killed was served again after ${at(0.5)} ms (median), ${at(0.95)} ms (95 %), ${at(1)} ms (longest).`,
		...(violations.length === 0
			? ["Never two owners; nothing that was heard is lost; everything ended in a served state."]
			: [`Found with seed ${seed}:`, ...violations.map((text) => `  ${text}`)]),
	].join("\n");
}
