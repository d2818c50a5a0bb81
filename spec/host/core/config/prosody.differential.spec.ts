// Reads configurations with Prosody's own configmanager too, and expects the same of both.
// /usr/lib/prosody is asked when it is there; PROSODY_SOURCE names the source tree of a further version, 13 or newer.
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { load_config } from "../../../../host/composition.ts";
import type { Config, ConfigValue } from "../../../../host/core/config/config.ts";
import * as options from "../../../../host/core/config/option_types.ts";
import { left_out } from "../../../needs.ts";
import { config_folders } from "./config_folder.ts";

const installed = "/usr/lib/prosody";
const source = process.env["PROSODY_SOURCE"];
const environment = { ENJAMB_VALUE: "from outside" };

/** Why a Prosody cannot be asked; undefined when it can. */
function missing(root: string | undefined): string | undefined {
	if (root === undefined) return "PROSODY_SOURCE is not set";
	if (!existsSync(join(root, "core/configmanager.lua"))) return `There is no Prosody in ${root}`;
	return spawnSync("lua5.4", ["-v"]).error === undefined ? undefined : "lua5.4 is not installed";
}

const why_not_installed = missing(installed);
const why_no_source = missing(source);
left_out(why_not_installed, "configurations are not compared with the installed Prosody");
if (why_no_source !== undefined) console.info(`${why_no_source}: configurations are not compared with Prosody 13`);

/** Makes `prosody.util.x` and `util.x` the same module; what has to be compiled is the installed Prosody's. */
const prelude = `
local root = arg[1]
package.path = root.."/?.lua"
package.cpath = root.."/?.so;${installed}/?.so;"..package.cpath
table.insert(package.searchers, 2, function (name)
	local short = name:match("^prosody%.(.+)$")
	if short then return function () return require(short) end end
end)
`;

const dump_script = `${prelude}
local config = require "core.configmanager"
local ok, level, problem = config.load(arg[2])
if not ok then print("error\\t"..tostring(problem)) return end
local function hex(s) return (s:gsub(".", function (c) return ("%02x"):format(c:byte()) end)) end
local function dump(v)
	if type(v) == "string" then return "s"..hex(v) end
	if type(v) == "number" then return v == math.floor(v) and ("n%d"):format(v) or ("n%.14g"):format(v) end
	if type(v) ~= "table" then return tostring(v) end
	local parts = {}
	for key, value in pairs(v) do parts[#parts + 1] = dump(key).."="..dump(value) end
	table.sort(parts)
	return "{"..table.concat(parts, ",").."}"
end
for host, section in pairs(config.getconfig()) do
	for option, value in pairs(section) do print(hex(host).."\\t"..hex(option).."\\t"..dump(value)) end
end
for _, query in ipairs { table.unpack(arg, 3) } do
	local host, option = query:match("^(%S+) (%S+)$")
	print("get "..query.."\\t"..dump(config.get(host, option)))
end
`;

function hex(text: string): string {
	return Buffer.from(text).toString("hex");
}

function dump(value: ConfigValue | undefined): string {
	if (value === undefined) return "nil";
	if (typeof value === "string") return `s${hex(value)}`;
	if (typeof value === "number") return `n${value}`;
	if (typeof value === "boolean") return String(value);
	const entries: [string | number, ConfigValue][] = [];
	if (Array.isArray(value)) value.forEach((item, index) => void entries.push([index + 1, item]));
	else if (value instanceof Map) entries.push(...value);
	else entries.push(...Object.entries(value));
	const parts = entries.map(([key, item]) => `${dump(key)}=${dump(item)}`);
	return `{${parts.sort().join(",")}}`;
}

function ours(config: Config, queries: readonly string[]): string[] {
	const lines: string[] = [];
	for (const host of ["*", ...config.hosts()]) {
		for (const [option, value] of config.raw(host) ?? []) lines.push(`${hex(host)}\t${hex(option)}\t${dump(value)}`);
	}
	for (const query of queries) {
		const [host = "", option = ""] = query.split(" ");
		lines.push(`get ${query}\t${dump(config.get(host, option))}`);
	}
	return lines.sort();
}

function run_lua(program: string, root: string, ...args: string[]): string {
	const lua = spawnSync("lua5.4", ["-", root, ...args], {
		input: program,
		encoding: "utf8",
		env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", ...environment },
	});
	if (lua.status !== 0) throw new Error(`lua5.4 failed: ${lua.stderr}`);
	return lua.stdout;
}

function theirs(root: string, file: string, queries: readonly string[]): string[] {
	return run_lua(dump_script, root, file, ...queries)
		.trimEnd()
		.split("\n")
		.sort();
}

/** What every version understands. */
const common = `
admins = { "a@localhost", "b@localhost" }
modules_enabled = { "one"; "two", "three" }
quota = 1024 * 1024 * 1024 * 10
local mb = 1024 * 1024
limit = 4096 * mb
ratio, negative, exponent, hexadecimal = 0.5, -7, 1e3, 0xFFFFFFFF
mixed = { "first", two = 2, [10] = "ten", nested = { { x = 1 }, { y = "z", deep = {{{ true }}} } } }
empty, flag, holes = {}, false, { 1, nil, 3 }
text = "back\\\\slash \\"quoted\\" \\u{e4} \\x41 \\65 \\z
	continued"
long = [==[
first line break dropped ]] here
]==]
from_environment = ENV_ENJAMB_VALUE
not_there = ENV_ENJAMB_ABSENT
direct = os.getenv("ENJAMB_VALUE") .. "-" .. #"abc" .. "-" .. 60 * 60
replaced = ("a,b"):gsub(",", ";")
removed = 1
removed = nil
for i = 1, 3 do sum = i * 2 end
if not flag then conditional = "yes" end
Include "parts/*.cfg.lua"
include "single.cfg.lua"
VirtualHost "EXAMPLE.com"
	storage = "memory"
	flag = true
VirtualHost "table.example" { storage = "sql", list = { 1, 2, 3 } }
back_in_global = true
Component "conference.example.com" "muc"
	name = "Rooms"
	modules_enabled = { "muc_mam" }
Component "gateway.example.com"
	component_secret = "s"
Component "proxy.example.com" "proxy65" { proxy65_address = "x" }
Component "bridge.example.com" { component_secret = "y" }
component "lower.example.com" "muc"
Host "old.example"
host "older.example"
VirtualHost "disabled.example"
	enabled = false
VirtualHost "example.com"
	extra = 1
Component "gateway.example.com" "irc"
`;

const parts = {
	"parts/a.cfg.lua": `from_part = true\nVirtualHost "part.example"\n\tdeep = { a = { b = "c" } }`,
	"parts/.hidden.cfg.lua": "hidden = true",
	"parts/other.txt": "not Lua",
	"single.cfg.lua": `single = "once"\nInclude "parts/../deeper.lua"`,
	"deeper.lua": `deeper = { "still relative" }`,
};

const queries = [
	"* admins",
	"example.com admins",
	"example.com flag",
	"table.example flag",
	"conference.example.com modules_enabled",
	"conference.example.com storage",
	"unknown.example quota",
	"example.com missing",
	"gateway.example.com component_module",
];

/** What 13 brought. */
const newer = `
modules_enabled = { "a" }
modules_enabled { "b" }
modules_enabled:append { "c", "d" }:append { "e" }
limits = { c2s = 1 }
limits { s2s = 2 }
limits:append { s2s = 3 }
plain = 5
next_plain = plain + 1
unset = nothing_here
count = 0
for value in modules_enabled:values() do joined = (joined or "") .. value end
first = modules_enabled:value()[1]
contents = FileContents("secret.txt")
line = FileLine("secret.txt")
lines = FileLines("secret.txt")
upper = Lua.string.upper("x") .. Lua.tostring(5)
date = Lua.os.date("!%Y", 0)
secret = Credential("turn")
VirtualHost "localhost"
	admins = { "x" }
	admins { "y" }
	inner = plain
`;

/** What container images and playbooks have in theirs. */
const executed = (path: string): string => `
local base <const> = ${JSON.stringify(path)}
local secret = io.open(base .. "/secret.txt", "r")
if secret then secret_line = secret:read("*l"); rest = secret:read("*a"); secret:close() end
guarded = assert(io.open(base .. "/secret.txt")):read("*l")
if not io.open(base .. "/absent.txt") then absent = true end
local lfs = require "lfs"
local names = {}
for name in lfs.dir(base) do if name:match("^part") then names[#names + 1] = name end end
table.sort(names)
found = names
kind = lfs.attributes(base, "mode")
node = require "util.pposix".uname().nodename
local hosts_set = require "util.set".new { "b.example", "a.example", "b.example" }
local list = {}
for host in hosts_set:items() do list[#list + 1] = host end
table.sort(list)
unique = list
local process = io.popen("printf 'x y'")
output = process:read("*a")
process:close()
given, second = dofile(base .. "/more.lua")
from_global = shared_by_more
loaded, why = pcall(dofile, base .. "/absent.lua")
why = nil
compiled = loadfile(base .. "/more.lua") ~= nil
_G.made_global = 1
seen_global = made_global
number = tonumber(os.getenv("ENJAMB_ABSENT") or "12")
choice = ENV_ENJAMB_VALUE == "from outside" and "yes" or "no"
for word in ("a.example;b.example"):gmatch("[^;]+") do
	VirtualHost(word)
	enabled_here = true
end
Component("conference." .. (ENV_ENJAMB_ABSENT or "a.example"), "muc") "muc"
	max = math.floor(10 / 3)
`;

describe("a configuration", () => {
	const folder = config_folders();

	it.each([
		["the installed Prosody", installed, why_not_installed],
		["the newer Prosody", source ?? "", why_no_source],
	])("that is a program means the same to %s", async (_name, root, why_not) => {
		if (why_not !== undefined) return;
		const place = folder({
			"secret.txt": "first\nsecond\n",
			"part_a.txt": "",
			"part_b.txt": "",
			"more.lua": "shared_by_more = 'more'\nreturn 1, 'two'",
		});
		writeFileSync(place.file("prosody.cfg.lua"), executed(place.path));
		const { config } = await place.load({ environment });
		expect(ours(config, queries)).toEqual(theirs(root, place.file("prosody.cfg.lua"), queries));
	});

	it.skipIf(why_not_installed !== undefined)("means the same to the installed Prosody", async () => {
		const place = folder({ "prosody.cfg.lua": common, ...parts });
		const { config } = await place.load({ environment });
		expect(ours(config, queries)).toEqual(theirs(installed, place.file("prosody.cfg.lua"), queries));
	});

	it.skipIf(why_no_source !== undefined)("means the same to the newer Prosody", async () => {
		const place = folder({
			"prosody.cfg.lua": `${common}\nInclude "newer.lua"`,
			...parts,
			"newer.lua": newer.replace(/^secret = .*$/m, ""),
			"secret.txt": "first\nsecond\n\nlast",
		});
		const { config } = await place.load({ environment });
		expect(ours(config, queries)).toEqual(theirs(source ?? "", place.file("prosody.cfg.lua"), queries));
	});

	const debian = "/etc/prosody/prosody.cfg.lua";
	const scansion = join(source ?? "", "spec/scansion/prosody.cfg.lua");
	const in_use: readonly (readonly [file: string, root: string, skip: boolean])[] = [
		[debian, installed, why_not_installed !== undefined || !existsSync(debian)],
		[debian, source ?? "", why_no_source !== undefined || !existsSync(debian)],
		[scansion, source ?? "", why_no_source !== undefined],
	];
	for (const [file, root, skip] of in_use) {
		it.skipIf(skip)(`that is in use means the same: ${file} to ${root}`, async () => {
			const result = await load_config(file, { environment });
			if (!result.ok) throw new Error(result.error.message);
			expect(ours(result.value.config, [])).toEqual(theirs(root, file, []));
		});
	}

	it
		.skipIf(why_not_installed !== undefined)
		.each([
			"a = {",
			"VirtualHost(nil)",
			`VirtualHost "a.example"\nComponent "a.example" "muc"`,
			`Component "a.example" "muc"\nVirtualHost "a.example"`,
			`VirtualHost "a.example" "muc"`,
			`VirtualHost "a.example" (5)`,
			`Component "a.example" (5)`,
			`Include "missing.cfg.lua"`,
			`Include "missing/*.cfg.lua"`,
			`modules_enabled { "a" }`,
			"a = b.c",
			"a = 1 .. nil",
		])("is refused by both: %s", async (source) => {
		const place = folder(source);
		await place.fail({ environment });
		expect(run_lua(dump_script, installed, place.file("prosody.cfg.lua"))).toMatch(/^error\t/);
	});
});

describe("an option", () => {
	const folder = config_folders();

	/** Asks the module API's getters, with one option as the whole configuration. Of its imports only what they use is real. */
	const ask = `${prelude}
local function anything()
	return setmetatable({}, { __index = function () return anything() end, __call = function () return anything() end })
end
local needed = { ["core.moduleapi"] = true, ["util.array"] = true, ["util.set"] = true, ["util.iterators"] = true }
for _, name in ipairs { "util.human.io", "util.mathcompat", "util.paths" } do needed[name] = true end
package.loaded["prosody.util.table"] = table
table.insert(package.searchers, 2, function (name)
	if not (needed[name] or needed[name:match("^prosody%.(.+)$")]) then return anything end
end)
prosody = anything()
package.loaded["prosody.core.configmanager"] = { get = function () return current end }
local api = require "core.moduleapi"
local module = setmetatable({ host = "localhost", log = function (_, level) problem = problem or level ~= "debug" end }, { __index = api })
local function show(v)
	if type(v) == "number" then return v == math.huge and "inf" or v == -math.huge and "-inf" or ("%.14g"):format(v) end
	if type(v) == "table" then
		local parts = {}
		for i, item in ipairs(v._items and {} or v) do parts[i] = show(item) end
		for item in pairs(v._items or {}) do parts[#parts + 1] = show(item) end
		if v._items then table.sort(parts) end
		return "{"..table.concat(parts, ",").."}"
	end
	return type(v)..":"..tostring(v)
end
for line in io.lines(arg[2]) do
	local value, getter, rest = line:match("^(.-)\\t(.-)\\t(.*)$")
	current, problem = load("return "..value)(), false
	local ok, result = pcall(api["get_option_"..getter], module, "option", table.unpack(load("return {"..rest.."}")(), 1, 4))
	print((ok and show(result) or "!").."\\t"..tostring(problem))
end
`;

	function literal(value: ConfigValue): string {
		if (typeof value === "string") return JSON.stringify(value);
		if (value === Number.POSITIVE_INFINITY) return "math.huge";
		if (Array.isArray(value)) return `{${value.map(literal).join(",")}}`;
		return typeof value === "object" ? "{ named = true }" : String(value);
	}

	function show(value: ConfigValue | Set<ConfigValue> | undefined): string {
		if (value === undefined) return "nil:nil";
		if (typeof value === "number") return Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";
		if (value instanceof Set) return `{${[...value].map(show).sort().join(",")}}`;
		if (Array.isArray(value)) return `{${value.map(show).join(",")}}`;
		return typeof value === "object" ? "{}" : `${typeof value}:${value}`;
	}

	type Answer = options.Parsed<ConfigValue> | options.Parsed<Set<ConfigValue>>;
	const getters: Readonly<Record<string, readonly [rest: string, ask: (value: ConfigValue) => Answer]>> = {
		string: ["", options.as_string],
		number: ["", (value) => options.as_number(value)],
		integer: ["", (value) => options.as_integer(value)],
		boolean: ["", options.as_boolean],
		array: ["", options.as_array],
		set: ["", options.as_set],
		period: ["", (value) => options.as_period(value)],
		enum: [`"a", "b", true`, (value) => options.as_enum(value, ["a", "b", true])],
	};
	const bounded: typeof getters = {
		number: ["500, 5, 100", (value) => options.as_number(value, 5, 100, 500)],
		integer: ["500, 5, 100", (value) => options.as_integer(value, 5, 100, 500)],
		period: [`nil, "1 minute", "1 day"`, (value) => options.as_period(value, "1 minute", "1 day")],
	};

	const text = fc.oneof(
		fc.constantFrom("a", "b", "true", "false", "never", "1 day", "5 min", "10", " 0x1F ", "1e2", "3m", "2 weeks", "soon", ""),
		fc.string({ maxLength: 8, unit: fc.constantFrom(..."0123456789 .xeabdhmnoswy+-") }),
	);
	const number = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(0.5, -2.5, 0, 1, 500));
	const scalar = fc.oneof(text, number, fc.boolean());
	const value: fc.Arbitrary<ConfigValue> = fc.oneof(
		{ weight: 4, arbitrary: scalar },
		fc.array(scalar, { maxLength: 3 }),
		fc.constant<ConfigValue>({ named: true }),
	);

	it.skipIf(why_no_source !== undefined)("is understood as the newer Prosody's module API does", () => {
		const values = fc.sample(value, { numRuns: 600, seed: 42 });
		const cases = values.flatMap((each) =>
			[...Object.entries(getters), ...Object.entries(bounded)].map(([getter, [rest, ask]]) => ({ each, getter, rest, ask })),
		);
		const place = folder({
			queries: cases.map(({ each, getter, rest }) => `${literal(each)}\t${getter}\t${rest}\n`).join(""),
		});
		const answers = run_lua(ask, source ?? "", place.file("queries"))
			.trimEnd()
			.split("\n");
		expect(answers).toHaveLength(cases.length);
		const differences = cases.flatMap(({ each, getter, rest, ask }, index) => {
			const { value: result, problem } = ask(each);
			const answer = `${show(result)}\t${problem !== undefined}`;
			const their_answer = answers[index];
			if (answer === their_answer) return [];
			// Prosody compares nil with the bounds, and fails.
			if (result === undefined && their_answer?.startsWith("!")) return [];
			// Prosody can tell 5.0 from 5, and says so.
			if (getter === "integer" && their_answer === `${show(result)}\ttrue`) return [];
			return [`${getter}(${rest}) of ${literal(each)}: ours ${answer}, theirs ${their_answer}`];
		});
		expect(differences).toEqual([]);
	});
});
