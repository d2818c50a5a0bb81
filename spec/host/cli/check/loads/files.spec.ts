import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { modules_in } from "../../../../../host/cli/check/loads/files.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-spec-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("finds modules in each of Prosody's layouts, and in folders of a collection", () => {
	for (const path of [
		"mod_b.lua",
		"mod_c/mod_c.lua",
		"mod_c/part.lib.lua",
		"mod_d/d/mod_d.lua",
		"collection/mod_a/mod_a.lua",
		"mod_b.lib.lua",
		"README.md",
		".hg/mod_z.lua",
	]) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), "");
	}
	const found = modules_in(folder);
	expect(found.map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
	expect(found.map(({ folders }) => folders[0])).toEqual([join(folder, "collection/mod_a"), folder, folder, folder]);
});
