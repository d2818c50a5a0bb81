import { accessSync, constants, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { load_config } from "../../../host/composition.ts";
import { type ConfigValue, check_options } from "../../../host/core/configmanager.ts";
import { config_folders } from "./config/config_folder.ts";

const folder = config_folders();

/** A file this process may read; else the reason is printed once. */
function readable(path: string): boolean {
	try {
		accessSync(path, constants.R_OK);
		return true;
	} catch {
		console.info(`skipped: ${path} is not there to be read`);
		return false;
	}
}

describe("sections", () => {
	it("come from VirtualHost, Component and what stands before them", async () => {
		const { config, warnings } = await folder(`
			storage = "sql"
			VirtualHost "localhost"
				storage = "memory"
			VirtualHost "Table.Example" { storage = "internal"; modules_enabled = { "ping" } }
			after_table = true
			Component "conference.localhost" "muc"
				name = "Rooms"
			Component "proxy.localhost" "proxy65" { proxy65_address = "p.example" }
			Component "gateway.localhost"
				component_secret = "secret"
			Component "bridge.localhost" { component_secret = "other" }
			Host "old.example"
		`).load();
		expect(warnings).toEqual([]);
		expect(config.hosts()).toEqual([
			"localhost",
			"table.example",
			"conference.localhost",
			"proxy.localhost",
			"gateway.localhost",
			"bridge.localhost",
			"old.example",
		]);
		expect(config.get("localhost", "storage")).toBe("memory");
		expect(config.get("table.example", "storage")).toBe("internal");
		expect(config.raw("*")?.get("after_table")).toBe(true);
		expect(config.get("conference.localhost", "storage")).toBe("sql");
		expect(config.get("conference.localhost", "name")).toBe("Rooms");
		expect(config.component_module("conference.localhost")).toBe("muc");
		expect(config.get("conference.localhost", "load_global_modules")).toBe(false);
		expect(config.component_module("proxy.localhost")).toBe("proxy65");
		expect(config.get("proxy.localhost", "proxy65_address")).toBe("p.example");
		expect(config.component_module("gateway.localhost")).toBe("component");
		expect(config.get("bridge.localhost", "component_secret")).toBe("other");
		expect(config.host_type("old.example")).toBe("local");
	});

	it("may be in lower case where Prosody knows them so", async () => {
		const { config } = await folder(`host "a.example"\ncomponent "b.example" "muc"`).load();
		expect(config.host_type("a.example")).toBe("local");
		expect(config.component_module("b.example")).toBe("muc");
	});

	it("are reopened by a second definition, with a warning", async () => {
		const { config, warnings } = await folder(
			`VirtualHost "a.example"\nx = 1\nVirtualHost "b.example"\nVirtualHost "a.example"\ny = 2`,
		).load();
		expect(config.get("a.example", "x")).toBe(1);
		expect(config.get("a.example", "y")).toBe(2);
		expect(warnings).toEqual([expect.objectContaining({ host: "a.example", line: 4 })]);
	});

	it("remember where each option was written", async () => {
		const place = folder(`a = 1\n\nVirtualHost "localhost"\nb = 2`);
		const { config } = await place.load();
		expect(config.location("*", "a")).toEqual({ file: place.file("prosody.cfg.lua"), line: 1 });
		expect(config.location("localhost", "b")).toEqual({ file: place.file("prosody.cfg.lua"), line: 4 });
		expect(config.location("localhost", "defined")).toEqual({ file: place.file("prosody.cfg.lua"), line: 3 });
	});
});

describe("values", () => {
	it("become arrays, objects and maps", async () => {
		const { config } = await folder(`
			empty = {}
			list = { "a"; "b", 3 }
			object = { host = "localhost", nested = { deep = { true } } }
			mixed = { info = "x.log"; "*console"; { to = "syslog" } }
			holes = { "a", nil, "c" }
			sparse = { [5] = "five" }
			numbers = { 1, -2, 0.5, 1e3 }
			truth, lie = true, false
		`).load();
		expect(config.get("*", "empty")).toEqual([]);
		expect(config.get("*", "list")).toEqual(["a", "b", 3]);
		expect(config.get("*", "object")).toEqual({ host: "localhost", nested: { deep: [true] } });
		expect(config.get("*", "mixed")).toEqual(
			new Map<string | number, unknown>([
				["info", "x.log"],
				[1, "*console"],
				[2, { to: "syslog" }],
			]),
		);
		expect(config.get("*", "holes")).toEqual(
			new Map([
				[1, "a"],
				[3, "c"],
			]),
		);
		expect(config.get("*", "sparse")).toEqual(new Map([[5, "five"]]));
		expect(config.get("*", "numbers")).toEqual([1, -2, 0.5, 1000]);
		expect(config.get("*", "truth")).toBe(true);
		expect(config.get("*", "lie")).toBe(false);
	});

	it("keep UTF-8, and replace other bytes with a warning", async () => {
		const source = Buffer.concat([Buffer.from('a = "Grüße 🙂"\nb = "'), Buffer.from([0xff]), Buffer.from('"\nc = "\\xc3\\xa4"')]);
		const { config, warnings } = await folder({ "prosody.cfg.lua": source }).load();
		expect(config.get("*", "a")).toBe("Grüße 🙂");
		expect(config.get("*", "b")).toBe("\ufffd");
		expect(config.get("*", "c")).toBe("ä");
		expect(warnings).toEqual([expect.objectContaining({ option: "b", line: 2, message: expect.stringContaining("UTF-8") })]);
	});

	it("are what was written, whatever it is", async () => {
		const text = fc.string({ unit: "grapheme", maxLength: 10 });
		const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }));
		const { value } = fc.letrec<{ value: ConfigValue; scalar: ConfigValue }>((tie) => ({
			scalar: fc.oneof(
				text,
				number.filter((each) => !Object.is(each, -0)),
				fc.boolean(),
			),
			value: fc.oneof(
				{ maxDepth: 3 },
				tie("scalar"),
				fc.array(tie("value"), { maxLength: 4 }),
				fc.dictionary(text, tie("value"), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
			),
		}));
		const quoted = (each: string): string =>
			`"${[...Buffer.from(each)].map((byte) => `\\${String(byte).padStart(3, "0")}`).join("")}"`;
		const literal = (each: ConfigValue): string => {
			if (typeof each === "string") return quoted(each);
			if (typeof each !== "object") return String(each);
			if (Array.isArray(each)) return `{${each.map(literal).join(";")}}`;
			return `{${Object.entries(each).map(([key, item]) => `[${quoted(key)}] = ${literal(item)}`)}}`;
		};
		const values = fc.sample(value, { numRuns: 500, seed: 7 });
		const { config, warnings } = await folder(values.map((each, index) => `v${index} = ${literal(each)}`).join("\n")).load();
		expect(warnings).toEqual([]);
		for (const [index, each] of values.entries()) expect(config.get("*", `v${index}`)).toEqual(each);
	});

	it("leave out what only Lua could use", async () => {
		const { config, warnings } = await folder("a = function() end\nb = { 1, [true] = 2 }").load();
		expect(config.get("*", "a")).toBeUndefined();
		expect(config.get("*", "b")).toEqual([1]);
		expect(warnings.map((warning) => [warning.option, warning.line])).toEqual([
			["a", 1],
			["b", 2],
		]);
	});

	it("named like Object's own members are values like others", async () => {
		const { config } = await folder(`t = { __proto__ = { polluted = true }, constructor = 1 }\n__proto__ = 5`).load();
		expect(config.get("*", "__proto__")).toBe(5);
		expect(Object.keys(config.get("*", "t") ?? {}).sort()).toEqual(["__proto__", "constructor"]);
		expect(Reflect.get({}, "polluted")).toBeUndefined();
	});

	it("that contain themselves are refused", async () => {
		const error = await folder("\nlocal t = {}\nt.t = t\na = t").fail();
		expect(error).toEqual({ file: expect.stringContaining("prosody.cfg.lua"), line: 4, message: expect.stringContaining("'a'") });
	});
});

describe("reading back", () => {
	it("gives plain values, and nil with a warning for what is not set", async () => {
		const { config, warnings } = await folder(`a = 5\nb = a + 1\nc = missing\nVirtualHost "localhost"\nd = a`).load();
		expect(config.get("*", "b")).toBe(6);
		expect(config.get("*", "c")).toBeUndefined();
		expect(config.raw("localhost")?.has("d")).toBe(false);
		expect(warnings.map((warning) => [warning.line, warning.suggestion])).toEqual([
			[3, '"missing"'],
			[5, '"a"'],
		]);
	});

	it("suggests Lua's constants for other languages'", async () => {
		const { warnings } = await folder("a = yes\nb = False").load();
		expect(warnings.map((warning) => warning.suggestion)).toEqual(["true", "false"]);
	});

	it("lets lists grow, by a call or with append", async () => {
		const { config } = await folder(`
			modules_enabled = { "a" }
			modules_enabled { "b", "c" }
			modules_enabled:append { "d" }:append { "e" }
			limits = { c2s = 1 }
			limits { s2s = 2 }
			VirtualHost "localhost"
			admins = { "x" }
			admins { "y" }
		`).load();
		expect(config.get("*", "modules_enabled")).toEqual(["a", "b", "c", "d", "e"]);
		expect(config.get("*", "limits")).toEqual({ c2s: 1, s2s: 2 });
		expect(config.get("localhost", "admins")).toEqual(["x", "y"]);
	});

	it("lets lists be walked, looked at and used again", async () => {
		const { config } = await folder(`
			list = { "a", "b" }
			count = 0
			for value in list:values() do count = count + 1; last = value end
			first = list:value()[1]
			same = list
			nested = { list, 5 }
			list = list or {}
			list:append(list)
		`).load();
		expect(config.get("*", "count")).toBe(2);
		expect(config.get("*", "last")).toBe("b");
		expect(config.get("*", "first")).toBe("a");
		expect(config.get("*", "list")).toEqual(["a", "b", "a", "b"]);
		expect(config.get("*", "same")).toEqual(["a", "b", "a", "b"]);
		expect(config.get("*", "nested")).toEqual([["a", "b", "a", "b"], 5]);
	});

	it.each([
		["list = {} list = list + { 1 }", ":append"],
		["list = {} list = list .. { 1 }", ":append"],
		["list = {} x = list.foo", ":append"],
		["list = {} x = list[1]", ":values()"],
		['list = {} list "x"', "'='"],
		["list = {} list.append({})", "colon"],
		["list = {} list:append(5)", "number"],
	])("refuses %s", async (source, hint) => {
		const error = await folder(`\n${source}`).fail();
		expect(error.line).toBe(2);
		expect(error.message).toContain(hint);
	});

	it("warns of an option set twice in the same section", async () => {
		const { config, warnings } = await folder(`a = 1\na = 2\nVirtualHost "localhost"\na = 3`).load();
		expect(config.get("*", "a")).toBe(2);
		expect(config.get("localhost", "a")).toBe(3);
		expect(warnings).toEqual([expect.objectContaining({ option: "a", host: "*", line: 2 })]);
	});
});

describe("the environment", () => {
	const environment = { ENJAMB_NAME: "value" };

	it("shows in ENV_ names and os.getenv", async () => {
		const { config, warnings } = await folder(`
			a = ENV_ENJAMB_NAME
			b = ENV_ENJAMB_OTHER
			c = Lua.os.getenv("ENJAMB_NAME")
			d = { ENV_ENJAMB_OTHER or "default" }
		`).load({ environment });
		expect(config.get("*", "a")).toBe("value");
		expect(config.get("*", "b")).toBeUndefined();
		expect(config.get("*", "c")).toBe("value");
		expect(config.get("*", "d")).toEqual(["default"]);
		expect(warnings).toEqual([]);
	});

	it("is the process's own unless given", async () => {
		const { config } = await folder("path = ENV_PATH").load();
		expect(config.get("*", "path")).toBe(process.env["PATH"]);
	});
});

describe("Lua's library", () => {
	it("is there under Lua", async () => {
		const { config, warnings } = await folder(`
			upper = Lua.string.upper("a") .. ("b"):upper()
			joined = Lua.table.concat({ "a", "b" }, ",")
			floor = Lua.math.floor(2.7)
			number, text = Lua.tonumber("12"), Lua.tostring(12)
			kind = Lua.type({})
			date = Lua.os.date("!%Y-%m-%d %H:%M", 86400 * 365 + 60)
			year = Lua.os.date("!*t", 0).year
			now = Lua.os.time()
			length = Lua.utf8.len("äö")
			ok, problem = Lua.pcall(Lua.error, "no")
			picked = Lua.select("#", 1, 2)
			keys = {}
			local t = {}
			for key, value in Lua.pairs({ x = 1 }) do t[#t + 1] = key end
			for _, value in Lua.ipairs({ "y" }) do t[#t + 1] = value end
			keys = t
		`).load();
		expect(warnings.map((warning) => warning.message)).toEqual([expect.stringContaining("'keys' is set a second time")]);
		expect(Object.fromEntries(config.raw("*") ?? [])).toMatchObject({
			upper: "AB",
			joined: "a,b",
			floor: 2,
			number: 12,
			text: "12",
			kind: "table",
			date: "1971-01-01 00:01",
			year: 1970,
			now: expect.any(Number),
			length: 2,
			ok: false,
			problem: "no",
			picked: 2,
			keys: ["x", "y"],
		});
	});

	it("goes through tables with the list part first and in order", async () => {
		const { config } = await folder(`
			local order = {}
			local t = { "a", name = "x", "b", [10] = "ten", "c" }
			for key, value in Lua.pairs(t) do order[#order + 1] = key .. value; t[key] = nil end
			for _ in Lua.pairs({}) do order[#order + 1] = "nothing" end
			pairs_order = order
		`).load();
		const order = config.get("*", "pairs_order");
		expect(Array.isArray(order) && order.slice(0, 3)).toEqual(["1a", "2b", "3c"]);
		expect(Array.isArray(order) && order.slice(3).sort()).toEqual(["10ten", "namex"]);
	});

	it("can be used directly, with a warning", async () => {
		const { config, warnings } = await folder(`a = string.upper("a")`).load();
		expect(config.get("*", "a")).toBe("A");
		expect(warnings).toEqual([expect.objectContaining({ suggestion: "Lua.string", line: 1 })]);
	});

	it("gives way to an option of the same name", async () => {
		const { config, warnings } = await folder(`type = "x"\na = type`).load();
		expect(config.get("*", "a")).toBe("x");
		expect(warnings).toEqual([]);
	});

	it("decodes and encodes JSON", async () => {
		const { config, warnings } = await folder(`
			local json = Lua.require "util.json"
			a = json.decode('{ "list": [1, 2.5, "x"], "truth": true, "none": null, "big": 10737418240 }')
			none = json.decode("null")
			bad, why = Lua.require "prosody.util.json".decode("{")
			b = json.encode({ list = { 1, "x" } })
			c = json.encode({ 1, 2, x = true })
			d = json.encode({ json.null == nil, {} })
		`).load();
		expect(config.get("*", "a")).toEqual({ list: [1, 2.5, "x"], truth: true, big: 10737418240, none: [] });
		expect(config.get("*", "none")).toEqual([]);
		expect(config.get("*", "bad")).toBeUndefined();
		expect(config.get("*", "why")).toEqual(expect.any(String));
		expect(config.get("*", "b")).toBe('{"list":[1,"x"]}');
		expect(config.get("*", "c")).toBe('{"x":true,"__array":[1,2]}');
		expect(config.get("*", "d")).toBe("[false,{}]");
		expect(warnings).toEqual([]);
	});

	it("tells the platform, for configurations that ask", async () => {
		const { config } = await folder(`if Lua.prosody.platform ~= "windows" then pidfile = "x.pid" end`).load();
		expect(config.get("*", "pidfile")).toBe(process.platform === "win32" ? undefined : "x.pid");
	});

	it("collects what is printed as warnings", async () => {
		const { warnings } = await folder(`Lua.print("a", 5, nil)`).load();
		expect(warnings).toEqual([expect.objectContaining({ message: "the configuration printed: a\t5\tnil", line: 1 })]);
	});

	it.each([
		["Lua.os.exit()", "os.exit"],
		["dofile('x')", "cannot open x"],
		["x = ('x'):rep(1e9)", "string too large"],
		["x = Lua.require 'not.there'", "not.there"],
		["assert(io.popen('cat', 'w'))", "only offered for reading"],
	])("refuses %s", async (source, hint) => {
		const error = await folder(`\n${source}`).fail();
		expect(error.line).toBe(2);
		expect(error.message).toContain(hint);
	});
});

describe("what a configuration does beyond naming options", () => {
	it("reads files with io, guarded or not", async () => {
		const place = folder({ "secret.txt": "first\nsecond\n" });
		const path = JSON.stringify(place.file("secret.txt"));
		writeFileSync(
			place.file("prosody.cfg.lua"),
			`
			local f = io.open(${path})
			all = f:read("*a")
			f:close()
			line = Lua.assert(Lua.io.open(${path})):read("*l")
			local lines = {}
			for each in io.lines(${path}) do lines[#lines + 1] = each end
			gathered = lines
			local absent, why = io.open("/nonexistent/file", "r")
			reason = why
			if absent then a = 1 end
			`,
		);
		const { config } = await place.load();
		expect(Object.fromEntries(config.raw("*") ?? [])).toEqual({
			all: "first\nsecond\n",
			line: "first",
			gathered: ["first", "second"],
			reason: "/nonexistent/file: No such file or directory",
		});
	});

	it("runs programs", async () => {
		const { config, warnings } = await folder(`
			local p = io.popen("echo one; echo two; exit 3")
			first, rest = p:read("*l"), p:read("*a")
			local ok, how, code = p:close()
			if not ok then ended = how .. " " .. code end
			done = os.execute("exit 0")
			failed = { os.execute("echo seen; exit 7") }
			shell = os.execute()
		`).load();
		expect(Object.fromEntries(config.raw("*") ?? [])).toMatchObject({
			first: "one",
			rest: "two\n",
			ended: "exit 3",
			done: true,
			shell: true,
		});
		expect(config.get("*", "failed")).toEqual(
			new Map<number, unknown>([
				[2, "exit"],
				[3, 7],
			]),
		);
		expect(warnings.map(({ message }) => message)).toContain("the configuration printed: seen");
	});

	it("finds the libraries that modules find", async () => {
		const place = folder({ "list/b.txt": "", "list/a.txt": "" });
		const path = JSON.stringify(place.file("list"));
		writeFileSync(
			place.file("prosody.cfg.lua"),
			`
			local lfs = require "lfs"
			local names = {}
			for name in lfs.dir(${path}) do if name:sub(1, 1) ~= "." then names[#names + 1] = name end end
			Lua.table.sort(names)
			found = names
			kind = lfs.attributes(${path}, "mode")
			machine = require "socket".dns.gethostname()
			node = Lua.require "prosody.util.pposix".uname().nodename
			local set = require "util.set"
			both = Lua.require "prosody.util.array".collect((set.new { "x" } + set.new { "x" }):items())
			local stringy = require "stringy"
			parts = stringy.split("a:b::c", ":")
			bare = stringy.strip("  x y \\t\\n")
			starts, ends = stringy.startswith("prosody", "pro"), stringy.endswith("prosody", "pro")
			at, times = stringy.find("a-b-c", "-", 3), stringy.count("a-b-c", "-")
			`,
		);
		const { config } = await place.load();
		expect(Object.fromEntries(config.raw("*") ?? [])).toEqual({
			found: ["a.txt", "b.txt"],
			kind: "directory",
			machine: hostname(),
			node: hostname(),
			both: ["x"],
			parts: ["a", "b", "", "c"],
			bare: "x y",
			starts: true,
			ends: false,
			at: 4,
			times: 2,
		});
	});

	it("loads further code", async () => {
		const place = folder({
			"more.lua": "shared = 'from dofile'\nreturn 5",
			"env.lua": "inside = 1",
			"lib/helper.lua": "return { name = ..., twice = function(n) return n * 2 end }",
		});
		const path = (name: string): string => JSON.stringify(place.file(name));
		writeFileSync(
			place.file("prosody.cfg.lua"),
			`
			given = dofile(${path("more.lua")})
			seen = shared
			found, problem = pcall(dofile, "/nonexistent.lua")
			local chunk = loadfile(${path("env.lua")}, "t", {})
			loaded = chunk ~= nil
			chunk()
			none, why = loadfile("/nonexistent.lua")
			made = load("return 1 + 1")()
			package.path = ${JSON.stringify(`${place.file("lib")}/?.lua;`)} .. package.path
			four = require "helper".twice(2)
			Lua._G.global_value = 7
			read_back = global_value
			`,
		);
		const { config } = await place.load();
		expect(Object.fromEntries(config.raw("*") ?? [])).toEqual({
			given: 5,
			seen: "from dofile",
			found: false,
			problem: expect.stringContaining("cannot open /nonexistent.lua"),
			loaded: true,
			why: expect.stringContaining("cannot open /nonexistent.lua"),
			made: 2,
			four: 4,
			read_back: 7,
		});
	});

	it("is Lua 5.4, coroutines and large numbers too", async () => {
		const { config } = await folder(`
			local limit <const> = 1024 * 1024 * 1024 * 10
			quota = limit
			shifted = 1 << 40
			hexadecimal = 0x1FFFFFFFF
			text = ("%d"):format(limit)
			local next_port = coroutine.wrap(function() for i = 0, 2 do coroutine.yield(5222 + i) end end)
			ports = { next_port(), next_port() }
			coroutine.wrap(function() modules = { "a" }; modules:append { "b" } end)()
		`).load();
		expect(Object.fromEntries(config.raw("*") ?? [])).toEqual({
			quota: 10737418240,
			shifted: 2 ** 40,
			hexadecimal: 0x1ffffffff,
			text: "10737418240",
			ports: [5222, 5223],
			modules: ["a", "b"],
		});
	});

	it("says which libraries are compiled C", async () => {
		const place = folder(`package.path = "" local x = require "lpeg_of_nobody"`);
		expect((await place.fail()).message).toContain("neither offered here nor in package.path");
	});
});

describe("files read by a configuration", () => {
	it("are found beside the file that names them", async () => {
		const place = folder({
			"prosody.cfg.lua": `
				contents = FileContents("secret.txt")
				line = FileLine("./secret.txt")
				lines = FileLines("secret.txt")
				kept = FileLine("secret.txt", "*L")
				script = RunScript("script.lua")
				Include "sub/part.cfg.lua"
			`,
			"secret.txt": "first\nsecond\r\n\nlast",
			"sub/secret.txt": "below\n",
			"sub/part.cfg.lua": `part = FileLine("secret.txt")`,
			"script.lua": "helper = 5\nreturn string.rep('x', helper)",
		});
		const { config, warnings, files } = await place.load();
		expect(config.get("*", "contents")).toBe("first\nsecond\r\n\nlast");
		expect(config.get("*", "line")).toBe("first");
		expect(config.get("*", "lines")).toEqual(["first", "second\r", "", "last"]);
		expect(config.get("*", "kept")).toBe("first\n");
		expect(config.get("*", "script")).toBe("xxxxx");
		expect(config.raw("*")?.has("helper")).toBe(false);
		expect(config.get("*", "part")).toBe("below");
		expect(files).toEqual([place.file("prosody.cfg.lua"), place.file("sub/part.cfg.lua")]);
		expect(warnings).toEqual([]);
	});

	it("may be credentials handed over by the system", async () => {
		const place = folder({ "prosody.cfg.lua": `secret = Credential("turn")`, "credentials/turn": "geheim" });
		const environment = { CREDENTIALS_DIRECTORY: place.file("credentials") };
		const { config } = await place.load({ environment });
		expect(config.get("*", "secret")).toBe("geheim");
	});

	it("are an error or a warning when there is no folder of credentials", async () => {
		const place = folder(`\nsecret = Credential("turn")`);
		const error = await place.fail({ environment: {} });
		expect(error).toMatchObject({ line: 2, message: expect.stringContaining("CREDENTIALS_DIRECTORY") });
		const { config, warnings } = await place.load({ environment: {}, missing_credentials: "warn" });
		expect(config.get("*", "secret")).toBeUndefined();
		expect(warnings).toEqual([expect.objectContaining({ line: 2, message: expect.stringContaining("CREDENTIALS_DIRECTORY") })]);
	});

	it.each([
		[`x = FileContents("missing.txt")`, "no such file"],
		[`x = FileLines("missing.txt")`, "no such file"],
		[`x = FileContents(".")`, "directory"],
		[`x = FileLine("empty.txt")`, "empty"],
		[`x = FileLine()`, "nothing"],
		[`x = FileContents("empty.txt", "n")`, '"n"'],
		[`x = FileContents("/dev/zero")`, "regular file"],
		[`x = FileContents("large.txt")`, "1000 bytes"],
		[`x = RunScript("missing.lua")`, "no such file"],
	])("are errors when they cannot be read: %s", async (source, hint) => {
		const place = folder({ "prosody.cfg.lua": `\n${source}`, "empty.txt": "", "large.txt": "x".repeat(1001) });
		const error = await place.fail({ limits: { file_bytes: 1000 } });
		expect(error.line).toBe(2);
		expect(error.message).toContain(hint);
	});
});

describe("Include", () => {
	it("runs files with a section of their own and returns to the section it stands in", async () => {
		const { config } = await folder({
			"prosody.cfg.lua": `VirtualHost "a.example"\nInclude "part.cfg.lua"\nx = "in a"`,
			"part.cfg.lua": `global = true\nVirtualHost "b.example"\nx = "in b"`,
		}).load();
		expect(config.raw("*")?.get("global")).toBe(true);
		expect(config.get("a.example", "x")).toBe("in a");
		expect(config.get("b.example", "x")).toBe("in b");
	});

	it("takes patterns, in alphabetical order and without hidden files", async () => {
		const place = folder({
			"prosody.cfg.lua": `Include "conf.d/*.cfg.lua"\ninclude "more/?.lua"`,
			"conf.d/20-b.cfg.lua": `VirtualHost "b.example"`,
			"conf.d/10-a.cfg.lua": `VirtualHost "a.example"`,
			"conf.d/.hidden.cfg.lua": `VirtualHost "hidden.example"`,
			"conf.d/notes.txt": "not Lua at all",
			"conf.d/xcfgxlua": "not Lua at all",
			"more/1.lua": `VirtualHost "one.example"`,
			"more/10.lua": `VirtualHost "ten.example"`,
		});
		const { config, files } = await place.load();
		expect(config.hosts()).toEqual(["a.example", "b.example", "one.example"]);
		expect(files).toHaveLength(4);
	});

	it("is content with a pattern that nothing matches", async () => {
		const { files } = await folder({ "prosody.cfg.lua": `Include "conf.d/*.cfg.lua"`, "conf.d/README": "" }).load();
		expect(files).toHaveLength(1);
	});

	it("works from a relative path", async () => {
		const place = folder({ "prosody.cfg.lua": `Include "conf.d/*.lua"`, "conf.d/a.lua": `VirtualHost "a.example"` });
		const upwards = process.cwd().replace(/[^/]+/g, "..").slice(1);
		const result = await load_config(join(upwards, place.path, "prosody.cfg.lua"));
		expect(result.ok && result.value.config.hosts()).toEqual(["a.example"]);
	});

	it.each([
		[`Include "missing.cfg.lua"`, "no such file"],
		[`Include "missing.d/*.lua"`, "no such directory"],
		[`Include "conf.d"`, "directory"],
		[`Include "*/part.lua"`, "last part"],
		["Include()", "nothing"],
		["Include {}", "table"],
		[`Include "prosody.cfg.lua"`, "circle"],
		[`Include "circle.lua"`, "circle"],
	])("is an error where it stands: %s", async (source, hint) => {
		const place = folder({
			"prosody.cfg.lua": `\n\n${source}`,
			"circle.lua": `\n\nInclude "prosody.cfg.lua"`,
			"conf.d/x.lua": "",
		});
		const error = await place.fail();
		expect(error.line).toBe(3);
		expect(error.message).toContain(hint);
	});

	it("passes on errors of the included file with their own place", async () => {
		const place = folder({
			"prosody.cfg.lua": `Include "sub/*.lua"`,
			"sub/part.lua": `Include "deeper.cfg"`,
			"sub/deeper.cfg": "a = 1\nb = {\n",
		});
		expect(await place.fail()).toEqual({
			file: place.file("sub/deeper.cfg"),
			line: 3,
			message: expect.stringContaining("<eof>"),
		});
	});

	it("does not go down without end", async () => {
		const files: Record<string, string> = { "prosody.cfg.lua": `Include "f1.lua"` };
		for (let index = 1; index < 60; index += 1) files[`f${index}.lua`] = `Include "f${index + 1}.lua"`;
		const place = folder(files);
		const error = await place.fail();
		expect(error.file).toBe(place.file("f20.lua"));
		expect(error.message).toContain("20 levels");
	});

	it("does not go round in circles through links either", async () => {
		const place = folder({ "prosody.cfg.lua": `Include "link/prosody.cfg.lua"` });
		symlinkSync(place.path, place.file("link"));
		expect((await place.fail()).message).toContain("20 levels");
	});

	it("does not take any number of files", async () => {
		const place = folder({ "prosody.cfg.lua": `for i = 1, 100 do Include "part.lua" end`, "part.lua": "" });
		expect((await place.fail({ limits: { files: 50 } })).message).toContain("50 files");
	});
});

describe("errors", () => {
	it.each([
		[`VirtulHost "localhost"`, "VirtualHost"],
		[`Virtualhost "localhost"`, "VirtualHost"],
		[`Componet "c.localhost" "muc"`, "Component"],
		[`Transport "x"`, "expected VirtualHost, Component or Include"],
		[`admins { "a@localhost" }`, "'='"],
		[`modules_enabled "ping"`, "'='"],
		["VirtualHost localhost", "quotes"],
		["VirtualHost(localhost)", "quotes"],
		[`VirtualHost { "x" }`, "table"],
		[`VirtualHost ""`, "expected a host name"],
		[`VirtualHost "*"`, "expected a host name"],
		[`VirtualHost "a\\0b"`, "expected a host name"],
		[`VirtualHost "two words"`, "expected a host name"],
		[`VirtualHost "a\\u{200e}b"`, "expected a host name"],
		[`Component()`, "nothing"],
		[`VirtualHost "c.localhost" "muc"`, "no module name"],
		[`VirtualHost "c.localhost" (5)`, "number"],
		[`Component "c.localhost" (5)`, "number"],
		[`Component "c.localhost" "muc" "more"`, "string"],
		["admins = { romeo@localhost }", "quotes"],
		[`admins = { "a" "b" }`, "comma"],
		["name = “text”", "plain quotes"],
		[`name = "text`, "quote"],
		["name == 5", "name = value"],
		["name = example.com", "quotes"],
		["name = ", "ends too early"],
		[`logs = logs.."x"`, "quotes"],
		["Lua.error('my own words')", "my own words"],
		["Lua.error({})", "table"],
		["Lua.assert(false, 'my own words')", "my own words"],
		["local function f() return f() + 1 end f()", "without end"],
	])("say what was expected: %s", async (source, hint) => {
		// a busy machine may need longer than usual for 200,000 calls
		const error = await folder(`\n\n${source}`).fail({ limits: { seconds: 250 } });
		expect(error.line).toBe(3);
		expect(error.message).toContain(hint);
		expect(error.message).not.toContain("(config");
	});

	it("tell when a host is already a component, and the reverse", async () => {
		const first = await folder(`Component "a.example" "muc"\nVirtualHost "A.example"`).fail();
		expect(first).toMatchObject({ line: 2, message: expect.stringContaining("muc") });
		const second = await folder(`VirtualHost "a.example"\nComponent "a.example" "muc"`).fail();
		expect(second).toMatchObject({ line: 2, message: expect.stringContaining("conference.a.example") });
	});

	it("tell what is wrong with the file itself", async () => {
		const place = folder({ "prosody.cfg.lua": "", "sub/x": "", "large.lua": "x".repeat(200), "binary.lua": "\x1bLua" });
		const message = async (name: string) => {
			const result = await load_config(place.file(name), { limits: { file_bytes: 100 } });
			return result.ok ? undefined : result.error;
		};
		expect(await message("missing.lua")).toEqual({
			file: place.file("missing.lua"),
			message: expect.stringContaining("no such file"),
		});
		expect(await message("prosody.cfg.lua/x.lua")).toMatchObject({ message: expect.stringContaining("no such file") });
		expect(await message("large.lua")).toEqual({ file: place.file("large.lua"), message: expect.stringContaining("100 bytes") });
		expect(await message("binary.lua")).toEqual({ file: place.file("binary.lua"), message: expect.stringContaining("text") });
		expect(await message("config.json")).toMatchObject({ message: expect.stringContaining(".lua") });
		symlinkSync(place.file("sub"), place.file("folder.lua"));
		expect(await message("folder.lua")).toEqual({
			file: place.file("folder.lua"),
			message: expect.stringContaining("directory"),
		});
		symlinkSync(place.file("circle.lua"), place.file("circle.lua"));
		expect(await message("circle.lua")).toMatchObject({ message: expect.stringContaining("circle") });
	});

	it("accept a byte order mark, with a warning", async () => {
		const { config, warnings } = await folder("\ufeffa = 1").load();
		expect(config.get("*", "a")).toBe(1);
		expect(warnings).toEqual([expect.objectContaining({ line: 1, message: expect.stringContaining("byte order mark") })]);
	});
});

describe("limits", () => {
	it.each(["while true do end", "repeat local x = {} until false", "for i = 1, math.huge do end", "::a:: goto a"])(
		"end an endless loop: %s",
		async (source) => {
			const error = await folder(`\n\n${source}`).fail({ limits: { seconds: 1 } });
			expect(error).toMatchObject({ line: 3, message: expect.stringContaining("does not end") });
		},
	);

	it("end functions that call themselves, however deep they are", async () => {
		const error = await folder("\n\nlocal function f() return f() + 1 end f()").fail({ limits: { seconds: 0.02 } });
		expect(error).toMatchObject({ line: 3, message: expect.stringContaining("does not end") });
	});

	it("cannot be caught by the configuration", async () => {
		const error = await folder(`while true do Lua.pcall(function() while true do end end) end`).fail({
			limits: { seconds: 1 },
		});
		expect(error.message).toContain("does not end");
	});

	it("hold for scripts and included files as well", async () => {
		const place = folder({ "prosody.cfg.lua": `x = RunScript "loop.lua"`, "loop.lua": "\nwhile true do end" });
		expect(await place.fail({ limits: { seconds: 1 } })).toMatchObject({ file: place.file("loop.lua"), line: 2 });
	});

	it("end what takes too much memory", async () => {
		const source = `local t = {} while true do t[#t + 1] = { #t } end`;
		const error = await folder(source).fail({ limits: { memory_bytes: 64 * 1024 * 1024 } });
		expect(error).toMatchObject({ line: 1, message: expect.stringContaining("too much memory") });
	});

	it("leave room for a file of a mebibyte", async () => {
		const lines: string[] = [];
		let size = 0;
		while (size < 1024 * 1024) {
			const line = `option_${lines.length} = { "value ${lines.length}"; number = ${lines.length} }`;
			lines.push(line);
			size += line.length + 1;
		}
		const { config, warnings } = await folder(lines.join("\n")).load();
		expect(warnings).toEqual([]);
		expect(config.raw("*")?.size).toBe(lines.length);
		expect(config.location("*", `option_${lines.length - 1}`)?.line).toBe(lines.length);
	});

	it("do not let warnings pile up", async () => {
		const { warnings } = await folder(`for i = 1, 5000 do local x = _ENV["name" .. i] end`).load();
		expect(warnings).toHaveLength(1000);
	});
});

describe("real files", () => {
	const debian = "/etc/prosody/prosody.cfg.lua";

	it.skipIf(!readable(debian))("of Debian are read without a complaint", async () => {
		const result = await load_config(debian);
		if (!result.ok) throw new Error(result.error.message);
		const { config, warnings } = result.value;
		expect(warnings).toEqual([]);
		expect(check_options(config)).toEqual([]);
		expect(config.hosts().length).toBeGreaterThan(0);
		expect(config.get("*", "modules_enabled")).toEqual(expect.arrayContaining(["disco", "roster", "saslauth"]));
	});
});
