import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { create_lua, type TestLua } from "./lua.ts";

describe("what all modules in Lua share", () => {
	let lua: TestLua;
	beforeAll(async () => {
		lua = await create_lua({ lua_hook_timeout: 1 });
	});
	afterAll(() => lua.stop());

	it("takes no metatable from one of them", () => {
		const named: [string, string][] = [
			["setmetatable(_G, { __index = error })", "_G is shared by all modules: it takes no metatable"],
			["setmetatable(string, {})", "string is shared by all modules: it takes no metatable"],
			["debug.setmetatable(table, {})", "table is shared by all modules: it takes no metatable"],
			["debug.setmetatable(nil, { __index = error })", "all values of a kind share their metatable"],
			["debug.setmetatable('', nil)", "all values of a kind share their metatable"],
			["debug.setmetatable(print, nil)", "all values of a kind share their metatable"],
		];
		for (const [code, message] of named) expect(() => lua.run(code), code).toThrow(message);
		expect(lua.run("local t = debug.setmetatable({}, { __index = { 5 } }); return t[1]")).toEqual([5]);
		expect(lua.run("return undefined_thing, string.nothing, pcall(function() return (nil).x end)")).toEqual([
			undefined,
			undefined,
			false,
			expect.stringContaining("attempt to index a nil value"),
		]);
	});

	it("has strings keep their methods", () => {
		for (const code of ["getmetatable('').__index = nil", "rawset(getmetatable(''), '__index', {})"]) {
			expect(() => lua.run(code), code).toThrow("attempt to replace the metatable of strings.__index");
		}
		expect(() => lua.run("debug.getmetatable('').__index = nil")).toThrow("attempt to replace");
		expect(lua.run("return getmetatable('').__index == string, ('x'):rep(2)")).toEqual([true, "xx"]);
		// as some modules have them
		expect(lua.run("getmetatable('').__mod = function (s, v) return s:format(v) end; return 'a %s' % 'b'")).toEqual(["a b"]);
	});

	it("is not watched, slowed or found out through debug", () => {
		expect(() => lua.run("debug.sethook(function() error('hooked') end, '', 1)")).toThrow("debug.sethook: only a coroutine");
		expect(lua.run("local x = 1; return x + 1, debug.gethook() == nil")).toEqual([2, true]);
		// as util.async has it
		const own = `local count = 0
			local co = coroutine.create(function() local x = 1; x = x + 1; return x end)
			debug.sethook(co, function() count = count + 1 end, '', 1)
			local ok, result = coroutine.resume(co)
			debug.sethook(coroutine.create(print), debug.gethook())
			debug.sethook()
			return ok, result, count > 2`;
		expect(lua.run(own)).toEqual([true, 2, true]);
		expect(lua.run("return next(debug.getregistry())")).toEqual([undefined]);
	});

	it("stops strings that would take all memory", () => {
		const doubling = "local s = ('x'):rep(2^20); for _ = 1, 20 do s = s .. s end";
		expect(() => lua.run(doubling)).toThrow("test:1: resulting string too large");
	});
});
