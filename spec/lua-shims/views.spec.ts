import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { create_lua, type TestLua } from "./lua.ts";

let lua: TestLua;
beforeAll(async () => {
	lua = await create_lua();
});
afterAll(() => lua.stop());

/** Calls Lua code that is the body of a function of `a, b` with values of the host. */
function call(body: string, ...args: unknown[]): unknown[] {
	const [made] = lua.run(`return function (a, b) ${body} end`);
	return lua.host.border.call_all(lua.host.border.to_lua(made), ...args);
}

class Counter {
	count = 1;
	more(by: number): number {
		this.count += by;
		return this.count;
	}
}

describe("a host's object in Lua", () => {
	it("takes fields of any name, and keeps its methods", () => {
		const record: { [name: string]: unknown } = {};
		expect(call("a.__proto__ = { x = 1 }; a.constructor = 2; return a.x, a.__proto__.x, a.constructor", record)).toEqual([
			undefined,
			1,
			2,
		]);
		expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
		expect(Object.keys(record)).toEqual(["__proto__", "constructor"]);
		const counter = new Counter();
		expect(call("a.__proto__ = { x = 1 }; return a.x, a.__proto__.x, a:more(2), a.more(3)", counter)).toEqual([
			undefined,
			1,
			3,
			6,
		]);
		expect(counter).toBeInstanceOf(Counter);
	});

	it("is the key of a Map, or in a Set, as the host knows it", () => {
		const key = { name: "key" };
		const map = new Map<unknown, unknown>([[key, 1]]);
		expect(call("local one = a[b]; a[b] = 2; return one, a[b]", map, key)).toEqual([1, 2]);
		expect([...map]).toEqual([[key, 2]]);
		expect(call("for k, v in pairs(a) do if k == b then return k.name, v end end", map, key)).toEqual(["key", 2]);
		call("local own = {}; a[own] = 3; assert(a[own] == 3); a[own] = nil; a[b] = nil", map, key);
		expect(map.size).toBe(0);
		const set = new Set<unknown>([key]);
		expect(call("local was = a[b]; for k in pairs(a) do assert(k == b) end; a[b] = nil; return was, a[b]", set, key)).toEqual([
			true,
			undefined,
		]);
		expect(set.size).toBe(0);
	});

	it("is a table of its entries, too, where it is more than a Map", () => {
		class Noting extends Map<string, number> {
			readonly noted = new Set<string>();
			override set(key: string, value: number): this {
				this.noted?.add(key);
				return super.set(key, value);
			}
		}
		const map = new Noting([["a", 1]]);
		map.noted.clear();
		expect(
			call("a.b = 2; local names = {}; for k, v in pairs(a) do names[#names + 1] = k .. v end return table.concat(names)", map),
		).toEqual(["a1b2"]);
		expect([...map.noted]).toEqual(["b"]);
	});

	it("comes back as itself where it is a table of the state", () => {
		const [same] = lua.run("return string");
		expect(call("return a == string, rawequal(a, b)", same, same)).toEqual([true, true]);
	});
});
