import { describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { OccupantRecord } from "../../muc/occupant.lib.ts";

const available = st.presence({ from: "a@example.org/1", to: "elsewhere" });
const unavailable = st.presence({ type: "unavailable" });

function occupant(...sessions: string[]): OccupantRecord {
	const made = new OccupantRecord("a@example.org", "room@muc/a", new Map([[ns.muc, true]]));
	made.role = "participant";
	for (const session of sessions) made.set_session(session, available);
	return made;
}

describe("OccupantRecord", () => {
	it("shows presences as the nick's, addressed to their session, without what is filtered", () => {
		const presence = st.presence({ from: "a@example.org/1" }).text_tag("x", "", { xmlns: ns.muc }).text_tag("show", "dnd");
		const made = occupant();
		made.set_session("a@example.org/1", presence);
		expect(String(made.get_presence())).toBe("<presence from='room@muc/a' to='a@example.org/1'><show>dnd</show></presence>");
		expect(presence.tags.length, "the stanza itself stays as it is").toBe(2);
	});

	it("has the first session as its primary one, unless told otherwise", () => {
		const made = occupant("1", "2");
		expect(made.jid).toBe("1");
		made.set_session("2", available, true);
		expect(made.jid).toBe("2");
	});

	it("moves on to another primary session when that one goes", () => {
		const made = occupant("1", "2");
		made.set_session("1", unavailable);
		expect(made.jid).toBe("2");
		made.set_session("2", unavailable);
		expect(made.jid, "nobody is left").toBe("2");
		expect(made.get_presence()?.attr["type"]).toBe("unavailable");
	});

	it("forgets removed sessions", () => {
		const made = occupant("1", "2");
		made.remove_session("2");
		expect([...made.each_session()].map(([jid]) => jid)).toEqual(["1"]);
		expect(made.jid).toBe("1");
		made.remove_session("1");
		expect(made.jid).toBe(undefined);
		expect(made.get_presence()).toBe(undefined);
	});

	it("is copied without sessions that are gone, except for the primary one", () => {
		const made = occupant("1", "2");
		made.stable_id = "id";
		made.set_session("1", unavailable);
		expect([...made.copy().sessions.keys()]).toEqual(["2"]);
		made.set_session("2", unavailable);
		const copy = made.copy();
		expect([...copy.sessions.keys()]).toEqual(["2"]);
		expect([copy.bare_jid, copy.nick, copy.role, copy.jid, copy.stable_id]).toEqual([
			"a@example.org",
			"room@muc/a",
			"participant",
			"2",
			"id",
		]);
		copy.remove_session("2");
		expect(made.sessions.has("2"), "a change of the copy is the copy's").toBe(true);
	});
});
