import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { known_differences } from "../../../tools/compare/known_differences.ts";
import { login_differences } from "../../../tools/compare/login_differences.ts";

describe("the list of known differences", () => {
	it.each(known_differences.map(({ id, shown_by }) => [id, shown_by ?? "no script"]))(
		"has a script that shows %s: %s",
		(_, script) => {
			const folder = join(import.meta.dirname, "../../scansion");
			expect([join(folder, script), join(folder, "configured", script)].some((path) => existsSync(path))).toBe(true);
		},
	);

	it("has no name twice", () => {
		const ids = [...known_differences, ...login_differences].map(({ id }) => id);
		expect(ids).toEqual([...new Set(ids)]);
	});
});
