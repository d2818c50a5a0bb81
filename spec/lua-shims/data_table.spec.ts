import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataTable } from "../../lua-shims/data_table.ts";
import { table_value } from "../../lua-shims/views.ts";
import { create_lua, type TestLua } from "./lua.ts";

let lua: TestLua;
beforeAll(async () => {
	lua = await create_lua();
});
afterAll(() => lua.stop());

/** Runs Lua code that is the body of a function of `data`, which shows an object of the host. */
function run(target: { [name: string]: unknown }, body: string): unknown[] {
	const { border } = lua.host;
	const [made] = lua.run(`return function (data) ${body} end`);
	const table = new DataTable(border, target, "room._data", { name: { type: "string" }, hidden: { type: "boolean" } });
	return border.vm.call(border.to_lua(made), [table_value(table)]).map((value) => border.from_lua(value));
}

describe("the host's data that Lua keeps tables in", () => {
	it("counts what Lua changes in its tables later, and what the host puts in their place", () => {
		const target: { [name: string]: unknown } = { list: ["a"] };
		const [change] = run(
			target,
			"data.votes = { yes = 1 }; local v = data.votes; data.list[2] = 'b'; return function() v.yes = v.yes + 1 end",
		);
		expect(target).toEqual({ list: ["a", "b"], votes: { yes: 1 } });
		(change as () => void)();
		expect(target["votes"]).toEqual({ yes: 2 });
		target["votes"] = { no: 1 };
		(change as () => void)();
		expect(target["votes"]).toEqual({ no: 1 });
	});

	it("is refused what cannot be stored, by name", () => {
		const target = { name: "yard" };
		const refused: [string, string][] = [
			["data.name = 5", "room._data.name has to be a string, not a number"],
			["data.hidden = 'yes'", "room._data.hidden has to be a boolean, not a string"],
			["data.run = print", "room._data.run is stored with the room: a function cannot be"],
			["data[1] = 'x'", "room._data takes names as keys, not a number"],
			["local t = {}; t.t = t; data.t = t", "contains itself"],
		];
		for (const [code, message] of refused) expect(() => run(target, code), code).toThrow(message);
		expect(target).toEqual({ name: "yard" });
	});

	it("stays as it was last good where Lua makes a table of it endless later", () => {
		const target: { [name: string]: unknown } = {};
		const [spoil, mend] = run(
			target,
			"local t = { one = 1 }; data.t = t; return function() t.t = t end, function() t.t, t.two = nil, 2 end",
		);
		expect(target["t"]).toEqual({ one: 1 });
		(spoil as () => void)();
		expect(target["t"]).toEqual({ one: 1 });
		(mend as () => void)();
		expect(target["t"]).toEqual({ one: 1, two: 2 });
	});

	it("takes fields of any name", () => {
		const target: { [name: string]: unknown } = {};
		run(target, "data.__proto__ = 'x'; data.constructor = { 1 }");
		expect(Object.keys(target)).toEqual(["__proto__", "constructor"]);
		expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
	});
});
