import { describe, expect, it } from "vitest";
import { owner, Rig, room_jid } from "./rig.ts";

const field = "muc#roomconfig_allowpm";

/** A moderator, a member, a participant and a visitor; who is what is also what they are called. */
function inhabited(allow_pm: string | undefined, allow_modpm = false): Rig {
	const rig = new Rig({}, allow_pm === undefined ? { allow_modpm } : { allow_pm, allow_modpm });
	rig.affiliate("member@example.org", "member");
	rig.join(owner, "moderator");
	for (const nick of ["member", "participant", "visitor"]) rig.join(`${nick}@example.org/x`, nick);
	rig.room.set_role(true, `${room_jid}/visitor`, "visitor");
	return rig;
}

const senders = {
	moderator: owner,
	member: "member@example.org/x",
	participant: "participant@example.org/x",
	visitor: "visitor@example.org/x",
};

describe("private messages", () => {
	it.each([
		[undefined, ["moderator", "member", "participant", "visitor"]],
		["visitor", ["moderator", "member", "participant", "visitor"]],
		["everyone", ["moderator", "member", "participant", "visitor"]],
		["participant", ["moderator", "member", "participant"]],
		["participants", ["moderator", "member", "participant"]],
		["moderator", ["moderator"]],
		["affiliated", ["moderator", "member"]],
		["members", ["moderator", "member"]],
		["none", []],
		["something else", []],
	])("%s: may be sent by %j", (allow_pm, allowed) => {
		for (const [nick, jid] of Object.entries(senders)) {
			const rig = inhabited(allow_pm);
			const target = nick === "participant" ? "member" : "participant";
			expect([nick, rig.whisper(jid, target, "psst")]).toEqual([
				nick,
				allowed.includes(nick) ? undefined : "cancel/policy-violation",
			]);
		}
	});

	it("may always go from and to moderators where that is allowed", () => {
		const rig = inhabited("none", true);
		expect(rig.whisper(senders.visitor, "moderator", "help")).toBeUndefined();
		expect(rig.whisper(senders.moderator, "visitor", "yes?")).toBeUndefined();
		expect(rig.whisper(senders.visitor, "participant", "psst")).toBe("cancel/policy-violation");
	});

	it("may always go to oneself", () => {
		expect(inhabited("none").whisper(senders.visitor, "visitor", "note")).toBeUndefined();
	});

	it("says whom they are restricted from", () => {
		const rig = inhabited("participant");
		rig.module.take();
		rig.whisper(senders.visitor, "member", "psst");
		expect(rig.module.take(senders.visitor).at(-1)?.get_error()?.text).toBe("Private messages are restricted from guests");
	});

	it("says whether setting it changed something", () => {
		const { room } = new Rig();
		expect(["visitor", "none", "none", undefined].map((value) => room.set_allow_pm(value))).toEqual([false, true, false, true]);
		expect(room.get_allow_pm()).toBe("visitor");
	});

	it("are configured by a field that takes its own options and the older ones only", () => {
		const rig = new Rig();
		expect(rig.submit({ [field]: "everyone" })).toEqual(["104"]);
		expect(rig.room.get_allow_pm()).toBe("visitor");
		expect(rig.submit({ [field]: "affiliated" })).toEqual(["104"]);
		expect(rig.submit({ [field]: "affiliated" })).toEqual([]);
		expect(rig.submit({ [field]: "emperors" })).toEqual([]);
		const options = rig.fields().get(field)?.options ?? [];
		expect(options.map((option) => typeof option !== "string" && [option.value, option.default])).toEqual([
			["visitor", false],
			["participant", false],
			["moderator", false],
			["affiliated", true],
			["none", false],
		]);
	});
	it("are announced as changed each time that the permission for moderators is neither yes nor no", () => {
		const rig = new Rig();
		rig.join(owner, "moderator");
		const permission = "{xmpp:prosody.im}muc#allow_modpm";
		expect(rig.submit({ [permission]: "TRUE" })).toEqual(["104"]);
		expect(rig.submit({ [permission]: "TRUE" })).toEqual(["104"]);
		expect(rig.room.get_allow_modpm()).toBe(false);
		expect(rig.submit({ [permission]: "0" })).toEqual([]);
	});
});
