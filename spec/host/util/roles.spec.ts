import { describe, expect, it } from "vitest";
import { is_role, Role } from "../../../host/util/roles.ts";

describe("a role", () => {
	it("denies what nobody allowed", () => {
		const role = new Role();
		expect(role.may("anything")).toBe(false);
		expect(role.policy("anything")).toBeUndefined();
		expect([role.name, role.inherits, is_role(role), is_role({ may: () => true })]).toEqual(["", [], true, false]);
	});

	it("is made with permissions", () => {
		for (const permissions of [{ yes: true, no: false }, new Map([["yes", true] as const, ["no", false] as const])]) {
			const role = new Role({ permissions });
			expect([role.may("yes"), role.may("no")]).toEqual([true, false]);
		}
	});

	it("names itself in logs", () => {
		const role = new Role({ name: "prosody:member" });
		expect(String(role)).toBe(`role<[${role.id}] prosody:member>`);
		expect(String(new Role())).toMatch(/\[no name]/);
		expect(new Role().id).not.toBe(role.id);
	});

	it("keeps a policy unless it is overwritten", () => {
		const role = new Role();
		expect(role.set_permission("x", true)).toEqual({ ok: true, value: true });
		expect(role.set_permission("x", true).ok).toBe(true);
		expect(role.set_permission("x", false)).toEqual({ ok: false, error: "policy-already-exists" });
		expect(role.may("x")).toBe(true);
		expect(role.set_permission("x", false, true).ok).toBe(true);
		expect(role.may("x")).toBe(false);
		expect(role.set_permission("x", undefined, true).ok).toBe(true);
		expect(role.own_policy("x")).toBeUndefined();
	});
});

describe("inheritance", () => {
	it("goes up all the way, as things are at the time of asking", () => {
		const grandparent = new Role();
		const child = new Role({ inherits: [new Role({ inherits: [grandparent] })] });
		expect(child.may("x")).toBe(false);
		grandparent.set_permission("x", true);
		expect([child.may("x"), child.own_policy("x")]).toEqual([true, undefined]);
		grandparent.set_permission("x", false, true);
		expect(child.may("x")).toBe(false);
	});

	// own policy, that of the first parent, that of the second
	it.each([
		[true, undefined, false, true],
		[undefined, false, true, false],
		[undefined, true, false, true],
		[undefined, undefined, false, false],
		[undefined, undefined, true, true],
		[false, true, true, false],
	])("of %s, %s and %s is %s", (own, first, second, expected) => {
		const role = (policy: boolean | undefined, inherits: Role[] = []): Role =>
			new Role({ inherits, permissions: policy === undefined ? {} : { x: policy } });
		expect(role(own, [role(first), role(second)]).may("x")).toBe(expected);
	});

	it("lists all policies", () => {
		const parent = new Role({ permissions: { b: true } });
		const child = new Role({ permissions: { a: false }, inherits: [parent] });
		expect([...child.policies()]).toEqual([
			["a", false],
			["b", true],
		]);
	});
});

describe("a clone", () => {
	it("is the same role with an id of its own", () => {
		const parent = new Role({ permissions: { inherited: true } });
		const original = new Role({
			name: "x",
			description: "d",
			default: true,
			priority: 5,
			inherits: [parent],
			permissions: { p: true },
		});
		const clone = original.clone();
		expect(clone).toMatchObject({ name: "x", description: "d", default: true, priority: 5 });
		expect([clone.may("p"), clone.may("inherited")]).toEqual([true, true]);
		expect(clone.id).not.toBe(original.id);
	});

	it("changes alone", () => {
		const original = new Role({ name: "x", permissions: { p: true } });
		const clone = original.clone({ name: "y" });
		original.set_permission("p", false, true);
		original.set_permission("q", true);
		clone.set_permission("r", true);
		expect([clone.name, clone.may("p"), clone.may("q"), original.may("r")]).toEqual(["y", true, false, false]);
	});
});
