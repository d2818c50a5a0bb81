import { afterAll, beforeAll, expect, it } from "vitest";
import { create_lua, type TestLua } from "./lua.ts";

let lua: TestLua;
beforeAll(async () => {
	lua = await create_lua();
});
afterAll(() => lua.stop());

it.each(["prosody.util.jid", "util/jid", "prosody/util/jid"])("a library of Prosody's is found as %s", (name) => {
	expect(lua.lines(`print(require "${name}" == require "util.jid")`)).toEqual(["true"]);
});

it("what only looks like one is not", () => {
	expect(lua.lines('print((pcall(require, "utile/jid")), (pcall(require, "util/nothing")))')).toEqual(["false\tfalse"]);
});
