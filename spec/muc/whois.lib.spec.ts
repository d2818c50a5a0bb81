import { describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { Rig, room_jid } from "./rig.ts";

const field = "muc#roomconfig_whois";

describe("whois", () => {
	it("says whether setting it changed something, and refuses what it does not know", () => {
		const { room } = new Rig();
		expect(room.get_whois()).toBe("moderators");
		expect((["moderators", "anyone", "anyone", "moderators"] as const).map((whois) => room.set_whois(whois))).toEqual([
			false,
			true,
			false,
			true,
		]);
		// As Lua may call it
		expect(() => Reflect.apply(room.set_whois, room, ["nobody"])).toThrow(/Invalid whois value/);
	});

	it("announces 172 and 173", () => {
		const rig = new Rig();
		expect(rig.submit({ [field]: "anyone" })).toEqual(["172"]);
		expect(rig.submit({ [field]: "anyone" })).toEqual([]);
		expect(rig.submit({ [field]: "moderators" })).toEqual(["173"]);
		expect(rig.submit({ [field]: "nobody" })).toEqual([]);
		expect(rig.room.get_whois()).toBe("moderators");
	});

	it.each([
		["moderators", "muc_semianonymous"],
		["anyone", "muc_nonanonymous"],
	] as const)("%s is shown as %s", (whois, feature) => {
		const rig = new Rig({}, { whois });
		expect(rig.disco().features).toContain(feature);
		const options = rig.fields().get(field)?.options ?? [];
		expect(options.filter((option) => typeof option !== "string" && option.default)).toMatchObject([{ value: whois }]);
	});

	it.each([
		["moderators", "b@example.org", `${room_jid}/a`],
		["moderators", "owner@example.org", "a@example.org/x"],
		["anyone", "b@example.org", "a@example.org/x"],
	] as const)("%s: an invitation to %s comes from %s", (whois, to, from) => {
		const rig = new Rig({}, { whois });
		rig.join("a@example.org/x", "a");
		const invitation = st.message({ to }).tag("x", { xmlns: ns.muc_user }).tag("invite", { from: "a@example.org/x" }).reset();
		const origin = rig.session("a@example.org/x");
		rig.module.fire_event("muc-invite", { room: rig.room, stanza: invitation, incoming: invitation, origin });
		expect(invitation.get_child("x", ns.muc_user)?.get_child_attr("invite", undefined, "from")).toBe(from);
	});
});
