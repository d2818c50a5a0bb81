import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoreKey, StoreTable, StoreValue } from "../../../host/core/types.ts";
import * as st from "../../../host/util/stanza.ts";
import { recover_room } from "../../../muc/room/lifecycle.ts";
import type { Room } from "../../../muc/types.ts";
import { open_room, type Rig } from "../rig.ts";

/** A value as storage gives it back: of tables, those without numbers among their keys are objects. */
function stored(value: StoreValue): StoreValue {
	if (typeof value !== "object") return value;
	if (Array.isArray(value)) return value.map(stored);
	const entries: [StoreKey, StoreValue | undefined][] = value instanceof Map ? [...value] : Object.entries(value);
	const kept: [StoreKey, StoreValue][] = entries.flatMap(([key, inner]) => (inner === undefined ? [] : [[key, stored(inner)]]));
	return kept.every(([key]) => typeof key === "string") ? Object.fromEntries(kept) : new Map(kept);
}

function stored_table(table: StoreTable | undefined): StoreTable | undefined {
	const value = table === undefined ? undefined : stored(table);
	return typeof value !== "object" || Array.isArray(value) || value instanceof Map ? undefined : value;
}

/** What of a room is stored. */
function essence(room: Room): unknown {
	return {
		jid: room.jid,
		data: { ...room._data },
		affiliations: new Map(room._affiliations),
		affiliation_data: new Map(room._affiliation_data),
		index: new Map(room._jid_nick),
		occupants: [...room._occupants].map(([nick, { bare_jid, role, jid, sessions }]) => [
			nick,
			bare_jid,
			role,
			jid,
			[...sessions].map(([real, presence]) => [real, String(presence)]),
		]),
		history: room._history?.map(({ stanza, timestamp }) => [String(stanza), timestamp]),
	};
}

function restore(test: Rig, frozen: StoreTable, state?: StoreTable): Room {
	const room = test.library.restore_room(frozen, state);
	if (!room.ok) throw new Error(room.error);
	return room.value;
}

const affiliation = fc.constantFrom("owner", "admin", "member", "outcast");
const text = fc.stringMatching(/^[a-zé ]{1,8}$/);
const contents = fc.record({
	settings: fc.record(
		{ name: text, persistent: fc.boolean(), history_length: fc.nat(50), whois: fc.constantFrom("anyone", "moderators") },
		{ requiredKeys: [] },
	),
	affiliated: fc.array(
		fc.tuple(fc.constantFrom("a@example.org", "b@example.org", "bad.example", "c@_x.example"), affiliation, fc.option(text)),
	),
	occupants: fc.array(
		fc.tuple(fc.constantFrom("x@example.org/1", "x@example.org/2", "y@example.org/1"), fc.constantFrom("one", "two")),
	),
	message: fc.option(text),
});

type Contents = typeof contents extends fc.Arbitrary<infer Value> ? Value : never;

function fill(test: Rig, { settings, affiliated, occupants, message }: Contents): void {
	Object.assign(test.room._data, settings);
	for (const [jid, name, nick] of affiliated) {
		test.room.set_affiliation(true, jid, name, undefined, nick === null ? undefined : { reserved_nickname: nick });
	}
	for (const [jid, nick] of occupants) test.enter(jid, nick);
	const [speaker] = occupants[0] ?? [];
	if (speaker !== undefined && message !== null) test.message(speaker, { type: "groupchat" }, message);
}

describe("freeze and restore_room", () => {
	for (const is_new of [true, false]) {
		it(`carry a room over in the ${is_new ? "new" : "old"} format`, () => {
			fc.assert(
				fc.property(contents, (content) => {
					const test = open_room({ options: { new_muc_storage_format: is_new } });
					fill(test, content);
					const { frozen, state } = test.room.freeze(true);
					const config = stored_table(frozen) ?? {};
					expect(config["_affiliations"] === undefined).toBe(is_new);
					const room = restore(test, config, stored_table(state));
					expect(essence(room)).toEqual(essence(test.room));
				}),
				{ numRuns: 100 },
			);
		});
	}

	it("leave occupants out unless they are asked for", () => {
		const test = open_room();
		test.fill(["a@example.org/1", "a"]);
		const { frozen, state } = test.room.freeze();
		expect(state).toBe(undefined);
		expect(restore(test, frozen).has_occupant()).toBe(false);
	});

	it("write what Prosody writes", () => {
		const test = open_room();
		test.fill(["a@example.org/1", "a"]);
		test.room.set_affiliation(true, "b@example.org", "member", undefined, { reason: "r" });
		test.room._data.name = "Tea";
		const { frozen, state } = test.room.freeze(true);
		expect(frozen).toEqual({
			"a@example.org": "owner",
			"b@example.org": "member",
			_jid: "room@muc.example.org",
			_data: expect.objectContaining({ name: "Tea" }),
			_affiliation_data: { "b@example.org": { reason: "r" } },
		});
		expect(state).toEqual({
			"room@muc.example.org/a": { bare_jid: "a@example.org", role: "moderator", jid: "a@example.org/1" },
			"a@example.org/1": new Map<string, unknown>([
				["name", "presence"],
				["attr", { from: "room@muc.example.org/a", to: "a@example.org/1" }],
			]),
		});
	});

	it("do not let a domain called as one of the keys take its place", () => {
		const test = open_room();
		for (const jid of ["_data", "_jid", "__proto__"]) test.room.set_affiliation(true, jid, "member");
		test.room._data.name = "Tea";
		const room = restore(test, stored_table(test.room.freeze().frozen) ?? {});
		expect([room.jid, room.get_name(), room._affiliations.size]).toEqual(["room@muc.example.org", "Tea", 0]);
	});
});

describe("restore_room", () => {
	const jid = "room@muc.example.org";

	it("reads rooms of old that have their occupants beside their settings", () => {
		const test = open_room();
		const presence = new Map<string | number, StoreValue>([
			["name", "presence"],
			["attr", { from: `${jid}/a` }],
			[1, { name: "c", attr: { xmlns: "urn:caps" } }],
		]);
		const room = restore(test, {
			jid,
			_data: {},
			_affiliations: { "a@example.org": "owner" },
			[`${jid}/a`]: { bare_jid: "a@example.org", role: "moderator", jid: "a@example.org/1" },
			"a@example.org/1": presence,
		});
		expect(room.get_affiliation("a@example.org/1")).toBe("owner");
		expect(String(room.get_occupant_by_real_jid("a@example.org/1")?.get_presence())).toBe(
			`<presence from='${jid}/a' to='a@example.org/1'><c xmlns='urn:caps'/></presence>`,
		);
	});

	it("leaves out what is invalid, and logs it", () => {
		const test = open_room();
		const room = restore(
			test,
			{
				_jid: jid,
				_data: { name: 5, whois: "nobody", language: "en", hats: { mine: true }, presence_broadcast: { none: true } },
				_affiliation_data: { "a@example.org": { reason: 1, colour: "red" }, "b@example.org": "x" },
				"a@example.org": "king",
				"b@example.org": "none",
				"c@example.org/x": "member",
				"d@example.org": "member",
			},
			{
				[`${jid}/a`]: { bare_jid: "a@example.org", role: "king" },
				[`${jid}/b`]: { role: "visitor" },
				[`${jid}/c`]: { bare_jid: "c@example.org", role: "visitor", jid: "c@example.org/gone" },
				"c@example.org/1": { name: "presence", attr: { from: `${jid}/c` } },
				"d@example.org/1": { name: "presence", attr: { from: `${jid}/nobody` } },
				"e@example.org/1": new Map<string | number, StoreValue>([
					["name", "presence"],
					["attr", { from: `${jid}/c`, "bad name": "x" }],
				]),
				_last_message: { name: "not a name", attr: {} },
				_last_message_at: 5,
			},
		);
		expect(room._data).toEqual({ language: "en", hats: { mine: true }, presence_broadcast: { none: true } });
		expect([...room._affiliations]).toEqual([["d@example.org", "member"]]);
		expect(room._affiliation_data).toEqual(new Map([["a@example.org", { colour: "red" }]]));
		expect([...room._jid_nick]).toEqual([["c@example.org/1", `${jid}/c`]]);
		expect(room.get_occupant_by_nick(`${jid}/c`)?.jid, "another session is the primary one").toBe("c@example.org/1");
		expect(room._history).toBe(undefined);
		expect(test.module.logged.filter(({ level }) => level === "warn").length).toBe(7);
	});

	it("takes empty tables as they come", () => {
		const room = restore(open_room(), { _jid: jid, _data: [], _affiliation_data: [] });
		expect(room._data).toEqual({});
	});

	it("does not make a room out of anything else", () => {
		const { library } = open_room();
		expect(library.restore_room({ _data: {} })).toMatchObject({ ok: false, error: expect.stringContaining("_jid") });
	});
});

describe("recover_room", () => {
	it("takes a room back to what is stored, and leaves its occupants", () => {
		const test = open_room();
		test.fill(["a@example.org/1", "a"]);
		test.room._data.name = "Tea";
		const before = essence(test.room);
		const frozen = stored_table(test.room.freeze().frozen);
		test.room._data.name = "Coffee";
		test.room.set_affiliation(true, "b@example.org", "owner", undefined, { reserved_nickname: "b" });
		expect(test.room.get_registered_jid("b")).toBe("b@example.org");
		expect(recover_room(test.room, frozen)).toBe(true);
		expect(essence(test.room)).toEqual(before);
		expect(test.room.get_registered_jid("b")).toBe(undefined);
	});

	it("does not take a room for persistent that is not stored, nor believe what cannot be read", () => {
		const { room } = open_room();
		room._data.name = "Tea";
		room._data.persistent = true;
		expect(recover_room(room, {})).toBe(false);
		expect(room._data).toEqual({ name: "Tea", persistent: true });
		expect(recover_room(room, undefined)).toBe(true);
		expect(room._data).toEqual({ name: "Tea" });
	});
});

describe("a presence that was stored", () => {
	it("is the same again", () => {
		const presence = st.presence({ from: "a", "urn:x\u0001b": "c" }).text_tag("show", "away").tag("c", { xmlns: "d" }).up();
		expect(String(st.deserialize(stored(st.preserialize(presence))))).toBe(String(presence));
	});
});
