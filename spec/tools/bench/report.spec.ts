import { describe, expect, it } from "vitest";
import { Latencies, median } from "../../../tools/bench/latencies.ts";
import { cpu_micros, rss_mib } from "../../../tools/bench/processes.ts";
import { report_html } from "../../../tools/bench/report_html.ts";
import { report_text } from "../../../tools/bench/report_text.ts";
import type { BenchReport, Finding } from "../../../tools/bench/types.ts";

const scenario = { id: "messages", title: "Messages, 1 × 2", unit: "delivery" };
const sweep = { id: "sweep-rooms-1", title: "Messages, 1 × 2", unit: "delivery", sweep: { of: "rooms", at: 1 } as const };

function cost(cpu_micros: number): Finding {
	return { deliveries: 1, cpu_micros, p50_ms: 1, p99_ms: cpu_micros * 2, max_ms: 3, per_second: 4, rss_mib: 5 };
}

const report: BenchReport = {
	machine: {
		processor: "Some <processor>",
		cores: 2,
		memory_mib: 1024,
		system: "Linux 1",
		node: "v20",
		server_core: 0,
		generator_core: 1,
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
		const text = report_text(report);
		expect(text).toContain("| Messages, 1 × 2 | delivery | 2.00 | 60.0 | 30.0× | 4.00 | 120 |");
		expect(text).toContain("| Messages, 1 × 2 | delivery | 3.00 | – | – | – | – |");
		expect(text).toContain("Some <processor>, 2 cores");
	});

	it("has the ratios of each run where all runs of both are there", () => {
		const several = [
			{ scenario, subject: "enjamb", runs: [cost(1), cost(2)] },
			{ scenario, subject: "prosody-0.12.3", runs: [cost(50), cost(70)] },
			{ scenario, subject: "prosody-13.0.2", runs: [cost(60)] },
		];
		const text = report_text({ ...report, results: several });
		expect(text).toContain("| load | enjamb | prosody-0.12.3 ÷ enjamb | prosody-13.0.2 ÷ enjamb |");
		expect(text).toContain("| Messages, 1 × 2 | 1.00 · 2.00 | 50.0 · 35.0 | – |");
	});

	it("is a page that needs nothing else and holds no markup from outside", () => {
		const page = report_html(report);
		expect(page).toContain("Some &lt;processor&gt;");
		expect(page.match(/<svg /g)).toHaveLength(3);
		expect(page.match(/<tr>/g)).toHaveLength(4);
		expect(page).toContain(
			'<td class="first best">2.00</td><td>60.0</td><td class="first">30.0×</td><td class="first">4.00</td><td>120</td>',
		);
		expect(page).not.toMatch(/NaN|undefined|Infinity|<script|\| ---/);
	});
});

describe("figures", () => {
	it("are medians", () => {
		expect([median([3, 1, 2]), median([4, 1]), median([])]).toEqual([2, 2.5, Number.NaN]);
	});

	it("of latencies are percentiles", () => {
		const latencies = new Latencies();
		for (let time = 100; time >= 1; time--) latencies.add(time);
		expect(latencies.summary()).toEqual({ p50_ms: 51, p99_ms: 100, max_ms: 100 });
		latencies.clear();
		expect(latencies.summary().p50_ms).toBeNaN();
	});

	it.skipIf(process.platform !== "linux")("of this process come from the system", () => {
		expect(cpu_micros(process.pid)).toBeGreaterThan(0);
		expect(rss_mib(process.pid)).toBeGreaterThan(1);
	});
});
