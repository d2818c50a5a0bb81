import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { check_modules, find_lua_module, type ModuleContext } from "../../../../host/cli/check/modules.ts";
import { Config, type ConfigValue } from "../../../../host/core/configmanager.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): string {
	const full = join(folder, path);
	mkdirSync(dirname(full), { recursive: true });
	writeFileSync(full, text);
	return full;
}

const syntax_error = (source: string, file: string): string | undefined =>
	source.includes("(;") ? `${file}:1: unexpected symbol near ';'` : undefined;
const surface = {
	libraries: new Set(["util.jid"]),
	library_source: (name: string) => (name === "inspect" ? "return {}" : undefined),
	module_methods: new Set(["hook", "depends", "require"]),
	syntax_error,
};

function context(more: Partial<ModuleContext> = {}): ModuleContext {
	const built_in = new Set([
		"presence",
		"message",
		"iq",
		"offline",
		"c2s",
		"muc",
		"ping",
		"auth_insecure",
		"s2s",
		"s2s_auth_certs",
	]);
	return { built_in, folders: [folder], prosody_folders: [], surface, ...more };
}

function config(options: Record<string, ConfigValue>, sections: Record<string, Record<string, ConfigValue>> = {}): Config {
	return Config.from({ "*": options, "example.com": {}, ...sections });
}

const messages = (result: ReturnType<typeof check_modules>) =>
	result.findings.map(
		({ severity, message, expected }) => `${severity}: ${message}${expected === undefined ? "" : ` (${expected})`}`,
	);

describe("modules that a configuration names", () => {
	it("are found built in, in TypeScript and in Lua", () => {
		write("mod_mine.ts", "export default () => {};");
		const lua = write("mod_yours/mod_yours.lua", 'local jid = require "prosody.util.jid"; module:hook("x", jid)');
		const checked = check_modules(config({ modules_enabled: ["ping", "mine", "yours"] }), context());
		expect(checked.findings).toEqual([]);
		const named = checked.modules.filter(({ name }) => ["ping", "mine", "yours"].includes(name));
		expect(named.map(({ name, found, runs }) => [name, found, runs])).toEqual([
			["ping", "built in", "yes"],
			["mine", "typescript", "unknown"],
			["yours", "lua", "yes"],
		]);
		expect(named[2]?.file).toBe(lua);
	});

	it("are missed where they are nowhere, more so the more depends on them", () => {
		const checked = check_modules(
			config({ modules_enabled: ["nothing"], authentication: "ldap" }, { "rooms.example.com": { component_module: "chat" } }),
			context(),
		);
		expect(messages(checked).map((text) => text.split(",")[0])).toEqual([
			"warning: mod_nothing is neither built in nor in plugin_paths",
			"error: mod_auth_ldap is neither built in nor in plugin_paths",
			"error: mod_chat is neither built in nor in plugin_paths",
		]);
	});

	it("tell what they need that is missing, in their parts too", () => {
		write("mod_big/mod_big.lua", 'module:require "part"\nmodule:depends "gone"; module:depends("maybe", true)');
		write("mod_big/part.lib.lua", '\nmodule:broadcast("x"); require "net.unbound"; module:require "mod_big"');
		const [only] = messages(check_modules(config({ modules_enabled: ["big"] }), context()));
		expect(only).toContain("mod_big");
		expect(only).toContain(
			"(missing: mod_gone (line 2), module:broadcast (part.lib.lua line 2), net.unbound (part.lib.lua line 2))",
		);
	});

	it("run where they miss something only later", () => {
		write("mod_a.lua", 'function module.command() require "util.xmppstream" end');
		const { modules, findings } = check_modules(config({ modules_enabled: ["a"] }), context());
		expect(modules.find(({ name }) => name === "a")?.runs).toBe("partly");
		expect(findings.map(({ severity, expected }) => [severity, expected])).toEqual([
			["info", "missing: util.xmppstream (line 1)"],
		]);
	});

	it("do not run where one that they depend on does not", () => {
		write("mod_a.lua", 'module:depends "b"');
		write("mod_b/b/mod_b.lua", 'module:depends "a"; require "net.server"');
		const [only] = messages(check_modules(config({ modules_enabled: ["a"] }), context()));
		expect(only).toContain("missing: mod_b (line 1)");
	});

	it("run where a part that is only taken later misses something", () => {
		write("mod_a/mod_a.lua", 'function module.command() module:require "test" end');
		write("mod_a/test.lib.lua", 'require "ssl.https"');
		const { modules } = check_modules(config({ modules_enabled: ["a"] }), context());
		expect(modules.find(({ name }) => name === "a")?.runs).toBe("partly");
	});

	it("do not run in Lua where no Lua runs", () => {
		write("mod_a.lua", "");
		const [only] = messages(check_modules(config({ modules_enabled: ["a"] }), context({ surface: undefined })));
		expect(only).toContain("is in Lua");
	});

	it("are taken in Lua where that is preferred", () => {
		write("muc/mod_muc.lua", 'require "util.other"');
		const rooms = { "rooms.example.com": { component_module: "muc" } };
		expect(messages(check_modules(config({}, rooms), context()))).toEqual([]);
		const [only] = messages(check_modules(config({ prefer_lua_modules: ["muc"] }, rooms), context()));
		expect(only).toContain("error: mod_muc");
	});

	it("are said to be built in all the same where their Lua is preferred and not taken", () => {
		write("mod_ping.lua", "-- replaced");
		const since = {
			...surface,
			replaced_since: (text: string) => (text.includes("replaced") ? "pings are built in" : undefined),
		};
		const options = { modules_enabled: ["ping", "offline"], prefer_lua_modules: ["ping", "offline", "gone"] };
		expect(messages(check_modules(config(options), context({ surface: since }))).sort()).toEqual([
			"warning: prefer_lua_modules names gone, and there is no such module",
			"warning: prefer_lua_modules names offline, and what is built in is loaded all the same (there is no mod_offline.lua in plugin_paths)",
			"warning: prefer_lua_modules names ping, and what is built in is loaded all the same (pings are built in)",
		]);
		const elsewhere = { "rooms.example.com": { component_module: "muc", prefer_lua_modules: ["muc"] } };
		expect(messages(check_modules(config({}, elsewhere), context())).join()).toContain("there is no mod_muc.lua in plugin_paths");
	});

	it("are looked for in Prosody's own folder too, and not on hosts that are switched off", () => {
		write("own/mod_x.lua", "");
		const options = { modules_enabled: ["x"] };
		const own = context({ folders: [], prosody_folders: [join(folder, "own")] });
		expect(messages(check_modules(config(options), own))).toEqual([]);
		const off = Config.from({ "*": options, "example.com": { enabled: false } });
		expect(check_modules(off, context()).modules).toEqual([]);
	});

	it("name what Prosody loads without being told", () => {
		const without = context({ built_in: new Set([...context().built_in].filter((name) => name !== "s2s")) });
		expect(messages(check_modules(config({}), without)).join()).toContain("mod_s2s");
		expect(messages(check_modules(config({ modules_disabled: ["s2s"] }), without))).toEqual([]);
	});

	it("hand on the options that they read", () => {
		write("mod_a.lua", 'module:get_option_string("favourite_tea")');
		const { modules } = check_modules(config({ modules_enabled: ["a"] }), context());
		expect(modules.find(({ name }) => name === "a")?.options).toEqual(["favourite_tea"]);
	});
});

describe("find_lua_module", () => {
	it("takes the first folder that has one", () => {
		const first = write("a/mod_x.lua", "");
		write("b/mod_x.lua", "");
		expect(find_lua_module([join(folder, "a"), join(folder, "b")], "x")).toBe(first);
		expect(find_lua_module([folder], "x")).toBeUndefined();
	});

	it("are said not to load where they cannot be parsed, or export nothing", () => {
		write("mod_torn.ts", "export default (module) => {\n\tmodule.hook(;\n};");
		write("mod_silent.ts", "export const x = 1;");
		write("mod_named.js", "module.exports = { load() {} };");
		write("mod_lost.ts", 'import "../../check/nowhere.ts";\nexport default () => {};');
		write("mod_cut.lua", "module:hook(;");
		const checked = check_modules(config({ modules_enabled: ["torn", "silent", "named", "lost", "cut"] }), context());
		expect(messages(checked)).toEqual([
			expect.stringMatching(/^warning: mod_torn cannot be loaded.*mod_torn\.ts:2:\d+: /),
			expect.stringMatching(/^warning: mod_silent cannot be loaded.*exports no function/),
			expect.stringMatching(/^warning: mod_lost cannot be loaded.*nowhere/),
			expect.stringMatching(/^warning: mod_cut cannot be loaded.*mod_cut\.lua:1: unexpected symbol/),
		]);
	});
});
