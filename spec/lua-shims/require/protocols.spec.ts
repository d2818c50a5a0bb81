import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { protocols } from "../../../lua-shims/require/protocols.ts";
import { structures } from "../../../lua-shims/require/structures.ts";
import { find_prosody } from "../../../tools/reference.ts";
import { left_out } from "../../needs.ts";
import { create_lua, type TestLua } from "../lua.ts";

/*
 * Each library has a test in Lua that prints lines, NAME.test.lua, and beside it what Prosody's own library prints there,
 * NAME.expected.txt. It runs with ours on the host, and where Prosody is installed on its library and on ours in plain Lua.
 */

const tests = import.meta.dirname;

/** Libraries that stand only in TypeScript, and have a test like those in Lua. */
const bound = ["util.rsm"];
const names = [...Object.keys(protocols), ...bound];
const libraries = resolve(tests, "../../../lua-shims/require");

/** The path of a library below `require/`, without ending: `util/rsm`, and `socket/url` of what is not Prosody's. */
const library_path = (name: string): string => name.replaceAll(".", "/");

const lua = ["lua5.4", "lua"].find((name) => spawnSync(name, ["-v"]).status === 0);

/** The folder of the installed Prosody's libraries, as its executable names it; or that of a built checkout. */
function prosody_folder(): string | undefined {
	const executable = find_prosody(process.env["ENJAMB_REFERENCE"]);
	if (executable === undefined) return undefined;
	const installed = /^CFG_SOURCEDIR='([^']+)'/m.exec(readFileSync(executable, "utf8"))?.[1];
	return installed ?? dirname(executable);
}

/** The head of what a test prints only of libraries as they are since version 13. */
const since_13 = "# since 13\n";

const prosody = prosody_folder();
const reason = lua === undefined ? "Lua is not installed" : prosody === undefined ? "Prosody is not installed" : undefined;
const is_left_out = left_out(reason, "libraries are not compared with the originals");

/** Runs Lua amid Prosody's libraries. */
function run_lua(code: string, ...files: string[]): { stdout: string; stderr: string; status: number | null } {
	// Since version 13 its libraries name each other `prosody.util.x`, and this loader finds them.
	const loader = prosody !== undefined && existsSync(join(prosody, "loader.lua")) ? 'require "loader"\n' : "";
	return spawnSync(lua ?? "lua", ["-e", loader + code, ...files], {
		encoding: "utf8",
		timeout: 120_000,
		env: { ...process.env, TZ: "UTC", LUA_PATH: `${prosody}/?.lua;;`, LUA_CPATH: `${prosody}/?.so;;` },
	});
}

/** Some libraries are of one version only, or of a package that is not installed. */
const has_original = (name: string): boolean => run_lua(`require ${JSON.stringify(name)}`).status === 0;

/** Runs a library's test under Lua, on Prosody's libraries or with all of ours in their places, and gives what it prints. */
function run(name: string, ours: boolean): string {
	const preload = [`package.preload["report"] = assert(loadfile(${JSON.stringify(join(tests, "report.lua"))}))`];
	for (const other of ours ? Object.keys({ ...structures, ...protocols }) : []) {
		const file = join(libraries, `${library_path(other)}.lua`);
		preload.push(`package.preload[${JSON.stringify(other)}] = assert(loadfile(${JSON.stringify(file)}))`);
	}
	const { stdout, stderr, status } = run_lua(preload.join("\n"), join(tests, `${library_path(name)}.test.lua`));
	expect(stderr).toBe("");
	expect(status).toBe(0);
	return stdout;
}

/** The same on the host. */
function run_on_host(lua: TestLua, name: string): string {
	const report = readFileSync(join(tests, "report.lua"), "utf8");
	const test = readFileSync(join(tests, `${library_path(name)}.test.lua`), "utf8");
	const lines = lua.lines(`
		local report = (function() ${report} end)()
		local require_library = require
		local function require(name) if name == "report" then return report end return require_library(name) end
		${test}`);
	return lines.map((line) => `${line}\n`).join("");
}

describe("libraries that know XMPP", () => {
	let host: TestLua;
	beforeAll(async () => {
		host = await create_lua();
	});
	afterAll(() => host.stop());

	it("are listed, each with a test", () => {
		const found = readdirSync(tests, { recursive: true, encoding: "utf8" })
			.filter((file) => file.endsWith(".expected.txt"))
			.map((file) => file.slice(0, -".expected.txt".length).replaceAll("/", "."));
		expect(found.sort()).toEqual(expect.arrayContaining(names));
	});

	for (const name of names) {
		const expected = (): string => readFileSync(join(tests, `${library_path(name)}.expected.txt`), "utf8");
		it(`${name} does on the host what is expected`, () => {
			expect(run_on_host(host, name)).toBe(expected());
		});

		/** A test leaves out its last part where the library, or one beside it, has not what that is about. */
		const expected_for = (output: string): string =>
			output.includes(since_13) ? expected() : (expected().split(since_13)[0] ?? "");

		it.skipIf(is_left_out)(`${name} does what the original does`, () => {
			if (has_original(name)) {
				const original = run(name, false);
				expect(original).toBe(expected_for(original));
			} else {
				console.info(`${name} is not compared: there is no original here`);
			}
			if (bound.includes(name)) return;
			const ours = run(name, true);
			expect(ours).toBe(expected_for(ours));
		});
	}
});
