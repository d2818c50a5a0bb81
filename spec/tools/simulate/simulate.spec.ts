import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Rules } from "../../../tools/simulate/rules.ts";
import { simulate, simulation_text } from "../../../tools/simulate.ts";

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

	it("is run by a command", () => {
		const program = join(import.meta.dirname, "../../../tools/simulate/run.mjs");
		const { status, stdout } = spawnSync(process.execPath, [program, "--failures", "60", "--seed", "351"], { encoding: "utf8" });
		expect(stdout).toMatch(/^60 failures in 1 episodes/);
		expect(stdout).toContain("Never two owners");
		expect(status).toBe(0);
		expect(spawnSync(process.execPath, [program, "--failures", "few"]).status).toBe(2);
	});

	it("plays the same again with the same seed", async () => {
		const [one, other] = [await simulate({ failures: 100, seed: 5 }), await simulate({ failures: 100, seed: 5 })];
		expect(one).toEqual(other);
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
