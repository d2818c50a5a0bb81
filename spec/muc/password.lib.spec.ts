import { describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { owner, parsed, Rig } from "./rig.ts";

const field = "muc#roomconfig_roomsecret";

describe("password", () => {
	it("says whether setting it changed something, and takes empty text for none", () => {
		const { room } = new Rig();
		expect([undefined, "", "a", "a", "b", ""].map((text) => room.set_password(text))).toEqual([
			false,
			false,
			true,
			false,
			true,
			true,
		]);
		expect(room._data.password).toBeUndefined();
	});

	it("is configured and shown", () => {
		const rig = new Rig();
		expect(rig.fields().get(field)?.value).toBe("");
		expect(rig.disco().features).toContain("muc_unsecured");
		expect(rig.submit({ [field]: "secret" })).toEqual(["104"]);
		expect(rig.submit({ [field]: "secret" })).toEqual([]);
		expect(rig.fields().get(field)).toMatchObject({ type: "text-private", value: "secret" });
		expect(rig.disco().features).toContain("muc_passwordprotected");
	});

	it.each([
		[undefined, "auth/not-authorized"],
		["", "auth/not-authorized"],
		["wrong", "auth/not-authorized"],
		["secret", undefined],
	])("lets in who knows it: %j", (password, error) => {
		const rig = new Rig({}, { password: "secret" });
		const given = (x: st.Stanza): void => {
			if (password !== undefined) x.add_child(st.stanza("password", { xmlns: ns.muc }).text(password));
		};
		expect(rig.join("a@example.org/x", "a", given)).toBe(error);
		expect(rig.room.has_occupant()).toBe(error === undefined);
	});

	it("goes out with invitations", () => {
		const rig = new Rig({}, { password: "secret" });
		const stanza = st.message({ to: "b@example.org" }).tag("x", { xmlns: ns.muc_user }).tag("invite", { from: "a@example.org" });
		rig.module.fire_event("muc-invite", {
			room: rig.room,
			stanza: stanza.reset(),
			incoming: st.message({ from: owner }),
			origin: rig.session(owner),
		});
		expect(stanza.get_child("x", ns.muc_user)?.get_child_text("password")).toBe("secret");
	});

	it("is set by the presence that creates the room", () => {
		const rig = new Rig();
		const stanza = parsed(rig.presence("a@example.org/x", "a", (x) => x.text_tag("password", "mine")));
		rig.module.fire_event("muc-room-pre-create", { room: rig.room, stanza, origin: rig.session("a@example.org/x") });
		expect(rig.room.get_password()).toBe("mine");
	});
});
