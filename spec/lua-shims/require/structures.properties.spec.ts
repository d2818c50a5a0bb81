// What our libraries in Lua write and read, held against Prosody's for many random values: one run of each for all of them.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run_lua, why_not } from "../../host/prosody_lua.ts";
import { create_lua, type TestLua } from "../lua.ts";
import { run_with_ours } from "./our_libraries.ts";

const without_reference = why_not("util.serialization", "util.json", "util.format");

/** Bytes as a Lua string. */
const string_of = (bytes: Uint8Array): string =>
	`"${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;

const text = fc.oneof(
	fc.string({ unit: "binary", maxLength: 8 }).map((value) => string_of(Buffer.from(value))),
	fc.uint8Array({ maxLength: 6 }).map(string_of),
	fc.constantFrom("end", "name", "x1", "", "__array", "1a").map((word) => `"${word}"`),
);

/** A float as a Lua expression that is a float in every Lua. */
const float = fc
	.double({ noNaN: true, noDefaultInfinity: true })
	.map((value) => (Object.is(value, -0) ? "(-0.0)" : `(${value.toExponential()})`));

/** Plain names, of which every Lua knows the order. */
const key = fc.oneof(
	fc.string({ maxLength: 6 }).map((name) => string_of(Buffer.from(name))),
	fc.constantFrom("name", "x1", "", "__array", "1a").map((word) => `"${word}"`),
);

const plain = fc.oneof(text, fc.integer().map(String), float, fc.boolean().map(String));

/** Values that both sides see alike: tables have the keys 1 to n and texts. */
const { value } = fc.letrec<{ value: string; table: string }>((tie) => ({
	value: fc.oneof({ maxDepth: 4 }, plain, tie("table")),
	table: fc
		.tuple(
			fc.array(tie("value"), { maxLength: 4 }),
			fc.uniqueArray(fc.tuple(key, tie("value")), { maxLength: 4, selector: ([name]) => name }),
		)
		.map(([list, named]) => `{${[...list, ...named.map(([name, item]) => `[${name}]=${item}`)].join(",")}}`),
}));

/** Runs code over cases in both; the code has `case` and answers a text. */
function both(lua: TestLua, cases: readonly string[], setup: string, code: string): [ours: string[], theirs: string[]] {
	const script = `${setup}
local function escaped(text) return (text:gsub("[%c\\\\\\128-\\255]", function(byte) return ("\\\\x%02x"):format(byte:byte()) end)) end
local lines = {}
local function try(make)
	local case = make()
	local ok, text = pcall(function() ${code} end)
	lines[#lines + 1] = ok and escaped(text) or "error"
end
${cases.map((expression) => `try(function() return ${expression} end)`).join("\n")}
return table.concat(lines, "\\n")`;
	return [run_with_ours(lua, script).split("\n"), run_lua(`io.write((function() ${script}\nend)())`).split("\n")];
}

/** Compares line by line, each with its case. */
function expect_same(cases: readonly string[], [ours, theirs]: [string[], string[]]): void {
	expect(ours.length).toBe(cases.length);
	const different = ours.flatMap((line, index) =>
		line === theirs[index] ? [] : [{ case: cases[index], ours: line, theirs: theirs[index] }],
	);
	expect(different).toEqual([]);
}

describe.skipIf(without_reference !== undefined)("libraries in Lua beside Prosody's", () => {
	let lua: TestLua;
	beforeAll(async () => {
		lua = await create_lua();
	});
	afterAll(() => lua.stop());

	const sorted_pairs = `
		local function sorted_pairs(t)
			local keys = {}
			for key in pairs(t) do keys[#keys + 1] = key end
			table.sort(keys, function(a, b)
				if type(a) ~= type(b) then return type(a) == "number" end
				return a < b
			end)
			local index = 0
			return function() index = index + 1; return keys[index], t[keys[index]] end
		end`;

	it.each(["{}", '{ preset = "compact" }', '{ preset = "oneline" }', '{ preset = "debug" }', '{ unquoted = true, hex = "x" }'])(
		"util.serialization writes the same with %s",
		(options) => {
			const cases = fc.sample(value, { numRuns: 150, seed: 11 });
			const setup = `${sorted_pairs}
				local options = ${options}
				options.table_iterator = sorted_pairs
				local serialize = require "util.serialization".new(options)`;
			expect_same(cases, both(lua, cases, setup, "return serialize(case)"));
		},
	);

	it("util.serialization reads what it wrote", () => {
		// Written without a point, a negative zero is read as an integer, which has none.
		const cases = fc.sample(
			value.filter((expression) => !expression.includes("(-0.0)")),
			{ numRuns: 150, seed: 12 },
		);
		const setup = `${sorted_pairs}
			local serialization = require "util.serialization"
			local text_of = serialization.new { table_iterator = sorted_pairs }`;
		const code = `local again = serialization.deserialize(serialization.serialize(case))
			return text_of(again) == text_of(case) and "same" or "other: " .. text_of(case)`;
		const results = both(lua, cases, setup, code);
		expect(results[0].filter((line) => line !== "same")).toEqual([]);
		expect_same(cases, results);
	});

	it("util.json writes the same", () => {
		const cases = fc.sample(value, { numRuns: 300, seed: 13 });
		expect_same(cases, both(lua, cases, 'local json = require "util.json"', "return json.encode_ordered(case)"));
	});

	it("util.json reads the same", () => {
		// JSON with a part taken out, doubled or put in.
		const broken = fc
			.tuple(
				fc.json({ maxDepth: 3 }),
				fc.nat(),
				fc.nat({ max: 3 }),
				fc.constantFrom("", "", ",", "]", "}", '"', "\\", "\\u00e4", "\\ud83d", "1", " ", ":"),
			)
			.map(([json, at, length, inserted]) => {
				const position = at % (json.length + 1);
				return json.slice(0, position) + inserted + json.slice(position + length);
			});
		// Integers beyond 53 bits are floats here.
		const has_long_integer = (json: string): boolean => /\d{16}/.test(json.replace(/[.eE][-+\d.eE]*/g, ""));
		const texts = fc.sample(
			fc
				.oneof(
					fc.json(),
					broken.filter((json) => json.trim() !== ""),
				)
				.filter((json) => !has_long_integer(json)),
			{ numRuns: 800, seed: 14 },
		);
		const cases = texts.map((json) => string_of(Buffer.from(json)));
		const setup = `${sorted_pairs}
			local json = require "util.json"
			local serialize = require "util.serialization".new { table_iterator = sorted_pairs, preset = "oneline" }
			local function plain(value) if value == json.null then return "null" end
				if type(value) ~= "table" then return value end
				local copy = {} for key, item in pairs(value) do copy[key] = plain(item) end return copy end`;
		// Where a number is wrong Prosody answers a position instead of a text.
		const code = `local value, message = json.decode(case)
			if value == nil then return type(message) == "number" and "number expected" or message end
			return serialize(plain(value))`;
		const [ours, theirs] = both(lua, cases, setup, code);
		// It answers a position as well where a value is missing at the very end.
		const lenient = (line: string): string => (line === "value expected" || line === "number expected" ? "bad value" : line);
		expect_same(cases, [ours.map(lenient), theirs.map(lenient)]);
	});

	it("util.format shows the same", () => {
		// Only flags that Lua lets the letter have.
		const flags_of: Readonly<Record<string, readonly string[]>> = {
			s: ["", "-"],
			c: ["", "-"],
			d: ["", "-", "+", "0"],
			x: ["", "-", "#", "0"],
		};
		const directive = fc
			.tuple(
				fc.constantFrom(...[..."sscd", ..."diioxX", ..."eEfgG"]).chain((letter) => {
					const like = "sc".includes(letter) ? letter : "oxX".includes(letter) ? "x" : "d";
					return fc.tuple(fc.constant(letter), fc.constantFrom(...(flags_of[like] ?? [""])));
				}),
				fc.constantFrom("", "", "5", "12"),
				fc.constantFrom("", "", ".2"),
			)
			.map(([[letter, flags], width, precision]) => `%${flags}${width}${letter === "c" ? "" : precision}${letter}`);
		const template = fc
			.array(fc.oneof(directive, directive, fc.constantFrom("a", " ", "ä", "%%", "\\n")), { maxLength: 5 })
			.map((parts) => parts.join(""));
		const argument = fc.oneof(
			text,
			fc.integer({ min: -1000, max: 100_000 }).map(String),
			fc.constantFrom("1.5", "-0.25", "nil", "true"),
			fc.string({ maxLength: 6 }).map((word) => string_of(Buffer.from(word))),
		);
		const cases = fc
			.sample(fc.tuple(template, fc.array(argument, { maxLength: 4 })), { numRuns: 800, seed: 15 })
			.map(([format, args]) => `table.pack(${[`"${format}"`, ...args].join(",")})`);
		expect_same(
			cases,
			both(lua, cases, 'local format = require "util.format".format', "return format(table.unpack(case, 1, case.n))"),
		);
	});
});
