import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { create_lua, lua_lines, no_lua, type TestLua } from "../lua.ts";

let lua: TestLua;
beforeAll(async () => {
	lua = await create_lua();
});
afterAll(() => lua.stop());

const integer = fc.oneof(
	fc.integer({ min: -20, max: 20 }),
	fc.integer(),
	fc.maxSafeInteger(),
	fc.constantFrom(2 ** 31, -(2 ** 31), 2 ** 31 - 1, 2 ** 32, 2 ** 32 - 1, 2 ** 52, 1_700_000_000_000),
);
const float = fc.oneof(
	fc.double({ noNaN: true }),
	fc.constantFrom(0.5, -2.5, 1e15, 2 ** 31 + 0.5, 2 ** 62),
	integer.map((value) => value + 0.5),
);
/** A number as Lua reads it, whether it is an integer included. */
const operand = fc.oneof(
	integer.map((value) => `(${value})`),
	float.map((value) =>
		Number.isFinite(value) ? `(${Number.isInteger(value) ? `${BigInt(value)}.0` : value})` : value > 0 ? "(1/0)" : "(-1/0)",
	),
	integer.map((value) => `"${value}"`),
);
const binary = fc
	.tuple(operand, fc.constantFrom("+", "-", "*", "/", "//", "%", "&", "|", "~", "<", "<=", "=="), operand)
	.map((parts) => parts.join(" "));
const shift = fc.tuple(integer, fc.constantFrom("<<", ">>"), fc.integer({ min: -70, max: 70 })).map((parts) => parts.join(" "));
const unary = fc
	.tuple(fc.constantFrom("-", "~", "math.floor", "math.ceil", "math.abs", "tostring"), operand)
	.map(([op, of]) => `${op}(${of})`);
const expression = fc.oneof(binary, shift, unary);

/** Whether an integer is one of those that are held exactly here. */
const exact = `local function shown(value)
	if math.type(value) == "integer" then
		return (value > 2^53 or value < -2^53) and "large" or tostring(value)
	elseif type(value) == "number" then
		return value ~= value and "nan" or ("%.17g"):format(value)
	end
	return tostring(value)
end
local function try(f)
	local ok, value = pcall(f)
	print(ok and (math.type(value) or type(value)) or "error", ok and shown(value) or "")
end
`;

describe("numbers", () => {
	it.skipIf(no_lua() !== undefined)("come out as in Lua", () => {
		const expressions = fc.sample(expression, { numRuns: 1500, seed: 20 });
		const code = expressions.map((text) => `try(function() return ${text} end)`);
		const pieces: string[] = [];
		for (let start = 0; start < code.length; start += 150) pieces.push(exact + code.slice(start, start + 150).join("\n"));
		const ours = pieces.flatMap((piece) => lua.lines(piece));
		const theirs = pieces.flatMap((piece) => lua_lines(piece));
		const different = expressions
			.map((text, index) => ({ text, ours: ours[index], theirs: theirs[index] }))
			.filter((each) => each.ours !== each.theirs);
		expect(different).toEqual([]);
		expect(theirs.filter((line) => line.startsWith("integer")).length).toBeGreaterThan(200);
	});

	it("keep time in milliseconds, and far futures", () => {
		expect(
			lua.run("return os.time() * 1000 // 1000 - os.time(), math.type(os.time() * 1000), 1700000000 + 86400 * 365 * 50"),
		).toEqual([0, "integer", 3_276_800_000]);
	});
});
