// Our own Lua libraries: each has a test in Lua (util/NAME.test.lua) with its own expectations, whose lines are besides compared
// with what Prosody's library of that name makes of the same test, where Prosody 0.12 is installed.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { structures } from "../../../lua-shims/require/structures.ts";
import { run_lua, why_not } from "../../host/prosody_lua.ts";
import { create_lua } from "../lua.ts";
import { run_with_ours } from "./fengari_libraries.ts";

const folder = import.meta.dirname;
/*
 * A test runs in plain fengari, with a few lines of Lua in the place of the host's libraries, and on the host itself.
 */

const prelude = readFileSync(join(folder, "prelude.lua"), "utf8");

const tests = Object.keys(structures).map((name) => `${name.replaceAll(".", "/")}.test.lua`);

function code_of(test: string, reference: boolean): string {
	return `reference = ${reference}\n${prelude}\n${readFileSync(join(folder, test), "utf8")}\nreturn finish()`;
}

const without_reference = why_not("util.array");

describe("our own libraries in Lua", () => {
	describe.each(tests)("%s", (test) => {
		let lines: string[] = [];
		beforeAll(() => {
			lines = run_with_ours(code_of(test, false)).split("\n");
		});

		it("answers what is expected", () => {
			expect(lines.filter((line) => line.startsWith("FAILED"))).toEqual([]);
			expect(lines.length).toBeGreaterThan(0);
		});

		// Those that put something else in the place of the host's libraries stay by themselves.
		it.skipIf(code_of(test, false).includes("package.loaded["))("answers the same on the host", async () => {
			const lua = await create_lua();
			try {
				expect(lua.lines(code_of(test, false).replace(/return finish\(\)$/, "print(finish())"))).toEqual(lines);
			} finally {
				await lua.stop();
			}
		});

		it.skipIf(without_reference !== undefined)("answers what Prosody answers", () => {
			const ours = lines.filter((line) => !line.startsWith("FAILED"));
			const wrapped = `io.write((function() ${code_of(test, true)}\nend)())`;
			expect(ours).toEqual(run_lua(wrapped).split("\n"));
		});
	});
});
