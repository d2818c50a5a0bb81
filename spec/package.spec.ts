// The package as module authors get it: packed, and unpacked in a folder of theirs.

import { execFileSync, spawnSync } from "node:child_process";
import {
	chmodSync,
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
let folder: string;

/** What runs in the author's folder printed, with its exit status. */
function run(command: string, ...args: string[]): { status: number | null; output: string } {
	const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
	return { status, output: stdout + stderr };
}

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-package-"));
	const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd: root });
	const unpacked = join(folder, "node_modules/enjamb");
	mkdirSync(unpacked, { recursive: true });
	execFileSync("tar", ["xzf", join(folder, packed.toString().trim()), "-C", unpacked, "--strip-components", "1"]);
	// What an installation would bring along
	for (const name of readdirSync(join(root, "node_modules"))) {
		if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
	}
	cpSync(join(root, "spec/package"), folder, { recursive: true });
	writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the package", () => {
	it.each(["bundler", "nodenext"])("gives its types to a module and its test (%s)", (resolution) => {
		const module_kind = resolution === "bundler" ? "esnext" : resolution;
		const compiler = join(root, "node_modules/typescript/bin/tsc");
		const options = ["--noEmit", "--strict", "--target", "es2022", "--module", module_kind, "--moduleResolution", resolution];
		const { output } = run(process.execPath, compiler, ...options, "mod_shout.ts", "mod_shout.test.ts");
		expect(output).toBe("");
	});

	it("refuses a module that is wrong about an event", () => {
		writeFileSync(
			join(folder, "mod_wrong.ts"),
			'import type { ModuleApi } from "enjamb";\nexport default (module: ModuleApi) => module.hook("muc-no-such-event", () => undefined);\n',
		);
		const compiler = join(root, "node_modules/typescript/bin/tsc");
		const { output } = run(process.execPath, compiler, "--noEmit", "--strict", "--module", "nodenext", "mod_wrong.ts");
		expect(output).toMatch(/mod_wrong\.ts\(2,.*muc-no-such-event/);
	});

	it("knows of modules on hosts, in events and in the server", () => {
		writeFileSync(
			join(folder, "mod_sees_modules.ts"),
			`import type { ModuleApi } from "enjamb";
export default (module: ModuleApi) => {
	module.hook("module-loaded", ({ module: name }) => module.log("info", "%s: %d", name, module.host_session().modules.size));
	return module.server.modulemanager.is_loaded(module.host, "muc");
};
`,
		);
		const compiler = join(root, "node_modules/typescript/bin/tsc");
		const { output } = run(process.execPath, compiler, "--noEmit", "--strict", "--module", "nodenext", "mod_sees_modules.ts");
		expect(output).toBe("");
	});

	it("runs the module's test, with a server in the test", () => {
		const entry = join(folder, "mod_shout.test.ts");
		buildSync({ entryPoints: [entry], outfile: join(folder, "mod_shout.test.mjs"), format: "esm", logLevel: "error" });
		const { status, output } = run(process.execPath, "--test", "mod_shout.test.mjs");
		expect({ status, output }).toMatchObject({ status: 0, output: expect.stringMatching(/# pass 1\n/) });
	});

	const see_code =
		'const { load, scripts } = require("./node_modules/enjamb/dist/loader.js"); load(process.argv[1]); console.log([...scripts.values()].map((script) => String(script.cachedDataRejected)).sort().join(" "));';

	it("brings along what the compiler made of it, which fits how it is started", () => {
		const pieces = join(folder, "node_modules/enjamb/dist/chunks");
		const [piece = ""] = readdirSync(pieces).filter((name) => /^package-.*\.js$/.test(name));
		const see = (...options: string[]): string => run(process.execPath, ...options, "-e", see_code, piece).output.trim();
		expect(new Set(see("--max-semi-space-size=4").split(" ").slice(0, -1))).toEqual(new Set(["false"]));
		// With other options it is compiled anew
		expect(see("--stack-size=900")).toContain("true");
		// What others may have written is not taken
		for (const name of readdirSync(pieces)) if (name.endsWith(".code")) chmodSync(join(pieces, name), 0o666);
		expect(new Set(see("--max-semi-space-size=4").split(" "))).toEqual(new Set(["undefined"]));
	});

	// Node looks at its length only
	it.each<[string, RegExp, (bytes: Buffer) => Buffer]>([
		["was not written whole", /\.code$/, (bytes) => bytes.fill(0, bytes.length / 2)],
		["is empty", /\.code$/, () => Buffer.alloc(0)],
		// A line's end becomes a blank
		["was made of other pieces", /\.js$/, (bytes) => bytes.fill(" ", bytes.length - 1)],
	])("does not run what the compiler made where it %s", (_what, files, change) => {
		const dist = join(folder, "node_modules/enjamb/dist");
		const whole = join(folder, "whole");
		rmSync(whole, { recursive: true, force: true });
		cpSync(dist, whole, { recursive: true });
		const pieces = join(dist, "chunks");
		const [piece = ""] = readdirSync(pieces).filter((name) => /^package-.*\.js$/.test(name));
		for (const name of readdirSync(pieces)) {
			const file = join(pieces, name);
			chmodSync(file, 0o644);
			if (files.test(name)) writeFileSync(file, change(readFileSync(file)));
		}
		const { status, output } = run(process.execPath, "--max-semi-space-size=4", "-e", see_code, piece);
		rmSync(dist, { recursive: true });
		cpSync(whole, dist, { recursive: true });
		expect({ status, states: new Set(output.trim().split(" ")) }).toEqual({ status: 0, states: new Set(["undefined"]) });
	});
});
