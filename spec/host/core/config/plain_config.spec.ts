// What is read without a Lua is what Lua gives.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compose_server } from "../../../../host/composition.ts";
import type { Config, ConfigValue } from "../../../../host/core/config/config.ts";
import { read_plain_config } from "../../../../host/core/config/plain_config.ts";
import { default_config, type LoadedConfig } from "../../../../host/core/configmanager.ts";
import { run_config } from "../../../../lua-shims/entrance.ts";
import { config_folders } from "./config_folder.ts";

const folder = config_folders();
const limits = { seconds: 20, memory_bytes: 512 * 1024 * 1024, include_depth: 20, file_bytes: 4 * 1024 * 1024, files: 1000 };

function make_server() {
	const config = default_config("");
	config.set("*", "storage", "memory");
	config.set("*", "modules_disabled", ["s2s", "tls"]);
	const server = compose_server(config, { log: [] });
	if (!server.ok) throw new Error(server.error);
	return server.value;
}

function in_lua(path: string) {
	return run_config(make_server, { path, limits, environment: {}, missing_credentials: "error" });
}

/** A value with the order of its entries. */
function ordered(value: ConfigValue | undefined): unknown {
	if (Array.isArray(value)) return value.map(ordered);
	if (value instanceof Map) return { map: [...value].map(([key, entry]) => [key, ordered(entry)]) };
	if (typeof value === "object") return { table: Object.entries(value).map(([key, entry]) => [key, ordered(entry)]) };
	return Object.is(value, -0) ? "-0" : value;
}

function all_of(config: Config): unknown {
	return ["*", ...config.hosts()].map((host) => [
		host,
		[...(config.raw(host) ?? [])].map(([key, value]) => [key, ordered(value), config.location(host, key)]),
	]);
}

/** What is read without Lua, which has to be what Lua gives; undefined where it is left to Lua. */
function checked(path: string): LoadedConfig | undefined {
	const plain = read_plain_config(path, limits);
	if (plain === undefined) return undefined;
	const run = in_lua(path);
	if (!run.ok) throw new Error(`Lua refuses what was read: ${run.error.line}: ${run.error.message}`);
	expect(all_of(plain.config)).toEqual(all_of(run.value.config));
	expect(plain.files).toEqual(run.value.files);
	expect(run.value.warnings).toEqual([]);
	return plain;
}

function checked_text(text: string | Readonly<Record<string, string | Uint8Array>>): LoadedConfig | undefined {
	return checked(folder(text).file("prosody.cfg.lua"));
}

describe("a configuration is read without a Lua", () => {
	it.each([
		["nothing", ""],
		["texts", `a = "x" b = 'y "z"' c = "it's\\n\\t\\\\ \\"so\\"" d = "ü"; e = ""`],
		["long texts", "a = [[\nfirst\nsecond]] b = [==[ x ]] y ]==] c = 1"],
		["numbers", "a = 1; b = 0 c = -5 d = 1.5 e = 1024 * 1024 * 10 f = 100000000000000 g = -2 * 3 h = 007 i = 2.50 j = 0.000001"],
		["truth", "a = true b = false c = nil"],
		["lists", `a = { "x", "y"; 'z' } b = {} c = { { 1, 2 }, { } , } d = {\n"x";\n"y";\n}`],
		[
			"tables",
			`a = { b = 1, ["c d"] = { e = true }; f = {} } g = { ["h"] = "i" } k = { z = 1, a = 2, z = 3, ["10"] = 1, ["9"] = 2 }`,
		],
		["lists with names", `log = { info = "a.log", "*console"; error = "b", "*syslog" }`],
		[
			"comments",
			`-- first\na = 1 -- after\n--[[ long\n b = 2 ]] c = 3 --[==[ ]] ]==] d = 4 --[ not long\n--[=not\ne = { -- in\n 1, --[[ x ]] 2 }\n--`,
		],
		["hosts", `a = 1 VirtualHost "A.example" a = 2 b = { 1 } VirtualHost 'b.example'\nenabled = false Host "c.example"; d = 1`],
		["components", `Component "c.example" "muc"\nname = "x" Component "d.example" component_secret = "s" component "e.example"`],
		["semicolons", ";;; a = 1;; b = 2;"],
		[
			"odd names",
			`__proto__ = { __proto__ = 1 } constructor = "x" _ = 1 toString = { toString = 2 } VirtualHost "h" __proto__ = 2`,
		],
		["lines", `\n\na =\n\n"x"\nb\n=\n{\n1\n}\n\nVirtualHost\n"h"\n\nc = [[\n\n]]\n`],
	])("%s", (_what, text) => {
		expect(checked_text(text)).toBeDefined();
	});

	it("with the files that it includes", () => {
		const files = {
			"prosody.cfg.lua": `a = 1 VirtualHost "x" Include "conf.d/*.cfg.lua" b = 2 Include "more.lua"`,
			"conf.d/1.cfg.lua": `c = 3 VirtualHost "y" d = 4 a = 5`,
			"conf.d/2.cfg.lua": `a = 6 Component "z" "muc" e = 5`,
			"conf.d/other": "f(",
			"more.lua": "g = { 1 }",
		};
		const found = checked_text(files);
		expect(found?.files).toHaveLength(4);
		expect(found?.config.get("x", "b")).toBe(2);
		expect(found?.config.get("*", "a")).toBe(6);
		expect(checked_text({ "prosody.cfg.lua": `Include "nothing/*.lua"` })).toBeUndefined();
	});
});

describe("what only Lua knows, or has something to say about, is left to it", () => {
	it.each([
		["calls", `a = os.getenv("HOME")`],
		["other options", "a = 1 b = a"],
		["operators", `a = "x" .. "y"`],
		["sums", "a = 1 + 1"],
		["fractions of products", "a = 0.1 * 3"],
		["long products", "a = 1000000000 * 1000000000"],
		["hexadecimal", "a = 0x10"],
		["exponents", "a = 1e3"],
		["large numbers", "a = 9007199254740993"],
		["minus nothing", "a = -0"],
		["escapes with numbers", `a = "\\065"`],
		["escapes that are none", 'a = "\\\u2028"'],
		["the place of all names", "_ENV = 1"],
		["lines that go on", 'a = "x\\\ny"'],
		["statements", "local a = 1"],
		["fields", "a.b = 1"],
		["more than one value", "a, b = 1, 2"],
		["numbered entries", "a = { [1] = 2 }"],
		["holes", "a = { nil, 1 }"],
		["options behind a host", `VirtualHost "x" { a = 1 }`],
		["brackets", `VirtualHost("x")`],
		["module behind a VirtualHost", `VirtualHost "x" "muc"`],
		["words that are set", `VirtualHost = "x"`],
		["environment", "a = ENV_X"],
		["an option set twice", "a = 1 a = 2"],
		["a host defined twice", `VirtualHost "x" Component "x" "muc"`],
		["names that are none", `VirtualHost "a b"`],
		["missing files", `Include "nothing"`],
		["files", `a = FileContents "prosody.cfg.lua"`],
		["errors", "a = { 1"],
		["endless texts", 'a = "x'],
		["endless comments", "a = 1 --[[ x"],
		["keywords", "end = 1"],
		["keywords in tables", "a = { end = 1 }"],
		["true = 1", "true = 1"],
		["a first line for shells", "#!/usr/bin/prosody\na = 1"],
		["other ends of lines", "a = 1\r\nb = 2"],
		["what is called", `a = { 1 } ("x")`],
		["deep tables", `a = ${"{".repeat(70)}${"}".repeat(70)}`],
	])("%s", (_what, text) => {
		expect(checked_text(text)).toBeUndefined();
	});

	it("bytes that are no UTF-8", () => {
		expect(checked_text({ "prosody.cfg.lua": Uint8Array.from([...Buffer.from('a = "'), 0xff, 0x22]) })).toBeUndefined();
	});

	it("circles, and more files than may be", () => {
		const { file } = folder({ "prosody.cfg.lua": `Include "other.cfg.lua"`, "other.cfg.lua": `Include "prosody.cfg.lua"` });
		expect(read_plain_config(file("prosody.cfg.lua"), limits)).toBeUndefined();
		const { file: short } = folder("a = 1");
		expect(read_plain_config(short("prosody.cfg.lua"), { ...limits, file_bytes: 4 })).toBeUndefined();
	});
});

describe("configurations that people start with", () => {
	const root = resolve(import.meta.dirname, "../../../..");
	const source = process.env["PROSODY_SOURCE"];
	const files = ["/etc/prosody/prosody.cfg.lua", join(root, "tools/debian/enjamb.cfg.lua")];
	if (source !== undefined) files.push(join(source, "prosody.cfg.lua.dist"));
	it.each(files.filter((file) => existsSync(file)))("%s", (file) => {
		const copied = folder({ "prosody.cfg.lua": readFileSync(file), "conf.d/x.cfg.lua": "", "certs/x": "" });
		checked(copied.file("prosody.cfg.lua"));
	});
});

describe("any text", () => {
	const words = fc.constantFrom(
		..."a b VirtualHost Component Include true false nil end local = = = { } { } [ ] ( ) , ; - * . 1 2.5 1e2 0x1 ..".split(" "),
		...[
			'"x"',
			"'y'",
			'"h.example"',
			"[[z]]",
			"[=[\n]]\n]=]",
			"--",
			"--[[",
			"]]",
			"--[==[",
			'"\\n"',
			'"\\z"',
			'"',
			"\n",
			"\n",
			'["k"] =',
		],
	);
	const plain_value = fc.constantFrom('"x"', "5", "true", "{ 1, b = 2 }", "{ { c = 'd' }; }", "nil", "-3", "2 * 3", "[[\n]]");
	const statement = fc.oneof(
		fc.tuple(fc.constantFrom(..."abcdefgh"), plain_value).map(([name, value]) => `${name} = ${value}`),
		fc.constantFrom(
			'VirtualHost "x"',
			'VirtualHost "y"',
			'Component "z" "muc"',
			'Component "w"',
			"-- c\n",
			"--[[ \n ]]",
			";",
			"\n",
		),
	);
	it("of statements with a few words between them", () => {
		fc.assert(
			fc.property(
				fc.array(fc.oneof({ weight: 12, arbitrary: statement }, { weight: 1, arbitrary: words }), { maxLength: 12 }),
				(parts) => {
					checked_text(parts.join(" "));
				},
			),
			{ numRuns: 300 },
		);
	});
	it("of words", () => {
		fc.assert(
			fc.property(fc.array(words, { maxLength: 14 }), fc.constantFrom("", " "), (parts, between) => {
				checked_text(`a = ${parts.join(between)}`);
			}),
			{ numRuns: 300 },
		);
	});
});
