import { describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { owner, Rig, room_jid } from "./rig.ts";

const visitor = "visitor@example.org/x";

function request(from: string, fields: { [name: string]: string }): Stanza {
	const x = st.stanza("x", { xmlns: ns.data, type: "submit" });
	for (const [name, value] of Object.entries({ FORM_TYPE: ns.muc_request, ...fields })) {
		x.tag("field", { xmlns: ns.data, var: name });
		x.tag("value", { xmlns: ns.data }).text(value).up();
		x.up();
	}
	return st.message({ from, to: room_jid, id: "v1" }).add_child(x.reset());
}

function send(rig: Rig, stanza: Stanza): string | undefined {
	return rig.deliver(stanza.attr["from"] ?? "", stanza, (origin, message) => rig.room.handle_message_to_room(origin, message));
}

function moderated(): Rig {
	const rig = new Rig({}, { moderated: true });
	rig.join(owner, "owner");
	rig.join(visitor, "visitor");
	rig.module.take();
	return rig;
}

const role_of = ({ room }: Rig): string | undefined => room._occupants.get(`${room_jid}/visitor`)?.role;

describe("voice", () => {
	it("is asked for by visitors, of the moderators", () => {
		const rig = moderated();
		expect(send(rig, request(visitor, { "muc#role": "participant" }))).toBeUndefined();
		const sent = rig.module.take();
		expect(sent.map(({ attr }) => attr["to"])).toEqual([owner]);
		const form = sent[0]?.get_child("x", ns.data);
		const values = [...(form?.childtags("field") ?? [])].map((field) => [field.attr["var"], field.get_child_text("value")]);
		expect(values).toEqual([
			["FORM_TYPE", ns.muc_request],
			["muc#jid", visitor],
			["muc#roomnick", "visitor"],
			["muc#role", "participant"],
			["muc#request_allow", "0"],
		]);
	});

	it("is granted by moderators", () => {
		const rig = moderated();
		expect(send(rig, request(owner, { "muc#jid": visitor, "muc#request_allow": "true" }))).toBeUndefined();
		expect(role_of(rig)).toBe("participant");
	});

	it.each([
		["is not granted without saying so", { "muc#jid": visitor }],
		["is not granted against the answer", { "muc#jid": visitor, "muc#request_allow": "0" }],
		["is not granted to who is not there", { "muc#jid": "nobody@example.org/x", "muc#request_allow": "1" }],
		["is not granted to nobody", { "muc#request_allow": "1" }],
	])("%s", (_, fields) => {
		const rig = moderated();
		expect(send(rig, request(owner, fields))).toBeUndefined();
		expect(role_of(rig)).toBe("visitor");
	});

	it("is not granted by visitors", () => {
		const rig = moderated();
		send(rig, request(visitor, { "muc#jid": visitor, "muc#request_allow": "1" }));
		expect(role_of(rig)).toBe("visitor");
	});

	it("is not asked for by participants, who have it", () => {
		const rig = moderated();
		rig.room.set_role(true, `${room_jid}/visitor`, "participant");
		rig.module.take();
		send(rig, request(visitor, {}));
		expect(rig.module.take()).toEqual([]);
	});

	it("is nothing for who is not in the room", () => {
		expect(send(moderated(), request("stranger@example.org/x", {}))).toBe("cancel/not-acceptable");
	});
});
