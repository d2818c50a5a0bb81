import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { start_test_server, type TestServer } from "../helper.ts";

let test: TestServer;

beforeAll(async () => {
	test = await start_test_server({
		config: {
			"*": { plugin_paths: [resolve(import.meta.dirname, "../lua")] },
			localhost: {
				modules_enabled: ["options"],
				word: "never",
				number: "12",
				yes: "true",
				list: ["a", "b"],
				named: { x: 1 },
			},
		},
	});
});
afterAll(() => test.stop());

function read(getter: string, name: string, ...rest: unknown[]): unknown {
	const exported = test.server.modulemanager.get_module("localhost", "options")?.exports;
	const call: unknown = typeof exported === "object" && exported !== null ? Reflect.get(exported, "read") : undefined;
	if (typeof call !== "function") throw new TypeError("the module does not read options");
	return call(getter, name, ...rest);
}

// What Prosody 0.12 and 13 answer. Source: core/moduleapi.lua
describe("options for modules in Lua", () => {
	it.each<[getter: string, name: string, rest: unknown[], expected: unknown]>([
		["boolean", "unset", ["true"], true],
		["boolean", "unset", ["false"], false],
		["boolean", "unset", ["always"], undefined],
		["boolean", "unset", [1], true],
		["boolean", "unset", [], undefined],
		["boolean", "word", [true], undefined],
		["boolean", "yes", [false], true],
		["string", "unset", [true], "true"],
		["string", "unset", [5], "5"],
		["string", "named", ["default"], undefined],
		["string", "list", ["default"], "a"],
		["number", "word", [5], undefined],
		["number", "number", [5], 12],
		["number", "number", [5, 20], 20],
		["number", "unset", [5, 20], 5],
		["number", "unset", ["7"], 7],
		["integer", "unset", [], undefined],
		["period", "unset", ["1 hour"], 3600],
		["period", "unset", ["1 hour", "2 hours"], 7200],
		["period", "word", [5], Number.POSITIVE_INFINITY],
		["period", "yes", [5], undefined],
		["enum", "word", ["always", "roster"], "never"],
		["enum", "unset", [], undefined],
		["scalar", "list", [], "a"],
		["scalar", "unset", ["x"], "x"],
	])("get_option_%s(%s, %j) is %j", (getter, name, rest, expected) => {
		expect(read(getter, name, ...rest)).toEqual(expected);
	});
});
