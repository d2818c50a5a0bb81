import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../../host/core/config/config.ts";
import {
	as_array,
	as_boolean,
	as_enum,
	as_integer,
	as_number,
	as_period,
	as_set,
	as_string,
} from "../../../../host/core/config/option_types.ts";

const problem = expect.any(String);

describe("single values", () => {
	it("take the first item of a list, and say so when there are more", () => {
		expect(as_string(["a"])).toEqual({ value: "a" });
		expect(as_string(["a", "b"])).toEqual({ value: "a", problem });
		expect(as_number([5, 6])).toEqual({ value: 5, problem });
		expect(as_boolean([])).toEqual({ value: undefined });
		expect(as_string({ name: "x" })).toEqual({ value: undefined });
		expect(
			as_string(
				new Map<string | number, ConfigValue>([
					["name", "x"],
					[1, "first"],
				]),
			),
		).toEqual({ value: "first" });
	});

	it("are undefined without a problem when not set", () => {
		for (const convert of [as_string, as_number, as_integer, as_boolean, as_period, as_array, as_set]) {
			expect(convert(undefined)).toEqual({ value: undefined });
		}
		expect(as_enum(undefined, ["a"])).toEqual({ value: undefined });
	});
});

describe("as_string", () => {
	it.each([
		["text", "text"],
		[5, "5"],
		[0.5, "0.5"],
		[true, "true"],
		[Number.POSITIVE_INFINITY, "inf"],
	])("writes %o as %o", (value, text) => {
		expect(as_string(value)).toEqual({ value: text });
	});
});

describe("as_number", () => {
	it.each([
		[5, 5],
		["5", 5],
		[" 5.5 ", 5.5],
		["-3", -3],
		["1e3", 1000],
		["0x10", 16],
		["0x.8", 0.5],
		["0x1p4", 16],
		["-0xA", -10],
		[".5", 0.5],
		["5.", 5],
	])("reads %o as %d", (value, number) => {
		expect(as_number(value)).toEqual({ value: number });
	});

	it.each(["five", "", "5 minutes", "inf", "nan", "0x", "1_000", "5,5", true])("does not understand %o", (value) => {
		expect(as_number(value)).toEqual({ value: undefined, problem });
	});

	it("moves what is out of bounds to the bound, except for the default", () => {
		expect(as_number(1, 5, 10)).toEqual({ value: 5, problem });
		expect(as_number(11, 5, 10)).toEqual({ value: 10, problem });
		expect(as_number(7, 5, 10)).toEqual({ value: 7 });
		expect(as_number(0, 5, 10, 0)).toEqual({ value: 0 });
	});

	it("stays within bounds whatever it is given", () => {
		fc.assert(
			fc.property(fc.double({ noNaN: true }), (value) => {
				const { value: number } = as_number(value, -10, 10);
				expect(number).toBeGreaterThanOrEqual(-10);
				expect(number).toBeLessThanOrEqual(10);
			}),
		);
	});
});

describe("as_integer", () => {
	it("cuts fractions off downwards", () => {
		expect(as_integer(5)).toEqual({ value: 5 });
		expect(as_integer("5")).toEqual({ value: 5 });
		expect(as_integer(5.9)).toEqual({ value: 5, problem });
		expect(as_integer(-5.1)).toEqual({ value: -6, problem });
	});

	it("has bounds, which an unlimited default may exceed", () => {
		expect(as_integer(3, 5)).toEqual({ value: 5, problem });
		expect(as_integer(Number.POSITIVE_INFINITY, 0, undefined, Number.POSITIVE_INFINITY)).toEqual({
			value: Number.POSITIVE_INFINITY,
		});
		expect(as_integer(Number.POSITIVE_INFINITY)).toEqual({ value: Number.MAX_SAFE_INTEGER, problem });
	});
});

describe("as_boolean", () => {
	it.each([
		[true, true],
		["true", true],
		[1, true],
		[false, false],
		["false", false],
		[0, false],
	])("reads %o as %o", (value, truth) => {
		expect(as_boolean(value)).toEqual({ value: truth });
	});

	it.each(["yes", "True", 2, ""])("does not understand %o", (value) => {
		expect(as_boolean(value)).toEqual({ value: undefined, problem });
	});
});

describe("as_array and as_set", () => {
	it("make a list of a single value", () => {
		expect(as_array("a")).toEqual({ value: ["a"] });
		expect(as_array(false)).toEqual({ value: [false] });
		expect(as_set("a")).toEqual({ value: new Set(["a"]) });
	});

	it("copy lists and leave named values out", () => {
		const list = ["a", "b", "a"];
		const copy = as_array(list).value;
		expect(copy).toEqual(list);
		expect(copy).not.toBe(list);
		expect(as_set(list)).toEqual({ value: new Set(["a", "b"]) });
		expect(as_array({ name: "x" })).toEqual({ value: [] });
		const mixed = new Map<string | number, ConfigValue>([
			[1, "a"],
			["name", "x"],
			[2, "b"],
			[4, "beyond the gap"],
		]);
		expect(as_array(mixed)).toEqual({ value: ["a", "b"] });
	});
});

describe("as_period", () => {
	it.each([
		["5 minutes", 300],
		["1w", 604800],
		["2 days", 172800],
		["1 month", 31 * 86400],
		[90, 90],
		[0, 0],
		["never", Number.POSITIVE_INFINITY],
		[false, Number.POSITIVE_INFINITY],
		[-1, Number.POSITIVE_INFINITY],
	])("reads %o as %d seconds", (value, seconds) => {
		expect(as_period(value)).toEqual({ value: seconds });
	});

	it("reads short forms as versions before 13 did, with a problem", () => {
		expect(as_period("10")).toEqual({ value: 10, problem });
		expect(as_period("3m")).toEqual({ value: 3 * 31 * 86400, problem });
	});

	it.each(["soon", true])("does not understand %o", (value) => {
		expect(as_period(value)).toEqual({ value: undefined, problem });
	});

	it("takes bounds in seconds or as text, and does not bound what never ends", () => {
		expect(as_period("1 minute", "5 minutes")).toEqual({ value: 300, problem });
		expect(as_period("1 day", 0, 3600)).toEqual({ value: 3600, problem });
		expect(as_period("never", 0, 3600)).toEqual({ value: Number.POSITIVE_INFINITY });
	});
});

describe("as_enum", () => {
	it("accepts what is allowed", () => {
		expect(as_enum("local", [false, true, "local"])).toEqual({ value: "local" });
		expect(as_enum(false, [false, true, "local"])).toEqual({ value: false });
	});

	it("names what is allowed, and hands on what is not", () => {
		expect(as_enum("locale", [false, true, "local"])).toEqual({
			value: "locale",
			problem: expect.stringContaining("false, true, local"),
		});
	});
});
