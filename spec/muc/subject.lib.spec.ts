import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ns } from "../../host/util/ns.ts";
import type { Role } from "../../muc/types.ts";
import { Rig, room_jid } from "./rig.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: new Date("2024-02-29T12:00:00Z") }));
afterEach(() => void vi.useRealTimers());

function with_occupant(role: Role, changesubject: boolean): Rig {
	const rig = new Rig({}, { changesubject, moderated: role === "visitor" });
	rig.join("a@example.org/x", "a");
	if (role === "moderator") rig.room.set_role(true, `${room_jid}/a`, role);
	rig.module.take();
	return rig;
}

describe("subject", () => {
	it("says whether setting it changed something, and tells the room", () => {
		const { room, messages } = new Rig();
		expect(room.get_subject()).toEqual([room_jid, undefined]);
		expect(room.set_subject(`${room_jid}/a`, "Lunch")).toBe(true);
		expect(room.set_subject(`${room_jid}/a`, "Lunch")).toBe(false);
		expect(room.set_subject(`${room_jid}/b`, "Lunch")).toBe(true);
		expect(room.set_subject(`${room_jid}/b`, "")).toBe(true);
		expect(room.get_subject()).toEqual([`${room_jid}/b`, undefined]);
		expect(room._data.subject_time).toBe(Date.now() / 1000);
		expect(messages.map(String)).toEqual([
			`<message from='${room_jid}/a' type='groupchat'><subject>Lunch</subject></message>`,
			`<message from='${room_jid}/b' type='groupchat'><subject>Lunch</subject></message>`,
			`<message from='${room_jid}/b' type='groupchat'><subject/></message>`,
		]);
	});

	it.each([
		["moderator", false, undefined],
		["moderator", true, undefined],
		["participant", true, undefined],
		["participant", false, "auth/forbidden"],
		["visitor", true, "auth/forbidden"],
	] as const)("may be set by a %s (changesubject %s): %s", (role, changesubject, error) => {
		const rig = with_occupant(role, changesubject);
		expect(rig.say("a@example.org/x", (message) => message.text_tag("subject", "Lunch"))).toBe(error);
		expect(rig.room.get_subject()[1]).toBe(error === undefined ? "Lunch" : undefined);
	});

	it.each(["body", "thread"])("is not meant by a message with a %s", (also) => {
		const rig = with_occupant("participant", false);
		const spoke = rig.say("a@example.org/x", (message) => message.text_tag("subject", "Re: Lunch").text_tag(also, "now"));
		expect(spoke).toBeUndefined();
		expect(rig.room.get_subject()[1]).toBeUndefined();
		expect(rig.messages.at(-1)?.get_child_text(also)).toBe("now");
	});

	it("is the last thing that a joining client gets, with the time at which it was set", () => {
		const rig = new Rig();
		rig.room.set_subject(`${room_jid}/a`, "Lunch");
		rig.room._history = undefined;
		rig.join("b@example.org/x", "b");
		const last = rig.module.take("b@example.org/x").at(-1);
		expect(last?.get_child_text("subject")).toBe("Lunch");
		expect(last?.get_child("delay", ns.delay)?.attr).toMatchObject({ from: room_jid, stamp: "2024-02-29T12:00:00Z" });
	});

	it("is empty and without a time where it was never set", () => {
		const rig = new Rig();
		rig.join("b@example.org/x", "b");
		expect(String(rig.module.take("b@example.org/x").at(-1))).toBe(
			`<message from='${room_jid}' type='groupchat' to='b@example.org/x'><subject/></message>`,
		);
	});
});
