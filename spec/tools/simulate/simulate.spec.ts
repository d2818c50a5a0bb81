import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { play_balance } from "../../../tools/simulate/balance.ts";
import { type Rules, right_rules } from "../../../tools/simulate/rules.ts";
import { play_sessions } from "../../../tools/simulate/sessions.ts";
import {
	balances_text,
	sessions_text,
	simulate,
	simulate_balances,
	simulate_sessions,
	simulation_text,
} from "../../../tools/simulate.ts";

describe("a simulated cluster", () => {
	it("has never two owners, loses nothing that was heard, and comes to serve again, whatever fails", async () => {
		const report = await simulate({ failures: 2000, seed: 1 });
		expect({ violations: report.violations, seed: report.seed }).toEqual({ violations: [], seed: expect.any(Number) });
		expect(Object.keys(report.failures)).toHaveLength(10);
		// It is no cluster that does nothing
		expect(report.heard).toBeGreaterThan(10 * report.episodes);
		expect(report.taken).toBeGreaterThan(report.episodes);
		expect(simulation_text(report, 1)).toContain("2000 failures in");
	});

	it("has sessions go on at other nodes, with nothing lost and nothing twice, or says that they cannot", async () => {
		const report = await simulate_sessions(600, 1);
		expect({ violations: report.violations, seed: report.seed }).toEqual({ violations: [], seed: expect.any(Number) });
		expect(report.resumed).toBeGreaterThan(100);
		expect(report.again).toBeGreaterThan(10);
		expect(sessions_text(report)).toContain("600 failures with sessions");
	});

	it("finds out when nobody says again what counts as handled", async () => {
		const found: string[] = [];
		for (let seed = 1; seed <= 40 && found.length === 0; seed++) found.push(...(await play_sessions(seed, 60, false)).violations);
		expect(found.join()).toContain("counts as handled, and is lost");
	});

	it("is run by a command", () => {
		const program = join(import.meta.dirname, "../../../tools/simulate/run.mjs");
		const { status, stdout } = spawnSync(process.execPath, [program, "--failures", "60", "--seed", "351"], { encoding: "utf8" });
		expect(stdout).toMatch(/^60 failures in 1 episodes/);
		expect(stdout).toContain("Never two owners");
		expect(stdout).toContain("A node joined 1 clusters");
		expect(stdout).toContain("60 failures with sessions");
		expect(status).toBe(0);
		expect(spawnSync(process.execPath, [program, "--failures", "few"]).status).toBe(2);
	});

	it("plays the same again with the same seed", async () => {
		const [one, other] = [await simulate({ failures: 100, seed: 5 }), await simulate({ failures: 100, seed: 5 })];
		expect(one).toEqual(other);
	});

	it("gives a node that joins its share, and then nothing moves", async () => {
		const reports = await simulate_balances(3, 8);
		expect(reports.flatMap(({ violations }) => violations)).toEqual([]);
		expect(reports.every(({ moves }) => moves > 0)).toBe(true);
		expect(balances_text(reports)).toContain("Loads become equal");
	});

	it("finds out when nothing moves", async () => {
		const report = await play_balance(2, { ...right_rules, balances: false });
		expect(report.violations.join()).toContain("one node has");
		expect(balances_text([report])).toContain("Found with seed 2");
	});

	const wrong: { readonly [what: string]: Rules } = {
		"may serve for longer than the others wait": { part: 1.6, has_fence: true, looks: true },
		"may store although it is dead": { has_fence: false, looks: true },
		"says what is stored without looking whether it still may": { has_fence: true, looks: false },
	};
	it.each(Object.entries(wrong))("finds out when a node %s", async (_what, rules) => {
		const report = await simulate({ failures: 20_000, seed: 1, rules });
		expect(report.violations.length).toBeGreaterThan(0);
		expect(simulation_text(report, 1)).toContain(`Found with seed ${report.seed}`);
	});
});
