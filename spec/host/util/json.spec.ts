import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, encode } from "../../../host/util/json.ts";
import { type LuaValue, max_depth } from "../../../host/util/luatable.ts";
import * as arbitrary from "../arbitrary_values.ts";
import { lua_same, run_lua, to_lua, why_not } from "../prosody_lua.ts";

describe("writing", () => {
	const cases: [LuaValue, string][] = [
		[{ a: 1, b: true, c: "x" }, '{"a":1,"b":true,"c":"x"}'],
		[{ left: undefined, out: 1 }, '{"out":1}'],
		[[1, "two", [3]], '[1,"two",[3]]'],
		[[], "[]"],
		[{}, "{}"],
		[new Map(), "{}"],
		[
			new Map<string | number, LuaValue>([
				["name", "vCard"],
				[1, "a"],
				[2, "b"],
			]),
			'{"name":"vCard","__array":["a","b"]}',
		],
		[
			new Map<string | number | boolean, LuaValue>([
				[false, "x"],
				[5, "y"],
			]),
			'{"__hash":[false,"x",5,"y"]}',
		],
		[{ __array: 1, __hash: 2, c: 3 }, '{"c":3,"__hash":["__array",1,"__hash",2]}'],
		[
			'quote " backslash \\ slash / \b\f\n\r\t \u0001\u001f\u007f é \u2028',
			'"quote \\" backslash \\\\ slash / \\b\\f\\n\\r\\t \\u0001\\u001F\u007f é \u2028"',
		],
		[1.5, "1.5"],
		[1e-7, "1e-07"],
	];
	it.each(cases)("%j is %s", (value, json) => {
		expect(encode(value)).toEqual({ ok: true, value: json });
	});

	it("refuses what JSON cannot carry", () => {
		expect(encode([Number.NaN])).toEqual({ ok: false, error: "the number NaN cannot be stored" });
		expect(encode({ a: "\ud800" })).toMatchObject({ ok: false });
	});
});

describe("reading", () => {
	const cases: [string, LuaValue][] = [
		[
			'{"x":3,"__array":[1,2]}',
			new Map<string | number, LuaValue>([
				["x", 3],
				[1, 1],
				[2, 2],
			]),
		],
		[
			'{"__hash":[1.5,"a"],"__array":["b"]}',
			new Map<number, LuaValue>([
				[1, "b"],
				[1.5, "a"],
			]),
		],
		['{"__hash":["__hash",1]}', { __hash: 1 }],
		['{"__array":[]}', {}],
		['{"__hash":[1]}', {}],
		['{"__hash":[{},1,true,2]}', new Map([[true, 2]])],
		["5.0", 5],
		["1e+15", 1e15],
		['{"a":null,"b":1}', { b: 1 }],
		[
			"[1,null,3]",
			new Map([
				[1, 1],
				[3, 3],
			]),
		],
		['{"a":{"__proto__":{"b":1}}}', { a: Object.fromEntries([["__proto__", { b: 1 }]]) }],
		['"\\ud83d\\ude00\\/"', "😀/"],
	];
	it.each(cases)("%s", (json, value) => {
		expect(decode(json)).toEqual({ ok: true, value });
	});

	it.each([
		"",
		"{",
		"nul",
		"null",
		'{"__array":1}',
		"[inf]",
		"1e999",
		`${"[".repeat(max_depth + 2)}${"]".repeat(max_depth + 2)}`,
	])("refuses %.20s", (json) => {
		expect(decode(json)).toMatchObject({ ok: false });
	});
});

it("reads what it wrote", () => {
	fc.assert(
		fc.property(arbitrary.value, (value) => {
			const json = encode(value);
			expect(json.ok && decode(json.value)).toEqual({ ok: true, value });
		}),
	);
});

const no_prosody = why_not("util.json");
describe.skipIf(no_prosody)("beside Prosody's util.json", () => {
	const values = fc.sample(arbitrary.value, { numRuns: 1500, seed: 20 });
	const jsons = values.map((value) => {
		const json = encode(value);
		if (!json.ok) throw new Error(json.error);
		return json.value;
	});
	const script = `
		local json = require "util.json"
		${lua_same}
		local function check(value, ours)
			local theirs = json.encode(value)
			print(same(json.decode(ours), value), (theirs:gsub(".", function (c) return ("%02x"):format(c:byte()) end)))
		end
		${values.map((value, index) => `check(${to_lua(value)}, ${to_lua(jsons[index] ?? "")})`).join("\n")}
	`;

	it("both read what the other wrote", () => {
		const answers = run_lua(script).trimEnd().split("\n");
		expect(answers).toHaveLength(values.length);
		for (const [index, answer] of answers.entries()) {
			const [read, theirs = ""] = answer.split("\t");
			expect([jsons[index], read]).toEqual([jsons[index], "true"]);
			expect(decode(Buffer.from(theirs, "hex").toString())).toEqual({ ok: true, value: as_table(values[index] ?? "") });
		}
	});
});

/** An empty list is an empty table to Prosody, which does not write it as a list. */
function as_table(value: LuaValue): LuaValue {
	if (typeof value !== "object") return value;
	if (Array.isArray(value)) return value.length === 0 ? {} : value.map(as_table);
	if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, as_table(item)]));
	return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, item === undefined ? item : as_table(item)]));
}
