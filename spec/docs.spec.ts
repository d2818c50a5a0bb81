import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { known_option, known_options } from "../host/core/config/known_options.ts";
import { all_option_reads, indirect, literal, type OptionRead, option_reads } from "./option_reads.ts";

const root = join(import.meta.dirname, "..");
const page = "muc/OPTIONS.md";

const types: { readonly [kind: string]: string } = { array: "list", set: "list", inherited_set: "list" };

interface Documented {
	readonly type: string;
	readonly default_value: string;
	readonly section: string;
}

/** The cells of a table's row. */
function cells(row: string): string[] {
	return row
		.slice(1, row.lastIndexOf("|"))
		.split("|")
		.map((cell) => cell.trim());
}

/** The rows of all tables of the page by option; what is in capitals stands for something else, as `*` does in reads. */
function documented(): Map<string, Documented> {
	const found = new Map<string, Documented>();
	for (const row of readFileSync(join(root, page), "utf8").split("\n")) {
		if (!row.startsWith("| `")) continue;
		const [option = "", type = "", default_value = "", section = "", meaning = "", ...rest] = cells(row);
		const name = option.replaceAll("`", "").replace(/[A-Z]+/, "*");
		expect(found.has(name), `${name} is there twice`).toBe(false);
		expect([meaning.length > 3, rest], `the row of ${name}`).toEqual([true, []]);
		found.set(name, { type, default_value, section });
	}
	return found;
}

/** All reads by option, with the indirect ones in place. */
function reads_by_option(): Map<string, OptionRead[]> {
	const found = new Map<string, OptionRead[]>();
	for (const read of all_option_reads(root, ["host", "muc", "lua-shims"])) {
		for (const name of read.name === undefined ? (indirect[read.file] ?? []) : [read.name]) {
			found.set(name, [...(found.get(name) ?? []), read]);
		}
	}
	return found;
}

describe("options", () => {
	const table = documented();
	const reads = reads_by_option();

	it("are all documented, and no others", () => {
		expect(reads.size).toBeGreaterThan(120);
		expect([...table.keys()].sort()).toEqual([...reads.keys()].sort());
	});

	it("that are read through a variable are named", () => {
		const unnamed = all_option_reads(root, ["host", "muc"]).filter(({ name }) => name === undefined);
		expect([...new Set(unnamed.map(({ file }) => file))].sort()).toEqual(Object.keys(indirect).sort());
		for (const [file, names] of Object.entries(indirect)) {
			const text = readFileSync(join(root, file), "utf8");
			expect(names.filter((name) => !text.includes(`"${name}"`))).toEqual([]);
		}
	});

	it("have the type that they are read as", () => {
		const wrong: string[] = [];
		for (const [name, places] of reads) {
			const kinds = new Set(places.flatMap(({ kind }) => (kind === undefined ? [] : [types[kind] ?? kind])));
			const type = table.get(name)?.type;
			if (kinds.size > 0 && (kinds.size > 1 || !kinds.has(type ?? ""))) wrong.push(`${name}: ${type}, read as ${[...kinds]}`);
		}
		expect(wrong).toEqual([]);
	});

	it("have the default that they are read with", () => {
		const wrong: string[] = [];
		for (const [name, places] of reads) {
			const told = table.get(name)?.default_value ?? "";
			for (const { default_value, file, line } of places) {
				const wanted = literal(default_value);
				if (wanted !== undefined && !told.includes(`\`${wanted}\``)) wrong.push(`${name}: ${told}, in ${file}:${line} ${wanted}`);
			}
			const simple = /^`("[^"`]*"|-?[\d.]+|true|false)`$/.exec(told)?.[1];
			const known = known_options[name]?.default;
			if (simple !== undefined && known !== undefined && JSON.stringify(known) !== simple) {
				wrong.push(`${name}: ${told}, known as ${known}`);
			}
		}
		expect(wrong).toEqual([]);
	});

	it("are global where nothing else is asked", () => {
		const wrong = [...reads].filter(
			([name, places]) => table.get(name)?.section !== (places.every(({ is_global }) => is_global) ? "global" : "any"),
		);
		expect(wrong.map(([name]) => name)).toEqual([]);
	});

	it("are known to who checks configurations", () => {
		const names = [...reads.keys()].filter((name) => !name.includes("*"));
		expect(names.filter((name) => known_option(name) === undefined)).toEqual([]);
	});

	it("are found however they are read", () => {
		const text = `
			const a = module.get_option_string("a", f("x, y", [1, 2]));
			const b = this.module.get_option_enum<A | B>(
				"b",
				"one, or two",
				"three",
			);
			const c = module.get_option_boolean("c", module.get_option_boolean("d", true));
			const e = server.config.get("*", \`\${service}_e\`) ?? config.get(host, name);
			config.raw(host)?.get("f");
			get_option_string("not a call of a module");`;
		expect(
			option_reads(text, "x.ts").map(({ name, kind, default_value, is_global, line }) => [
				name,
				kind,
				default_value,
				is_global,
				line,
			]),
		).toEqual([
			["a", "string", 'f("x, y", [1, 2])', false, 2],
			["b", "enum", '"one, or two"', false, 3],
			["c", "boolean", 'module.get_option_boolean("d", true)', false, 8],
			["d", "boolean", "true", false, 8],
			["*_e", undefined, undefined, true, 9],
			[undefined, undefined, undefined, false, 9],
			["f", undefined, undefined, false, 10],
		]);
		expect(["1024 * 256", "-1", '"5 minutes"', "[]", "true", "f()", undefined].map(literal)).toEqual([
			"262144",
			"-1",
			'"5 minutes"',
			"{}",
			"true",
			undefined,
			undefined,
		]);
	});
});

const pages = [
	"README.md",
	"CONTRIBUTING.md",
	"SECURITY.md",
	"CHANGELOG.md",
	"host/ADMINISTRATION.md",
	"muc/OPTIONS.md",
	"lua-shims/MODULES.md",
	"tools/COMPARE.md",
	"tools/PERFORMANCE.md",
];
const text_of = (file: string): string => readFileSync(join(root, file), "utf8");

/** A heading's anchor, as forges make it. */
function anchor(heading: string): string {
	return heading
		.toLowerCase()
		.replace(/[^\p{L}\p{N} _-]/gu, "")
		.replaceAll(" ", "-");
}

describe("the documents", () => {
	it.each(pages)("%s links to files and headings that there are", (file) => {
		const wrong: string[] = [];
		for (const [, target = ""] of text_of(file).matchAll(/\]\((?![a-z]+:)([^)]+)\)/g)) {
			const [path = "", heading] = target.split("#");
			const linked = path === "" ? file : join(dirname(file), path);
			if (!existsSync(join(root, linked))) wrong.push(target);
			else if (heading !== undefined) {
				const headings = [...text_of(linked).matchAll(/^#+ (.+)$/gm)].map(([, words = ""]) => anchor(words));
				if (!headings.includes(heading)) wrong.push(target);
			}
		}
		expect(wrong).toEqual([]);
	});

	it("are all linked to from the README", () => {
		const targets = [...text_of("README.md").matchAll(/\]\(([^)#]+)/g)].map(([, target = ""]) => target);
		expect(pages.filter((file) => file !== "README.md" && !targets.includes(file))).toEqual([]);
	});

	it("keep the README short", () => {
		expect(text_of("README.md").split("\n").length).toBeLessThanOrEqual(200);
	});

	it("show the example module and its test as they are tried", () => {
		const modules = text_of("lua-shims/MODULES.md");
		for (const file of ["spec/package/mod_shout.ts", "spec/package/mod_shout.test.ts"]) {
			expect(modules).toContain(`\`\`\`ts\n${text_of(file)}\`\`\``);
		}
	});
});

describe("CONTRIBUTING", () => {
	it("tells where files are that there are", () => {
		const heading = "## Where things are, and where in Prosody";
		const rows =
			text_of("CONTRIBUTING.md")
				.split(`${heading}\n`)[1]
				?.split("\n\nImports")[0]
				?.split("\n")
				.filter((row) => row.startsWith("| `")) ?? [];
		expect(rows.length).toBeGreaterThan(5);
		const missing: string[] = [];
		for (const row of rows) {
			let folder = "";
			for (const [, path = ""] of (cells(row)[1] ?? "").matchAll(/`([^`]+)`/g)) {
				const is_here = [path, join(folder, path), `${join(folder, path)}.ts`].some(exists);
				if (!is_here) missing.push(path);
				if (path.includes("/")) folder = path.endsWith("/") ? path : dirname(path);
			}
		}
		expect(missing).toEqual([]);
	});

	/** Whether there is such a file, or one for each `*` or `x` in its name. */
	function exists(path: string): boolean {
		if (existsSync(join(root, path))) return true;
		const folder = join(root, dirname(path));
		const pattern = new RegExp(
			`^${path
				.slice(path.lastIndexOf("/") + 1)
				.replaceAll(".", "\\.")
				.replace(/\*|\bx\b/, ".+")}$`,
		);
		return existsSync(folder) && readdirSync(folder).some((name) => pattern.test(name));
	}
});
