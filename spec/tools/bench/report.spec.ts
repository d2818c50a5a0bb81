import { describe, expect, it } from "vitest";
import { Latencies, median } from "../../../tools/bench/latencies.ts";
import { cpuMicros, rssMib } from "../../../tools/bench/processes.ts";
import { reportHtml } from "../../../tools/bench/report_html.ts";
import { reportText } from "../../../tools/bench/report_text.ts";
import type { BenchReport, Finding } from "../../../tools/bench/types.ts";

const scenario = { id: "messages", title: "Messages, 1 × 2", unit: "delivery" };
const sweep = { id: "sweep-rooms-1", title: "Messages, 1 × 2", unit: "delivery", sweep: { of: "rooms", at: 1 } as const };

function cost(cpuMicros: number): Finding {
	return { deliveries: 1, cpuMicros, p50Ms: 1, p99Ms: cpuMicros * 2, maxMs: 3, perSecond: 4, rssMib: 5 };
}

const report: BenchReport = {
	machine: {
		processor: "Some <processor>",
		cores: 2,
		memoryMib: 1024,
		system: "Linux 1",
		node: "v20",
		serverCore: 0,
		generatorCore: 1,
		date: "2026-01-01",
		load: [0, 0.5],
	},
	command: "enjamb bench",
	results: [
		{ scenario, subject: "enjamb", runs: [cost(1), cost(2), cost(9)] },
		{ scenario, subject: "prosody", runs: [cost(50), cost(70)] },
		{ scenario: sweep, subject: "enjamb", runs: [{ value: 3 }] },
	],
};

describe("a benchmark's report", () => {
	it("has medians, what the others need of them, and dashes where nothing was measured", () => {
		const text = reportText(report);
		expect(text).toContain("| Messages, 1 × 2 | delivery | 2.00 | 60.0 | 30.0× | 4.00 | 120 |");
		expect(text).toContain("| Messages, 1 × 2 | delivery | 3.00 | – | – | – | – |");
		expect(text).toContain("Some <processor>, 2 cores");
	});

	it("is a page that needs nothing else and holds no markup from outside", () => {
		const page = reportHtml(report);
		expect(page).toContain("Some &lt;processor&gt;");
		expect(page.match(/<svg /g)).toHaveLength(2);
		expect(page).not.toMatch(/NaN|undefined/);
	});
});

describe("figures", () => {
	it("are medians", () => {
		expect([median([3, 1, 2]), median([4, 1]), median([])]).toEqual([2, 2.5, Number.NaN]);
	});

	it("of latencies are percentiles", () => {
		const latencies = new Latencies();
		for (let time = 100; time >= 1; time--) latencies.add(time);
		expect(latencies.summary()).toEqual({ p50Ms: 51, p99Ms: 100, maxMs: 100 });
		latencies.clear();
		expect(latencies.summary().p50Ms).toBeNaN();
	});

	it.skipIf(process.platform !== "linux")("of this process come from the system", () => {
		expect(cpuMicros(process.pid)).toBeGreaterThan(0);
		expect(rssMib(process.pid)).toBeGreaterThan(1);
	});
});
