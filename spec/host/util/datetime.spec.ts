import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { date, datetime, is_time, legacy, parse, time } from "../../../host/util/datetime.ts";

describe("datetime", () => {
	it("writes whole seconds", () => {
		expect(date(1136239445)).toBe("2006-01-02");
		expect(datetime(1136239445)).toBe("2006-01-02T22:04:05Z");
		expect(time(1136239445)).toBe("22:04:05");
		expect(legacy(1136239445)).toBe("20060102T22:04:05");
		expect(datetime(0)).toBe("1970-01-01T00:00:00Z");
		expect(datetime(-1)).toBe("1969-12-31T23:59:59Z");
	});

	it("cuts fractions to microseconds", () => {
		expect(datetime(1660488391.1582)).toBe("2022-08-14T14:46:31.158200Z");
		expect(datetime(1660488393.9999)).toBe("2022-08-14T14:46:33.999900Z");
		expect(datetime(0.9999999)).toBe("1970-01-01T00:00:00.999999Z");
		expect(datetime(-0.25)).toBe("1969-12-31T23:59:59.750000Z");
		expect(time(1660488391.000001)).toBe("14:46:31.000000");
		expect(time(1660488391.5)).toBe("14:46:31.500000");
		expect(date(1136239445.5)).toBe("2006-01-02");
		expect(legacy(1660488391.1582)).toBe("20220814T14:46:31");
	});

	it("takes the present second when it is told nothing", () => {
		const before = Math.floor(Date.now() / 1000);
		const written = datetime();
		const after = Math.floor(Date.now() / 1000);
		expect(written).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
		expect(parse(written)).toBeGreaterThanOrEqual(before);
		expect(parse(written)).toBeLessThanOrEqual(after);
		expect(date()).toMatch(/^\d{4}-\d\d-\d\d$/);
		expect(time()).toMatch(/^\d\d:\d\d:\d\d$/);
		expect(legacy()).toMatch(/^\d{8}T\d\d:\d\d:\d\d$/);
	});

	it("throws for what is no time", () => {
		for (const seconds of [Number.NaN, Number.POSITIVE_INFINITY, 1e18]) {
			expect(() => datetime(seconds)).toThrow(RangeError);
			expect(is_time(seconds)).toBe(false);
		}
		for (const seconds of [-6.7e16, -1, 0, 1136239445.5, 6.7e16]) {
			expect(datetime(seconds)).toMatch(/^-?\d+-\d\d-\d\dT/);
			expect(is_time(seconds)).toBe(true);
		}
	});

	it.each([
		["2017-11-19T17:58:13Z", 1511114293],
		["2017-11-19T18:58:50+0100", 1511114330],
		["2006-01-02T15:04:05-0700", 1136239445],
		["2006-01-02T15:04:05-07", 1136239445],
		["2006-01-02T15:04:05-07:00", 1136239445],
		["2006-01-02T22:04:05", 1136239445],
		["20060102T22:04:05", 1136239445],
		["2006-0102T22:04:05Z", 1136239445],
		["2006-01-02T22:04:05.Z", 1136239445],
		["2006-01-02T22:04:05.25Z", 1136239445.25],
		["1969-12-31T23:59:59.5Z", -0.5],
		["0001-01-01T00:00:00Z", -62135596800],
		// Carried over
		["2005-13-02T22:04:05Z", 1136239445],
		["2006-01-01T46:03:65Z", 1136239445],
		["2006-01-02T22:04:005Z", 1136239445],
		// Lenient zones
		["2006-01-02T15:04:05 about-07", 1136239445],
		["2006-01-02T15:04:05-07:3", 1136239445],
	])("reads %s", (text, seconds) => {
		expect(parse(text)).toBe(seconds);
	});

	it.each([
		undefined,
		"",
		"hello",
		"2006-01-02",
		"2006-01-02T22:04Z",
		"2006-01-02 22:04:05Z",
		"2006-01-02T22:04:05z",
		"2006-01-02T22:04:05+7",
		"06-01-02T22:04:05Z",
		" 2006-01-02T22:04:05Z",
		"2006-01-02T22:04:99999999999Z",
	])("refuses %j", (text) => {
		expect(parse(text)).toBeUndefined();
	});

	it("reads what it wrote, to the microsecond", () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: 999_999 }), (seconds, micro) => {
				expect(parse(datetime(seconds))).toBe(seconds);
				expect(parse(legacy(seconds))).toBe(seconds);
				const read = parse(datetime(seconds + micro / 1e6));
				expect(Math.abs((read ?? 0) - (seconds + micro / 1e6))).toBeLessThan(2e-6);
			}),
		);
	});
});
