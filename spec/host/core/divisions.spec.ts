import { beforeEach, describe, expect, it } from "vitest";
import { Divisions } from "../../../host/core/divisions.ts";
import type { C2sSession, Cluster, Collected } from "../../../host/core/types.ts";
import { Audience } from "../../../host/util/audience.ts";
import { VersionedMap } from "../../../host/util/versioned_map.ts";

const session = (host: string): C2sSession => Object.assign(Object.create(null), { host });
const b = { node: "b", incarnation: 1 };

let full_sessions: VersionedMap<string, C2sSession>;
/** Who is on the other node, and what stands for the state of what is known of it. */
let away: Set<string>;
let ways: number | undefined;
let asked: number;
let divisions: Divisions;

const room = {};
const audience = new Audience(["a@h/1", "b@h/1", "c@other/1", "d@h/1", "e@h/1"], room);

beforeEach(() => {
	full_sessions = new VersionedMap();
	for (const jid of ["a@h/1", "b@h/1"]) full_sessions.set(jid, session("h"));
	full_sessions.set("c@other/1", session("other"));
	away = new Set(["d@h/1"]);
	ways = 1;
	asked = 0;
	const cluster: Pick<Cluster, "collect" | "ways"> = {
		get ways() {
			return ways;
		},
		collect(jid: string, into: Collected) {
			asked++;
			if (!away.has(jid)) return false;
			const known = into.get("b.1") ?? { to: b, recipients: [] };
			known.recipients.push(jid);
			into.set("b.1", known);
			return true;
		},
	};
	divisions = new Divisions({ full_sessions, cluster: Object.create(cluster) });
});

/** What is found now: who is here, elsewhere, and nobody's session. */
function found(of = audience) {
	const beyond = divisions.beyond(of);
	return {
		here: divisions
			.of(of)
			.here.flatMap(({ jids, sessions }) => jids.filter((jid, index) => sessions[index] === full_sessions.get(jid))),
		elsewhere: beyond && [...beyond.elsewhere.values()].map(({ recipients }) => recipients),
		rest: beyond?.rest,
	};
}

describe("where an audience is", () => {
	it("is known by host, node, and for those of whom nothing is known", () => {
		expect(divisions.of(audience).here.map(({ host, jids }) => [host, jids])).toEqual([
			["h", ["a@h/1", "b@h/1"]],
			["other", ["c@other/1"]],
		]);
		expect(found()).toEqual({ here: ["a@h/1", "b@h/1", "c@other/1"], elsewhere: [["d@h/1"]], rest: ["e@h/1"] });
		expect([...(divisions.beyond(audience)?.elsewhere.values() ?? [])].map(({ of }) => of)).toEqual([room]);
	});

	it("is looked up once, as long as nothing changes that concerns it", () => {
		const known = new Audience(["a@h/1", "d@h/1"], room);
		const [here, beyond] = [divisions.of(known), divisions.beyond(known)];
		full_sessions.set("stranger@h/1", session("h"));
		full_sessions.delete("stranger@h/1");
		expect(divisions.of(known)).toBe(here);
		expect(divisions.beyond(known)).toBe(beyond);
		expect(asked).toBe(1);
	});

	it.each<[string, () => void, Partial<ReturnType<typeof found>>]>([
		["a session ends", () => full_sessions.delete("a@h/1"), { here: ["b@h/1", "c@other/1"], rest: ["a@h/1", "e@h/1"] }],
		["a session begins", () => full_sessions.set("e@h/1", session("h")), { rest: [] }],
		["a session takes the place of another", () => full_sessions.set("a@h/1", session("h")), {}],
		["somebody comes here from another node", () => full_sessions.set("d@h/1", session("h")), { elsewhere: [] }],
		["another node is known to have somebody", () => void away.add("e@h/1"), { elsewhere: [["d@h/1", "e@h/1"]], rest: [] }],
		[
			"somebody is not there any more",
			() => {
				away.delete("d@h/1");
				ways = 2;
			},
			{ elsewhere: [], rest: ["d@h/1", "e@h/1"] },
		],
		[
			"it is being asked where something is",
			() => {
				ways = undefined;
			},
			{ elsewhere: undefined, rest: undefined },
		],
	])("is looked up anew where %s", (_what, change, expected) => {
		const before = found();
		change();
		const here = audience.jids.filter((jid) => full_sessions.has(jid));
		expect(new Set(found().here)).toEqual(new Set(here));
		expect(found()).toEqual({ ...before, ...expected, here: found().here });
	});

	it("is looked up anew after many changes, of which not all are known any more", () => {
		divisions.of(audience);
		full_sessions.delete("a@h/1");
		for (let index = 0; index < 2000; index++) full_sessions.set(`x${index}@h/1`, session("h"));
		expect(found().here).toEqual(["b@h/1", "c@other/1"]);
	});

	it("needs no other nodes", () => {
		const alone = new Divisions({ full_sessions });
		expect(alone.of(audience).absent).toEqual(["d@h/1", "e@h/1"]);
		expect(alone.beyond(audience)).toMatchObject({ elsewhere: new Map(), rest: ["d@h/1", "e@h/1"] });
	});
});
