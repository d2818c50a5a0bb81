import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { float_string, integer_string } from "../../../lua-shims/vm/number_text.ts";
import { run_lua, why_not } from "../../host/prosody_lua.ts";
import { create_lua, type TestLua } from "../lua.ts";

/** A float as a Lua expression that any Lua reads alike. */
function float(value: number): string {
	if (Number.isNaN(value)) return "-(0/0)";
	if (!Number.isFinite(value)) return value > 0 ? "(1/0)" : "(-1/0)";
	if (Object.is(value, -0)) return "(-0.0)";
	const text = value.toExponential();
	return value < 0 ? `(${text})` : text;
}

const formatted = (calls: readonly string[]): string =>
	`local lines = {}
local function add(ok, text) lines[#lines + 1] = ok and text or "error " .. text:gsub("^.-:%d+: ", "") end
${calls.map((call) => `add(pcall(string.format, ${call}))`).join("\n")}
return table.concat(lines, "\\n")`;

function ours(lua: TestLua, calls: readonly string[]): string[] {
	return lua.lines(`print((function() ${formatted(calls)}\nend)())`);
}

function reference(calls: readonly string[]): string[] {
	return run_lua(`io.write((function() ${formatted(calls)}\nend)())`).split("\n");
}

describe("string.format", () => {
	let lua: TestLua;
	beforeAll(async () => {
		lua = await create_lua();
	});
	afterAll(() => lua.stop());

	it.each([
		['"%d", 2^31', "2147483648"],
		['"%d", 3.0', "3"],
		['"%d", "10"', "10"],
		['"%d", "0"', "0"],
		['"%d", "x"', "error bad argument #2 to 'format' (number expected, got string)"],
		['"%d", 1.5', "error bad argument #2 to 'format' (number has no integer representation)"],
		['"%d"', "error bad argument #2 to 'format' (no value)"],
		['"%y", 1', "error invalid conversion '%y' to 'format'"],
		['"%", 1', "error invalid conversion '%' to 'format'"],
		['"%x %X %#x %o", 255, 255, 255, 8', "ff FF 0xff 10"],
		['"%x", -1', "ffffffffffffffff"],
		['"%5d|%-5d|%05d|%+d|% d|%.3d", 1, 1, 1, 1, 1, 1', "    1|1    |00001|+1| 1|001"],
		['"%s %10s|%-4s|%.2s", nil, "x", "x", "xyz"', "nil          x|x   |xy"],
		['"%c%c", 65, 66', "AB"],
		['"%e %E %g %G", 1.5, 1.5, 1e20, 1e-10', "1.500000e+00 1.500000E+00 1e+20 1E-10"],
		['"%.0f %.0f %5.1f", 0.5, 1.5, 1.25', "0 2   1.2"],
		['"%a", 1.0', "0x1p+0"],
		['"%q %q %q", 1, 0.5, true', "1 0x1p-1 true"],
		['"%q", {}', "error bad argument #2 to 'format' (value has no literal form)"],
		['"%%|%5.5s", "x"', "%|    x"],
		['"%f %f %f", 1/0, -1/0, -(0/0)', "inf -inf nan"],
	])("%s", (call, text) => {
		expect(ours(lua, [call])).toEqual([text]);
	});

	it("keeps bytes", () => {
		const code = String.raw`print(("%s|%5s|%q"):format("a\0\255", "\254", "\0001\r\200") == "a\0\255|    \254|\"\\0001\\13\200\"")`;
		expect(lua.lines(code)).toEqual(["true"]);
	});

	it.skipIf(why_not() !== undefined)("writes numbers and strings as Lua does", () => {
		const spec = fc
			.tuple(
				fc.subarray(["-", "+", " ", "#", "0"]),
				fc.option(fc.integer({ min: 1, max: 30 }), { nil: "" }),
				fc.option(
					fc.integer({ min: 0, max: 40 }).map((precision) => `.${precision}`),
					{ nil: "" },
				),
			)
			.map(([flags, width, precision]) => ({ flags, width, precision }));
		const halves = fc
			.tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: 0, max: 40 }))
			.map(([n, k]) => n / 2 ** k);
		const number = fc.oneof(
			fc.double(),
			halves,
			fc.integer(),
			fc.constantFrom(0, -0, 1e15, 1e21, 1e22, 2 ** 53, 5e-324, 1.7e308),
		);
		const float_call = fc
			.tuple(spec, fc.constantFrom(..."eEfgGaA"), number)
			.filter(([, letter, value]) => letter !== "f" || Math.abs(value) < 1e99)
			// Lua accepts neither all flags with "%a" nor are rounded mantissas the same everywhere.
			.map(([{ flags, width, precision }, letter, value]) => {
				const rounded = letter === "a" || letter === "A" ? "" : precision;
				return `"%${flags.join("")}${width}${rounded}${letter}", ${float(value)}`;
			});
		const integer_call = fc
			.tuple(spec, fc.constantFrom(..."dioxX"), fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constant(0)))
			.map(([{ flags, width, precision }, letter, value]) => {
				const allowed = letter === "d" || letter === "i" ? "-+ 0" : "-#0";
				return `"%${flags.filter((flag) => allowed.includes(flag)).join("")}${width}${precision}${letter}", ${value}`;
			});
		const string_call = fc
			.tuple(spec, fc.string({ maxLength: 12 }))
			.map(([{ flags, width, precision }, text]) => {
				const lua_text = [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
				return `"[%${flags.includes("-") ? "-" : ""}${width}${precision}s]", "${lua_text}"`;
			})
			.filter((call) => !/\\x0[0a]/.test(call));
		const literal_call = fc.oneof(number.map(float), fc.integer().map(String)).map((value) => `"%q", ${value}`);
		const calls = fc.sample(fc.oneof(float_call, float_call, integer_call, string_call, literal_call), {
			numRuns: 4000,
			seed: 7,
		});
		const expected = reference(calls);
		const got = ours(lua, calls);
		expect(calls.map((call, index) => `${call}: ${got[index]}`)).toEqual(
			calls.map((call, index) => `${call}: ${expected[index]}`),
		);
	});
});

describe("numbers as text", () => {
	it.each([
		[1.5, "1.5"],
		[1, "1.0"],
		[-0, "-0.0"],
		[1e100, "1e+100"],
		[0.1, "0.1"],
		[1 / 3, "0.33333333333333"],
		[1e-7, "1e-07"],
		[Number.POSITIVE_INFINITY, "inf"],
		[Number.NEGATIVE_INFINITY, "-inf"],
		[Number.NaN, "-nan"],
		[123456.789, "123456.789"],
	])("writes %d as Lua does", (value, text) => {
		expect(float_string(value)).toBe(text);
	});

	it("tells large floats from integers", () => {
		expect(float_string(1_700_000_000_000)).toBe("1700000000000.0");
		expect(float_string(2 ** 63)).toBe("9.2233720368548e+18");
		expect(integer_string(1_700_000_000_000)).toBe("1700000000000");
		expect(integer_string(-(2 ** 31) - 1)).toBe("-2147483649");
		expect(integer_string(2 ** 62)).toBe("4611686018427387904");
		expect([integer_string(2 ** 63), integer_string(-(2 ** 63))]).toEqual(["9223372036854775807", "-9223372036854775808"]);
	});
});
