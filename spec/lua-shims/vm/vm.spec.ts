import { lauxlib, lua, lualib, to_luastring } from "fengari";
import plain_ltable from "fengari/src/ltable.js";
import plain_lvm from "fengari/src/lvm.js";
import { describe, expect, it } from "vitest";
import { create_vm } from "../../../lua-shims/vm/create_vm.ts";
import { ltable, lvm, TValue } from "../../../lua-shims/vm/fengari.ts";
import { string_value, tags } from "../../../lua-shims/vm/live_table.ts";
import { bytes_of } from "../../../lua-shims/vm/text.ts";
import { LuaError, type Vm } from "../../../lua-shims/vm/vm.ts";

/** Runs code in a state; gives the first result's text. */
function run(vm: Vm, code: string): string {
	const chunk = vm.load(bytes_of(code), "=test", new TValue(tags.table, vm.globals));
	if (!chunk.ok) throw new Error(chunk.error);
	const [result] = vm.call(chunk.value, []);
	return result === undefined ? "" : vm.to_string(result);
}

/** The same in fengari as the package has it. */
function run_plain(code: string): string {
	const L = lauxlib.luaL_newstate();
	lualib.luaL_openlibs(L);
	const bytes = to_luastring(code);
	expect(lauxlib.luaL_loadbufferx(L, bytes, bytes.length, to_luastring("=test"), to_luastring("t"))).toBe(lua.LUA_OK);
	expect(lua.lua_pcall(L, 0, 1, 0)).toBe(lua.LUA_OK);
	return Buffer.from(lauxlib.luaL_tolstring(L, -1)).toString();
}

describe("a Lua state", () => {
	it("has Lua's own numbers, and leaves a fengari beside it as it is", () => {
		const sum = "return 2147483647 + 1";
		expect(run(create_vm(1), sum)).toBe("2147483648");
		expect(run_plain(sum)).toBe("-2147483648");
		expect(lvm).not.toBe(plain_lvm);
		expect(ltable).not.toBe(plain_ltable);
		expect(run_plain("return ('%d'):format(3) .. #{1, 2, 3} .. ('a'):rep(3)")).toBe("33aaa");
	});

	it("shares nothing with another", () => {
		const [one, other] = [create_vm(1), create_vm(1)];
		run(one, "shared = 1; string.shared = 2");
		expect(run(other, "return tostring(shared) .. tostring(string.shared)")).toBe("nilnil");
		one.raw_set(one.globals, "text", string_value("ä"));
		expect(run(one, "return #text")).toBe("2");
	});
});

/** What goes on for long, or for ever, without running an instruction of Lua; each is stopped. */
const endless: readonly (readonly [name: string, code: string])[] = [
	["find", 'string.find(string.rep("a", 3000), ".-.-.-.-.-b")'],
	["match", 'string.match(string.rep("a", 3000), ".-.-.-.-.-b")'],
	["gmatch", 'for _ in string.gmatch(string.rep("a", 3000), ".-.-.-.-.-b") do end'],
	["gsub", 'string.gsub(string.rep("a", 3000), ".-.-.-.-.-b", "")'],
	["a backreference", 'string.find(string.rep("a", 30000), "(.+).-%1b")'],
	["%b", 'string.gsub(string.rep("(", 100000), "%b()", "")'],
	["table.concat", 'table.concat(setmetatable({}, { __index = tostring, __len = function () return 2^53 end }), "", 1, 2^40)'],
	["table.move", "table.move({}, 1, 2^40, 2)"],
	["table.insert", "table.insert(setmetatable({}, { __len = function () return 2^40 end }), 1, 1)"],
	["table.remove", "table.remove(setmetatable({}, { __len = function () return 2^40 end }), 1)"],
	["table.sort", "local t = {} for i = 1, 2e5 do t[i] = (i * 7919) % 200003 end while true do table.sort(t) t[1] = -t[1] end"],
	["string.rep", 'while true do string.rep("a", 2^27) end'],
	["joining", 'local s = string.rep("a", 2^27) while true do local t = s .. "b" end'],
	["comparing", 'local a, b = string.rep("a", 2^27), string.rep("a", 2^27) while true do local x = a < b end'],
	["string.format", 'local s = string.rep("a", 2^24) while true do string.format("%s%s", s, s) end'],
	["string.upper", 'local s = string.rep("a", 2^26) while true do string.upper(s) end'],
	["string.reverse", 'local s = string.rep("a", 2^26) while true do string.reverse(s) end'],
	["utf8.len", 'local s = string.rep("a", 2^24) while true do utf8.len(s) end'],
	["tostring", "while true do tostring(1) end"],
	["select", "while true do select('#', 1, 2) end"],
	["next", "local t = {1} while true do next(t) end"],
];

describe("the time limit", () => {
	const stopped = (code: string): { error: unknown; seconds: number } => {
		const vm = create_vm(0.1);
		const started = performance.now();
		try {
			run(vm, code);
			return { error: undefined, seconds: (performance.now() - started) / 1000 };
		} catch (error) {
			return { error, seconds: (performance.now() - started) / 1000 };
		}
	};

	it.each(endless)("holds inside %s, also in a coroutine and in pcall", (_name, code) => {
		for (const around of [
			code,
			`pcall(function () ${code} end) error("went on")`,
			`local ok, err = coroutine.resume(coroutine.create(function () ${code} end)) error(err, 0)`,
			`coroutine.wrap(function () pcall(function () ${code} end) coroutine.yield() end)() error("went on")`,
		]) {
			const { error, seconds } = stopped(around);
			expect(error).toBeInstanceOf(LuaError);
			expect(String(error)).toContain("ran longer than 0.1 s");
			// one step of those that handle much at once may end after it, but nothing goes on
			expect(seconds).toBeLessThan(5);
		}
	});
});
