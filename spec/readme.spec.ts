// The table of what clients find: each specification that it names is spoken of by a spec that it names beside it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const section = readme.split("## What clients find")[1]?.split("\n## ")[0] ?? "";

interface Row {
	readonly feature: string;
	readonly specifications: readonly string[];
	readonly files: readonly string[];
}

/** Files by the names of the last column: a name that does not begin with `spec/` is in the folder of the one that did. */
function files_of(cell: string): string[] {
	let folder = "";
	return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => {
		if (!name.startsWith("spec/")) return join(folder, name);
		folder = dirname(name);
		return name;
	});
}

const rows: readonly Row[] = section
	.split("\n")
	.filter((line) => /^\| .*(XEP-|RFC )/.test(line))
	.map((line) => {
		const [, feature = "", specifications = "", , tried_by = ""] = line.split("|");
		return {
			feature: feature.trim(),
			specifications: specifications.match(/(?:XEP-|RFC )\d{4}/g) ?? [],
			files: files_of(tried_by),
		};
	});

/** The files that a name stands for, which may have one star. */
function named(file: string): string[] {
	const [begin, end] = basename(file).split("*");
	if (begin === undefined || end === undefined) return [file];
	const names = readdirSync(join(root, dirname(file))).filter((name) => name.startsWith(begin) && name.endsWith(end));
	return names.map((name) => join(dirname(file), name));
}

describe("the table of what clients find", () => {
	it("has rows with files", () => {
		expect(rows.length).toBeGreaterThan(10);
		for (const { feature, files } of rows) expect(files, feature).not.toEqual([]);
	});

	it.each(rows.flatMap(({ feature, files }) => files.map((file) => [feature, file] as const)))("%s: there is %s", (_, file) => {
		const found = named(file);
		expect(found).not.toEqual([]);
		for (const name of found) expect(existsSync(join(root, name))).toBe(true);
	});

	it.each(rows.flatMap((row) => row.specifications.map((name) => [row.feature, name, row] as const)))(
		"%s: a spec beside it speaks of %s",
		(_, name, { files }) => {
			const speaks = files
				.flatMap(named)
				.filter((file) => existsSync(join(root, file)) && readFileSync(join(root, file), "utf8").includes(name));
			expect(speaks, `none of ${files.join(", ")} speaks of ${name}`).not.toEqual([]);
		},
	);
});
