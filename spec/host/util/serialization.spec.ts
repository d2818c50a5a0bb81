import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytes_of, text_of } from "../../../host/util/byte_text.ts";
import { entries, from_entries, type LuaValue } from "../../../host/util/luatable.ts";
import { deserialize, read_data, read_item, serialize } from "../../../host/util/serialization.ts";
import * as arbitrary from "../arbitrary_values.ts";
import { lua_same, run_lua, to_lua, why_not } from "../prosody_lua.ts";

const no_prosody = why_not("util.serialization");

function written(value: LuaValue): string {
	const text = serialize(value);
	if (!text.ok) throw new Error(text.error);
	return text.value;
}

function read(text: string | Buffer): LuaValue | undefined {
	const value = deserialize(text);
	if (!value.ok) throw new Error(value.error);
	return value.value;
}

/** Without empty lists, which no text can tell from other empty tables. */
function without_empty_lists(value: LuaValue): LuaValue {
	if (typeof value !== "object") return value;
	if (Array.isArray(value)) return value.length === 0 ? from_entries([]) : value.map(without_empty_lists);
	return from_entries(entries(value).map(([key, item]) => [key, without_empty_lists(item)]));
}

const values = arbitrary.value.map(without_empty_lists);
const floats = fc.oneof(
	fc.double({ noNaN: true, noDefaultInfinity: true }),
	fc.integer({ min: 0, max: 2 ** 33 }).map((quarters) => quarters / 4),
	fc.tuple(fc.integer({ min: 1.5e9, max: 1.6e9 }), fc.integer({ min: 0, max: 511 })).map(([whole, part]) => whole + part / 512),
);

describe("text of bytes", () => {
	it("gives every byte back", () => {
		const bytes = fc.oneof(
			fc.uint8Array(),
			arbitrary.text.map((text) => Buffer.from(text)),
		);
		fc.assert(
			fc.property(bytes, bytes, (first, second) => {
				const all = Buffer.concat([first, second]);
				expect(bytes_of(text_of(all)).equals(all)).toBe(true);
			}),
		);
	});

	it("is UTF-8 where it can be", () => {
		expect(text_of(Buffer.from("Räume 🚪"))).toBe("Räume 🚪");
		expect(text_of(Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xc3]))).toBe("a\udcffä\udcc3");
	});
});

describe("what is written", () => {
	it("looks like this", () => {
		const room = { _jid: "room@conference.example.org", _data: { name: "Tür\n'\"", persistent: true }, list: [1, [], "x"] };
		expect(written(room)).toBe(
			'{\n\t["_jid"] = "room@conference.example.org";\n\t["_data"] = {\n\t\t["name"] = "T\\195\\188r\\n\\\'\\"";\n' +
				'\t\t["persistent"] = true;\n\t};\n\t["list"] = {\n\t\t1;\n\t\t{};\n\t\t"x";\n\t};\n}',
		);
	});

	it("keeps numbers that are none", () => {
		const numbers = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
		expect(written(numbers)).toBe("{\n\t(1/0);\n\t(-1/0);\n\t(0/0);\n}");
		expect(read(written(numbers))).toEqual(numbers);
	});

	it("is read back the same", () => {
		fc.assert(
			fc.property(values, floats, (value, float) => {
				expect(read(written(value))).toEqual(value);
				expect(read(written(float))).toBe(float === 0 ? 0 : float);
			}),
		);
	});

	it("has what Prosody would not write refused", () => {
		let deep: LuaValue = "x";
		for (let depth = 0; depth < 127; depth++) deep = [deep];
		expect(serialize(deep).ok).toBe(true);
		expect(serialize([deep])).toEqual({ ok: false, error: "tables more than 127 deep in each other" });
		expect(serialize({ a: "\ud800" })).toMatchObject({ ok: false });
		expect(serialize(new Map([[Number.NaN, 1]]))).toMatchObject({ ok: false });
	});

	it.skipIf(no_prosody)("is to the byte what Prosody writes", () => {
		// One key each, since Lua's own order of keys is by chance.
		const single = fc.letrec<{ value: LuaValue }>((tie) => ({
			value: fc.oneof(
				{ maxDepth: 4, depthSize: "medium" },
				arbitrary.text,
				floats,
				arbitrary.number,
				fc.boolean(),
				fc.tuple(arbitrary.key, tie("value")).map(([key, item]) => from_entries([[key, item]])),
				fc.array(tie("value"), { maxLength: 3 }),
			),
		})).value;
		const samples = fc.sample(single, { numRuns: 500, seed: 6 }).map(without_negative_zero);
		const theirs = run_lua(`
			local serialize = require "util.serialization".serialize
			for _, value in ipairs { ${samples.map((value) => `{${in_order(value)}}`).join(",")} } do
				io.write(serialize(value[1]), "\\0")
			end
		`).split("\0");
		expect(samples.map(written)).toEqual(theirs.slice(0, -1));
	});

	it.skipIf(no_prosody)("is read by Prosody as it was meant", () => {
		const samples = fc.sample(values, { numRuns: 300, seed: 7 });
		const answers = run_lua(`
			local deserialize = require "util.serialization".deserialize
			${lua_same}
			${samples.map((value) => `print(same({deserialize(${to_lua(written(value))})}, {${to_lua(value)}}))`).join("\n")}
		`);
		expect(new Set(answers.trimEnd().split("\n"))).toEqual(new Set(["true"]));
	});

	it.skipIf(no_prosody)("by Prosody is read as it was meant", () => {
		const samples = fc.sample(values, { numRuns: 300, seed: 8 });
		const theirs = run_lua(`
			local serialize = require "util.serialization".serialize
			for _, value in ipairs { ${samples.map((value) => `{${to_lua(value)}}`).join(",")} } do
				io.write(serialize(value[1]), "\\0")
			end
		`).split("\0");
		expect(theirs.slice(0, -1).map(read)).toEqual(samples);
	});
});

/** A Lua expression in which lists are lists, so that Lua goes through them in their order. */
function in_order(value: LuaValue): string {
	if (typeof value !== "object") return to_lua(value);
	if (Array.isArray(value)) return `{${value.map(in_order).join(",")}}`;
	return `{${entries(value)
		.map(([key, item]) => `[${to_lua(key)}]=${in_order(item)}`)
		.join(",")}}`;
}

/** Lua has no negative zero among its integers. */
function without_negative_zero(value: LuaValue): LuaValue {
	if (typeof value === "number") return value === 0 ? 0 : value;
	if (typeof value !== "object") return value;
	if (Array.isArray(value)) return value.map(without_negative_zero);
	return from_entries(entries(value).map(([key, item]) => [key, without_negative_zero(item)]));
}

describe("what is read", () => {
	it.each<[string, LuaValue | undefined]>([
		["nil", undefined],
		["{ }", {}],
		["{ 1, 2; 3 }", [1, 2, 3]],
		["{ a = 1, [\"b\"] = 0x10, ['c'] = -1.5e3 }", { a: 1, b: 16, c: -1500 }],
		[
			'{ "x", [true] = 2, [1.5] = 3 }',
			new Map<string | number | boolean, LuaValue>([
				[1, "x"],
				[true, 2],
				[1.5, 3],
			]),
		],
		["{ nil, 2 }", new Map([[2, 2]])],
		["{ [1] = 'b', 'a' }", ["a"]],
		['"\\65\\x42\\u{e4}\\z  \n \\\nx\\195\\164"', "ABä\nxä"],
		["[[\nline\n]]", "line\n"],
		["[==[ ]] ]==]", " ]] "],
		["--[[ a comment ]] { -- and another\n 1 --[==[ ]==] }", [1]],
		["(1/0)", Number.POSITIVE_INFINITY],
		["-.5", -0.5],
		["'a\"b'", 'a"b'],
	])("%s", (text, expected) => {
		expect(read(text)).toEqual(expected);
	});

	it("is never run", () => {
		for (const text of [
			"os.exit()",
			"(function () while true do end end)()",
			'{ x = os.execute("true") }',
			'"a" .. b',
			"{ [{}] = 1 }",
			"{ [nil] = 1 }",
			"{ 1 2 }",
			"{ 1",
			'"a\nb"',
			'"\\400"',
			'"\\q"',
			"1 + x",
			"setmetatable({}, {})",
			"#{",
			"",
		]) {
			expect([text, deserialize(text).ok]).toEqual([text, false]);
		}
	});

	it("has a mistake named with its line", () => {
		expect(read_data('return {\n\t["a"] = 1;\n\t["b" = 2;\n};\n')).toEqual({
			ok: false,
			error: 'line 3: expected "]", found "= 2;\\n};\\n"',
		});
		expect(read_data("")).toEqual({ ok: false, error: 'line 1: expected "return", found the end' });
		expect(read_item("item({});\nitem({});\n")).toMatchObject({ ok: false });
	});

	it("does not go deeper than Lua", () => {
		expect(deserialize("{".repeat(100_000)).ok).toBe(false);
		expect(deserialize(`${"{".repeat(150)}${"}".repeat(150)}`).ok).toBe(true);
	});

	it("may be anything, and is an error then", () => {
		const piece = fc.constantFrom(
			"{",
			"}",
			"[",
			"]",
			"=",
			";",
			",",
			'"',
			"'",
			"\\",
			"return ",
			"item(",
			")",
			"1",
			"a",
			"--",
			"[[",
			"\n",
			"nil",
		);
		const text = fc.oneof(
			fc.array(piece).map((pieces) => pieces.join("")),
			fc.uint8Array().map((bytes) => Buffer.from(bytes)),
		);
		fc.assert(
			fc.property(text, (anything) => {
				for (const reader of [deserialize, read_data, read_item]) expect(typeof reader(anything).ok).toBe("boolean");
			}),
			{ numRuns: 500 },
		);
	});

	it("is an error wherever a file was cut off", () => {
		const file = `return ${written({ a: [1, "x\n"], b: { c: true } })};\n`;
		// The semicolon at the end and the line break after it may be missing.
		for (let length = 0; length < file.length - 2; length++) expect(read_data(file.slice(0, length)).ok).toBe(false);
		expect(read_data(file.slice(0, -2)).ok).toBe(true);
	});
});
