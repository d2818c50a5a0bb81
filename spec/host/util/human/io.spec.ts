import { describe, expect, it } from "vitest";
import { parse_duration, parse_duration_lax } from "../../../../host/util/human/io.ts";

describe("parse_duration", () => {
	it.each([
		["1s", 1],
		["1min", 60],
		["1 minute", 60],
		["2 MIN", 120],
		["2h", 7200],
		["2 hours", 7200],
		["3ho", 10800],
		["1d", 86400],
		["1week", 604800],
		["3 weeks", 1814400],
		["1month", 2678400],
		["365 days", 31536000],
		["1 year", 31556952],
		["0d", 0],
		["5dx", 432000],
		["for 2\n\tdays or so", 172800],
		["1.5d", undefined],
		["two weeks", undefined],
		["1m", undefined],
		["1mi", undefined],
		["1mo", undefined],
		["10", undefined],
		["", undefined],
		["1 x", undefined],
		["1\u00a0d", undefined],
	])("reads %j", (text, seconds) => {
		expect(parse_duration(text)).toBe(seconds);
	});
});

describe("parse_duration_lax", () => {
	it.each([
		["1s", 1],
		["1mi", 60],
		["1 minute", 60],
		["2h", 7200],
		["3 weeks", 1814400],
		["1m", 2678400],
		["1M", 2678400],
		["1mo", 2678400],
		["1 month", 2678400],
		["1 year", 31556952],
		["10", 10],
		["10 x", 10],
		["3 so", 3],
		["1.5d", 1],
		["two weeks", undefined],
		["", undefined],
	])("reads %j", (text, seconds) => {
		expect(parse_duration_lax(text)).toBe(seconds);
	});
});
