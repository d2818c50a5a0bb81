import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { create_lua, lua_lines, no_lua, type TestLua } from "../lua.ts";

let lua: TestLua;
beforeAll(async () => {
	lua = await create_lua();
});
afterAll(() => lua.stop());

/** How a text is written in Lua: each byte by its number. */
const quoted = (text: string): string =>
	`"${[...Buffer.from(text, "latin1")].map((byte) => `\\${String(byte).padStart(3, "0")}`).join("")}"`;

const prelude = `
local function shown(value)
	if type(value) ~= "string" then return tostring(value) end
	return (value:gsub("[^%w%p ]", function (c) return ("<%d>"):format(c:byte()) end))
end
local function try(what, ...)
	local results = table.pack(pcall(what, ...))
	for i = 1, results.n do results[i] = shown(results[i]) end
	if results[1] == "false" then results[2] = results[2]:gsub("^[^:]*:%d+: ", ""):gsub("to '%a+%.", "to '") end
	print(table.concat(results, "|", 1, results.n))
end
local function all(text, pattern, from)
	local found = {}
	for a, b in text:gmatch(pattern, from) do found[#found + 1] = shown(a) .. "," .. shown(b) end
	return table.concat(found, ";")
end
`;

/** Each thing that patterns can do, and each thing that can be wrong with one. */
const patterns =
	"a . a* a-b a+ b? ^a a$ ^$ () (a)(b) ((a)b) %a %A+ %d%d [abc] [^abc] [a-c] []] [^]] [a%-z] [a-] %b() %f[%w]%w+ %f[%z] (.)%1 (a*(.)%w(%s*)) [%w_] %. %% [%a%d]+ $ a$b ^ ^^  ( ) (() % [ [a [] [^ %b %bx %f %1 (%1) %g+ %x+ %c %p %u%l [a-%%] %z (a a) [% %S- (.-)%s*$ ^%s*(.-)%s*$ ()a()".split(
		" ",
	);
/** What is looked for with each of them. */
const searches = (some: readonly string[]): string => `
for _, p in ipairs { ${some.map((one) => `"${one}"`).join(", ")} } do
	for _, s in ipairs { "", "a", "abcabc", "hello (world) 12", "aaab", "(()(", "THE (quick) fox", "a.b%c", " x ", "\\0a", "]-^" } do
		try(string.find, s, p)
		try(string.find, s, p, 2)
		try(string.find, s, p, -2)
		try(string.find, s, p, 1, true)
		try(string.match, s, p)
		try(string.gsub, s, p, "<%0>")
		try(string.gsub, s, p, "%1", 1)
		try(all, s, p)
		try(all, s, p, 3)
	end
end
`;

const cases = `
try(string.gsub, "abc", "%w", "%2") try(string.gsub, "abc", "%w", "%x") try(string.gsub, "abc", "%w", "%") try(string.gsub, "abc", "%w", "%%")
try(string.gsub, "abc", "%w", { a = 1, b = true, c = false }) try(string.gsub, "abc", "%w", { a = "x" }) try(string.gsub, "abc", "%w", {}, 2)
try(string.gsub, "abc", "()", function (i) return i end) try(string.gsub, "abc", "%w", function () return {} end) try(string.gsub, "abc", "b", 7)
try(string.gsub, "abc", "b") try(string.gsub, "abc", "b", true) try(string.gsub, "abc", "", "-") try(string.gsub, "abc", "b*", "-") try(string.gsub, "a b", "%s", "%%")
try(string.gsub, "abc", "^a", "x") try(string.gsub, "aaa", "^a", "x", 5) try(string.gsub, "abc", "", "-", 0) try(string.gsub, "abc", "", "-", -1) try(string.gsub, 123, 2, 9)
try(string.find, "abc", "b", 10) try(string.find, "abc", "", 10) try(string.find, "abc", "", 4) try(string.find, "", "") try(string.find) try(string.find, {}) try(string.find, "a", nil)
try(string.find, ("a"):rep(300), ("a?"):rep(250)) try(string.find, ("a"):rep(50), ("(a)"):rep(40)) try(string.match, "x=1, y=2", "(%w+)=(%w+)")
try(string.sub, "hello", 2) try(string.sub, "hello", -3, -2) try(string.sub, "hello", 0) try(string.sub, "hello", 4, 2) try(string.sub, "hello", 2, 100) try(string.sub, "hello", -100, 2)
try(string.sub, "hello") try(string.sub, "hello", 1.5) try(string.lower, "AbÄ1") try(string.upper, "aBä1") try(string.reverse, "abc\\0") try(string.rep, "ab", 3, ",") try(string.rep, "x", -1)
try(string.rep, "x", -1) try(string.char) try(string.char, 65, 256) try(string.char, 0, 255)
local t = { 5, 2, 8, 1 }
table.sort(t) print(table.concat(t, ","))
table.sort(t, function (a, b) return a > b end) print(table.concat(t, ","))
try(table.sort, { 1, "a" }) try(table.sort, { 3, 2, 1 }, 1) try(table.sort, { {}, {} }) try(table.sort, "x") try(table.sort, { 3, 2, 1 }, function () error("no", 0) end)
try(table.concat, { 1, 2, 3 }) try(table.concat, { 1, 2.5, "x" }, "-") try(table.concat, { 1, 2, 3 }, ",", 2) try(table.concat, { 1, 2, 3 }, ",", 2, 3) try(table.concat, { 1, {}, 3 }) try(table.concat, { 1 }, ",", 1, 3)
try(table.concat, {}) try(table.concat) try(table.concat, setmetatable({}, { __index = function (_, i) return "v" .. i end, __len = function () return 3 end }), "/")
local function list(f, ...) local l = { 1, 2, 3 } local r = table.pack(pcall(f, l, ...)) print(r[1], r[1] and shown(type(r[2]) == "table" and "table" or r[2]) or (r[2]:gsub("^[^:]*:%d+: ", ""):gsub("to '%a+%.", "to '")), table.concat(l, ",")) end
list(table.insert, 4) list(table.insert, 1, 0) list(table.insert, 4, 9) list(table.insert, 5, 9) list(table.insert, 0, 9) list(table.insert) list(table.insert, 1, 2, 3)
list(table.remove) list(table.remove, 1) list(table.remove, 3) list(table.remove, 4) list(table.remove, 5) list(table.remove, 0) list(table.remove, -1)
list(table.move, 1, 3, 2) list(table.move, 2, 3, 1) list(table.move, 1, 0, 5) list(table.move, 1, 3, 3) list(table.move, 1, math.maxinteger, 2)
print(table.concat(table.move({ 1, 2, 3 }, 1, 3, 1, {}), ",")) print(table.remove({}), table.remove({}, 0), #{ table.unpack({ 1, 2, 3 }, 2) }) print(select("#", table.remove({ nil })))
try(table.insert, nil, 1) try(table.remove, 1) try(table.move, {}, 1) try(table.move, {}, 1, 2, "x")
`;

describe("patterns, strings and lists", () => {
	it.skipIf(no_lua() !== undefined)("are what they are in Lua, mistakes included", () => {
		const some = [cases];
		for (let index = 0; index < patterns.length; index += 6) some.push(searches(["", ...patterns.slice(index, index + 6)]));
		for (const code of some) expect(lua.lines(prelude + code)).toEqual(lua_lines(prelude + code));
	});

	it.skipIf(no_lua() !== undefined)("are what they are in Lua, whatever the pattern", () => {
		const piece = fc.constantFrom(
			"a",
			"b",
			".",
			"%a",
			"%d",
			"[ab]",
			"[^a]",
			"(",
			")",
			"*",
			"+",
			"-",
			"?",
			"^",
			"$",
			"%1",
			"()",
			"%b()",
			"%f[a]",
			"x",
		);
		const pattern = fc.array(piece, { maxLength: 7 }).map((parts) => parts.join(""));
		const text = fc.string({ unit: fc.constantFrom("a", "b", "(", ")", " ", "1", "x"), maxLength: 12 });
		const runs = fc.sample(fc.tuple(pattern, text), { numRuns: 1000, seed: 20 });
		const tries = runs.map(
			([p, s]) => `try(string.find, ${quoted(s)}, ${quoted(p)}) try(string.gsub, ${quoted(s)}, ${quoted(p)}, "<%0>")`,
		);
		for (let index = 0; index < tries.length; index += 100) {
			const code = prelude + tries.slice(index, index + 100).join("\n");
			expect(lua.lines(code)).toEqual(lua_lines(code));
		}
	});
});
