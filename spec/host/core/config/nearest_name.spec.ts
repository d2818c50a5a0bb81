import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edit_distance, nearest_name } from "../../../../host/core/config/nearest_name.ts";

describe("edit_distance", () => {
	it.each([
		["", "", 0],
		["abc", "abc", 0],
		["abc", "abd", 1],
		["abc", "ab", 1],
		["abc", "xabc", 1],
		["abc", "acb", 1],
		["ca", "abc", 3],
		["kitten", "sitting", 3],
	])("from %o to %o is %i", (left, right, distance) => {
		expect(edit_distance(left, right, 10)).toBe(distance);
	});

	it("is the same both ways, zero for equals only, and no more than the longer word", () => {
		const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
		fc.assert(
			fc.property(word, word, (left, right) => {
				const distance = edit_distance(left, right, 10);
				expect(edit_distance(right, left, 10)).toBe(distance);
				expect(distance === 0).toBe(left === right);
				expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
			}),
		);
	});

	it("stops beyond its limit, and only there", () => {
		const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
		fc.assert(
			fc.property(word, word, fc.nat(5), (left, right, limit) => {
				expect(edit_distance(left, right, limit)).toBe(Math.min(edit_distance(left, right, 10), limit + 1));
			}),
		);
	});
});

describe("nearest_name", () => {
	const names = ["modules_enabled", "modules_disabled", "admins", "log"];

	it.each([
		["modules_enbled", "modules_enabled"],
		["module_enabled", "modules_enabled"],
		["Modules_Disabled", "modules_disabled"],
		["amdins", "admins"],
		["lgo", "log"],
	])("takes %s for %s", (name, meant) => {
		expect(nearest_name(name, names)).toBe(meant);
	});

	it("does not guess when nothing is near", () => {
		expect(nearest_name("greeting", names)).toBeUndefined();
		expect(nearest_name("x", names)).toBeUndefined();
	});
});
