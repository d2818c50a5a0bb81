import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { brief, open_room, type Rig } from "../rig.ts";

const owner = "owner@example.org/x";
const guest = "guest@example.org/x";
const victim = "victim@example.org/x";
const outsider = "outsider@example.org/x";

function filled(): Rig {
	const test = open_room();
	test.fill([owner, "owner"], [guest, "guest"], [victim, "victim"]);
	return test;
}

function items(stanzas: Stanza[]): string[] {
	return stanzas.flatMap((stanza) => stanza.get_child("query", ns.muc_admin)?.tags.map(String) ?? [brief(stanza)]);
}

const ok = ["iq result room@muc.example.org"];

describe("a muc#admin set", () => {
	it("changes affiliations, by JID or by nick", () => {
		const test = filled();
		expect(test.admin(owner, "set", { affiliation: "member", jid: "new@example.org" }, "welcome").map(brief)).toEqual(ok);
		expect(test.room.get_affiliation_data("new@example.org")).toEqual({ reason: "welcome" });
		expect(test.admin(owner, "set", { affiliation: "member", nick: "guest" }).map(brief)).toEqual(ok);
		expect([...test.room.each_affiliation("member")].map(([jid]) => jid)).toEqual(["new@example.org", "guest@example.org"]);
	});

	it("changes roles, by nick or by full JID", () => {
		const test = filled();
		expect(test.admin(owner, "set", { role: "visitor", nick: "guest" }).map(brief)).toEqual(ok);
		expect(test.room.get_role(`${test.room.jid}/guest`)).toBe("visitor");
		expect(test.admin(guest, "set", { role: "none", nick: "victim" }).map(brief)).toEqual([
			"iq error room@muc.example.org cancel/not-allowed",
		]);
	});

	it("takes full JIDs for the accounts that they belong to, and for the sessions where roles are meant", () => {
		const test = filled();
		expect(test.admin(owner, "set", { affiliation: "member", jid: guest }).map(brief)).toEqual(ok);
		expect([...test.room._affiliations]).toEqual([
			["owner@example.org", "owner"],
			["guest@example.org", "member"],
		]);
		expect(test.admin(owner, "set", { role: "visitor", jid: guest }).map(brief)).toEqual(ok);
		expect(test.room.get_role(`${test.room.jid}/guest`)).toBe("visitor");
	});

	it("reserves nicks, and removes who has them", () => {
		const test = filled();
		test.admin(owner, "set", { affiliation: "member", jid: "new@example.org", nick: "victim" });
		expect(test.room.get_registered_nick("new@example.org")).toBe("victim");
		expect(test.got(victim)).toEqual([
			"presence unavailable /victim none,none,victim@example.org/x because=This nickname is reserved 307+110",
		]);
	});

	it("removes nobody for who may not reserve a nick, and changes nothing that is kept", () => {
		const test = filled();
		test.room.set_affiliation(true, "member@example.org", "member", undefined, { reason: "old" });
		test.forget();
		for (const jid of [guest, outsider]) {
			for (const target of ["outsider@example.org", "member@example.org"]) {
				const answer = test.admin(jid, "set", { affiliation: "none", jid: target, nick: "victim" }, "new");
				expect(answer.map(brief)).toEqual(["iq error room@muc.example.org cancel/not-allowed"]);
			}
		}
		expect(test.module.take()).toEqual([]);
		expect(test.room.get_occupant_jid(victim)).toBe(`${test.room.jid}/victim`);
		expect(test.room.get_affiliation_data("member@example.org")).toEqual({ reason: "old" });
	});

	it("saves what it changed, and nothing else", () => {
		const test = filled();
		let saves = 0;
		test.room.save = () => ++saves > 0;
		test.admin(guest, "set", { role: "none", nick: "victim" });
		expect(saves).toBe(0);
		test.admin(owner, "set", { role: "none", nick: "victim" });
		expect(saves).toBe(1);
	});

	it.each([
		[undefined, "cancel/bad-request"],
		[{}, "cancel/bad-request"],
		[{ affiliation: "member" }, "cancel/bad-request"],
		[{ affiliation: "member", role: "visitor", nick: "guest" }, "cancel/bad-request"],
		[{ affiliation: "king", jid: "guest@example.org" }, "modify/not-acceptable"],
		[{ affiliation: "member", jid: "@" }, "modify/jid-malformed"],
		[{ affiliation: "member", jid: "" }, "modify/jid-malformed"],
		[{ affiliation: "member", jid: "room@muc.example.org/guest" }, "modify/jid-malformed"],
		[{ affiliation: "member", jid: "guest@example.org", nick: " \t" }, "modify/jid-malformed"],
		[{ affiliation: "member", nick: "nobody" }, "cancel/bad-request"],
		[{ role: "visitor", nick: "\u0007" }, "modify/jid-malformed"],
		[{ role: "visitor", nick: "nobody" }, "modify/item-not-found"],
		[{ role: "visitor", nick: "" }, "modify/item-not-found"],
		[{ role: "king", nick: "guest" }, "modify/not-acceptable"],
		[{ role: "visitor", jid: "guest@example.org" }, "cancel/bad-request"],
	])("answers %j with %s", (item, error) => {
		const test = filled();
		const stanza = st.iq({ from: owner, to: test.room.jid, type: "set", id: "admin" }).query(ns.muc_admin);
		if (item !== undefined) {
			// Past the builder's own checks, as such text comes from the network
			stanza.tag("item", { xmlns: ns.muc_admin });
			const tag = stanza.first_tag?.first_tag;
			if (tag) Object.assign(tag.attr, item);
		}
		test.room.handle_admin_query_set_command(test.session(owner), stanza);
		expect(test.session(owner).take().map(brief)).toEqual([`iq error room@muc.example.org ${error}`]);
	});
});

describe("a muc#admin set with several items", () => {
	type Item = Record<string, string>;
	const member = (jid: string): Item => ({ affiliation: "member", jid });

	function set(test: Rig, actor: string, ...wanted: Item[]): string[] {
		const stanza = st.iq({ from: actor, to: test.room.jid, type: "set", id: "admin" }).query(ns.muc_admin);
		for (const item of wanted) stanza.tag("item", { xmlns: ns.muc_admin, ...item }).up();
		test.room.handle_admin_query_set_command(test.session(actor), stanza.reset());
		return test.session(actor).take().map(brief);
	}

	it("does all", () => {
		const test = filled();
		expect(set(test, owner, member("a@example.org"), { affiliation: "outcast", jid: "b@example.org/x" })).toEqual(ok);
		expect([...test.room._affiliations].slice(1)).toEqual([
			["a@example.org", "member"],
			["b@example.org", "outcast"],
		]);
		expect(set(test, owner, { role: "visitor", nick: "guest" }, { role: "none", nick: "victim" })).toEqual(ok);
		expect([...test.room._occupants].map(([nick, { role }]) => [nick.slice(test.room.jid.length), role])).toEqual([
			["/owner", "moderator"],
			["/guest", "visitor"],
		]);
	});

	it.each<[string, Item[], string]>([
		["a malformed JID", [member("a@example.org"), member("@")], "modify/jid-malformed"],
		["no affiliation", [member("a@example.org"), { affiliation: "king", jid: "b@example.org" }], "modify/not-acceptable"],
		["nothing", [member("a@example.org"), {}], "cancel/bad-request"],
		["a role as well", [member("a@example.org"), { role: "none", nick: "guest" }], "modify/bad-request"],
		["one person twice", [member("a@example.org"), { affiliation: "none", jid: "a@example.org/x" }], "modify/bad-request"],
		[
			"an absent nick",
			[
				{ role: "none", nick: "guest" },
				{ role: "none", nick: "nobody" },
			],
			"modify/item-not-found",
		],
		["the actor's own ban", [member("a@example.org"), { affiliation: "outcast", jid: "owner@example.org" }], "cancel/conflict"],
		["the last owner's leave", [member("a@example.org"), { affiliation: "none", jid: "owner@example.org" }], "cancel/conflict"],
		[
			"the leave of all owners",
			[
				{ affiliation: "none", jid: "owner@example.org" },
				{ affiliation: "none", jid: "second@example.org" },
			],
			"cancel/conflict",
		],
	])("does nothing where one is %s", (_, wanted, error) => {
		const test = filled();
		if (wanted.some(({ jid }) => jid === "second@example.org")) test.room.set_affiliation(true, "second@example.org", "owner");
		const before = [...test.room._affiliations];
		test.forget();
		expect(set(test, owner, ...wanted)).toEqual([`iq error room@muc.example.org ${error}`]);
		expect([...test.room._affiliations]).toEqual(before);
		expect(test.room._occupants.size).toBe(3);
		expect(test.module.take()).toEqual([]);
	});

	it("hands a room over, in whatever order", () => {
		const given = { affiliation: "owner", jid: "heir@example.org" };
		const left = { affiliation: "none", jid: "owner@example.org" };
		for (const wanted of [
			[given, left],
			[left, given],
		]) {
			const test = filled();
			expect(set(test, owner, ...wanted)).toEqual(ok);
			expect([...test.room._affiliations]).toEqual([["heir@example.org", "owner"]]);
		}
	});

	it("does nothing where the actor may not do all, or a module refuses one", () => {
		const test = filled();
		test.room.set_affiliation(true, "guest@example.org", "admin");
		test.forget();
		expect(set(test, guest, member("a@example.org"), { affiliation: "admin", jid: "b@example.org" })).toEqual([
			"iq error room@muc.example.org cancel/not-allowed",
		]);
		expect(set(test, victim, { role: "visitor", nick: "victim" }, { role: "none", nick: "guest" })).toEqual([
			"iq error room@muc.example.org cancel/not-allowed",
		]);
		test.module.hook("muc-pre-set-affiliation", (event) => {
			if (event.jid === "b@example.org") event.allowed = false;
		});
		expect(set(test, owner, member("a@example.org"), member("b@example.org"))).toEqual([
			"iq error room@muc.example.org cancel/not-allowed",
		]);
		expect(test.room.get_affiliation("a@example.org")).toBe(undefined);
	});

	it("takes up to a number of items, and no more", () => {
		const test = filled();
		const many = (count: number): Item[] => Array.from({ length: count }, (_, index) => member(`n${index}@example.org`));
		expect(set(test, owner, ...many(101))).toEqual(["iq error room@muc.example.org modify/policy-violation"]);
		expect(set(test, owner, ...many(100))).toEqual(ok);
		expect(test.room._affiliations.size).toBe(101);
	});
});

describe("a muc#admin get", () => {
	it("lists affiliations with nick and reason", () => {
		const test = filled();
		test.room.set_affiliation(true, "m@example.org", "member", undefined, { reserved_nickname: "m", reason: "r" });
		expect(items(test.admin(owner, "get", { affiliation: "member" }))).toEqual([
			"<item affiliation='member' jid='m@example.org' nick='m'><reason>r</reason></item>",
		]);
		expect(test.admin(owner, "get", { affiliation: "outcast" }).map(String)).toEqual([
			"<iq to='owner@example.org/x' from='room@muc.example.org' id='admin' type='result'>" +
				"<query xmlns='http://jabber.org/protocol/muc#admin'/></iq>",
		]);
	});

	it("lists roles to moderators", () => {
		const test = filled();
		expect(items(test.admin(owner, "get", { role: "participant" }))).toEqual([
			"<item affiliation='none' role='participant' jid='guest@example.org/x' nick='guest'/>",
			"<item affiliation='none' role='participant' jid='victim@example.org/x' nick='victim'/>",
		]);
		expect(items(test.admin(guest, "get", { role: "moderator" }))).toEqual(["iq error room@muc.example.org auth/forbidden"]);
		test.room.set_affiliation(true, "outsider@example.org", "admin");
		expect(items(test.admin(outsider, "get", { role: "moderator" })).length, "admins need not be in the room").toBe(1);
	});

	it("shows admins no owners, and members all where everybody is known", () => {
		const test = filled();
		test.room.set_affiliation(true, "guest@example.org", "admin");
		const forbidden = ["iq error room@muc.example.org auth/forbidden"];
		expect(items(test.admin(guest, "get", { affiliation: "owner" }))).toEqual(forbidden);
		expect(items(test.admin(guest, "get", { affiliation: "admin" })).length).toBe(1);
		test.room.set_affiliation(true, "victim@example.org", "member");
		expect(items(test.admin(victim, "get", { affiliation: "member" }))).toEqual(forbidden);
		test.room.set_whois("anyone");
		test.room.set_members_only(true);
		expect(items(test.admin(victim, "get", { affiliation: "owner" })).length).toBe(1);
	});

	it.each([
		[undefined],
		[{}],
		[{ affiliation: "king" }],
		[{ role: "king" }],
		[{ role: "visitor", affiliation: "member" }],
		[{ nick: "guest" }],
	])("answers %j with bad-request", (item) => {
		expect(items(filled().admin(owner, "get", item))).toEqual(["iq error room@muc.example.org cancel/bad-request"]);
	});
});

describe("a muc#owner query", () => {
	function query(test: Rig, from: string, type: "get" | "set", ...children: Stanza[]): string[] {
		const stanza = st.iq({ from, to: test.room.jid, type, id: "owner" }).query(ns.muc_owner);
		for (const child of children) stanza.add_child(child);
		if (type === "get") test.room.handle_owner_query_get_to_room(test.session(from), stanza);
		else test.room.handle_owner_query_set_to_room(test.session(from), stanza);
		return test.session(from).take().map(brief);
	}

	it("is for owners only", () => {
		const test = filled();
		for (const type of ["get", "set"] as const) {
			expect(query(test, guest, type)).toEqual(["iq error room@muc.example.org auth/forbidden"]);
		}
	});

	it("is refused where it asks for something unknown", () => {
		const test = filled();
		expect(query(test, owner, "set")).toEqual(["iq error room@muc.example.org modify/bad-request"]);
		expect(query(test, owner, "set", st.stanza("dance"))).toEqual(["iq error room@muc.example.org cancel/service-unavailable"]);
	});

	it("destroys the room", () => {
		const test = filled();
		const destroyed: unknown[] = [];
		test.module.hook("muc-room-destroyed", ({ newjid, reason, password }) => void destroyed.push([newjid, reason, password]));
		const destroy = st
			.stanza("destroy", { jid: "new@muc.example.org" })
			.text_tag("reason", "moved")
			.text_tag("password", "secret");
		expect(query(test, owner, "set", destroy)).toEqual(ok);
		expect(destroyed).toEqual([["new@muc.example.org", "moved", "secret"]]);
		expect(test.module.take(guest).at(-1)?.get_child("x", ns.muc_user)?.get_child("destroy")?.toString()).toBe(
			"<destroy jid='new@muc.example.org'><reason>moved</reason><password>secret</password></destroy>",
		);
		expect(test.room.has_occupant()).toBe(false);
		expect(test.room.destroying).toBe("moved");
	});

	it("does not destroy where a handler refuses", () => {
		const test = filled();
		test.module.hook("muc-pre-room-destroy", (event) => {
			event.allowed = false;
			if (event.reason) event.error = "auth";
		});
		expect(query(test, owner, "set", st.stanza("destroy"))).toEqual(["iq error room@muc.example.org cancel/not-allowed"]);
		const with_reason = st.stanza("destroy").text_tag("reason", "r");
		expect(query(test, owner, "set", with_reason)).toEqual(["iq error room@muc.example.org auth/not-allowed"]);
		expect([test.room.has_occupant(), test.room.destroying]).toEqual([true, undefined]);
	});
});
