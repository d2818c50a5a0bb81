import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	copy,
	entries,
	from_entries,
	is_table,
	type LuaKey,
	type LuaValue,
	max_depth,
	number_text,
	problem,
	to_record,
} from "../../../host/util/luatable.ts";
import { tonumber } from "../../../host/util/tonumber.ts";
import * as arbitrary from "../arbitrary_values.ts";

describe("the form of a table", () => {
	it("is an object for text keys only, and for none", () => {
		expect(from_entries([["a", 1]])).toEqual({ a: 1 });
		expect(from_entries([])).toEqual({});
	});

	it("is an array for 1 to n in any order", () => {
		expect(
			from_entries([
				[2, "b"],
				[1, "a"],
			]),
		).toEqual(["a", "b"]);
	});

	it("is a Map for everything else", () => {
		const lists: LuaKey[][] = [[2], [1, 3], [1, "a"], [true], [0, 1], [1.5]];
		for (const keys of lists) {
			const given = keys.map((key): [LuaKey, string] => [key, "x"]);
			expect(from_entries(given)).toEqual(new Map(given));
		}
	});

	it("takes the names of what objects inherit as plain keys", () => {
		const table = to_record(
			new Map<string, LuaValue>([
				["__proto__", { a: 1 }],
				["constructor", "c"],
			]),
		);
		expect(Object.keys(table)).toEqual(["__proto__", "constructor"]);
		expect(to_record(new Map())["constructor"]).toBeUndefined();
	});

	it("is the same after taking it apart and putting it together", () => {
		fc.assert(
			fc.property(arbitrary.value, (value) => {
				if (is_table(value) && !(Array.isArray(value) && value.length === 0)) expect(from_entries(entries(value))).toEqual(value);
			}),
		);
	});
});

describe("a copy", () => {
	it("is the same, and shares nothing", () => {
		const original = { list: [1, { a: 1 }], map: new Map([[false, { b: 2 }]]) };
		const copied = copy(original);
		expect(copied).toEqual(original);
		original.list.push(3);
		original.map.clear();
		expect(copied).toEqual({ list: [1, { a: 1 }], map: new Map([[false, { b: 2 }]]) });
	});
});

describe("what cannot be stored", () => {
	it.each([
		[Number.NaN, "the number NaN"],
		[Number.POSITIVE_INFINITY, "the number Infinity"],
		["\ud800", "text that is no Unicode (half of a surrogate pair)"],
		[{ a: ["\udfff"] }, "text that is no Unicode (half of a surrogate pair)"],
		[{ "\ud800": 1 }, "text that is no Unicode (half of a surrogate pair)"],
		[new Map([[Number.NaN, 1]]), "the number NaN"],
		[new Map([[{}, 1]]), "a table as a key"],
		[[undefined], "a value of type undefined"],
		[[() => 1], "a value of type function"],
		[[null], "null"],
		[2n ** 63n, "the number 9223372036854775808, which has more than 64 bits,"],
		[[new Date()], "an object that is no plain table"],
	])("%o is refused by name", (value, reason) => {
		expect(problem(value)).toBe(reason);
	});

	it("is what goes in circles", () => {
		const circle: unknown[] = [];
		circle.push(circle);
		expect(problem(circle)).toBe(`tables more than ${max_depth} deep in each other`);
	});

	it("is nothing else", () => {
		fc.assert(fc.property(arbitrary.value, (value) => problem(value) === undefined));
		expect(problem({ gone: undefined })).toBeUndefined();
	});
});

describe("a number as text", () => {
	it.each([
		[0, "0"],
		[-7, "-7"],
		[1539204123.25, "1539204123.25"],
		[0.0001, "0.0001"],
		[0.00001, "1e-05"],
		[-1.25e-10, "-1.25e-10"],
		[2 ** 53, "9007199254740992"],
		[2 ** 63, "9.223372036854776e+18"],
		[1e300, "1e+300"],
	])("%d is %s", (number, text) => {
		expect(number_text(number)).toEqual({ ok: true, value: text });
	});

	it("reads as the same number again", () => {
		fc.assert(
			fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
				const text = number_text(number);
				expect(text.ok && tonumber(text.value)).toBe(number + 0);
			}),
		);
	});

	it("does not exist for what is not finite", () => {
		expect(number_text(Number.NaN)).toEqual({ ok: false, error: "the number NaN cannot be stored" });
	});
});
