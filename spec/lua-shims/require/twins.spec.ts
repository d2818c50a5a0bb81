// What MODULES.md says of libraries that are in Lua and in TypeScript: each that is there in both is named, and rightly.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { natives } from "../../../lua-shims/require/natives.ts";
import { protocols } from "../../../lua-shims/require/protocols.ts";
import { structures } from "../../../lua-shims/require/structures.ts";

const root = resolve(import.meta.dirname, "../../..");
const page = readFileSync(resolve(root, "lua-shims/MODULES.md"), "utf8");

/** How often each library stands, by its name. */
const rows = new Map(
	[...page.matchAll(/^\| `(util\.[a-z0-9_.]+)` \| (once|twice) \| \S/gm)].map(([, name = "", times = ""]) => [name, times]),
);
const named = (times: string): string[] => [...rows].filter(([, its]) => its === times).map(([name]) => name);

/** Files below `util/` with an ending, as names of libraries. */
function libraries_in(folder: string, ending: string): string[] {
	return readdirSync(resolve(root, folder), { recursive: true, encoding: "utf8" })
		.filter((file) => file.endsWith(ending))
		.map((file) => `util.${file.slice(0, -ending.length).replaceAll("/", ".")}`);
}

describe("libraries in Lua and in TypeScript", () => {
	const in_typescript = new Set(libraries_in("host/util", ".ts"));

	it("that stand twice are named", () => {
		const twice = libraries_in("lua-shims/require/util", ".lua").filter((name) => in_typescript.has(name));
		expect(named("twice").sort()).toEqual(twice.sort());
	});

	it.each(named("once"))("%s stands once", (name) => {
		expect(in_typescript).toContain(name);
		expect(natives).toHaveProperty([name]);
		expect({ ...protocols, ...structures }).not.toHaveProperty([name]);
		expect(existsSync(resolve(root, `lua-shims/require/${name.replaceAll(".", "/")}.lua`))).toBe(false);
	});
});
