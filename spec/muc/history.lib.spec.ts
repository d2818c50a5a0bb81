import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { datetime } from "../../host/util/datetime.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { parse_history } from "../../muc/asked_history.ts";
import { parsed, Rig, room_jid } from "./rig.ts";

const length_field = "muc#roomconfig_historylength";
const default_field = "muc#roomconfig_defaulthistorymessages";
const start = Date.parse("2024-02-29T12:00:00Z") / 1000;
const to = "b@example.org/ü";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: start * 1000 }));
afterEach(() => void vi.useRealTimers());

/** A presence that asks for history in these ways. */
function asking(attr: st.Attributes): Stanza {
	const presence = st.presence({ from: to, to: `${room_jid}/b` });
	return parsed(presence.tag("x", { xmlns: ns.muc }).tag("history", attr).reset());
}

/** Has a room remember messages, each so many seconds after the one before. */
function remember(rig: Rig, messages: readonly { body: string; wait: number }[]): void {
	for (const { body, wait } of messages) {
		vi.setSystemTime(Date.now() + wait * 1000);
		rig.room.broadcast_message(st.message({ from: `${room_jid}/a`, type: "groupchat", id: "m" }, body));
	}
	rig.module.take();
}

/** What is sent for such a request. */
function answer(rig: Rig, attr: st.Attributes): Stanza[] {
	rig.room.send_history(asking(attr));
	return rig.module.take(to);
}

describe("settings", () => {
	it("keeps 20 messages when not told otherwise, and stores only what differs", () => {
		const { room } = new Rig();
		expect(room.get_historylength()).toBe(20);
		expect(room.set_historylength(5)).toBe(true);
		expect(room._data.history_length).toBe(5);
		expect(room.set_historylength("7")).toBe(true);
		expect(room.get_historylength()).toBe(7);
		expect(room.set_historylength(20)).toBe(true);
		expect(room._data.history_length).toBeUndefined();
		expect(() => room.set_historylength("many")).toThrow(/not a valid number/);
	});

	it("announces the length always, the default never", () => {
		const rig = new Rig();
		expect(rig.submit({ [length_field]: "20" })).toEqual(["104"]);
		expect(rig.submit({ [default_field]: "3" })).toEqual([]);
		expect(rig.room._data.default_history_messages).toBe(3);
		expect(rig.fields().get(default_field)?.value).toBe(3);
	});

	it("keeps the default within the length", () => {
		const rig = new Rig({}, { history_length: 10 });
		rig.submit({ [default_field]: "15" });
		expect(rig.room._data.default_history_messages).toBe(10);
	});

	it("obeys max_history_messages", () => {
		const rig = new Rig({ options: { max_history_messages: 2 } });
		expect(rig.room.get_historylength()).toBe(2);
		remember(
			rig,
			[1, 2, 3].map((number) => ({ body: String(number), wait: 1 })),
		);
		expect(rig.room._history?.map(({ stanza }) => stanza.get_child_text("body"))).toEqual(["2", "3"]);
	});

	it.each(["0", "-5"])("keeps nothing with a length of %s", (length) => {
		const rig = new Rig();
		remember(rig, [{ body: "before", wait: 0 }]);
		rig.submit({ [length_field]: length });
		remember(rig, [{ body: "after", wait: 0 }]);
		expect(rig.room._history).toBeUndefined();
		expect(answer(rig, {})).toEqual([]);
	});
});

describe("what is remembered", () => {
	const cases: [string, (message: Stanza) => Stanza, boolean][] = [
		["a body", (message) => message.body("x"), true],
		["nothing", (message) => message, false],
		["a chat state", (message) => message.tag("active", { xmlns: "http://jabber.org/protocol/chatstates" }), false],
		["a body with no-store", (message) => message.body("x").tag("no-store", { xmlns: ns.hints }), false],
		["a body with no-permanent-store", (message) => message.body("x").tag("no-permanent-store", { xmlns: ns.hints }), false],
		["store", (message) => message.tag("store", { xmlns: ns.hints }), true],
		["encryption", (message) => message.tag("encryption", { xmlns: ns.eme }), true],
		["a chat marker", (message) => message.tag("displayed", { xmlns: ns.chat_markers }), true],
	];
	it.each(cases)("%s", (_, build, historic) => {
		const { room } = new Rig();
		room.broadcast_message(build(st.message({ from: `${room_jid}/a`, type: "groupchat" })).reset());
		expect(room._history?.length ?? 0).toBe(historic ? 1 : 0);
	});

	it("is what was said, with the time", () => {
		const rig = new Rig();
		remember(rig, [{ body: "hello", wait: 0 }]);
		expect(answer(rig, {}).map(String)).toEqual([
			`<message from='${room_jid}/a' type='groupchat' id='m' to='${to}'><body>hello</body>` +
				`<delay xmlns='urn:xmpp:delay' from='${room_jid}' stamp='2024-02-29T12:00:00Z'/></message>`,
		]);
		// Who got it cannot change what the next one gets
		expect(rig.room._history?.[0]?.stanza.attr["to"]).toBe("");
	});

	it("is not kept in the room where a module keeps it", () => {
		const rig = new Rig();
		const added: string[] = [];
		rig.module.hook("muc-add-history", ({ stanza }) => {
			added.push(stanza.get_child_text("body") ?? "");
			return true;
		});
		remember(rig, [{ body: "elsewhere", wait: 0 }]);
		expect([added, rig.room._history]).toEqual([["elsewhere"], undefined]);
	});
});

describe("what is asked for", () => {
	it.each([
		[{}, { maxchars: undefined, maxstanzas: undefined, since: undefined }],
		[
			{ maxchars: "100", maxstanzas: "5" },
			{ maxchars: 100, maxstanzas: 5, since: undefined },
		],
		[{ maxstanzas: "many" }, { maxchars: undefined, maxstanzas: undefined, since: undefined }],
		[{ since: "2024-02-29T11:00:00Z" }, { maxchars: undefined, maxstanzas: undefined, since: start - 3600 }],
		[{ seconds: "60" }, { maxchars: undefined, maxstanzas: undefined, since: start - 60 }],
		[
			{ seconds: "60", since: "2024-02-29T11:00:00Z" },
			{ maxchars: undefined, maxstanzas: undefined, since: start - 60 },
		],
		[
			{ seconds: "7200", since: "2024-02-29T11:00:00Z" },
			{ maxchars: undefined, maxstanzas: undefined, since: start - 3600 },
		],
	])("%j", (attr, expected) => {
		expect(parse_history(asking(attr))).toEqual(expected);
	});

	it("is the default number where nothing is asked for", () => {
		const rig = new Rig({}, { default_history_messages: 2 });
		remember(
			rig,
			[1, 2, 3].map((number) => ({ body: String(number), wait: 1 })),
		);
		expect(answer(rig, {}).map((message) => message.get_child_text("body"))).toEqual(["2", "3"]);
		expect(answer(rig, { maxstanzas: "99" })).toHaveLength(3);
	});

	// The limits by their definition: as many of the newest as fulfil all of them together
	it("is the longest end of the history that keeps within all limits", () => {
		const message = fc.record({ body: fc.string({ minLength: 1, unit: "grapheme", maxLength: 20 }), wait: fc.nat({ max: 30 }) });
		const limits = fc.record(
			{
				maxstanzas: fc.nat({ max: 12 }),
				maxchars: fc.nat({ max: 2500 }),
				seconds: fc.nat({ max: 200 }),
				since: fc.nat({ max: 600 }).map((half_seconds) => datetime(start + half_seconds / 2)),
			},
			{ requiredKeys: [] },
		);
		fc.assert(
			fc.property(fc.array(message, { maxLength: 10 }), limits, (messages, wanted) => {
				vi.setSystemTime(start * 1000);
				const rig = new Rig();
				remember(rig, messages);
				const history = rig.room._history ?? [];
				const attr = Object.fromEntries(Object.entries(wanted).map(([name, value]) => [name, String(value)]));
				const { maxchars = Number.POSITIVE_INFINITY, since = 0, ...asked } = parse_history(asking(attr));
				const { maxstanzas = Object.keys(wanted).length === 0 ? 20 : Number.POSITIVE_INFINITY } = asked;

				const fits = (count: number): boolean => {
					const chosen = history.slice(history.length - count);
					const length = chosen.reduce((sum, { stanza }) => {
						const sent = st.clone(stanza);
						sent.attr["to"] = to;
						return sum + Buffer.byteLength(sent.toString());
					}, 0);
					return length <= maxchars && count <= maxstanzas && chosen.every(({ timestamp }) => timestamp >= Math.floor(since));
				};
				let count = 0;
				while (count < history.length && fits(count + 1)) count++;
				const sent = answer(rig, attr);
				expect(sent.map((one) => one.get_child_text("body"))).toEqual(
					messages.slice(messages.length - count).map(({ body }) => body),
				);
			}),
		);
	});
});
