import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as st from "../../host/util/stanza.ts";
import type { MucExports } from "../../muc/mod_muc.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { ask, expect_stanza, start_test_server, type TestServer } from "../helper.ts";

const room = "garden@conference.localhost";
let test: TestServer;
let romeo: Client;

beforeEach(async () => {
	test = await start_test_server({
		config: {
			"*": { plugin_paths: [resolve(import.meta.dirname, "../lua")] },
			"conference.localhost": { modules_enabled: ["rooms"], muc_room_locking: false },
		},
	});
	romeo = await test.client("romeo", "a");
	await join(romeo, "Romeo");
});
afterEach(() => test.stop());

/** Calls a global function of the module. */
function lua(name: string, ...args: unknown[]): unknown {
	const exported = test.server.modulemanager.get_module("conference.localhost", "rooms")?.exports;
	const callback = (exported as { [name: string]: unknown })[name];
	if (typeof callback !== "function") throw new TypeError(`no function ${name}`);
	return callback(...args);
}

async function join(client: Client, nick: string, password?: string): Promise<st.Stanza> {
	const presence = st.presence({ to: `${room}/${nick}` }).tag("x", { xmlns: "http://jabber.org/protocol/muc" });
	if (password !== undefined) presence.text_tag("password", password);
	client.send(presence.reset());
	return expect_stanza(
		client,
		({ name, attr }) =>
			name === "presence" && attr["from"] === `${room}/${nick}` && (attr["type"] === undefined || attr["type"] === "error"),
	);
}

const say = (client: Client, text: string): void => client.send(st.message({ to: room, type: "groupchat" }, text));
const heard = (client: Client, text: string): Promise<st.Stanza> =>
	expect_stanza(client, (stanza) => stanza.name === "message" && stanza.get_child_text("body") === text);

describe("a Lua module among rooms", () => {
	it("sees them come, people join, and refuses some", async () => {
		expect(lua("take_notes")).toBe([`joined ${room}/Romeo romeo@localhost moderator new`, `created ${room} owner`].join("\n"));
		const juliet = await test.client("juliet", "b");
		expect((await join(juliet, "Juliet", "refused")).get_error()).toMatchObject({
			condition: "forbidden",
			text: "Not with that word",
		});
		expect(lua("occupants", room)).toBe(`${room}/Romeo=moderator/1`);
		await join(juliet, "Juliet");
		expect(lua("take_notes")).toBe(`joined ${room}/Juliet juliet@localhost participant new`);
		expect(lua("occupants", room)).toBe(`${room}/Juliet=participant/1 ${room}/Romeo=moderator/1`);
	});

	it("finds each thing the same wherever it finds it", () => {
		expect(lua("identities", room)).toBe(true);
	});

	it("changes, swallows and adds to what is said", async () => {
		say(romeo, "swallow");
		say(romeo, "shout");
		const shouted = await heard(romeo, "SHOUT");
		expect(shouted.get_child("seen", "urn:test:rooms")?.attr["role"]).toBe("moderator");
		expect(romeo.queue.some((stanza) => stanza.get_child_text("body") === "swallow")).toBe(false);
		lua("say", room, "from the module");
		expect((await heard(romeo, "from the module")).attr["from"]).toBe(room);
	});

	it("adds to the forms of rooms, and keeps what is filled in", async () => {
		const owner = { to: room, id: "form" };
		const form = await ask(romeo, st.iq({ type: "get", ...owner }).query("http://jabber.org/protocol/muc#owner"));
		const field = form.find("{http://jabber.org/protocol/muc#owner}query/{jabber:x:data}x");
		const colour = field instanceof st.Stanza ? field.tags.find((tag) => tag.attr["var"] === "rooms#colour") : undefined;
		expect(colour?.attr).toMatchObject({ type: "list-single", label: "Colour" });
		expect(colour?.tags.map(({ name, attr }) => `${name} ${attr["label"] ?? ""}`)).toEqual([
			"option Red",
			"option green",
			"value ",
		]);
		expect(colour?.get_child_text("value")).toBe("red");
		const submit = st.iq({ type: "set", ...owner, id: "submit" }).query("http://jabber.org/protocol/muc#owner");
		submit.tag("x", { xmlns: "jabber:x:data", type: "submit" });
		submit.tag("field", { var: "FORM_TYPE" }).text_tag("value", "http://jabber.org/protocol/muc#roomconfig").up();
		submit.tag("field", { var: "rooms#colour" }).text_tag("value", "green").reset();
		romeo.send(submit);
		const announced = await expect_stanza(
			romeo,
			(stanza) => stanza.find("{http://jabber.org/protocol/muc#user}x/status@code") === "104",
		);
		expect(announced.attr["from"]).toBe(room);
		const info = await ask(romeo, st.iq({ type: "get", to: room, id: "info" }).query("http://jabber.org/protocol/disco#info"));
		expect(String(info)).toContain("<feature var='urn:test:rooms'/>");
		expect(String(info)).toContain("<field type='text-single' var='{urn:test:rooms}colour'><value>green</value></field>");
	});

	it("reads and gives affiliations, and learns why it may not", () => {
		expect(lua("grant", room, true, "juliet@localhost", "member", "A friend", { reserved_nickname: "Jule" })).toBe("granted");
		expect(lua("affiliations", room)).toBe("juliet@localhost juliet@localhost=member romeo@localhost romeo@localhost=owner");
		expect(lua("grant", room, true, "juliet@localhost", "emperor")).toBe("nil modify not-acceptable");
		expect(lua("grant", room, "juliet@localhost", "romeo@localhost", "outcast")).toMatch(/^nil (auth|cancel) /);
	});

	it("keeps tables of its own with a room, which are stored as they are then", () => {
		expect([lua("count_up", room), lua("count_up", room)]).toEqual([1, 2]);
		const muc = test.server.modulemanager.get_module("conference.localhost", "muc")?.exports as MucExports | undefined;
		const kept = muc?.get_room_from_jid(room);
		const _data: { [key: string]: unknown } = kept ? kept._data : {};
		expect(_data["counters"]).toEqual(
			new Map<unknown, unknown>([
				["calls", 2],
				[1, "call"],
				[2, "call"],
			]),
		);
		expect(_data["rooms_canary"]).toEqual({ created_by: "romeo@localhost/a" });
		expect({ ..._data }["counters"]).toBeInstanceOf(Map);
	});

	it("cannot put nonsense into a room's data", async () => {
		expect(() => lua("put", room, "persistent", "yes")).toThrow(
			/mod_rooms\.lua:\d+: room\._data\.persistent has to be a boolean, not a string/,
		);
		expect(() => lua("put", room, "history_length", "many")).toThrow(/room\._data\.history_length has to be a number/);
		expect(() => lua("put", room, "subject", {})).toThrow(/room\._data\.subject has to be a string, not a table/);
		expect(() => lua("put_function", room)).toThrow(/room\._data\.callback is stored with the room: a function cannot be/);
		expect(lua("put", room, "own", "value")).toBe("value");
		say(romeo, "still here");
		await heard(romeo, "still here");
	});

	it("changes occupants that it has put into a room, and says nothing of it", async () => {
		const juliet = await test.client("juliet", "b");
		await join(juliet, "Juliet");
		lua("replace_occupants", room);
		say(romeo, "to both");
		await heard(juliet, "to both");
		lua("take_sessions", `${room}/Juliet`);
		say(romeo, "to one");
		await heard(romeo, "to one");
		await ask(juliet, st.iq({ to: "localhost", type: "get", id: "after" }).tag("ping", { xmlns: "urn:xmpp:ping" }).reset());
		expect(juliet.queue.some((stanza) => stanza.get_child_text("body") === "to one")).toBe(false);
	});

	it("wraps the methods of one room, and replaces those of all, until it is unloaded", async () => {
		expect(lua("muffle", room)).toBe(true);
		say(romeo, "hush");
		say(romeo, "loud");
		await heard(romeo, "loud");
		expect(romeo.queue.some((stanza) => stanza.get_child_text("body") === "hush")).toBe(false);
		lua("appoint", "juliet");
		const juliet = await test.client("juliet", "b");
		const joined = await join(juliet, "Juliet");
		const item = joined.find("{http://jabber.org/protocol/muc#user}x/item");
		expect(item instanceof st.Stanza && item.attr).toMatchObject({ affiliation: "owner", role: "moderator" });
		test.server.modulemanager.unload("conference.localhost", "rooms");
		const nurse = await test.client("juliet", "c");
		const again = (await join(nurse, "Nurse")).find("{http://jabber.org/protocol/muc#user}x/item");
		expect(again instanceof st.Stanza && again.attr["affiliation"]).not.toBe("owner");
	});
});
