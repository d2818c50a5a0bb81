import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import type { Attributes, Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { brief, open_room, type Rig } from "../rig.ts";

const owner = "owner@example.org/x";
const guest = "guest@example.org/x";
const friend = "friend@example.org";

function filled(): Rig {
	const test = open_room();
	test.fill([owner, "owner"], [guest, "guest"]);
	return test;
}

function send(test: Rig, from: string, kind: string, attr: Attributes, reason?: string, xmlns: string = ns.muc_user): Stanza[] {
	const stanza = st.message({ from, to: test.room.jid, id: "i" });
	stanza.tag("x", { xmlns: ns.muc_user }).tag(kind, { xmlns, ...attr });
	if (reason !== undefined) stanza.text_tag("reason", reason, { xmlns });
	test.room.handle_message_to_room(test.session(from), stanza);
	return [...test.module.take(), ...test.session(from).take()];
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
		test.room.handle_message_to_room(test.session(owner), stanza);
		expect(test.module.take(friend)[0]?.get_child_text("body")).toBe("Come!");
	});

	it("is not for visitors to send", () => {
		const test = filled();
		test.room.set_role(true, `${test.room.jid}/guest`, "visitor");
		test.forget();
		expect(send(test, guest, "invite", { to: friend }).map(brief)).toEqual(["message error room@muc.example.org auth/forbidden"]);
	});

	it("may come from outside only with an affiliation", () => {
		const test = filled();
		const outsider = "outsider@example.org/x";
		for (const [affiliation, may] of [
			["outcast", false],
			["none", false],
			["member", true],
			["admin", true],
			["owner", true],
		] as const) {
			test.room.set_affiliation(true, "outsider@example.org", affiliation);
			test.forget();
			const answer = send(test, outsider, "invite", { to: friend }).map(brief);
			if (may) expect(answer[0], affiliation).toMatch(/^message room@muc/);
			else expect(answer, affiliation).toEqual(["message error room@muc.example.org auth/forbidden"]);
		}
	});

	it("may come from another client of somebody in the room", () => {
		const test = filled();
		test.room.set_password("secret");
		const [invitation] = send(test, "guest@example.org/other", "invite", { to: friend });
		expect(invitation?.get_child("x", ns.muc_user)?.get_child_text("password")).toBe("secret");
	});

	it("has the password with it only where the sender may know it", () => {
		const test = filled();
		test.room.set_password("secret");
		test.room.set_affiliation(true, "member@example.org", "member");
		test.room.set_affiliation(true, "admin@example.org", "admin");
		test.room.set_affiliation(true, "away@example.org", "owner");
		test.forget();
		const told = (from: string): string | undefined =>
			send(test, from, "invite", { to: friend })[0]?.get_child("x", ns.muc_user)?.get_child_text("password");
		expect(["member", "admin", "away", "guest"].map((name) => told(`${name}@example.org/x`))).toEqual([
			undefined,
			undefined,
			"secret",
			"secret",
		]);
	});

	it("contains nothing that could be taken for the room's own words", () => {
		const test = filled();
		const stanza = st.message({ from: guest, to: test.room.jid });
		stanza.tag("x", { xmlns: ns.muc_user }).tag("invite", { xmlns: ns.muc_user, to: friend }).up();
		stanza.tag("password", { xmlns: ns.muc_user }).text("false").up().up();
		stanza.tag("x", { xmlns: ns.conference, jid: "trap@muc.example.org" }).up();
		stanza.tag("result", { xmlns: ns.mam }).up();
		stanza.tag("stanza-id", { xmlns: ns.stanza_id, by: "ROOM@muc.example.org", id: "1" }).up();
		stanza.tag("delay", { xmlns: ns.delay, from: test.room.jid, stamp: "2001-01-01T00:00:00Z" }).up();
		stanza.tag("retract", { xmlns: "urn:xmpp:message-retract:1", id: "1" }).up();
		stanza.tag("note", { xmlns: "urn:example:note" }).up();
		test.room.handle_message_to_room(test.session(guest), stanza);
		const kinds = test.module.take(friend)[0]?.tags.map(({ name, attr }) => `${name} ${attr["xmlns"]} ${attr["jid"] ?? ""}`);
		expect(kinds).toEqual([
			"note urn:example:note ",
			"x http://jabber.org/protocol/muc#user ",
			"x jabber:x:conference room@muc.example.org",
			"body undefined ",
		]);
	});

	/** Sends one message with several invitations. */
	function send_several(test: Rig, from: string, ...invited: string[]): string[] {
		const stanza = st.message({ from, to: test.room.jid, id: "i" }).tag("x", { xmlns: ns.muc_user });
		for (const to of invited) {
			stanza.tag("invite", { xmlns: ns.muc_user, to }).tag("continue", { xmlns: ns.muc_user, thread: "t" }).up().up();
		}
		test.room.handle_message_to_room(test.session(from), stanza.reset());
		return [...test.module.take(), ...test.session(from).take()].map(
			(sent) => `${sent.attr["to"]} ${sent.get_error()?.condition ?? sent.get_child("x", ns.conference)?.attr["thread"]}`,
		);
	}

	it("goes to each of several, or to nobody", () => {
		const test = filled();
		expect(send_several(test, owner, friend, "pal@example.org/x")).toEqual([`${friend} t`, "pal@example.org/x t"]);
		expect(send_several(test, owner, friend, "@")).toEqual([`${owner} jid-malformed`]);
		const many = Array.from({ length: 21 }, (_, index) => `n${index}@example.org`);
		expect(send_several(test, owner, ...many)).toEqual([`${owner} policy-violation`]);
		test.room.set_members_only(true);
		test.room.set_allow_member_invites(true);
		test.room.set_affiliation(true, "guest@example.org", "member");
		test.room.set_affiliation(true, "bad@example.org", "outcast");
		test.enter(guest, "guest");
		test.forget();
		expect(send_several(test, guest, friend, "bad@example.org")).toEqual([`${guest} forbidden`]);
		expect(test.room.get_affiliation(friend)).toBe(undefined);
	});

	it("lifts no ban, unless the sender may do so", () => {
		const test = filled();
		test.room.set_members_only(true);
		test.room.set_allow_member_invites(true);
		test.room.set_affiliation(true, "guest@example.org", "member");
		test.room.set_affiliation(true, "bad.example", "outcast");
		test.enter(guest, "guest");
		for (const banned of ["friend@example.org", "anybody@bad.example"]) {
			if (banned === friend) test.room.set_affiliation(true, friend, "outcast");
			test.forget();
			expect(send(test, guest, "invite", { to: `${banned}/x` }).map(brief)).toEqual([
				"message error room@muc.example.org auth/forbidden",
			]);
			expect(test.room.get_affiliation(banned)).toBe("outcast");
			send(test, owner, "invite", { to: banned });
			expect(test.room.get_affiliation(banned)).toBe("member");
		}
	});

	it("is refused without a valid address", () => {
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
	it("goes to whoever sent the invitation, by real JID or nick", () => {
		const test = filled();
		test.room.set_affiliation(true, "away@example.org", "owner");
		for (const [inviter, to, reached] of [
			[owner, `${test.room.jid}/owner`, owner],
			["away@example.org/x", "away@example.org/x", "away@example.org/x"],
			["away@example.org/x", "away@example.org", "away@example.org"],
		] as const) {
			send(test, inviter, "invite", { to: friend });
			const [decline] = send(test, "friend@example.org/x", "decline", { to }, "busy");
			expect(decline?.attr["to"]).toBe(reached);
			expect(decline?.get_child_text("body")).toBe(
				"friend@example.org/x declined your invite to the room room@muc.example.org (busy)",
			);
			expect(decline?.get_child("x", ns.muc_user)?.get_child("decline")?.attr["from"]).toBe("friend@example.org/x");
		}
	});

	it("goes to nobody who has not sent an invitation", () => {
		const test = filled();
		const refused = ["message error room@muc.example.org auth/forbidden"];
		const decline = (from: string, to: string): string[] => send(test, from, "decline", { to }, "spam").map(brief);
		for (const to of [owner, `${test.room.jid}/owner`, "anybody@example.net"])
			expect(decline(`${friend}/x`, to)).toEqual(refused);
		send(test, owner, "invite", { to: friend });
		for (const to of [owner, `${test.room.jid}/guest`, test.room.jid]) expect(decline(`${friend}/x`, to)).toEqual(refused);
		expect(decline(guest, `${test.room.jid}/owner`)).toEqual(refused);
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
