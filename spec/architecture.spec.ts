import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const folders = ["host", "muc", "lua-shims", "tools"].filter((folder) => existsSync(join(root, folder)));

interface Import {
	readonly from: string;
	readonly to: string;
	readonly type_only: boolean;
}

function source_files(folder: string): string[] {
	return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
		.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
		.map((name) => join(folder, name));
}

/** Every import of one of our files by another, dynamic ones too; `import type` and `export type` are marked. */
function imports_of(file: string): Import[] {
	const text = readFileSync(join(root, file), "utf8");
	const found: Import[] = [];
	const add = (specifier: string, type_only: boolean): void => {
		if (specifier.startsWith("."))
			found.push({ from: file, to: relative(root, resolve(root, dirname(file), specifier)), type_only });
	};
	for (const match of text.matchAll(/^(?:import\s+(type\s)?|export\s+(type\s)?(?=[{*]))[^;"']*?["']([^"']+)["']/gm)) {
		const [statement, imports_type, exports_type, specifier = ""] = match;
		const names = /\{([^}]*)\}/
			.exec(statement)?.[1]
			?.split(",")
			.filter((name) => name.trim() !== "");
		const all_types = names !== undefined && names.length > 0 && names.every((name) => name.trim().startsWith("type "));
		add(specifier, (imports_type ?? exports_type) !== undefined || all_types);
	}
	for (const match of text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g)) {
		// `import("./x.ts").Name` in a type is no dependency at run time.
		const is_type = text[(match.index ?? 0) + match[0].length] === ".";
		add(match[1] ?? "", is_type);
	}
	return found;
}

const files = folders.flatMap(source_files);
const imports = files.flatMap(imports_of);

/** The layer of a file, by the longest prefix that names one. */
function layer(file: string): string {
	const layers = ["lua-shims/vm", "host/util", "host/net", "host/core", "host/plugins", "host", "muc", "lua-shims", "tools"];
	return layers.find((name) => file.startsWith(`${name}/`)) ?? "top";
}

/** What each layer may import values of. */
const allowed: { readonly [layer: string]: readonly string[] } = {
	"host/util": ["host/util"],
	"host/net": ["host/net", "host/util"],
	"host/core": ["host/core", "host/net", "host/util", "lua-shims/vm"],
	"host/plugins": ["host/plugins", "host/core", "host/util"],
	// Lua itself: configuration files run in it, and modules
	"lua-shims/vm": ["lua-shims/vm", "host/util"],
	host: ["host", "host/plugins", "host/core", "host/net", "host/util", "muc", "lua-shims", "tools", "top"],
	muc: ["muc", "host/util"],
	"lua-shims": ["lua-shims", "lua-shims/vm", "host/plugins", "host/core", "host/net", "host/util", "muc"],
	tools: ["tools", "host/util"],
};

/** What a layer may besides see the types of. */
const allowed_types: { readonly [layer: string]: readonly string[] } = {
	"host/net": ["host/core"],
	muc: ["host/core"],
};

/** Where imports come back to the file that they started from. */
function cycles_of(list: readonly Import[]): string[] {
	const graph = new Map<string, string[]>();
	for (const { from, to } of list) graph.set(from, [...(graph.get(from) ?? []), to]);
	const done = new Set<string>();
	const cycles: string[] = [];
	const visit = (file: string, path: readonly string[]): void => {
		const start = path.indexOf(file);
		if (start >= 0) {
			cycles.push([...path.slice(start), file].join(" → "));
			return;
		}
		if (done.has(file)) return;
		for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
		done.add(file);
	};
	for (const file of graph.keys()) visit(file, []);
	return cycles;
}

const show = (list: readonly Import[]): string[] => list.map(({ from, to }) => `${from} imports ${to}`);

describe("imports point downward", () => {
	it("sees the imports there are", () => {
		expect(files.length).toBeGreaterThan(50);
		expect(imports.length).toBeGreaterThan(files.length);
	});

	it("keeps to the layers", () => {
		const wrong = imports.filter(({ from, to, type_only }) => {
			const values = allowed[layer(from)] ?? [];
			return !values.includes(layer(to)) && !(type_only && allowed_types[layer(from)]?.includes(layer(to)));
		});
		expect(show(wrong)).toEqual([]);
	});

	it("lets muc see no more of the core than its types", () => {
		const wrong = imports.filter(
			({ from, to }) => layer(from) === "muc" && layer(to) === "host/core" && to !== "host/core/types.ts",
		);
		expect(show(wrong)).toEqual([]);
	});

	it("keeps room features apart: none imports a sister", () => {
		const shared = ["muc/util.lib.ts", "muc/occupant.lib.ts"];
		const is_feature = (file: string): boolean =>
			/^muc\/[a-z_]+\.lib\.ts$/.test(file) && !["muc/muc.lib.ts", ...shared].includes(file);
		const wrong = imports.filter(({ from, to }) => is_feature(from) && is_feature(to));
		expect(show(wrong)).toEqual([]);
	});

	it("lets only the composition root see Lua, rooms and tools from the host", () => {
		const is_root = (file: string): boolean =>
			/^host\/cli\/[a-z_]+\.ts$/.test(file) || ["host/composition.ts", "host/package.ts", "host/testing.ts"].includes(file);
		const wrong = imports.filter(
			({ from, to }) => from.startsWith("host/") && ["lua-shims", "muc", "tools"].includes(layer(to)) && !is_root(from),
		);
		expect(show(wrong)).toEqual([]);
	});

	it("has no cycles, those of types included", () => {
		expect(cycles_of(imports)).toEqual([]);
	});
});

describe("files", () => {
	it("are named after their counterpart on the first line", () => {
		const silent = files.filter(
			(file) => !/^(#!.*\n)?\/\/ (Counterpart|No counterpart)/.test(readFileSync(join(root, file), "utf8")),
		);
		expect(silent).toEqual([]);
	});

	it("hold no state of their own: no `let` at the top level", () => {
		const stateful = files.filter((file) => /^(export )?let /m.test(readFileSync(join(root, file), "utf8")));
		expect(stateful).toEqual([]);
	});

	it("do not tell the compiler to look away, outside the border to Lua", () => {
		const wrong = files
			.filter((file) => !file.startsWith("lua-shims/"))
			.filter((file) => /: any\b|\bas any\b|<any>|@ts-ignore|@ts-expect-error/.test(readFileSync(join(root, file), "utf8")));
		expect(wrong).toEqual([]);
	});
});
