import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import type { Attributes, Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { brief, TestRoom } from "../fixture.ts";

const owner = "owner@example.org/x";
const guest = "guest@example.org/x";
const friend = "friend@example.org";

function filled(): TestRoom {
	const test = new TestRoom();
	test.fill([owner, "owner"], [guest, "guest"]);
	return test;
}

function send(
	test: TestRoom,
	from: string,
	kind: string,
	attr: Attributes,
	reason?: string,
	xmlns: string = ns.muc_user,
): Stanza[] {
	const stanza = st.message({ from, to: test.room.jid, id: "i" });
	stanza.tag("x", { xmlns: ns.muc_user }).tag(kind, { xmlns, ...attr });
	if (reason !== undefined) stanza.text_tag("reason", reason, { xmlns });
	test.room.handle_message_to_room(test.client(from), stanza);
	return [...test.module.take(), ...test.client(from).take()];
}

describe("an invitation", () => {
	it("comes from the room, for all kinds of clients", () => {
		expect(send(filled(), owner, "invite", { to: friend }, "tea").map(String)).toEqual([
			"<message from='room@muc.example.org' to='friend@example.org' id='i'>" +
				"<x xmlns='http://jabber.org/protocol/muc#user'><invite from='room@muc.example.org/owner'><reason>tea</reason></invite></x>" +
				"<x xmlns='jabber:x:conference' jid='room@muc.example.org'>tea</x>" +
				"<body>room@muc.example.org/owner invited you to the room room@muc.example.org (tea)</body></message>",
		]);
	});

	it("keeps its own body", () => {
		const test = filled();
		const stanza = st.message({ from: owner, to: test.room.jid }, "Come!");
		stanza.tag("x", { xmlns: ns.muc_user }).tag("invite", { xmlns: ns.muc_user, to: friend });
		test.room.handle_message_to_room(test.client(owner), stanza);
		expect(test.module.take(friend)[0]?.get_child_text("body")).toBe("Come!");
	});

	it("takes more than a visitor", () => {
		const test = filled();
		test.room.set_role(true, `${test.room.jid}/guest`, "visitor");
		test.forget();
		expect(send(test, guest, "invite", { to: friend }).map(brief)).toEqual(["message error room@muc.example.org auth/forbidden"]);
		expect(send(test, "outsider@example.org/x", "invite", { to: friend }).length, "outsiders of an open room may").toBe(1);
	});

	it("is refused without an address that can be", () => {
		const test = filled();
		expect(send(test, owner, "invite", { to: "@" }).map(brief)).toEqual([
			"message error room@muc.example.org cancel/jid-malformed",
		]);
		expect(send(test, owner, "invite", {}).map(brief)).toEqual(["message error room@muc.example.org cancel/bad-request"]);
		expect(send(test, owner, "invite", { to: friend }, undefined, "urn:other").map(brief)).toEqual([
			"message error room@muc.example.org cancel/bad-request",
		]);
		expect(send(test, owner, "dance", { to: friend }).map(brief)).toEqual([
			"message error room@muc.example.org cancel/bad-request",
		]);
	});

	it("may be stopped, or delivered by somebody else", () => {
		const test = filled();
		const incoming: unknown[] = [];
		test.module.hook("muc-invite", (event) => incoming.push(event.incoming.attr["from"]) > 0, -1);
		expect(send(test, owner, "invite", { to: friend })).toEqual([]);
		test.module.hook("muc-pre-invite", () => true, 1);
		expect(send(test, owner, "invite", { to: friend })).toEqual([]);
		expect(incoming).toEqual([owner]);
	});
});

describe("a decline", () => {
	it("goes to who invited, by real JID or nick", () => {
		const test = filled();
		for (const to of [owner, `${test.room.jid}/owner`]) {
			const [decline] = send(test, "friend@example.org/x", "decline", { to }, "busy");
			expect(decline?.attr["to"]).toBe(owner);
			expect(decline?.get_child_text("body")).toBe(
				"friend@example.org/x declined your invite to the room room@muc.example.org (busy)",
			);
			expect(decline?.get_child("x", ns.muc_user)?.get_child("decline")?.attr["from"]).toBe("friend@example.org/x");
		}
	});

	it("is refused without an address, and may be stopped", () => {
		const test = filled();
		expect(send(test, owner, "decline", { to: "@" }).map(brief)).toEqual([
			"message error room@muc.example.org cancel/jid-malformed",
		]);
		test.module.hook("muc-pre-decline", () => true);
		expect(send(test, owner, "decline", { to: guest })).toEqual([]);
	});
});
