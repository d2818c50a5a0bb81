// What MODULES.md says that a module in Lua may do here and what not: each line of its table is tried.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { create_lua, lua_lines, no_lua, type TestLua } from "./lua.ts";

const page = readFileSync(join(import.meta.dirname, "../../lua-shims/MODULES.md"), "utf8");
const [, chapter = ""] = /\n## What a Lua module may do here[^\n]*\n([\s\S]*?)\nModules of others/.exec(page) ?? [];
const rows = chapter
	.split("\n")
	.filter((line) => line.startsWith("| `"))
	.map((line) => line.split("|").map((cell) => cell.trim()))
	.map(([, call = "", , here = ""]) => ({ call: call.replaceAll("`", ""), here }));

/** The functions of Lua's own libraries, one `library.name` a line. */
const names_of_lua = `
for _, library in ipairs { "_G", "os", "io", "debug", "package", "coroutine", "string", "table", "math", "utf8" } do
	local names = {}
	for name, value in pairs(_G[library]) do
		if type(value) == "function" then names[#names + 1] = name end
	end
	table.sort(names)
	for _, name in ipairs(names) do print(library == "_G" and name or library .. "." .. name) end
end`;

describe("what a module in Lua may do", () => {
	let lua: TestLua;
	beforeAll(async () => {
		lua = await create_lua();
	});
	afterAll(() => lua.stop());

	it("is in a table", () => {
		expect(rows.length).toBeGreaterThan(20);
	});

	it.each(rows)("$call: $here", ({ call, here }) => {
		const code = `local DBI = require "DBI" return pcall(function () return ${call} end)`;
		const [ok, first, second] = lua.run(code);
		const [kind, text = ""] = here.split(/: (.*)/s);
		if (kind === "works") expect([ok, first === undefined]).toEqual([true, false]);
		else if (kind === "nil") {
			expect([ok, first]).toEqual([true, undefined]);
			if (text !== "") expect(String(second)).toContain(text);
		} else {
			expect(ok).toBe(false);
			expect(String(first)).toContain(kind === "missing" ? "attempt to call a nil value" : text);
		}
	});

	it.skipIf(no_lua("util.jid") !== undefined)("lacks no function of Lua's that the table does not name", () => {
		const here = new Set(lua.lines(names_of_lua));
		const missing = rows.filter(({ here: says }) => says === "missing").map(({ call }) => call.replace(/\(.*/, ""));
		// Of Lua 5.1, where Debian builds Lua with them
		const old = ["math.atan2", "math.frexp", "math.ldexp", "math.sinh", "math.tanh", "math.log10", "math.pow"];
		expect(
			lua_lines(names_of_lua)
				.filter((name) => !here.has(name) && !old.includes(name))
				.sort(),
		).toEqual(missing.sort());
	});
});
