import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { create_lua, lua_lines, no_lua, type TestLua } from "./lua.ts";

describe("Lua for specs", () => {
	let lua: TestLua;
	beforeAll(async () => {
		lua = await create_lua();
	});
	afterAll(() => lua.stop());

	const code = 'local kept = {} print("a", 1, nil, true) print(#{ 1, 2 }, ("x"):rep(3)) print(type(kept), "Grüße")';

	it("collects what code prints", () => {
		expect(lua.lines(code)).toEqual(["a\t1\tnil\ttrue", "2\txxx", "table\tGrüße"]);
	});

	it.skipIf(no_lua() !== undefined)("prints the same in Lua", () => {
		expect(lua_lines(code)).toEqual(lua.lines(code));
	});

	it("answers with results, and throws errors", () => {
		expect(lua.run("return 1, 'two', nil, false")).toEqual([1, "two", undefined, false]);
		expect(() => lua.run("error('broken')")).toThrow("test:1: broken");
		expect(() => lua.run("local =")).toThrow("test:1:");
	});
});
