import { describe, expect, it } from "vitest";
import { lua_needs, lua_options, missing_in_surface, own_methods } from "../../../../host/cli/check/lua_scan.ts";

/** Libraries of the machine; one needs compiled C that is not here, one only tries it, and two require each other. */
const sources: { readonly [name: string]: string } = {
	inspect: "return {}",
	smtp: 'local core = require "smtp.core"',
	fast: 'local ok = pcall(require, "fast.core") local one = require "one"',
	one: 'require "other"',
	other: 'require "one"',
};
const host = {
	libraries: new Set(["util.jid"]),
	library_source: (name: string) => sources[name],
	module_methods: new Set(["hook"]),
	syntax_error: () => undefined,
};
const needs = (source: string) => lua_needs(source).map(({ kind, name, line, optional }) => [kind, name, line, optional]);

describe("what a Lua module asks for", () => {
	it.each([
		['local st = require "util.stanza"', "util.stanza"],
		['local st = require("util.stanza")', "util.stanza"],
		["local st = require 'prosody.util.stanza'.clone", "util.stanza"],
		["local st = require 'util/stanza'", "util.stanza"],
		["local st = require [[util.stanza]]", "util.stanza"],
		["local st = require [==[util.stanza]==];", "util.stanza"],
		['local st = require\n\t"util.stanza"', "util.stanza"],
		['local ok, st = (require"util.stanza")', "util.stanza"],
	])("sees the library in %j", (source, name) => {
		expect(needs(source)).toEqual([["library", name, 1, false]]);
	});

	it("sees modules, parts and methods, each once, where they are asked for first at loading", () => {
		const source = `
			module:depends "http"
			module:depends("muc_mam", true)
			local lib = module:require("lib/part")
			module:hook("x", function () module:log("debug", "y") end)
			module:log "again"`;
		expect(needs(source)).toEqual([
			["method", "depends", 2, false],
			["module", "http", 2, false],
			["module", "muc_mam", 3, true],
			["method", "require", 4, false],
			["part", "lib/part", 4, false],
			["method", "hook", 5, false],
			["method", "log", 6, false],
		]);
	});

	it("tells what a module can do without", () => {
		const guarded = 'local ok, b = pcall(require, "util.bit")';
		expect(needs(guarded)).toEqual([["library", "util.bit", 1, true]]);
		expect(needs(`${guarded}\nrequire "util.bit"`)).toEqual([["library", "util.bit", 2, false]]);
	});

	it.each([
		'-- require "a"',
		'--[[ require "a"\n module:depends "b" ]]',
		'--[==[ ]] require "a" ]==]',
		`local text = 'require "a"'`,
		`local text = "\\"require 'a'"`,
		'local text = [[ module:hook("x") ]]',
		'local text = "line\\\n require [[a]]"',
		'other.require "a"',
		"local module_name = module.name; my.module:nothing()",
		'require("a" ..',
		'#! require "a"',
	])("does not take %j for a request", (source) => {
		expect(needs(source).filter(([, name]) => (name === "a" ? !source.startsWith("require") : true))).toEqual([]);
	});

	it("counts lines through comments and long texts", () => {
		const source = '--[[\n\n]] local a = [[\n\n]]\n-- c\nlocal n = 0x1F .. 1e-3\nrequire "x"';
		expect(needs(source)).toEqual([["library", "x", 8, false]]);
	});

	it("does not stumble over what is cut off", () => {
		for (const source of ['"', "[[", "--[[", "'\\", "module:", "require", "module:depends(", "\0"]) {
			expect(() => lua_needs(source)).not.toThrow();
		}
	});

	it("tells what is asked for only when a function is called", () => {
		const source = `
			require "a"
			local function f() if x then for i = 1, 2 do require "b" end repeat until y end module:late() end
			module:hook("x", function () require "a"; require "c" end)
			require "c"; module:now()`;
		const later = lua_needs(source).filter((need) => need.later);
		expect(later.map(({ name }) => name)).toEqual(["b", "late"]);
		expect(lua_needs(source).find(({ name }) => name === "c")?.line).toBe(5);
	});

	it("names what a host does not offer", () => {
		const source = 'require "prosody.util.jid" require "util.dns" module:hook("a") module:measure("b")';
		expect(missing_in_surface(source, host).map(({ name }) => name)).toEqual(["util.dns", "measure"]);
	});

	it("finds libraries of the machine, and what a module puts on `module` itself", () => {
		const source = 'require "inspect" function module.add_host(module) end module:add_host() module.own = f module:own()';
		expect(missing_in_surface(source, host).map(({ name }) => name)).toEqual([]);
		expect(missing_in_surface("module:own()", host, own_methods(source))).toEqual([]);
	});

	it("finds libraries of the machine only with what they require", () => {
		const source = 'require "smtp" require "fast" require "other"';
		expect(missing_in_surface(source, host).map(({ name }) => name)).toEqual(["smtp"]);
	});

	it("sees methods that are taken as values, and not those that are looked for", () => {
		const names = (source: string) => missing_in_surface(source, host).map(({ name }) => name);
		expect(names('local metric = module.metric; metric(module, "gauge")')).toEqual(["metric"]);
		expect(names("module.measure(module)")).toEqual(["measure"]);
		expect(names("local measure = module.measure or fallback if module.wrap_event then end x = module.host")).toEqual([]);
		expect(names("if module.metric == nil then end module.saved = module.items.a function module.save() end")).toEqual([]);
	});

	it("knows the options that a module reads", () => {
		const source = `module:get_option_string("a", "b"); module:get_option "c"; x:get_option("d") -- module:get_option("e")`;
		expect(lua_options(source)).toEqual(["a", "c"]);
	});
});
