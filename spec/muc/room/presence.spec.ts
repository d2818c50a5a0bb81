import { describe, expect, it } from "vitest";
import { ok } from "../../../host/util/error.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { Waiting } from "../../../host/util/waiting.ts";
import { open_room, type Rig } from "../rig.ts";

const owner = "owner@example.org/x";
const guest = "guest@example.org/x";
const phone = "guest@example.org/phone";

/** A room with its owner in it. */
function with_owner(): Rig {
	const test = open_room();
	test.fill([owner, "owner"]);
	return test;
}

describe("the first presence", () => {
	it("creates the room, and makes its sender the owner", () => {
		const test = open_room();
		const events: string[] = [];
		for (const name of ["muc-room-pre-create", "muc-occupant-joined", "muc-occupant-session-new", "muc-room-created"] as const) {
			test.module.hook(name, () => void events.push(name), -100);
		}
		test.enter(owner, "owner");
		expect(test.got(owner)).toEqual([
			"presence /owner owner,moderator,owner@example.org/x 201+110",
			"message groupchat room@muc.example.org subject=",
		]);
		expect(events).toEqual(["muc-room-pre-create", "muc-occupant-joined", "muc-occupant-session-new", "muc-room-created"]);
	});

	it("is refused by handlers, in a broken room, and without a nick", () => {
		const test = open_room();
		const stanza = st.presence({ from: owner, to: test.room.jid }).text_tag("x", "", { xmlns: ns.muc });
		test.room.handle_first_presence(test.session(owner), stanza);
		expect(test.got(owner)).toEqual(["presence error room@muc.example.org modify/jid-malformed"]);
		test.module.hook("muc-room-pre-create", () => true, 100);
		test.enter(owner, "owner");
		expect(test.got(owner)).toEqual([]);
		test.room.broken = true;
		test.enter(owner, "owner");
		expect(test.got(owner)).toEqual(["presence error /owner wait/internal-server-error"]);
		expect(test.room.has_occupant()).toBe(false);
	});
});

describe("joining", () => {
	it("shows the others, then the newcomer, then history and subject", () => {
		const test = with_owner();
		test.enter(guest, "guest");
		expect(test.got(guest)).toEqual([
			"presence /owner owner,moderator",
			"presence /guest none,participant,guest@example.org/x 110",
			"message groupchat room@muc.example.org subject=",
		]);
		expect(test.got(owner)).toEqual(["presence /guest none,participant,guest@example.org/x"]);
	});

	it("tells that real JIDs are seen", () => {
		const test = with_owner();
		test.room.set_whois("anyone");
		test.enter(guest, "guest");
		expect(test.got(guest).slice(0, 2)).toEqual([
			"presence /owner owner,moderator,owner@example.org/x",
			"presence /guest none,participant,guest@example.org/x 100+110",
		]);
	});

	it("lets more sessions of an account share a nick", () => {
		const test = with_owner();
		const joined: string[] = [];
		test.module.hook("muc-occupant-joined", ({ nick }) => void joined.push(nick));
		test.fill([guest, "guest"]);
		test.enter(phone, "guest");
		const self = "presence /guest none,participant,guest@example.org/x none,participant,guest@example.org/phone 110";
		expect(test.got(guest)).toEqual([self]);
		expect(test.got(phone).slice(0, 2)).toEqual(["presence /owner owner,moderator", self]);
		expect(joined).toEqual([`${test.room.jid}/guest`]);
	});

	it("is refused with a taken, invisible or unprepared nick, to outcasts, and to who did not ask to enter", () => {
		const test = with_owner();
		const refusals: [nick: string, answer: string][] = [
			["owner", "cancel/conflict"],
			["  ", "modify/not-allowed"],
			["\u{1f9d1}", "modify/jid-malformed"],
		];
		for (const [nick, answer] of refusals) {
			test.enter(guest, nick);
			expect(test.got(guest).map((line) => line.split(" ").at(-1))).toEqual([answer]);
		}
		test.show(guest, "guest");
		expect(test.got(guest)).toEqual(["presence error /guest cancel/item-not-found"]);
		test.room.set_affiliation(true, "guest@example.org", "outcast");
		test.room.set_password("a secret that outcasts are not asked for");
		test.enter(guest, "guest");
		expect(test.got(guest)).toEqual(["presence error /guest auth/forbidden"]);
		expect(test.room._occupants.size).toBe(1);
	});

	it("takes the nick that a handler chose, with those that are there under it", () => {
		const test = with_owner();
		test.module.hook("muc-occupant-pre-join", ({ room, occupant }) => {
			occupant.nick = `${room.jid}/chosen`;
		});
		test.enter(guest, "guest");
		expect(test.got(guest)).toContain("presence /chosen none,participant,guest@example.org/x 210+110");
		test.enter(phone, "something");
		expect(test.got(phone)).toContain(
			"presence /chosen none,participant,guest@example.org/x none,participant,guest@example.org/phone 210+110",
		);
		expect(test.room.get_occupant_jid(guest), "the first session stays in").toBe(`${test.room.jid}/chosen`);
		test.enter("other@example.org/x", "other");
		expect(test.got("other@example.org/x")).toEqual(["presence error /other cancel/conflict"]);
	});
});

describe("an update", () => {
	it("is passed on as it is, without what rooms say", () => {
		const test = with_owner();
		test.fill([guest, "guest"]);
		test.show(guest, "guest", {}, st.stanza("show").text("away"), st.stanza("x", { xmlns: ns.muc_user }));
		expect(test.module.take(owner).map(String)).toEqual([
			"<presence from='room@muc.example.org/guest' to='owner@example.org/x'><show>away</show>" +
				"<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='participant' jid='guest@example.org/x'/></x></presence>",
		]);
	});

	it("may go to the room itself", () => {
		const test = with_owner();
		test.show(owner, undefined, {}, st.stanza("show").text("dnd"));
		expect(test.room.get_occupant_by_real_jid(owner)?.get_presence()?.get_child_text("show")).toBe("dnd");
		expect(test.room.handle_presence_to_room(test.session(guest), st.presence({ from: guest, to: test.room.jid }))).toBe(
			undefined,
		);
	});

	it("that asks to enter brings everything again", () => {
		const test = with_owner();
		test.fill([guest, "guest"]);
		const joined: string[] = [];
		test.module.hook("muc-occupant-joined", ({ nick }) => void joined.push(nick));
		test.enter(guest, "guest");
		expect(test.got(guest)).toEqual([
			"presence /owner owner,moderator",
			"presence /guest none,participant,guest@example.org/x 110",
			"message groupchat room@muc.example.org subject=",
		]);
		expect(joined).toEqual([]);
	});

	it("of an unknown type is refused, except for types that old clients still send", () => {
		const test = with_owner();
		for (const type of ["subscribe", "unsubscribed"]) test.show(owner, "owner", { type });
		for (const type of ["visible", "invisible", "result"]) test.show(owner, "owner", { type });
		expect(test.got(owner)).toEqual(Array(2).fill("presence error /owner modify/bad-request"));
	});
});

describe("changing nick", () => {
	it("is announced, and keeps role and room", () => {
		const test = with_owner();
		test.fill([guest, "guest"]);
		test.room.set_role(true, `${test.room.jid}/guest`, "visitor");
		test.forget();
		test.show(guest, "new");
		expect(test.got(owner)).toEqual([
			"presence unavailable /guest none,visitor,guest@example.org/x,nick=new 303",
			"presence /new none,visitor,guest@example.org/x",
		]);
		expect(test.got(guest)).toEqual([
			"presence unavailable /guest none,visitor,guest@example.org/x,nick=new 303+110",
			"presence /new none,visitor,guest@example.org/x 110",
		]);
	});

	it("counts as leaving only once the new nick is there, so that the room never looks empty", () => {
		const test = with_owner();
		const occupants: boolean[] = [];
		test.module.hook("muc-occupant-left", ({ room, nick }) => {
			expect(nick).toBe(`${room.jid}/owner`);
			occupants.push(room.has_occupant());
		});
		test.show(owner, "other");
		expect(occupants).toEqual([true]);
	});

	it("of one session of several splits the occupant", () => {
		const test = with_owner();
		test.fill([guest, "guest"], [phone, "guest"]);
		test.show(phone, "mobile");
		expect(test.got(phone)).toEqual([
			"presence unavailable /guest none,participant,guest@example.org/phone,nick=mobile 303+110",
			"presence /mobile none,participant,guest@example.org/phone 110",
			"presence /guest none,participant,guest@example.org/x",
		]);
		expect(test.got(owner)).toEqual([
			"presence /guest none,participant,guest@example.org/x",
			"presence /mobile none,participant,guest@example.org/phone",
		]);
		expect(test.got(guest)).toEqual([
			"presence /guest none,participant,guest@example.org/x 110",
			"presence /mobile none,participant,guest@example.org/phone",
		]);
	});

	it("into a nick of the same account merges the two", () => {
		const test = with_owner();
		test.fill([guest, "guest"], [phone, "mobile"]);
		test.show(phone, "guest");
		expect(test.got(phone)).toEqual([
			"presence unavailable /guest none,none status=you are joining pre-existing session guest",
			"presence unavailable /mobile none,participant,guest@example.org/phone,nick=guest 303+110",
			"presence /guest none,participant,guest@example.org/x none,participant,guest@example.org/phone 110",
		]);
		expect(test.got(owner)).toEqual([
			"presence unavailable /mobile",
			"presence /guest none,participant,guest@example.org/x none,participant,guest@example.org/phone",
		]);
	});

	it("is refused for a taken nick, and by handlers", () => {
		const test = with_owner();
		test.fill([guest, "guest"]);
		test.show(guest, "owner");
		test.module.hook("muc-occupant-pre-change", () => true);
		test.show(guest, "free");
		expect(test.got(guest)).toEqual(["presence error /owner cancel/conflict"]);
		expect(test.room.get_occupant_jid(guest)).toBe(`${test.room.jid}/guest`);
	});
});

describe("leaving", () => {
	it("is shown with what the leaver has to say", () => {
		const test = with_owner();
		test.fill([guest, "guest"]);
		const left: string[] = [];
		test.module.hook("muc-occupant-left", ({ nick }) => void left.push(nick));
		test.show(guest, "guest", { type: "unavailable" }, st.stanza("status").text("bye"));
		expect(test.got(owner)).toEqual(["presence unavailable /guest none,none,guest@example.org/x status=bye"]);
		expect(test.got(guest)).toEqual(["presence unavailable /guest none,none,guest@example.org/x 110 status=bye"]);
		expect(left).toEqual([`${test.room.jid}/guest`]);
	});

	it("of one session of several leaves the others", () => {
		const test = with_owner();
		test.fill([guest, "guest"], [phone, "guest"]);
		test.show(guest, "guest", { type: "unavailable" });
		expect(test.got(phone).length).toBe(1);
		expect(test.room.get_occupant_jid(guest)).toBe(undefined);
		expect(test.room.get_occupant_jid(phone)).toBe(`${test.room.jid}/guest`);
	});

	it("can be stopped by handlers, and is ignored from outside", () => {
		const test = with_owner();
		test.show(guest, "guest", { type: "unavailable" });
		test.module.hook("muc-occupant-pre-leave", () => true);
		test.show(owner, "owner", { type: "unavailable" });
		expect(test.module.take()).toEqual([]);
		expect(test.room.has_occupant()).toBe(true);
	});

	it("is shown once where the session is gone before handlers that wait say yes", () => {
		const test = with_owner();
		test.fill([guest, "guest"]);
		let go_on = (): void => undefined;
		const waits = new Waiting<undefined>((settle) => {
			go_on = () => settle(ok(undefined));
		});
		let has_waited = false;
		test.module.hook("muc-occupant-pre-leave", () => {
			if (has_waited) return undefined;
			has_waited = true;
			return waits;
		});
		test.show(guest, "guest", { type: "unavailable" });
		expect(test.room.get_occupant_jid(guest)).not.toBe(undefined);
		test.show(guest, "guest", { type: "unavailable" });
		expect(test.room.get_occupant_jid(guest)).toBe(undefined);
		test.module.take();
		go_on();
		expect(test.module.take()).toEqual([]);
	});
});

describe("errors from clients that are gone", () => {
	const error = st.stanza("error", { type: "cancel" }).tag("recipient-unavailable", { xmlns: ns.stanzas }).up();

	it("remove the session", () => {
		const test = with_owner();
		test.fill([guest, "guest"], [phone, "guest"]);
		test.show(guest, "guest", { type: "error" }, st.clone(error));
		expect(test.got(guest)).toEqual([]);
		expect(test.got(phone)).toEqual(["presence /guest none,participant,guest@example.org/phone 110"]);
		test.show(phone, "guest", { type: "error" }, st.clone(error));
		expect(test.got(owner).at(-1)).toBe(
			"presence unavailable /guest none,none,guest@example.org/phone 333 status=Kicked: recipient unavailable",
		);
		expect(test.room.get_occupant_jid(phone)).toBe(undefined);
	});

	it("show their text only where everybody is known", () => {
		for (const [whois, status] of [
			["moderators", "Kicked: recipient unavailable"],
			["anyone", "Kicked: recipient unavailable: gone to lunch"],
		] as const) {
			const test = with_owner();
			test.room.set_whois(whois);
			test.fill([guest, "guest"]);
			const told = st.clone(error).text_tag("text", "gone to lunch", { xmlns: ns.stanzas });
			test.show(guest, "guest", { type: "error" }, told);
			expect(test.got(owner).at(-1)?.split("status=")[1]).toBe(status);
		}
	});

	it("are ignored from outside", () => {
		const test = with_owner();
		expect(test.room.handle_kickable(test.session(guest), st.presence({ from: guest, type: "error" }))).toBe(undefined);
	});
});

describe("probes", () => {
	it("are answered with the occupant, or with the account that has reserved the nick", () => {
		const test = with_owner();
		test.fill([guest, "guest"]);
		test.room.set_affiliation(true, "absent@example.org", "member", undefined, { reserved_nickname: "absent" });
		test.forget();
		for (const nick of ["owner", "absent", "nobody"]) test.show(guest, nick, { type: "probe" });
		expect(test.got(guest)).toEqual(["presence /owner owner,moderator", "presence unavailable /absent member,none,nick=absent"]);
		test.show(owner, "absent", { type: "probe" });
		expect(test.got(owner)).toEqual(["presence unavailable /absent member,none,absent@example.org,nick=absent"]);
	});

	it("are refused from outside", () => {
		const test = with_owner();
		test.show(guest, "owner", { type: "probe" });
		expect(test.got(guest)).toEqual(["presence error /owner cancel/not-acceptable"]);
	});
});
