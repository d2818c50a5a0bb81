// What the host gives to Lua in place of Prosody's and Lua's own libraries: each file natives/NAME.lua prints lines, which have to be
// those of natives/NAME.expected.txt; and they are what Lua prints amid Prosody's libraries, where both are installed.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { create_lua, lua_lines, no_lua, type TestLua } from "./lua.ts";

const folder = join(import.meta.dirname, "natives");
const read = (file: string): string => readFileSync(join(folder, file), "utf8");
const tests = readdirSync(folder)
	.filter((file) => file.endsWith(".expected.txt"))
	.map((file) => file.slice(0, -".expected.txt".length));

/** Libraries that come with the installed Prosody and its dependencies, and those that are Debian's own packages. */
const without_lua = no_lua("util.jid", "util.encodings", "util.hashes", "lfs");
const packages: { readonly [name: string]: readonly string[] } = {
	openssl: ["openssl.pkey", "openssl.kdf"],
	dbi: ["dbd.sqlite3"],
};

/** What these print is what Lua printed amid the libraries of Prosody 13, which Debian does not have. */
const of_13: readonly string[] = ["crypto", "jwt"];

/** These use the keys of keys.lua. */
const with_keys: readonly string[] = ["crypto", "jwt", "openssl"];

function not_compared(name: string): boolean {
	const needed = packages[name] ?? [];
	return of_13.includes(name) || without_lua !== undefined || (needed.length > 0 && no_lua(...needed) !== undefined);
}

describe("libraries that the host gives to Lua", () => {
	let lua: TestLua;
	let time_zone: string | undefined;
	beforeAll(async () => {
		time_zone = process.env["TZ"];
		process.env["TZ"] = "UTC";
		lua = await create_lua();
	});
	afterAll(async () => {
		if (time_zone === undefined) delete process.env["TZ"];
		else process.env["TZ"] = time_zone;
		await lua.stop();
	});

	describe.each(tests)("%s", (name) => {
		const keys = with_keys.includes(name) ? read("keys.lua") : "";
		const code = `${read("prelude.lua")}\n${keys}${read(`${name}.lua`)}`;
		const expected = read(`${name}.expected.txt`).replace(/\n$/, "").split("\n");

		it("prints what is expected", () => {
			expect(lua.lines(code)).toEqual(expected);
		});

		it.skipIf(not_compared(name))("prints what Lua prints", () => {
			expect(lua_lines(code)).toEqual(expected);
		});
	});
});
