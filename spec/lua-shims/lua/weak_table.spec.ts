import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../helper.ts";
import { create_lua, lua_lines, no_lua, type TestLua } from "../lua.ts";

let lua: TestLua;
beforeAll(async () => {
	lua = await create_lua();
});
afterAll(() => lua.stop());

const code = `
local t = setmetatable({ 1, 2, x = "y" }, { __mode = "k" })
local k1, k2 = {}, function() end
t[k1] = "one"; t[k2] = "two"; t[print] = "p"; t[true] = false
print(t[k1], t[k2], t[print], #t, t.x, t[1], t[{}], t[true])
local n = 0
for k, v in pairs(t) do n = n + 1 end
print(n, type(next(t)))
for k, v in pairs(t) do if type(k) == "table" then print(k == k1, v) end end
t[k1] = nil
print(t[k1], rawget(t, k2), rawlen(t), rawequal(t, t))
table.insert(t, 3)
print(#t, t[3], table.concat(t, ","), table.unpack(t))
for k in pairs(t) do t[k] = nil end
print(next(t), getmetatable(t).__mode, type(t))
local v = setmetatable({}, { __mode = "v", __index = function(_, key) return "no " .. key end })
v.kept, v.text = k1, "text"
print(v.kept == k1, v.text, v.other)
local both = setmetatable({ [k1] = k2 }, { __mode = "kv" })
print(both[k1] == k2, next(both) == k1)
print(pcall(function() t[nil] = 1 end), pcall(function() t[0 / 0] = 1 end))`;

describe("weak tables", () => {
	it.skipIf(no_lua() !== undefined)("are tables in every other respect", () => {
		const places = /^(false\t).*?:\d+: /;
		expect(lua.lines(code).map((line) => line.replace(places, "$1"))).toEqual(
			lua_lines(code).map((line) => line.replace(places, "$1")),
		);
	});

	it("let go what nobody else has", async () => {
		setFlagsFromString("--expose-gc");
		const collect: unknown = runInNewContext("gc");
		const [keys, values, count] = lua.run(`
			local keys, values, both = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "v" }), setmetatable({}, { __mode = "kv" })
			held = {}
			local function fill()
				for i = 1, 500 do keys[{}] = { i }; values[i] = { i }; both[{}] = { i } end
			end
			fill()
			keys[held], values.held, values.text = "kept", held, "kept"
			local function count(t) local n = 0 for _ in pairs(t) do n = n + 1 end return n end
			return function () return count(keys) + count(both) end, function () return count(values) end, count`) as (() => number)[];
		expect(count).toBeTypeOf("function");
		await eventually(() => {
			if (typeof collect === "function") collect();
			// a few may still lie about in the machine
			expect(keys?.()).toBeLessThan(10);
			expect(values?.()).toBeLessThan(10);
		});
		expect(keys?.()).toBeGreaterThanOrEqual(1);
		expect(values?.()).toBeGreaterThanOrEqual(2);
	});
});
