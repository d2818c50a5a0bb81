import { describe, expect, it } from "vitest";
import { without_attributes } from "../../../lua-shims/vm/attributes.ts";
import { create_lua, lua_lines, no_lua } from "../lua.ts";

describe("attributes of Lua 5.4", () => {
	it.each([
		["local x <const> = 1", "local x         = 1"],
		["local a<const>, b <const>, c = 1, 2, 3", "local a       , b        , c = 1, 2, 3"],
		["local x\n<\nconst\n> = 1", "local x\n \n     \n  = 1"],
	])("takes const out of %j", (code, plain) => {
		expect(without_attributes(code)).toEqual({ ok: true, value: plain });
	});

	it.each([
		"return '<const>', \"local x <const>\", [[local x <const> = 1]], [==[ ]] local y <close> ]==]",
		"-- local x <const> = 1\nreturn a <const> b",
		"--[[ local x <close> = 1 ]] return 1",
		"local x = y <const",
		"localx <const> = 1",
	])("leaves %j alone", (code) => {
		expect(without_attributes(code)).toEqual({ ok: true, value: code });
	});

	it.each([
		["local f <close>, x <const> = open(), 2\nwork()", "local f        , x         = open(), 2 MARK\nwork()"],
		["local f <close> = a.b:c(1)[2]{3}'4' .. -not #x f()", "local f         = a.b:c(1)[2]{3}'4' .. -not #x MARK f()"],
		[
			"local f <close> = function() local g <close> = 1 if x then end end g = 2",
			"local f         = function() local g         = 1 MARK if x then end end MARK g = 2",
		],
		["do local f <close> end", "do local f         MARK end"],
	])("puts a mark behind what is to be closed in %j", (code, plain) => {
		const found = without_attributes(code);
		const shown = found.ok
			? found.value.replace(/ local \w_closing = function\(\) return \w, "[^"]*" end /g, " MARK")
			: found.error;
		expect(shown.replace(/ +/g, " ")).toBe(plain.replace(/ +/g, " "));
	});

	it.each([
		["local a <const> = 1\nlocal f <open> = 1", "2: unknown attribute 'open'"],
		["local f <close>, g <close> = 1", "1: multiple to-be-closed variables in local list"],
	])("refuses %j, and says where", (code, error) => {
		expect(without_attributes(code)).toEqual({ ok: false, error });
	});
});

const closing = `
local function thing(name) return setmetatable({}, { __close = function (_, err) print("close", name, err) end }) end
local function try(f, ...) print(pcall(f, ...)) end
do local a <close> = thing "a" local b <close> = thing "b" print "in" end
try(function () local a <close> = thing "r" return 1, 2, 3 end)
try(function (...) local a <close> = thing "v" return ... end, 1, nil, 3)
try(function () local a <close> = thing "t" return (function (...) print "tail" return ... end)(4, 5) end)
try(function () local a <close> = thing "e" error("no", 0) end)
try(function () local a <close> = thing "outer" local b <close> = setmetatable({}, { __close = function (_, err) error("closing " .. tostring(err), 0) end }) error("first", 0) end)
try(function () local b <close> = setmetatable({}, { __close = function () error("in closing", 0) end }) return 1 end)
for i = 1, 3 do local a <close> = thing(i) if i == 2 then break end print("round", i) end
for _, v in ipairs { "x", "y" } do local a <close> = thing(v) if v == "y" then goto done end end ::done::
while true do local a <close>, b <const> = thing "w", 1 print(b) break end
repeat local a <close> = thing "u" local stop = true until stop
do local a <close> = nil local b <close> = false print "nothing" end
try(function () local a <close> = 42 end)
try(function () local a <close> = {} end)
local function deep(n) local a <close> = thing(n) if n == 0 then error("deep", 0) end deep(n - 1) end
try(deep, 2)
local co = coroutine.create(function () local a <close> = thing "co" coroutine.yield(1) end)
print(coroutine.resume(co)) print(coroutine.close(co)) print(coroutine.status(co))
co = coroutine.wrap(function () local a <close> = thing "wrap" coroutine.yield(1) return 2 end)
print(co(), co())
co = coroutine.create(function () local a <close> = thing "dead" error("x", 0) end)
print(coroutine.resume(co)) print(coroutine.close(co))
co = coroutine.wrap(function () print(pcall(function () local a <close> = thing "p" coroutine.yield(1) error("late", 0) end)) end)
co() co()
local up do local a <close> = thing "up" up = function () return a end end print(type(up()))
local function nested() local a <close> = thing "n1" do local b <close> = thing "n2" return "both" end end print(nested())
`;

describe("variables that are to be closed", () => {
	it.skipIf(no_lua() !== undefined)("are, wherever their block is left, as in Lua", async () => {
		const lua = await create_lua();
		const plain = (lines: string[]): string[] => lines.map((line) => line.replace(/^(false\t).*?:\d+: /, "$1"));
		expect(plain(lua.lines(closing))).toEqual(plain(lua_lines(closing)));
		await lua.stop();
	});
});
