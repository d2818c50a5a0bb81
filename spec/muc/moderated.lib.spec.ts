import { describe, expect, it } from "vitest";
import { Rig } from "./rig.ts";

describe("moderated rooms", () => {
	it("begin with visitors, but for who has an affiliation", () => {
		const { room } = new Rig({}, { moderated: true });
		expect(([undefined, "outcast", "member", "admin", "owner"] as const).map((one) => room.get_default_role(one))).toEqual([
			"visitor",
			undefined,
			"participant",
			"moderator",
			"moderator",
		]);
	});

	it("do not matter where rooms are members-only", () => {
		const { room } = new Rig({}, { moderated: true, members_only: true });
		expect(room.get_default_role(undefined)).toBeUndefined();
	});

	it("keep visitors from speaking", () => {
		const rig = new Rig({}, { moderated: true });
		rig.join("a@example.org/x", "a");
		expect(rig.say("a@example.org/x", (message) => message.body("hello"))).toBe("auth/forbidden");
	});
});
