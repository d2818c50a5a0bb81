import { describe, expect, it } from "vitest";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import { open_room, type Rig } from "../rig.ts";

const owner = "owner@example.org/x";
const guests = ["a@example.org/1", "b@example.org/1", "c@example.org/1"];

function full(): Rig {
	const test = open_room();
	test.fill([owner, "owner"], ["a@example.org/1", "a"], ["b@example.org/1", "b"], ["c@example.org/1", "c"]);
	return test;
}

describe("a broadcast", () => {
	it("goes to all sessions as one stanza, in the order in which they came", () => {
		const test = full();
		test.enter("a@example.org/2", "a");
		test.forget();
		test.room.broadcast(st.message({ from: test.room.jid }, "hello"));
		expect(test.module.broadcasts.map(({ recipients }) => recipients)).toEqual([
			[owner, "a@example.org/1", "a@example.org/2", "b@example.org/1", "c@example.org/1"],
		]);
	});

	it("may be for some only", () => {
		const test = full();
		test.room.broadcast(st.message({ from: test.room.jid }), (_nick, occupant) => occupant.role === "moderator");
		test.room.broadcast(st.message({ from: test.room.jid }), () => false);
		expect(test.module.broadcasts.map(({ recipients }) => recipients)).toEqual([[owner]]);
	});

	it("is stopped by handlers of muc-broadcast-message, which may also change it", () => {
		const test = full();
		test.module.hook("muc-broadcast-message", ({ stanza }) => {
			if (stanza.get_child("body")) stanza.tag("mark", { xmlns: "urn:example" }).up();
			return stanza.get_child("body") ? undefined : true;
		});
		const attr = { from: test.room.jid, type: "groupchat" };
		test.room.broadcast_message(st.message(attr));
		expect(test.module.take()).toEqual([]);
		test.room.broadcast_message(st.message(attr, "text"));
		expect(test.module.take(owner).map((stanza) => stanza.tags.map((tag) => tag.name))).toEqual([["body", "mark"]]);
	});

	it("does not stumble over occupants that are removed meanwhile", () => {
		const test = full();
		const { room, module } = test;
		const broadcast = module.broadcast.bind(module);
		let is_first = true;
		module.broadcast = (recipients: Iterable<string>, stanza: Stanza) => {
			broadcast(recipients, stanza);
			if (!is_first) return;
			is_first = false;
			room.handle_kickable(test.session(guests[0] ?? ""), st.message({ type: "error", from: guests[0] }));
		};
		room.broadcast(st.message({ from: room.jid }, "hello"));
		expect(test.got(owner).map((line) => line.split(" ")[0])).toEqual(["message", "presence"]);
		expect(room._occupants.size).toBe(3);
	});
});

describe("methods that a module replaced", () => {
	it("see every stanza", () => {
		for (const name of ["route_stanza", "route_to_occupant"] as const) {
			const test = full();
			const seen: string[] = [];
			if (name === "route_stanza") {
				const route = test.library.room_mt.route_stanza;
				test.library.room_mt.route_stanza = function (stanza) {
					seen.push(stanza.attr["to"] ?? "");
					route.call(this, stanza);
				};
			} else {
				const route = test.library.room_mt.route_to_occupant;
				test.library.room_mt.route_to_occupant = function (occupant, stanza) {
					seen.push(occupant.jid ?? "");
					route.call(this, occupant, stanza);
				};
			}
			test.room.broadcast(st.message({ from: test.room.jid }, "hello"));
			expect(seen, name).toEqual([owner, ...guests]);
			expect(
				test.module.take().map((stanza) => stanza.attr["to"]),
				name,
			).toEqual([owner, ...guests]);
		}
	});

	it("decide for the whole room, as get_affiliation does for server admins", () => {
		const test = full();
		const own = test.library.room_mt.get_affiliation;
		test.library.room_mt.get_affiliation = function (jid) {
			return jid.startsWith("b@") ? "owner" : own.call(this, jid);
		};
		expect(test.room.set_affiliation("b@example.org/1", "a@example.org", "admin").ok).toBe(true);
		expect(test.room.is_anonymous_for("b@example.org/1")).toBe(false);
		expect(test.room.get_default_role(test.room.get_affiliation("b@example.org"))).toBe("moderator");
	});
});

describe("publicise_occupant_status", () => {
	it("makes one stanza for each audience", () => {
		const test = full();
		test.enter("a@example.org/2", "other");
		test.room.set_role(true, `${test.room.jid}/c`, "moderator");
		test.forget();
		test.show("a@example.org/1", "a");
		expect(test.module.broadcasts.map(({ recipients }) => recipients)).toEqual([
			[owner, "c@example.org/1"],
			["b@example.org/1"],
			["a@example.org/2"],
		]);
		expect(test.got("a@example.org/2"), "one's own other nicks show all").toEqual([
			"presence /a none,participant,a@example.org/1",
		]);
	});

	it("lets handlers change what is said, without telling the next one", () => {
		const test = full();
		test.module.hook("muc-broadcast-presence", (event) => {
			event.reason = "changed";
			event.actor = undefined;
			event.x.tag("status", { code: "999" }).up();
			event.stanza.text_tag("extra", "1");
		});
		const x = st.stanza("x", { xmlns: "http://jabber.org/protocol/muc#user" });
		for (const nick of ["a", "b"]) {
			const occupant = test.room.get_occupant_by_nick(`${test.room.jid}/${nick}`);
			if (occupant) test.room.publicise_occupant_status({ occupant, x, actor: owner, reason: "given" });
		}
		expect(x.tags).toEqual([]);
		expect(test.got("c@example.org/1")).toEqual([
			"presence /a none,participant because=changed 999",
			"presence /b none,participant because=changed 999",
		]);
	});

	it("hides roles that are not shown, but lets everybody see them go", () => {
		const test = full();
		test.room.set_presence_broadcast({ moderator: true });
		test.forget();
		test.show("a@example.org/1", "a");
		expect(test.got("b@example.org/1")).toEqual([]);
		expect(test.got("a@example.org/1")).toEqual(["presence /a none,participant,a@example.org/1 110"]);
		test.room.set_role(true, `${test.room.jid}/owner`, "participant");
		expect(test.got("b@example.org/1")).toEqual(["presence unavailable /owner owner,participant"]);
		expect(test.got(owner)).toEqual(["presence /owner owner,participant,owner@example.org/x 110"]);
	});

	it("shows a leaver's own presence last", () => {
		const test = full();
		test.show("a@example.org/1", "a", { type: "unavailable" });
		expect(test.module.sent.at(-1)?.attr["to"]).toBe("a@example.org/1");
	});
});

describe("send_occupant_list", () => {
	it("shows absent members where the room does", () => {
		const test = full();
		const { room } = test;
		room.set_affiliation(true, "known@example.org", "member", undefined, { reserved_nickname: "known" });
		room.set_affiliation(true, "quiet@example.org", "member");
		room.set_presence_broadcast({ none: true, moderator: true });
		test.forget();
		room.send_occupant_list("b@example.org/1");
		expect(test.got("b@example.org/1")).toEqual([
			"presence /owner owner,moderator",
			"presence /b none,participant,b@example.org/1",
			"presence unavailable /known member,none,nick=known",
		]);
		room.send_occupant_list(owner, (_nick, occupant) => occupant === undefined);
		expect(test.got(owner)).toEqual([
			"presence unavailable /known member,none,known@example.org,nick=known",
			"presence unavailable room@muc.example.org member,none,quiet@example.org",
		]);
	});
});
