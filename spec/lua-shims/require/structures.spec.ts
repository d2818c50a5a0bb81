// Our own Lua libraries, and those bound to TypeScript: each has a test in Lua (util/NAME.test.lua) with its own expectations, whose lines are besides compared
// with what Prosody's library of that name makes of the same test, where Prosody 0.12 is installed.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { structures } from "../../../lua-shims/require/structures.ts";
import { run_lua, why_not } from "../../host/prosody_lua.ts";
import { create_lua, type TestLua } from "../lua.ts";
import { run_with_ours } from "./our_libraries.ts";

const folder = import.meta.dirname;
const prelude = readFileSync(join(folder, "prelude.lua"), "utf8");

/** Libraries that stand only in TypeScript, and have a test like those in Lua. */
const bound = ["util.datetime"];

const tests = [...Object.keys(structures), ...bound].map((name) => `${name.replaceAll(".", "/")}.test.lua`);

function code_of(test: string, reference: boolean): string {
	return `reference = ${reference}\n${prelude}\n${readFileSync(join(folder, test), "utf8")}\nreturn finish()`;
}

const without_reference = why_not("util.array");

describe("our own libraries in Lua", () => {
	let lua: TestLua;
	beforeAll(async () => {
		lua = await create_lua();
	});
	afterAll(() => lua.stop());

	describe.each(tests)("%s", (test) => {
		let lines: string[] = [];
		beforeAll(() => {
			lines = run_with_ours(lua, code_of(test, false)).split("\n");
		});

		it("answers what is expected", () => {
			expect(lines.filter((line) => line.startsWith("FAILED"))).toEqual([]);
			expect(lines.length).toBeGreaterThan(0);
		});

		it.skipIf(without_reference !== undefined)("answers what Prosody answers", () => {
			const ours = lines.filter((line) => !line.startsWith("FAILED"));
			const wrapped = `io.write((function() ${code_of(test, true)}\nend)())`;
			expect(ours).toEqual(run_lua(wrapped).split("\n"));
		});
	});
});
