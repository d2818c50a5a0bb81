import { describe, expect, it } from "vitest";
import { read_limits } from "../../../host/plugins/limits.lib.ts";

const usual = { bytes_per_second: 10_240, burst_seconds: 2 };

describe("the option limits", () => {
	it("is read as Prosody reads it", () => {
		expect(read_limits(undefined)).toEqual({
			limits: new Map([
				["c2s", usual],
				["s2sin", { bytes_per_second: 30_720, burst_seconds: 2 }],
			]),
			problems: [],
		});
		for (const [rate, bytes] of [
			["10kb/s", 10_000],
			["3 MB/s", 3e6],
			["5b/s", 50],
			["1gigabit/s", 1e9],
		] as const) {
			expect(read_limits({ c2s: { rate } }).limits.get("c2s")).toEqual({ bytes_per_second: bytes, burst_seconds: 2 });
		}
		for (const [burst, seconds] of [
			["3s", 3],
			["10 s", 10],
			[4, 4],
			[0.5, 0.5],
		] as const) {
			expect(read_limits({ component: { rate: "1kb/s", burst } }).limits.get("component")?.burst_seconds).toBe(seconds);
		}
	});

	it.each([
		[{ c2s: { rate: "fast" } }, 'Error parsing rate for c2s: "fast", using default rate (3000 bytes/s)'],
		[{ c2s: {} }, "Error parsing rate for c2s: undefined, using default rate (3000 bytes/s)"],
		[{ c2s: { rate: 100 } }, "Error parsing rate for c2s: 100, using default rate (3000 bytes/s)"],
		[{ c2s: { rate: "0kb/s" } }, 'Error parsing rate for c2s: "0kb/s", using default rate'],
		[{ c2s: { rate: "1kb/s", burst: "long" } }, 'Unable to parse burst for c2s: "long", using default burst interval (2s)'],
		[{ c2s: { rate: "1kb/s", burst: -1 } }, "Unable to parse burst for c2s: -1, using default burst interval (2s)"],
		[{ s2s: { rate: "1kb/s" } }, "there are no sessions of the kind s2s: expected c2s, s2sin, s2sout, component"],
		[{ c2s: "10kb/s" }, 'limits.c2s: expected the like of { rate = "10kb/s"; burst = "2s" }, found "10kb/s"'],
		["10kb/s", 'limits: expected the like of { c2s = { rate = "10kb/s" } }, found "10kb/s"'],
	])("says what cannot be meant by %j", (option, expected) => {
		const { problems } = read_limits(option);
		expect(problems).toHaveLength(1);
		expect(problems[0]).toContain(expected);
	});
});
