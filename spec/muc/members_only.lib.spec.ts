import { describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import type { Affiliation } from "../../muc/types.ts";
import { owner, presences, Rig, room_jid } from "./rig.ts";

const invites_field = "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites";
const affiliations: (Affiliation | undefined)[] = [undefined, "outcast", "member", "admin", "owner"];

function invite(from: string, to: string): st.Stanza {
	const message = st.message({ from, to: room_jid });
	return message.tag("x", { xmlns: ns.muc_user }).tag("invite", { xmlns: ns.muc_user, to }).reset();
}

describe("members-only rooms", () => {
	it.each(affiliations)("are entered by %s where that is at least a member", (affiliation) => {
		const rig = new Rig({}, { members_only: true });
		if (affiliation) rig.affiliate("a@example.org", affiliation);
		const expected = affiliation === undefined || affiliation === "outcast" ? "auth/registration-required" : undefined;
		expect(rig.join("a@example.org/x", "a")).toBe(expected);
	});

	it("have no role for strangers", () => {
		const { room } = new Rig({}, { members_only: true });
		expect(affiliations.map((affiliation) => room.get_default_role(affiliation))).toEqual([
			undefined,
			undefined,
			"participant",
			"moderator",
			"moderator",
		]);
	});

	it("remove strangers with 322 when they become members-only", () => {
		const rig = new Rig();
		rig.affiliate("member@example.org", "member");
		rig.join(owner, "owner");
		rig.join("member@example.org/x", "member");
		rig.join("stranger@example.org/x", "stranger");
		const left: string[] = [];
		rig.module.hook("muc-occupant-left", ({ nick }) => void left.push(nick));
		rig.module.take();

		expect(rig.room.set_members_only(true)).toBe(true);
		expect(left).toEqual([`${room_jid}/stranger`]);
		expect([...rig.room._occupants.keys()]).toEqual([`${room_jid}/owner`, `${room_jid}/member`]);
		expect(presences(rig.module.take("member@example.org/x"))).toEqual(["-stranger 322"]);
		expect(presences(rig.module.take("stranger@example.org/x"))).toEqual(["-stranger 322 110"]);
	});

	it.each([
		["member", false, "auth/forbidden"],
		["admin", false, undefined],
		["member", true, undefined],
	] as const)("are invited to by a %s (members may: %s): %s", (affiliation, allowed, error) => {
		const rig = new Rig({}, { members_only: true, allow_member_invites: allowed });
		rig.affiliate("a@example.org", affiliation);
		rig.join("a@example.org/x", "a");
		const answer = rig.deliver("a@example.org/x", invite("a@example.org/x", "new@example.org"), (origin, stanza) =>
			rig.room.handle_message_to_room(origin, stanza),
		);
		expect(answer).toBe(error);
		expect(rig.room.get_affiliation("new@example.org")).toBe(error === undefined ? "member" : undefined);
	});

	it("say in service discovery who may invite", () => {
		const shown = (data: { members_only: boolean; allow_member_invites: boolean }) => {
			const { form } = new Rig({}, data).disco();
			return [form.get(invites_field), form.get("muc#roomconfig_allowinvites")];
		};
		expect(shown({ members_only: false, allow_member_invites: false })).toEqual(["0", "1"]);
		expect(shown({ members_only: true, allow_member_invites: false })).toEqual(["0", "0"]);
		expect(shown({ members_only: true, allow_member_invites: true })).toEqual(["1", "1"]);
	});
});
