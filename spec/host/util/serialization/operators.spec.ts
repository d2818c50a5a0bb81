import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deserialize, read_data, read_item, serialize } from "../../../../host/util/serialization.ts";
import { lua_same, run_lua, to_lua, why_not } from "../../prosody_lua.ts";

const no_prosody = why_not("util.serialization");

const numerals = [
	"0",
	"1",
	"7",
	"2.5",
	"3.0",
	"1e3",
	"0x10",
	"0x.8p4",
	"64",
	"9007199254740993",
	"9223372036854775807",
	"9223372036854775808",
	"0xffffffffffffffff",
];
const texts = ["''", '"10"', "' 0x10 '", "'x'", '"\\195"', '"\\188"', "[[long]]", "[==[\n]]]==]", "'\\u{20AC}\\x41\\z\n  b'"];
const operators = "+ - * / // % ^ .. == ~= < > <= >= and or & | ~ << >>".split(" ");

const expression = fc.letrec<{ any: string }>((tie) => ({
	any: fc.oneof(
		{ maxDepth: 4, depthSize: "medium" },
		{ weight: 4, arbitrary: fc.constantFrom(...numerals) },
		{ weight: 3, arbitrary: fc.constantFrom(...texts) },
		fc.constantFrom("nil", "true", "false", "{}", "{1, 2}", "{a = 1}"),
		{
			weight: 5,
			arbitrary: fc
				.tuple(tie("any"), fc.constantFrom(...operators), tie("any"))
				.map(([left, operator, right]) => `${left} ${operator} ${right}`),
		},
		fc.tuple(fc.constantFrom("-", "not ", "#", "~"), tie("any")).map(([operator, value]) => `${operator} ${value}`),
		tie("any").map((value) => `(${value})`),
		tie("any").map((value) => `--[[ a comment ]] ${value} -- and another\n`),
	),
})).any;

describe("what operators make of values", () => {
	it.skipIf(no_prosody)("is what Lua makes of them, which Prosody runs", () => {
		const samples = fc.sample(expression, { numRuns: 3000, seed: 5 });
		const ours = samples.map((sample) => {
			const value = deserialize(sample);
			if (!value.ok) return "error";
			const text = value.value === undefined ? { ok: true as const, value: "nil" } : serialize(value.value);
			return text.ok ? text.value : "unwritable";
		});
		const answers = run_lua(`
			${lua_same}
			local function check(text, ours)
				local chunk = load("return " .. text)
				local done, value = pcall(chunk)
				if not done then print(ours == "error" and "same" or "Lua fails: " .. text .. " and not on " .. ours) return end
				if ours == "error" then print("only Lua reads: " .. text) return end
				local read = load("return " .. ours)()
				local nan = value ~= value and read ~= read
				print((nan or same(value, read)) and "same" or "not the same: " .. text .. " is not " .. ours)
			end
			${samples.map((sample, index) => `check(${to_lua(sample)}, ${to_lua(ours[index] ?? "")})`).join("\n")}
		`)
			.trimEnd()
			.split("\n");
		expect(answers.filter((answer) => answer !== "same")).toEqual([]);
		expect(ours.filter((text) => text !== "error").length).toBeGreaterThan(1000);
	});

	it("is read in all places of a file", () => {
		const file = `\ufeff#!/usr/bin/lua
-- written by hand
return {
	["na" .. "me"] = "B\\195" .. "\\188hne"; -- a comment
	age = 30 * 24 * 60 * 60,
	[2 ^ 1] = { 1 + 1; 7 // 2, -2 ^ 2 },
	text = [[
two
lines]],
	["big"] = 9223372036854775807;
	["small"] = -9223372036854775808;
};`;
		expect(read_data(file)).toEqual({
			ok: true,
			value: new Map<unknown, unknown>([
				["name", "Bühne"],
				["age", 2_592_000],
				[2, [2, 3, -4]],
				["text", "two\nlines"],
				["big", 9223372036854775807n],
				["small", -(2 ** 63)],
			]),
		});
		expect(read_item('item({ "x" .. "y" });')).toEqual({ ok: true, value: ["xy"] });
	});

	it("names the place where they cannot be", () => {
		for (const [text, error] of [
			['return {\n\ta = "x" + 1 }', 'line 2: expected numbers around "+", found "+ 1 }"'],
			["return { nil .. 1 }", 'line 1: expected texts or numbers around "..", found ".. 1 }"'],
			["return { 1 // 0 }", 'line 1: expected no zero behind "//", found "// 0 }"'],
			["return { 1 .. }", 'line 1: expected a value, found "}"'],
			["return { os.time() }", 'line 1: expected a value, found "os.time() }"'],
			["return { 1 = 2 }", 'line 1: expected "}", found "= 2 }"'],
		]) {
			expect(read_data(text ?? "")).toEqual({ ok: false, error });
		}
		expect(read_data(`return ${"(".repeat(100_000)}`).ok).toBe(false);
		expect(read_data(`return ${"{[".repeat(100_000)}`).ok).toBe(false);
		expect(read_data(`return ${"- ".repeat(100_000)}1`).ok).toBe(false);
		expect(read_data(`return ${"1 .. ".repeat(100_000)}1`).ok).toBe(false);
	});
});

describe("integers of 64 bits", () => {
	it("are written as they were read", () => {
		for (const integer of ["9223372036854775807", "-9223372036854775807", "9007199254740993", "-9007199254740993"]) {
			const read = deserialize(integer);
			expect(read).toEqual({ ok: true, value: BigInt(integer) });
			expect(read.ok && read.value !== undefined && serialize(read.value)).toEqual({ ok: true, value: integer });
		}
		expect(deserialize("9007199254740992")).toEqual({ ok: true, value: 2 ** 53 });
		expect(serialize(2n ** 63n)).toMatchObject({ ok: false });
	});
});
