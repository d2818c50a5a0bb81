import { describe, expect, it } from "vitest";
import { to_broadcast_roles } from "../../muc/presence_broadcast.lib.ts";
import { owner, presences, Rig } from "./rig.ts";

const field = "muc#roomconfig_presencebroadcast";

describe("presence broadcast", () => {
	it("is for everybody in the room when not told otherwise", () => {
		const rig = new Rig();
		expect(rig.room.get_presence_broadcast()).toEqual({ visitor: true, participant: true, moderator: true });
		expect(rig.fields().get(field)).toMatchObject({
			type: "list-multi",
			value: ["visitor", "participant", "moderator"],
			options: ["none", "visitor", "participant", "moderator"],
		});
	});

	it("says whether setting it changed something", () => {
		const { room } = new Rig();
		expect(room.set_presence_broadcast(undefined)).toBe(false);
		expect(room.set_presence_broadcast({ moderator: true, participant: true, visitor: true })).toBe(false);
		expect(room._data.presence_broadcast).toBeUndefined();
		expect(room.set_presence_broadcast({ moderator: true })).toBe(true);
		expect(room.set_presence_broadcast({ moderator: true })).toBe(false);
		expect(room.set_presence_broadcast(undefined)).toBe(true);
		expect(room._data.presence_broadcast).toEqual({ visitor: true, participant: true, moderator: true });
	});

	it("is configured by its field, nobody included", () => {
		const rig = new Rig();
		expect(rig.submit({ [field]: ["moderator", "none", "emperor"] })).toEqual(["104"]);
		expect(rig.room._data.presence_broadcast).toEqual({ none: true, moderator: true });
		expect(rig.submit({ [field]: ["none", "moderator"] })).toEqual([]);
		expect(rig.submit({ [field]: [] })).toEqual(["104"]);
		expect(rig.room._data.presence_broadcast).toEqual({});
	});

	it("hides occupants when their role is no longer shown, and shows them again", () => {
		const rig = new Rig();
		rig.join(owner, "owner");
		rig.join("a@example.org/x", "a");
		rig.join("b@example.org/x", "b");
		rig.module.take();

		rig.room.set_presence_broadcast({ moderator: true });
		expect(presences(rig.module.take("b@example.org/x")).filter((one) => one !== "b 110")).toEqual(["-a"]);
		rig.module.take();
		rig.room.set_presence_broadcast(undefined);
		expect(presences(rig.module.take("b@example.org/x")).filter((one) => one !== "b 110")).toEqual(["a"]);
	});

	it.each([
		["moderator", { moderator: true }],
		[["participant", "moderator", "emperor"], { participant: true, moderator: true }],
		[{ visitor: true, participant: false }, { visitor: true }],
		[
			new Map<unknown, unknown>([
				[1, "visitor"],
				["moderator", true],
			]),
			{ visitor: true, moderator: true },
		],
		[undefined, undefined],
		[5, undefined],
	])("reads %j", (value, roles) => {
		expect(to_broadcast_roles(value)).toEqual(roles);
	});

	it("understands a role that Prosody stored as text", () => {
		const rig = new Rig();
		Object.assign(rig.room._data, { presence_broadcast: "moderator" });
		expect(rig.room.get_presence_broadcast()).toEqual({ moderator: true });
		expect(rig.fields().get(field)?.value).toEqual(["moderator"]);
	});
});
