import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as xml from "../../../host/util/xml.ts";
import { add_to_history, commit_of, history_entries, plot_history, read_history } from "../../../tools/bench/history.ts";
import type { BenchReport } from "../../../tools/bench/types.ts";
import { draw } from "../../../tools/bench.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-history-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function report(date: string, values: readonly number[]): BenchReport {
	return {
		machine: {
			processor: "a <fast> one",
			cores: 2,
			memory_mib: 1024,
			system: "Linux",
			node: "v20",
			server_core: 0,
			generator_core: 1,
			date,
			load: [0.5, 1],
		},
		command: "enjamb bench",
		results: (["enjamb", "prosody"] as const).map((subject, index) => ({
			scenario: { id: "idle", title: "Memory of an idle server", unit: "MiB" },
			subject,
			runs: values.map((value) => ({ value: value * (index + 1) })),
		})),
	};
}

describe("a history of benchmarks", () => {
	it("has a line for each load and server, and is read as it was written", () => {
		const path = join(folder, "history.jsonl");
		const first = history_entries(report("2026-11-29T10:00:00.000Z", [3, 1, 2]), "abc");
		const second = history_entries(report("2026-11-30T10:00:00.000Z", [5]), "def");
		add_to_history(path, first);
		add_to_history(path, second);
		expect(readFileSync(path, "utf8").trimEnd().split("\n")).toHaveLength(4);
		const read = read_history(path);
		const kept = [...first, ...second].map((entry) => ({ ...entry, load: [] }));
		expect(read).toEqual({ ok: true, value: kept });
		expect(first[1]).toMatchObject({ server: "prosody", figure: 4, runs: 3, commit: "abc", scenario: "idle" });
	});

	it("says what a cost is counted for, and cuts titles that would run into the next plot", () => {
		const { machine, command } = report("2026-11-29T10:00:00.000Z", []);
		const cost = { deliveries: 1, cpu_micros: 12.5, p50_ms: 1, p99_ms: 2, max_ms: 3, per_second: 4, rss_mib: 5 };
		const scenario = { id: "single-ping", title: `Questions ${"and answers ".repeat(8)}`, unit: "answer" };
		const path = join(folder, "history.jsonl");
		add_to_history(path, history_entries({ machine, command, results: [{ scenario, subject: "enjamb", runs: [cost] }] }, "abc"));
		const read = read_history(path);
		const picture = plot_history(read.ok ? read.value : []);
		expect(picture).toContain(">µs for each answer<");
		expect(picture).toContain(`${scenario.title.slice(0, 57)}…<title>${scenario.title}</title>`);
	});

	it("is an error that names file and line where somebody else has written", () => {
		const path = join(folder, "history.jsonl");
		add_to_history(path, history_entries(report("2026-11-29T10:00:00.000Z", [1]), ""));
		for (const line of ["{", "[]", '{"date":"yesterday"}', "{}"]) {
			const good = readFileSync(path, "utf8").split("\n").slice(0, 2).join("\n");
			writeFileSync(path, `${good}\n${line}\n`);
			expect(read_history(path)).toEqual({
				ok: false,
				error: `${path}, line 3: expected a line that bench --history has written`,
			});
		}
	});

	it("is drawn as a picture with a line for each server, whatever is in the words", () => {
		const entries = [
			...history_entries(report("2026-11-30T10:00:00.000Z", [5]), "def"),
			...history_entries(report("2026-11-29T10:00:00.000Z", [3]), "abc"),
		];
		const picture = plot_history(entries);
		const read = xml.parse(picture);
		expect(read?.attr["xmlns"]).toBe("http://www.w3.org/2000/svg");
		expect(picture.match(/<polyline /g)).toHaveLength(2);
		expect(picture.match(/<circle /g)).toHaveLength(4);
		expect(picture).toContain("a &lt;fast&gt; one");
		// Earlier is further left
		const [line = ""] = /points="[^"]*"/.exec(picture) ?? [];
		const [first = 0, second = 0] = [...line.matchAll(/([\d.]+),/g)].map(([, x]) => Number(x));
		expect(first).toBeLessThan(second);
	});

	it("needs both files to be drawn", () => {
		const said: string[] = [];
		const complain = (text: string): void => void said.push(text);
		expect(draw({ plot: join(folder, "x.svg"), complain })).toBe(2);
		expect(draw({ history: join(folder, "none"), plot: join(folder, "x.svg"), complain })).toBe(1);
		expect(said[0]).toContain("expected both");
		expect(said[1]).toContain("none: it cannot be read");
		const path = join(folder, "history.jsonl");
		add_to_history(path, history_entries(report("2026-11-29T10:00:00.000Z", [1]), ""));
		expect(draw({ history: path, plot: join(folder, "x.svg"), complain })).toBe(0);
		expect(readFileSync(join(folder, "x.svg"), "utf8")).toContain("</svg>");
	});

	it("has no commit where there is no repository", () => {
		expect(commit_of(folder)).toBe("");
	});
});
