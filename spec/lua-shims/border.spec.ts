import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as st from "../../host/util/stanza.ts";
import { LuaError } from "../../lua-shims/vm/vm.ts";
import { create_lua, type TestLua } from "./lua.ts";

let lua: TestLua;
beforeAll(async () => {
	lua = await create_lua();
});
afterAll(() => lua.stop());

/** Calls Lua code that is the body of a function of `a, b, c` with values of the host. */
function call(body: string, ...args: unknown[]): unknown[] {
	const [made] = lua.run(`return function (a, b, c) ${body} end`);
	if (typeof made !== "function") throw new TypeError("no function");
	return lua.host.border.call_all(lua.host.border.to_lua(made), ...args);
}

describe("plain values", () => {
	it("come back as they went", () => {
		const values = fc.oneof(
			fc.string({ unit: "binary" }),
			fc.boolean(),
			fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
			fc.integer(),
		);
		fc.assert(
			fc.property(values, (value) => {
				expect(call("return a", value)).toEqual([value]);
			}),
		);
	});

	it("keep nil and false apart", () => {
		expect(call("return a == nil, b == false, c == nil", undefined, false, null)).toEqual([true, true, true]);
		expect(call("return nil, false")).toEqual([undefined, false]);
	});

	it("are integers where they are whole, of more than 32 bits too", () => {
		expect(call("return math.type(a), math.type(b), b .. '', c .. ''", 7, 1_700_000_000_123, -5_000_000_000)).toEqual([
			"integer",
			"integer",
			"1700000000123",
			"-5000000000",
		]);
	});

	it("keep strings of control characters apart as keys", () => {
		expect(call(String.raw`local t = { ["\1\17"] = 1, ["\17\1"] = 2 } return t["\1\17"], t["\17\1"]`)).toEqual([1, 2]);
		expect(
			call(`local t = { ["end"] = 1, ["|656e64"] = 2, ["||656e64"] = 3 } return t["end"], t["|656e64"], #a`, "|656e64"),
		).toEqual([1, 2, 7]);
	});
});

describe("objects of the host", () => {
	it("are tables, each always the same", () => {
		const object = { one: 1, list: ["a", "b"] };
		expect(call("return type(a), a == b, a.list == b.list, rawequal(a, b)", object, object)).toEqual(["table", true, true, true]);
		expect(call("return a", object)[0]).toBe(object);
	});

	it("are told from copies of them", () => {
		const object = { one: 1 };
		call("return a", object);
		const copy = { ...object, one: 2 };
		expect(call("return a == b, b.one", object, copy)).toEqual([false, 2]);
	});

	it("show changes of either side to the other", () => {
		const object: { [name: string]: unknown } = { one: 1, gone: true };
		call("a.two = a.one + 1; a.gone = nil; a.text = 'x'", object);
		expect(object).toMatchObject({ one: 1, two: 2, text: "x" });
		expect("gone" in object).toBe(false);
		object["one"] = 5;
		expect(call("return a.one, a.nothing", object)).toEqual([5, undefined]);
	});

	it("can be gone through with pairs and next, also while entries are taken away", () => {
		const object: { [name: string]: unknown } = { a: 1, b: 2, c: 3 };
		expect(call("local s = '' for k, v in pairs(a) do s = s .. k .. v; a[k] = nil end return s, next(a)", object)).toEqual([
			"a1b2c3",
			undefined,
		]);
		expect(call("local n = 0 for _ in pairs(a) do for _ in pairs(a) do n = n + 1 end end return n", { x: 1, y: 2 })).toEqual([4]);
	});

	it("are arrays from 1 where they are arrays", () => {
		const list = ["x", "y"];
		expect(call("table.insert(a, 'z'); table.insert(a, 1, 'w'); return #a, a[1], a[4], table.concat(a, ',')", list)).toEqual([
			4,
			"w",
			"z",
			"w,x,y,z",
		]);
		expect(call("return table.remove(a, 2), #a", list)).toEqual(["x", 3]);
		expect(call("local s = '' for i, v in ipairs(a) do s = s .. i .. v end return s", list)).toEqual(["1w2y3z"]);
		expect(call("table.sort(a, function (x, y) return x > y end) return a[1]", list)).toEqual(["z"]);
		expect(list).toEqual(["z", "y", "w"]);
		expect(() => call("a.name = 1", list)).toThrow(/list of the host: expected an index from 1 to 4/);
	});

	it("are Maps and Sets by key", () => {
		const map = new Map<unknown, unknown>([
			["a@b", "owner"],
			[false, "none"],
		]);
		expect(call("a['c@d'] = 'member'; a['a@b'] = nil; return a['c@d'], a[false], next(a)", map)).toEqual([
			"member",
			"none",
			false,
			"none",
		]);
		expect([...map.keys()]).toEqual([false, "c@d"]);
		const set = new Set(["104"]);
		expect(call("a['172'] = true; a['104'] = nil; return a['172'], a['104']", set)).toEqual([true, undefined]);
		expect([...set]).toEqual(["172"]);
	});

	it("have methods by dot and by colon", () => {
		class Counter {
			count = 1;
			add(by: number): number {
				this.count += by;
				return this.count;
			}
		}
		expect(call("return a:add(2), a.add(3), a.count", new Counter())).toEqual([3, 6, 6]);
	});
});

describe("functions", () => {
	it("can be called from both sides, and come back as themselves", () => {
		const join = (...parts: unknown[]): string => parts.join("-");
		expect(call("return a(1, 'x', true)", join)).toEqual(["1-x-true"]);
		expect(call("return a", join)[0]).toBe(join);
		const [twice] = call("return function (n) return n * 2 end");
		expect(typeof twice).toBe("function");
		expect(call("return a(21), a == b", twice, twice)).toEqual([42, true]);
	});

	it("throw Lua errors with the caller's position where the host throws, which Lua can catch", () => {
		const fail = (): never => {
			throw new Error("no such thing");
		};
		expect(call("local ok, err = pcall(a) return ok, err", fail)[0]).toBe(false);
		expect(
			call(
				"local function inner() return a() end local ok, err = pcall(function () local x = inner() return x end) return err",
				fail,
			)[0],
		).toMatch(/no such thing$/);
		expect(() => call("a()\n", fail)).toThrow(/test:1: no such thing/);
	});

	it("give errors of Lua a traceback", () => {
		const caught: unknown[] = [];
		try {
			call("local function inner() error('deep') end\n inner()");
		} catch (error) {
			caught.push(error);
		}
		const [error] = caught;
		expect(error).toBeInstanceOf(LuaError);
		if (error instanceof LuaError) expect(error.traceback).toMatch(/deep\nstack traceback:[\s\S]*inner/);
	});

	it("pass error values through the host unharmed", () => {
		const run = (callback: () => unknown): unknown => callback();
		expect(
			call("local e = { code = 7 } local ok, err = pcall(a, function () error(e) end) return err == e, err.code", run),
		).toEqual([true, 7]);
	});
});

describe("tables of Lua", () => {
	it("are objects of the host, each always the same, with changes seen on both sides", () => {
		const [table] = lua.run("shared = { name = 'x', list = { 'a', 'b' }, nested = { deep = true } } return shared");
		const object = table as {
			name: string;
			list: Iterable<string> & { length: number };
			nested: { deep: boolean };
			added?: string;
		};
		expect(object.name).toBe("x");
		expect([...object.list]).toEqual(["a", "b"]);
		expect(object.list.length).toBe(2);
		expect(object.nested).toBe(object.nested);
		expect({ ...object.nested }).toEqual({ deep: true });
		object.added = "by the host";
		expect(call("return a.added, a == b", object, object)).toEqual(["by the host", true]);
	});

	it("are copied as lists, records or Maps", () => {
		const { border } = lua.host;
		const copied = (code: string): unknown => border.copy(border.to_lua(lua.run(`return ${code}`)[0]));
		expect(copied("{ 1, 2, { x = 'y' } }")).toEqual([1, 2, { x: "y" }]);
		expect(copied("{ x = true, [1] = 'one' }")).toEqual(
			new Map<unknown, unknown>([
				["x", true],
				[1, "one"],
			]),
		);
		expect(copied("{}")).toEqual({});
		expect(copied("{ f = print, x = 1 }")).toEqual({ x: 1 });
		expect(() => copied("(function () local t = {} t.t = t return t end)()")).toThrow(/contains itself/);
	});

	it("are gone through in the order of their constructor", () => {
		expect(call("local s = '' for _, v in pairs({ 'a', 'b', 'c' }) do s = s .. v end return s")).toEqual(["abc"]);
		expect(call("local s = '' for k, v in pairs({ 'a', 'b', x = 'c' }) do s = s .. v end return #s")).toEqual([3]);
	});
});

describe("stanzas", () => {
	it("are util.stanza's, with one identity, and their children in place", () => {
		const message = st.message({ to: "a@b", type: "chat" }, "hi").tag("x", { xmlns: "urn:x" }).text_tag("y", "z").up();
		expect(
			call(
				`local st = require "util.stanza"
				local names = {}
				for child in a:childtags() do table.insert(names, child.name) end
				return st.is_stanza(a), getmetatable(a) == st.stanza_mt, a.tags[2] == a[2], #a, #a.tags, table.concat(names, ","), a:find("{urn:x}x/y#")`,
				message,
			),
		).toEqual([true, true, true, 2, 2, "body", "z"]);
	});

	it("change from both sides", () => {
		const message = st.message({ to: "a@b", type: "chat" }, "hi");
		call(
			"a.attr.type = nil; a.attr.id = 'i'; a:tag('x', { xmlns = 'urn:x' }):up(); table.remove(a, 1); a.name = 'presence'",
			message,
		);
		expect(message.toString()).toBe("<presence to='a@b' id='i'><x xmlns='urn:x'/></presence>");
		message.attr["id"] = "j";
		expect(call("return a.attr.id, tostring(a)", message)).toEqual([
			"j",
			"<presence to='a@b' id='j'><x xmlns='urn:x'/></presence>",
		]);
		call("a:maptags(function (tag) tag.attr.seen = 'yes' return tag end)", message);
		expect(message.first_tag?.attr["seen"]).toBe("yes");
	});

	it("that Lua builds are the host's", () => {
		const [made] = lua.run(
			`local st = require "util.stanza"
			return st.error_reply(st.iq({ type = "get", id = "1", from = "a@b/c", to = "d" }):query("urn:q"), "cancel", "item-not-found", "Nothing")`,
		);
		expect(made).toBeInstanceOf(st.Stanza);
		expect(String(made)).toBe(
			"<iq to='a@b/c' from='d' id='1' type='error'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Nothing</text></error></iq>",
		);
		expect(
			lua.lines("local st = require 'util.stanza' for k, v in pairs(st.message({ id = '1' }).attr) do print(k, v) end"),
		).toEqual(["id\t1"]);
	});

	it("refuse what XML cannot carry, naming it", () => {
		const refused: [string, RegExp][] = [
			["st.stanza('a b')", /invalid tag name "a b"/],
			["st.message({ to = 5 })", /invalid attribute value for 'to': expected string, got number/],
			["st.message():text({})", /invalid text value: expected string, got table/],
			["st.iq({ type = 'get' })", /iq stanzas require an id attribute/],
			["(function () local m = st.message() m:add_child(m) end)()", /cannot be a child of itself/],
			["st.message().get_child()", /expected stanza, got nil/],
			[String.raw`st.message({}, "\0")`, /text that XML can carry/],
		];
		for (const [code, message] of refused)
			expect(() => lua.run(`local st = require "util.stanza" return ${code}`), code).toThrow(message);
	});

	it("survive storage", () => {
		expect(
			lua.lines(
				`local st = require "util.stanza"
				local m = st.message({ to = "x", ["urn:n\\1a"] = "b" }, "hi"):tag("y"):text("&"):up()
				print(st.deserialize(st.preserialize(m)))
				print(st.clone(m, true), st.clone(m) == m)`,
			),
		).toEqual([
			"<message to='x' xmlns:ns1='urn:n' ns1:a='b'><body>hi</body><y>&amp;</y></message>",
			"<message to='x' xmlns:ns1='urn:n' ns1:a='b'/>\tfalse",
		]);
	});
});

describe("globals", () => {
	it("cannot be replaced for other modules", () => {
		expect(() => lua.run("_G.pairs = nil")).toThrow(/attempt to replace the global 'pairs'/);
		expect(() => lua.run("string.format = function () end")).toThrow(/attempt to replace string\.format/);
		expect(lua.run("pairs = 5; own = 1; return pairs, own")).toEqual([5, 1]);
		expect(lua.run("return type(pairs), own")).toEqual(["function", undefined]);
	});

	it("may be added to", () => {
		lua.run("_G.agreed_name = 'x'; string.starts = function (s, t) return s:sub(1, #t) == t end");
		expect(lua.run("return agreed_name, string.starts('abc', 'ab')")).toEqual(["x", true]);
	});
});

describe("the guard", () => {
	it("stops endless loops, also those that catch errors, and says where", async () => {
		const hasty = await create_lua({ lua_hook_timeout: 0.05 });
		try {
			const { vm, border } = hasty.host;
			const stop = (body: string): unknown => {
				const callback = border.to_lua(hasty.run(`return function () ${body} end`)[0]);
				return () => vm.call(callback, []);
			};
			expect(stop("while true do end")).toThrow(/test:1: ran longer than 0.05 s \(lua_hook_timeout\) and was stopped/);
			expect(stop("while true do pcall(function () while true do end end) end")).toThrow(/lua_hook_timeout/);
			expect(stop("return coroutine.wrap(function () while true do end end)()")).toThrow(/lua_hook_timeout/);
			expect(hasty.run("return 1 + 1")).toEqual([2]);
		} finally {
			await hasty.stop();
		}
	});
});

describe("Lua's tables that mean no good", () => {
	it("are not gone through for ever", () => {
		const [endless] = lua.run("return setmetatable({}, { __index = function() return 'x' end })");
		expect(() => [...(endless as Iterable<unknown>)]).toThrow("the table's metatable has more than 10000 items for it");
		const [long] = lua.run("local t = {}; for i = 1, 20000 do t[i] = i end; return t");
		expect([...(long as Iterable<unknown>)]).toHaveLength(20_000);
		const [many] = lua.run("local t = {}; for _ = 1, 60 do t = { t, t } end; return { held = t }");
		const { border } = lua.host;
		expect(() => border.copy(border.to_lua(many))).toThrow("the table has more than 1000000 entries");
		const [itself] = lua.run("local t = {}; t[1] = t; return t");
		expect(() => border.copy(border.to_lua(itself))).toThrow("contains itself");
	});

	it("have each name once", () => {
		const [table] = lua.run(`return { "a", ["0"] = "b", [true] = 1, [2.5] = 2, [{}] = 3 }`);
		expect(Object.keys(Object(table))).toEqual(["0"]);
	});
});
