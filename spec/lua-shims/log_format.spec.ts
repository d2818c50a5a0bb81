import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { format_message } from "../../lua-shims/log_format.ts";
import { create_lua, type TestLua } from "./lua.ts";

let lua: TestLua;
beforeAll(async () => {
	lua = await create_lua();
});
afterAll(() => lua.stop());

/** A message with values of Lua, given as the code of a list of them. */
function format(message: string, values = ""): string {
	const { vm, border } = lua.host;
	const [made] = lua.run(`return function() return ${values} end`);
	return format_message(vm, message, vm.call(border.to_lua(made), []));
}

describe("a message in the log", () => {
	it("shows what fits its place, what does not, what is missing, and what is left over", () => {
		expect(format("%s %d", "'a', 7")).toBe("a 7");
		expect(format("%5d|%-5d|%05d|%.2f|%x", "1, 2, 3, 3.14159, 255")).toBe("    1|2    |00003|3.14|ff");
		expect(format("%d", "1.5")).toBe("[1.5]");
		expect(format("%s %s", "1")).toBe("1 (nil)");
		expect(format("done", "'a', nil")).toBe("done a (nil)");
	});

	it("is never an error, nor as long as it likes", () => {
		expect(format("%s!", "setmetatable({}, { __tostring = function() error('no') end })")).toMatch(
			/^\[tostring failed: .*no\]!$/,
		);
		expect(format("%s!", "setmetatable({}, { __tostring = function() return {} end })")).toMatch(/^\[tostring failed: .*\]!$/);
		for (const message of ["%1000000000s", "%.999999999f", "%999999999d"]) expect(format(message, "1").length).toBeLessThan(30);
	});

	it("has no control characters but breaks and tabs", () => {
		expect(format("%s", String.raw`'a\0b\27[31m\n\t'`)).toBe("a\\0b\\27[31m\n\t");
	});
});
