import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bare } from "../../../host/util/jid.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Room } from "../../../muc/types.ts";
import { open_room, type Rig } from "../rig.ts";

const sessions = ["a@example.org/1", "a@example.org/2", "b@example.org/1", "b@example.org/2", "c@example.org/1"];
const nicks = ["one", "two", "three"];
const session = fc.constantFrom(...sessions);
const nick = fc.constantFrom(...nicks);

/** Something that happens in a room. */
const step = fc.oneof(
	fc.record({ kind: fc.constant("enter"), session, nick }),
	fc.record({ kind: fc.constant("available"), session, nick }),
	fc.record({ kind: fc.constant("unavailable"), session, nick }),
	fc.record({ kind: fc.constant("error"), session, nick }),
	fc.record({ kind: fc.constant("kick"), session, nick }),
	fc.record({ kind: fc.constant("ban"), session, nick }),
	fc.record({ kind: fc.constant("pardon"), session, nick }),
	fc.record({ kind: fc.constant("clear"), session, nick }),
);

function take(test: Rig, { kind, session, nick }: { kind: string; session: string; nick: string }): void {
	const { room } = test;
	const jid = bare(session) ?? "";
	if (kind === "enter") test.enter(session, nick);
	else if (kind === "available") test.show(session, nick);
	else if (kind === "unavailable") test.show(session, nick, { type: "unavailable" });
	else if (kind === "error") test.show(session, nick, { type: "error" }, st.stanza("error", { type: "cancel" }));
	else if (kind === "kick") room.set_role(true, `${room.jid}/${nick}`, "none");
	else if (kind === "ban") room.set_affiliation(true, jid, "outcast");
	else if (kind === "pardon") room.set_affiliation(true, jid, "none");
	else room.clear();
}

/** The two ways to find a session in a room say the same. */
function expect_agreement(room: Room): void {
	const indexed = new Map<string, string>();
	for (const [key, occupant] of room._occupants) {
		expect(key).toBe(occupant.nick);
		expect(occupant.role).toBeDefined();
		const live = [...occupant.sessions].filter(([, presence]) => presence.attr["type"] === undefined);
		expect(live.length, `${key} has no live session`).toBeGreaterThan(0);
		expect(occupant.sessions.has(occupant.jid ?? ""), `${key} has no primary session`).toBe(true);
		for (const [jid, presence] of live) {
			expect(indexed.has(jid), `${jid} is two occupants`).toBe(false);
			indexed.set(jid, key);
			expect([bare(jid), presence.attr["from"], presence.attr["to"]]).toEqual([occupant.bare_jid, key, jid]);
		}
	}
	expect(room._jid_nick).toEqual(indexed);
}

describe("occupants", () => {
	it("agree with the index of their sessions, whatever happens", () => {
		fc.assert(
			fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
				const test = open_room();
				for (const one of steps) {
					take(test, one);
					expect_agreement(test.room);
				}
			}),
			{ numRuns: 200 },
		);
	});

	it("are handed out as copies", () => {
		const test = open_room();
		test.fill(["a@example.org/1", "one"]);
		const { room } = test;
		const copies = [
			room.get_occupant_by_nick(`${room.jid}/one`),
			room.get_occupant_by_real_jid("a@example.org/1"),
			...[...room.each_occupant()].map(([, occupant]) => occupant),
		];
		for (const copy of copies) {
			expect(copy?.role).toBe("moderator");
			if (copy) copy.role = "visitor";
		}
		expect(room.get_role(`${room.jid}/one`)).toBe("moderator");
	});

	it("are not found by JIDs and nicks of nobody", () => {
		const { room } = open_room();
		expect(room.get_occupant_jid(undefined)).toBe(undefined);
		expect(room.get_occupant_by_nick(undefined)).toBe(undefined);
		expect(room.get_occupant_by_real_jid("nobody@example.org/x")).toBe(undefined);
	});

	it("keep a session that another occupant took over when its old nick is saved", () => {
		const test = open_room();
		test.fill(["a@example.org/1", "one"]);
		const { room } = test;
		const other = room.new_occupant("a@example.org", `${room.jid}/two`);
		other.set_session("a@example.org/1", st.presence());
		room.save_occupant(other);
		const old = room.get_occupant_by_nick(`${room.jid}/one`);
		old?.remove_session("a@example.org/1");
		if (old) room.save_occupant(old);
		expect_agreement(room);
		expect(room.get_occupant_jid("a@example.org/1")).toBe(`${room.jid}/two`);
	});

	it("get roles by affiliation, unless a handler knows better", () => {
		const { room, module } = open_room();
		expect(
			(["owner", "admin", "member", undefined, "outcast"] as const).map((affiliation) => room.get_default_role(affiliation)),
		).toEqual(["moderator", "moderator", "participant", "participant", undefined]);
		for (const [answer, role] of [
			["visitor", "visitor"],
			["none", undefined],
			[false, undefined],
			["king", undefined],
		] as const) {
			const handler = (): unknown => answer;
			module.hook("muc-get-default-role", handler, 10);
			expect(room.get_default_role("owner"), String(answer)).toBe(role);
			module.unhook("muc-get-default-role", handler);
		}
	});
});
