import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { create_vm } from "../../../lua-shims/vm/create_vm.ts";
import { TValue } from "../../../lua-shims/vm/fengari.ts";
import { tags } from "../../../lua-shims/vm/live_table.ts";
import { bytes_of } from "../../../lua-shims/vm/text.ts";
import { not_installed } from "../../needs.ts";

const has_lua = spawnSync("lua5.4", ["-v"]).error === undefined;
const no_lua = not_installed(has_lua, "lua5.4", "instructions are not compared with Lua's");

/** What each instruction has to do that is easily got wrong; every program answers with one text. */
const programs: { readonly [what: string]: readonly [code: string, expected: string] } = {
	"move and loadnil: several at once, none too many": [
		"local a, b, c, d = 1; local e = d; a, b = b, a; return table.concat({ tostring(a), tostring(b), tostring(c), tostring(e) }, ' ')",
		"nil 1 nil nil",
	],
	"loadbool: a comparison as a value": [
		"local a = 1 < 2; local b = not a; local c = nil == false; return a and not b and not c and 'yes' or 'no'",
		"yes",
	],
	"constants beyond the first 256": [
		`local t = {}; ${Array.from({ length: 300 }, (_, n) => `t[${n}] = 'k${n}' `).join("")} return t[0] .. t[255] .. t[256] .. t[299]`,
		"k0k255k256k299",
	],
	"upvalues: shared by closures, and new in each round of a loop": [
		`local fs = {}
		for i = 1, 3 do local n = i; fs[i] = { add = function() n = n + 10 end, get = function() return n end } end
		fs[1].add(); fs[1].add(); fs[2].add()
		return fs[1].get() .. ' ' .. fs[2].get() .. ' ' .. fs[3].get()`,
		"21 12 3",
	],
	"upvalues that stay after goto goes back": [
		`local fs, n = {}, 0
		::again:: do local kept = n; fs[#fs + 1] = function() return kept end end
		n = n + 1; if n < 3 then goto again end
		return fs[1]() .. fs[2]() .. fs[3]()`,
		"012",
	],
	"self: of a text, and by __index": [
		"local o = setmetatable({}, { __index = function(_, k) return function(self, x) return k .. x end end }); return ('a'):rep(3) .. o:name(1)",
		"aaaname1",
	],
	"newtable and setlist: more than one batch, with what a call gives last": [
		`local function three() return 'x', 'y', 'z' end
		local t = { ${Array.from({ length: 120 }, (_, n) => n + 1).join()}, three() }
		local u = { three(), three() }
		return #t .. ' ' .. t[50] .. t[51] .. t[100] .. t[101] .. ' ' .. t[121] .. t[123] .. ' ' .. #u .. u[1] .. u[4]`,
		"123 5051100101 xz 4xz",
	],
	"arithmetic: integers wrap, floats do not, and each meets the other": [
		"return string.format('%d %s %s %s %s %s', 9223372036854775807 + 1, 7 // 2, 7.0 // 2, -7 % 3, 2 ^ 2, 10 / 2)",
		"-9223372036854775808 3 3.0 2 4.0 5.0",
	],
	"bits: of floats that are whole, and far shifts": [
		"return (5.0 | 2) .. ' ' .. (1 << 63) .. ' ' .. (1 << 64) .. ' ' .. (-1 >> 60) .. ' ' .. ~0",
		"7 -9223372036854775808 0 15 -1",
	],
	"unm, not, len: with metamethods": [
		"local o = setmetatable({}, { __unm = function() return 'minus' end, __len = function() return 7 end }); return -o .. #o .. tostring(not o)",
		"minus7false",
	],
	"concat: many at once, from the right, with metamethods": [
		"local o = setmetatable({}, { __concat = function(a, b) return type(a) == 'table' and '(o' .. b .. ')' or '(' .. a .. 'o)' end }); return 1 .. 2 .. o .. 'b' .. 3.0",
		"12(ob3.0)",
	],
	"eq: by value for numbers, by __eq for two tables": [
		"local mt = { __eq = function() return true end }; local a, b = setmetatable({}, mt), setmetatable({}, mt); return tostring(a == b) .. tostring(a == 1) .. tostring(1 == 1.0) .. tostring('1' == 1) .. tostring(a ~= b)",
		"truefalsetruefalsefalse",
	],
	"lt and le: integers beside floats, texts, NaN": [
		"local nan = 0 / 0; return tostring(1 < 1.5) .. tostring(9007199254740991 < 2 ^ 53) .. tostring(2 ^ 53 <= 9007199254740991) .. tostring('a' < 'b') .. tostring(nan <= nan) .. tostring(not (nan < 1))",
		"truetruefalsetruefalsetrue",
	],
	"test and testset: and, or, with what they give": [
		"local f, n, z = false, nil, 0; return tostring(f or n) .. tostring(z and 'z') .. tostring(n and 1) .. tostring(f == false and n == nil or 'no') .. tostring(z or 1)",
		"nilzniltrue0",
	],
	"call: results cut, filled up, and passed on": [
		"local function r(...) return ... end; local a, b, c = r(1, 2), 3; local t = { r(), (r(4, 5)), r(6, 7) }; return tostring(a) .. tostring(b) .. tostring(c) .. #t .. tostring(t[1]) .. t[2] .. t[4] .. select('#', r(nil, nil))",
		"13nil4nil472",
	],
	"tailcall: as deep as one likes": [
		"local function down(n, s) if n == 0 then return s end return down(n - 1, s) end; return down(100000, 'bottom')",
		"bottom",
	],
	"return: of variables that are to be closed, in their order, and with an error": [
		`local log = {}
		local function closing(name) return setmetatable({}, { __close = function(_, err) log[#log + 1] = name .. (err and '!' or '') end }) end
		local function f() local a <close> = closing 'a'; local b <close> = closing 'b'; return #log end
		local n = f()
		pcall(function() local c <close> = closing 'c'; error 'x' end)
		local function g() local d <close> = closing 'd'; return f() end
		g()
		return n .. table.concat(log)`,
		"0bac!bad",
	],
	"forprep and forloop: down, by fractions, far out, and not at all": [
		`local t = {}
		for i = 3, 1, -1 do t[#t + 1] = i end
		for i = 0, 1, 0.25 do t[#t + 1] = i end
		for i = 9007199254740990, 9007199254740991 do t[#t + 1] = i - 9007199254740991 end
		for i = 1, 0 do t[#t + 1] = 'never' end
		for i = 1, math.huge do if i > 2 then break end t[#t + 1] = i end
		return table.concat(t, ' ')`,
		"3 2 1 0.0 0.25 0.5 0.75 1.0 -1 0 1 2",
	],
	"forprep: a step of nothing, and what is no number": [
		"local _, a = pcall(function() for i = 1, 2, 0 do end end); local _, b = pcall(function() for i = 'a', 2 do end end); return a:match('%d: (.*)') .. ', ' .. b:match('%d: (.*)')",
		"'for' step is zero, bad 'for' initial value (number expected, got string)",
	],
	"tforcall and tforloop: until nil, with the state kept apart": [
		"local t = {}; local function it(s, c) if c < s then return c + 1, c * c, nil, 'more' end end; for a, b, c, d in it, 3, 0 do t[#t + 1] = a .. b .. tostring(c) .. d; a = 99 end; return table.concat(t, ' ')",
		"10nilmore 21nilmore 34nilmore",
	],
	"vararg: all, some, none": [
		"local function f(...) local a, b = ...; local t = { ... }; return select('#', ...) .. tostring(a) .. tostring(b) .. #t end; return f() .. f(1) .. f(1, 2, 3)",
		"0nilnil011nil13123",
	],
	"errors: name the line and what was indexed or called": [
		"local ok, a = pcall(function()\nlocal t = {}\nreturn t.x.y end); local ok2, b = pcall(function() local nobody; nobody() end); return a:match(':%d+: .*') .. b:match(':%d+: .*')",
		":3: attempt to index a nil value (field 'x'):3: attempt to call a nil value (local 'nobody')",
	],
};

function here(code: string): string {
	const vm = create_vm(60);
	const chunk = vm.load(bytes_of(code), "=spec", new TValue(tags.table, vm.globals));
	if (!chunk.ok) throw new Error(chunk.error);
	const [result] = vm.call(chunk.value, []);
	return result === undefined ? "" : vm.to_string(result);
}

function in_lua(code: string): string {
	const run = spawnSync("lua5.4", ["-"], { input: `io.write((function() ${code} end)())`, encoding: "utf8" });
	return run.stdout + run.stderr;
}

describe("instructions", () => {
	it.each(Object.entries(programs))("%s", (_, [code, expected]) => expect(here(code)).toBe(expected));

	it.skipIf(no_lua).each(Object.entries(programs))("%s, in Lua itself", (_, [code, expected]) =>
		expect(in_lua(code)).toBe(expected),
	);
});
