import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearestName } from "../../../../host/core/config/nearest_name.ts";

describe("editDistance", () => {
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
		expect(editDistance(left, right, 10)).toBe(distance);
	});

	it("is the same both ways, zero for equals only, and no more than the longer word", () => {
		const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
		fc.assert(
			fc.property(word, word, (left, right) => {
				const distance = editDistance(left, right, 10);
				expect(editDistance(right, left, 10)).toBe(distance);
				expect(distance === 0).toBe(left === right);
				expect(distance).toBeLessThanOrEqual(Math.max(left.length, right.length));
			}),
		);
	});

	it("stops beyond its limit, and only there", () => {
		const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
		fc.assert(
			fc.property(word, word, fc.nat(5), (left, right, limit) => {
				expect(editDistance(left, right, limit)).toBe(Math.min(editDistance(left, right, 10), limit + 1));
			}),
		);
	});
});

describe("nearestName", () => {
	const names = ["modules_enabled", "modules_disabled", "admins", "log"];

	it.each([
		["modules_enbled", "modules_enabled"],
		["module_enabled", "modules_enabled"],
		["Modules_Disabled", "modules_disabled"],
		["amdins", "admins"],
		["lgo", "log"],
	])("takes %s for %s", (name, meant) => {
		expect(nearestName(name, names)).toBe(meant);
	});

	it("does not guess when nothing is near", () => {
		expect(nearestName("greeting", names)).toBeUndefined();
		expect(nearestName("x", names)).toBeUndefined();
	});
});
