import { describe, expect, it } from "vitest";
import { constant_problem } from "../../../lua-shims/vm/constants.ts";
import { run_lua, why_not } from "../../host/prosody_lua.ts";

/** Code, and the line and name that are wrong in it; undefined where nothing is. */
const cases: readonly [code: string, wrong: string | undefined][] = [
	["local a <const> = 1\na = 2", "2 a"],
	["local a <const>, b = 1, 2 b = 3", undefined],
	["local a, b <const> = 1, 2 a = 3 b = 3", "1 b"],
	["local a <close> = nil\na = nil", "2 a"],
	["local a <const> = 1 local a = 2 a = 3", undefined],
	["local a = 1 do local a <const> = 2 end a = 3", undefined],
	["do local a <const> = 2 end a = 3", undefined],
	["local a <const> = 1 function f() a = 2 end", "1 a"],
	["local a <const> = 1 local f = function() local b = 1; b, a = 2, 3 end", "1 a"],
	["local a <const> = 1 function f(a) a = 2 end a.b = 2", undefined],
	["local a <const> = 1 function f(x, ...) local y = ... ; x = a; a = x end", "1 a"],
	["local a <const> = {} a.b, a[1] = 2, 3 a.c.d = 4 a[a] = a a:f() a 'x' a {}", undefined],
	["local a <const> = {} a.b, a = 2, 3", "1 a"],
	["local a <const> = {} a['x'], (a).y, a = 2, 3", "1 a"],
	["local a <const> = 1 for a = 1, 2 do a = 3 end", undefined],
	["local a <const> = 1 for a, b in pairs({}) do a = 3 end for i = 1, 2 do a = 3 end", "1 a"],
	["local a <const> = 1 local t = { a = 1, [a] = 2; a = a } f(a == 1, a ~= 2)", undefined],
	["local a <const> = 1 local t = { f = function() a = 1 end }", "1 a"],
	["local a <const> = 1 if a == 2 then a = 3 end", "1 a"],
	["local a <const> = 1 if x then local a = 2 a = 3 elseif y then a = 3 end", "1 a"],
	["local a <const> = 1 while a do local a = 1 a = 2 end repeat local a = 1 a = 2 until a == 1 a = 4", "1 a"],
	["local a <const> = 1 function a() end", "1 a"],
	["local a <const> = {} function a.b() end function a:c() self = 1 end", undefined],
	["local a <const> = 1 local function a() a = 2 end a = 3", undefined],
	["local a <const> = 1 local a = function() a = 2 end", "1 a"],
	["local a <const> = function() a = 2 end", undefined],
	["local a <const> = 1 goto a ::a:: do return a end", undefined],
	["local a <const> = 1 local x = a a = 2", "1 a"],
	["local a <const> = 1 x = (a) b = not a; -- a = 2\ny = [[ a = 3 ]] .. 'a = 4'", undefined],
	["local a <const> = 1 x = #a y = -a z = a // 2 return a, a == 1", undefined],
	["local a <const> = 1 do end a = 2", "1 a"],
	["local a <const> = 1 break_it() ::top:: a = 2 goto top", "1 a"],
];

describe("assignments to constants", () => {
	it.each(cases)("%j: %j", (code, wrong) => {
		const [line, name] = wrong?.split(" ") ?? [];
		expect(constant_problem(code)).toBe(wrong && `${line}: attempt to assign to const variable '${name}'`);
	});

	it.skipIf(why_not("util.array") !== undefined)("are those that Lua 5.4 finds", () => {
		const list = cases.map(([code]) => `[==[${code}]==]`).join(", ");
		const found = run_lua(`for _, code in ipairs({ ${list} }) do
			local _, message = load(code, "=x")
			local line, name = (message or ""):match("^x:(%d+): attempt to assign to const variable '(.-)'")
			print(line and (line .. " " .. name) or message or "nothing")
		end`);
		expect(found.trimEnd().split("\n")).toEqual(cases.map(([, wrong]) => wrong ?? "nothing"));
	});
});
