import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { open_room, type Rig } from "../rig.ts";

const owner = "owner@example.org/x";
const guest = "guest@example.org/x";
const phone = "guest@example.org/phone";
const outsider = "outsider@example.org/x";

function filled(): Rig {
	const test = open_room();
	test.fill([owner, "owner"], [guest, "guest"]);
	return test;
}

describe("a message to the room", () => {
	it("comes from the nick, with an id, and leaves the sender's stanza alone", () => {
		const test = filled();
		const stanza = test.message(guest, { type: "groupchat" }, "hello");
		const [received] = test.module.take(owner);
		expect(received?.attr).toEqual({
			type: "groupchat",
			from: `${test.room.jid}/guest`,
			to: owner,
			id: expect.stringMatching(/^[\w-]{24}$/),
		});
		expect([stanza.attr["from"], stanza.attr["to"], stanza.attr["id"]]).toEqual([guest, test.room.jid, received?.attr["id"]]);
		expect(test.got(guest)).toEqual(["message groupchat /guest body=hello"]);
	});

	it("is the same stanza for all handlers as for the occupants", () => {
		const test = filled();
		test.module.hook("muc-occupant-groupchat", ({ stanza, from }) => {
			expect([from, stanza.attr["from"]]).toEqual([guest, guest]);
			stanza.text_tag("early", "1");
		});
		test.module.hook("muc-broadcast-message", ({ stanza }) => {
			expect(stanza.attr["from"]).toBe(`${test.room.jid}/guest`);
			stanza.text_tag("late", "2");
		});
		test.message(guest, { type: "groupchat", id: "own" }, "hello");
		const [received] = test.module.take(owner);
		expect(received?.tags.map((tag) => tag.name)).toEqual(["body", "early", "late"]);
		expect(received?.attr["id"]).toBe("own");
	});

	it("is not delayed in the room's name", () => {
		const test = filled();
		const stanza = st.message({ from: guest, to: test.room.jid, type: "groupchat" }, "hello");
		for (const from of [test.room.jid, "elsewhere.example"]) {
			stanza.text_tag("delay", "", { xmlns: ns.delay, from }).text_tag("x", "", { xmlns: ns.legacy_delay, from });
		}
		test.room.handle_message_to_room(test.session(guest), stanza);
		expect(test.module.take(owner)[0]?.tags.map((tag) => tag.attr["from"])).toEqual([
			undefined,
			"elsewhere.example",
			"elsewhere.example",
		]);
	});

	it("needs presence and voice", () => {
		const test = filled();
		test.message(outsider, { type: "groupchat" }, "hello");
		expect(test.got(outsider)).toEqual(["message error room@muc.example.org cancel/not-acceptable"]);
		test.room.set_role(true, `${test.room.jid}/guest`, "visitor");
		test.forget();
		test.message(guest, { type: "groupchat" }, "hello");
		expect(test.got(guest)).toEqual(["message error room@muc.example.org auth/forbidden"]);
		expect(test.module.take()).toEqual([]);
	});

	it("of another type is left alone, unless it is an error from a client that is gone", () => {
		const test = filled();
		const handle = (attr: st.Attributes): unknown => {
			const stanza = st.message({ from: guest, to: test.room.jid, ...attr });
			return test.room.handle_message_to_room(test.session(guest), stanza);
		};
		expect([handle({}), handle({ type: "chat" }), handle({ type: "normal" })]).toEqual([undefined, undefined, undefined]);
		expect(handle({ type: "error" })).toBe(true);
		expect(test.room.get_occupant_jid(guest)).toBe(undefined);
	});

	it("hands voice requests on", () => {
		const test = filled();
		test.room.set_role(true, `${test.room.jid}/guest`, "visitor");
		test.forget();
		const form = st.stanza("x", { xmlns: ns.data, type: "submit" });
		form.tag("field", { var: "FORM_TYPE" }).text_tag("value", ns.muc_request).up();
		const stanza = st.message({ from: guest, to: test.room.jid });
		stanza.add_child(form);
		expect(test.room.handle_message_to_room(test.session(guest), stanza)).toBe(true);
		expect(test.module.take(owner).length).toBe(1);
	});
});

describe("a private message", () => {
	it("goes to all sessions of the nick, from a nick, without what rooms say", () => {
		const test = filled();
		test.enter(phone, "guest");
		test.forget();
		const to = `${test.room.jid}/guest`;
		const stanza = st.message({ from: owner, to, type: "chat" }, "psst");
		stanza.tag("x", { xmlns: ns.muc_user }).tag("invite").up().up();
		test.room.handle_message_to_occupant(test.session(owner), stanza);
		const expected = (jid: string): string =>
			`<message from='${test.room.jid}/owner' to='${jid}' type='chat'><body>psst</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>`;
		expect(test.module.take().map(String)).toEqual([expected(guest), expected(phone)]);
		expect(stanza.attr["from"]).toBe(owner);
	});

	it("is shown to handlers, which may keep it back", () => {
		const test = filled();
		test.module.hook("muc-private-message", ({ stanza }) => {
			expect([stanza.attr["from"], stanza.attr["to"]]).toEqual([`${test.room.jid}/owner`, `${test.room.jid}/guest`]);
			return stanza.get_child_text("body") !== "no";
		});
		for (const body of ["no", "yes"]) test.message(owner, { type: "chat" }, body, "guest");
		expect(test.got(guest)).toEqual(["message chat /owner body=yes"]);
	});

	it("is refused from outside, to nobody, and as groupchat", () => {
		const test = filled();
		test.message(outsider, { type: "chat" }, "psst", "guest");
		expect(test.got(outsider)).toEqual(["message error /guest cancel/not-acceptable"]);
		test.message(owner, { type: "chat" }, "psst", "nobody");
		test.message(owner, { type: "groupchat" }, "psst", "guest");
		expect(test.got(owner)).toEqual(["message error /nobody cancel/item-not-found", "message error /guest modify/bad-request"]);
	});

	it("that is an error is passed on, or removes a client that is gone, and is never answered", () => {
		const test = filled();
		const error = (to: string, from: string, condition: string): void => {
			const stanza = st.message({ from, to: `${test.room.jid}/${to}`, type: "error" }).add_error("cancel", condition);
			expect(test.room.handle_message_to_occupant(test.session(from), stanza)).toBe(true);
		};
		error("owner", guest, "not-allowed");
		expect(test.got(owner)).toEqual(["message error /guest cancel/not-allowed"]);
		error("nobody", guest, "not-allowed");
		error("owner", outsider, "not-allowed");
		expect([...test.module.take(), ...test.session(guest).take(), ...test.session(outsider).take()]).toEqual([]);
		error("owner", guest, "gone");
		expect(test.room.get_occupant_jid(guest)).toBe(undefined);
	});
});
