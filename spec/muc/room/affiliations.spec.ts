import { describe, expect, it } from "vitest";
import { stanza_error } from "../../../host/util/error.ts";
import type { Affiliation } from "../../../muc/types.ts";
import { brief, open_room, type Rig } from "../rig.ts";

const affiliations: Affiliation[] = ["outcast", "none", "member", "admin", "owner"];

function room_with(actor: Affiliation, target: Affiliation): Rig {
	const test = open_room();
	test.room.set_affiliation(true, "actor@example.org", actor);
	test.room.set_affiliation(true, "target@example.org", target);
	return test;
}

/** What each kind of actor may make out of whom, as a line of `from>to` pairs. XEP-0045 §5.2.2. */
const allowed: Record<Affiliation, string> = {
	owner: affiliations.flatMap((from) => affiliations.map((to) => `${from}>${to}`)).join(" "),
	admin: [
		"outcast>outcast outcast>none outcast>member",
		"none>outcast none>none none>member",
		"member>outcast member>none member>member",
	].join(" "),
	member: "",
	none: "",
	outcast: "",
};

describe("set_affiliation", () => {
	for (const actor of affiliations) {
		for (const from of affiliations) {
			for (const to of affiliations) {
				const is_allowed = allowed[actor].split(" ").includes(`${from}>${to}`);
				it(`${is_allowed ? "lets" : "does not let"} ${actor} make ${from} into ${to}`, () => {
					const { room } = room_with(actor, from);
					const verdict = room.set_affiliation("actor@example.org/x", "target@example.org", to);
					expect(verdict).toEqual(
						is_allowed ? { ok: true, value: true } : { ok: false, error: { type: "cancel", condition: "not-allowed" } },
					);
					expect(room.get_affiliation("target@example.org") ?? "none").toBe(is_allowed ? to : from);
				});
			}
		}
	}

	it("does not let the last owner step down, but one of two", () => {
		const { room } = room_with("owner", "member");
		const conflict = { ok: false, error: { type: "cancel", condition: "conflict" } };
		for (const to of ["outcast", "none", "member", "admin"]) {
			expect(room.set_affiliation("actor@example.org/x", "actor@example.org", to)).toEqual(conflict);
		}
		expect(room.set_affiliation("actor@example.org/x", "actor@example.org", "owner").ok).toBe(true);
		room.set_affiliation(true, "target@example.org", "owner");
		expect(room.set_affiliation("actor@example.org/x", "actor@example.org/y", "outcast"), "nobody bans himself").toEqual(
			conflict,
		);
		expect(room.set_affiliation("actor@example.org/x", "actor@example.org", "none").ok).toBe(true);
		expect(room.set_affiliation(true, "target@example.org", "none").ok, "the service may take the last one").toBe(true);
	});

	it("refuses invalid affiliations, JIDs and actors", () => {
		const { room } = room_with("owner", "none");
		const refused = { ok: false, error: { type: "modify", condition: "not-acceptable" } };
		for (const affiliation of ["king", "constructor", ""]) {
			expect(room.set_affiliation(true, "target@example.org", affiliation)).toEqual(refused);
		}
		expect(room.set_affiliation(true, "@", "member")).toEqual(refused);
		expect(room.set_affiliation(undefined, "target@example.org", "member")).toEqual(refused);
	});

	it("is for the bare JID, and takes undefined for none", () => {
		const { room } = room_with("owner", "none");
		room.set_affiliation(true, "target@example.org/phone", "member");
		expect(room.get_affiliation("target@example.org/desk")).toBe("member");
		room.set_affiliation(true, "target@example.org", false);
		expect(room.get_affiliation("target@example.org")).toBe(undefined);
		expect([...room._affiliations.keys()]).toEqual(["actor@example.org"]);
	});

	it("lets handlers refuse, and add data", () => {
		const { room, module } = room_with("owner", "none");
		module.hook("muc-pre-set-affiliation", (event) => {
			if (event.affiliation === "admin") event.allowed = false;
			if (event.affiliation === "outcast") {
				event.allowed = false;
				event.error = stanza_error("auth", "forbidden");
			}
			if (event.affiliation === "member") event.data = { reason: "added" };
		});
		const actor = "actor@example.org/x";
		expect(room.set_affiliation(actor, "target@example.org", "admin")).toMatchObject({ error: { condition: "not-allowed" } });
		expect(room.set_affiliation(true, "target@example.org", "outcast")).toMatchObject({ error: { condition: "forbidden" } });
		expect(room.set_affiliation(actor, "target@example.org", "member", undefined, {})).toMatchObject({ ok: true });
		expect(room.get_affiliation_data("target@example.org"), "where data was given, it counts").toBe(undefined);
		room.set_affiliation(actor, "target@example.org", "member");
		expect(room.get_affiliation_data("target@example.org", "reason")).toBe("added");
	});

	it("keeps data until it is replaced, forgotten, or the affiliation goes", () => {
		const { room } = room_with("owner", "none");
		const target = "target@example.org";
		room.set_affiliation(true, target, "member", undefined, { reserved_nickname: "t" });
		room.set_affiliation(true, target, "admin");
		expect(room.get_affiliation_data(target)).toEqual({ reserved_nickname: "t" });
		room.set_affiliation(true, target, "admin", undefined, { reason: "r" });
		expect(room.get_affiliation_data(target)).toEqual({ reason: "r" });
		room.set_affiliation(true, target, "admin", undefined, false);
		expect(room.get_affiliation_data(target)).toBe(undefined);
		room.set_affiliation(true, target, "admin", undefined, { reason: "r" });
		room.set_affiliation(true, target, "none", undefined, { reason: "again" });
		expect(room.get_affiliation_data(target)).toBe(undefined);
	});

	it("tells handlers the old and the new affiliation, and saves before the last of them", () => {
		const { room, module } = room_with("owner", "member");
		const seen: unknown[] = [];
		room.save = (forced) => seen.push(`save ${forced}`) > 0;
		module.hook("muc-set-affiliation", ({ actor, jid, affiliation, previous_affiliation, reason, in_room }) => {
			seen.push({ actor, jid, affiliation, previous_affiliation, reason, in_room });
		});
		room.set_affiliation("actor@example.org/x", "target@example.org", "none", "because");
		expect(seen).toEqual([
			"save true",
			{
				actor: "actor@example.org/x",
				jid: "target@example.org",
				affiliation: "none",
				previous_affiliation: "member",
				reason: "because",
				in_room: false,
			},
		]);
	});
});

describe("a change of affiliation in the room", () => {
	const owner = "actor@example.org/x";
	const target = "target@example.org/x";

	function in_room(): Rig {
		const test = open_room();
		test.room.set_affiliation(true, "actor@example.org", "owner");
		test.fill([owner, "owner"], [target, "target"], ["other@example.org/x", "other"]);
		return test;
	}

	it("is shown with the role that goes with it", () => {
		const test = in_room();
		test.room.set_affiliation(owner, "target@example.org", "admin", "trust");
		expect(test.got(owner)).toEqual([
			"presence /target admin,moderator,target@example.org/x by=owner(actor@example.org/x) because=trust",
		]);
		expect(test.got("other@example.org/x")).toEqual(["presence /target admin,moderator by=owner because=trust"]);
		expect(test.got(target), "who becomes moderator sees who the others are").toEqual([
			"presence /target admin,moderator,target@example.org/x by=owner because=trust 110",
			"presence /owner owner,moderator,actor@example.org/x",
			"presence /other none,participant,other@example.org/x",
		]);
	});

	it("does not raise or lower a role that was given by hand", () => {
		const test = in_room();
		const nick = `${test.room.jid}/target`;
		test.room.set_role(true, nick, "moderator");
		test.room.set_affiliation(owner, "target@example.org", "member");
		expect(test.room.get_role(nick), "an upgrade leaves a higher role").toBe("moderator");
		test.room.set_affiliation(owner, "target@example.org", "none");
		expect(test.room.get_role(nick), "a downgrade takes it").toBe("participant");
	});

	it("removes who is banned, and who has to be a member", () => {
		const test = in_room();
		const left: string[] = [];
		test.module.hook("muc-occupant-left", ({ nick }) => void left.push(nick));
		test.room.set_affiliation(owner, "target@example.org", "outcast", "spam");
		expect(test.got(target)).toEqual([
			"presence unavailable /target outcast,none,target@example.org/x by=owner because=spam 301+110",
		]);
		test.room.set_affiliation(owner, "other@example.org", "member");
		test.room.set_members_only(true);
		test.forget();
		test.room.set_affiliation(owner, "other@example.org", "none");
		expect(test.got("other@example.org/x")).toEqual([
			"presence unavailable /other none,none,other@example.org/x by=owner 321+110",
		]);
		expect(left).toEqual([`${test.room.jid}/target`, `${test.room.jid}/other`]);
	});

	it("can ban a whole domain", () => {
		const test = in_room();
		test.room.set_affiliation(true, "actor@example.org", "owner");
		test.enter("x@bad.example/1", "bad");
		test.forget();
		test.room.set_affiliation(owner, "bad.example", "outcast");
		expect(test.got("x@bad.example/1")).toEqual(["presence unavailable /bad outcast,none,x@bad.example/1 by=owner 301+110"]);
		expect(test.room.get_affiliation("anybody@bad.example/x")).toBe("outcast");
		expect(test.room.get_affiliation("bad.example")).toBe("outcast");
		expect(test.room.get_affiliation("x@example.org")).toBe(undefined);
		test.room.set_affiliation(true, "good@bad.example", "member");
		expect(test.room.get_affiliation("good@bad.example")).toBe("member");
	});

	it("leaves those in the room who have an affiliation of their own, whoever bans their domain", () => {
		for (const actor of ["owner", "admin"] as const) {
			const test = open_room();
			for (const affiliation of ["owner", "admin", "member"])
				test.room.set_affiliation(true, `${affiliation}@example.org`, affiliation);
			const people = ["owner", "admin", "member", "none"].map((name): [string, string] => [`${name}@example.org/x`, name]);
			test.fill(...people);
			expect(test.admin(`${actor}@example.org/x`, "set", { affiliation: "outcast", jid: "example.org" }).map(brief)).toEqual([
				"iq result room@muc.example.org",
			]);
			expect([...test.room._occupants.values()].map(({ bare_jid }) => bare_jid)).toEqual([
				"owner@example.org",
				"admin@example.org",
				"member@example.org",
			]);
		}
	});

	it("frees the nick of who is banned", () => {
		const test = in_room();
		const { room } = test;
		const data = { reserved_nickname: "t", reason: "r" };
		for (const given of [undefined, { ...data }]) {
			room.set_affiliation(true, "target@example.org", "member", undefined, { ...data });
			room.set_affiliation(owner, "target@example.org", "outcast", undefined, given);
			expect(room.get_registered_jid("t")).toBe(undefined);
			expect(room.get_affiliation_data("target@example.org")).toEqual({ reason: "r" });
		}
		// As a Prosody left it
		room._affiliation_data.set("target@example.org", { ...data });
		room._reserved_nicks = undefined;
		expect(room.get_registered_jid("t")).toBe(undefined);
		test.admin(owner, "set", { affiliation: "outcast", jid: "third@example.org", nick: "other" });
		expect(room.get_registered_jid("other")).toBe(undefined);
		expect(room.get_occupant_jid("other@example.org/x")).toBe(`${room.jid}/other`);
	});

	it("is announced to moderators where it concerns somebody outside", () => {
		const test = in_room();
		test.room.set_affiliation(owner, "absent@example.org", "member", "soon");
		const said = ["message room@muc.example.org member,absent@example.org because=soon"];
		expect([test.got(owner), test.got(target)]).toEqual([said, []]);
		test.room.set_whois("anyone");
		test.room.set_affiliation(owner, "absent@example.org", "member", "soon");
		expect([test.got(owner), test.got(target)]).toEqual([said, said]);
	});
});

describe("affiliation data", () => {
	it("changes key by key, which is told and saved", () => {
		const { room, module } = open_room();
		const told: unknown[] = [];
		let saves = 0;
		room.save = () => ++saves > 0;
		module.hook("muc-set-affiliation-data/colour", ({ jid, value, old_value }) => void told.push([jid, value, old_value]));
		expect(room.set_affiliation_data("a@example.org", "colour", undefined)).toBe(true);
		expect([saves, room.get_affiliation_data("a@example.org")]).toEqual([0, undefined]);
		room.set_affiliation_data("a@example.org", "colour", "red");
		room.set_affiliation_data("a@example.org", "colour", "red");
		room.set_affiliation_data("a@example.org", "colour", undefined);
		expect(told).toEqual([
			["a@example.org", "red", undefined],
			["a@example.org", undefined, "red"],
		]);
		expect(saves).toBe(3);
		expect(room.get_affiliation_data("a@example.org")).toEqual({});
		expect(room.set_affiliation_data("a@example.org", undefined, "red")).toBe(false);
	});
});

describe("each_affiliation", () => {
	it("lists all, or one kind, with data", () => {
		const { room } = room_with("owner", "member");
		room.set_affiliation(true, "third@example.org", "member", undefined, { reason: "r" });
		expect([...room.each_affiliation("member")]).toEqual([
			["target@example.org", "member", undefined],
			["third@example.org", "member", { reason: "r" }],
		]);
		expect([...room.each_affiliation()].length).toBe(3);
		expect([...room.each_affiliation("none")]).toEqual([]);
	});
});
