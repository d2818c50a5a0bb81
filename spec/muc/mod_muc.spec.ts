import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { ask, expect_stanza, metric_value } from "../helper.ts";
import {
	codes,
	configure,
	create,
	destroy,
	enter,
	list,
	live,
	outcome,
	room_of,
	type Service,
	say,
	service,
	start_service,
} from "./service.ts";

const persistent = { "muc#roomconfig_persistentroom": "1" };
const running: Service[] = [];

/** A service that ends with the test. */
async function start(...options: Parameters<typeof start_service>): Promise<Service> {
	const started = await start_service(...options);
	running.push(started);
	return started;
}

afterEach(async () => {
	for (const one of running.splice(0)) await one.stop();
});

describe("the service", () => {
	it("says what it is", async () => {
		const { test } = await start({ name: "Salons" });
		const client = await test.client("a");
		const reply = await ask(client, st.iq({ to: service, type: "get", id: "i" }).query(ns.disco_info).reset());
		const query = reply.get_child("query", ns.disco_info);
		expect(query?.get_child("identity")?.attr).toMatchObject({ category: "conference", type: "text", name: "Salons" });
		const features = [...(query?.childtags("feature") ?? [])].map(({ attr }) => attr["var"]);
		expect(features).toEqual(expect.arrayContaining([ns.muc, ns.muc_unique, ns.commands, ns.occupant_id]));
	});

	it("makes up names", async () => {
		const { test } = await start();
		const client = await test.client("a");
		const reply = await ask(client, st.iq({ to: service, type: "get", id: "u" }).tag("unique", { xmlns: ns.muc_unique }).reset());
		expect(reply.get_child_text("unique", ns.muc_unique)).toMatch(/^[a-z0-9_-]{24}$/);
	});

	it("runs on components only", async () => {
		const { test } = await start();
		expect(test.server.modulemanager.load("localhost", "muc")).toMatchObject({
			ok: false,
			error: expect.stringContaining("as a component"),
		});
	});
});

describe("a stanza to a room that does not exist", () => {
	it("creates it when it asks to enter", async () => {
		const { test, muc } = await start();
		const client = await test.client("a");
		expect(codes(await enter(client, "new", "a"))).toEqual(["201", "110"]);
		expect([...muc.live_rooms()].map(({ jid }) => jid)).toEqual([room_of("new")]);
		expect(muc.get_room_from_jid(room_of("new"))).toMatchObject({ jid: room_of("new") });
	});

	it("is not found otherwise", async () => {
		const { test, muc } = await start();
		const client = await test.client("a");
		expect(
			outcome(
				await ask(
					client,
					st
						.iq({ to: room_of("none"), type: "get", id: "x" })
						.query(ns.disco_info)
						.reset(),
				),
			),
		).toBe("cancel/item-not-found");
		client.send(st.message({ to: room_of("none"), type: "groupchat", id: "m" }, "hello"));
		expect(outcome(await expect_stanza(client))).toBe("cancel/item-not-found");
		expect([...muc.live_rooms()]).toEqual([]);
	});

	it("is refused where the room's JID is invalid", async () => {
		const { test } = await start();
		const client = await test.client("a");
		// Unassigned in the Unicode of stringprep: fine for a JID, but not for a room's
		expect(outcome(await enter(client, "\u0221", "a"))).toBe("modify/jid-malformed");
	});
});

describe("rooms that nobody is in", () => {
	it("are removed when they are not persistent", async () => {
		const { test, muc } = await start();
		const client = await test.client("a");
		await create(client, "brief");
		client.send(st.presence({ to: `${room_of("brief")}/creator`, type: "unavailable" }));
		await expect_stanza(client, (stanza) => stanza.attr["type"] === "unavailable");
		expect(muc.get_room_from_jid(room_of("brief"))).toBeUndefined();
	});

	it("are in storage as long as they are persistent", async () => {
		const { test, module } = await start();
		const client = await test.client("a");
		const stored = () =>
			["config", "persistent"].map((name) => module.open_store(name).get(name === "config" ? "room" : undefined));
		await create(client, "room", persistent);
		expect(stored()).toMatchObject([
			{ ok: true, value: { _jid: room_of("room"), "a@localhost": "owner" } },
			{ ok: true, value: { [room_of("room")]: true } },
		]);
		await configure(client, "room", { "muc#roomconfig_persistentroom": "0" });
		expect(stored()).toEqual([
			{ ok: true, value: undefined },
			{ ok: true, value: undefined },
		]);
	});

	it("stay when they are", async () => {
		const { test, muc } = await start();
		const client = await test.client("a");
		await create(client, "lasting", persistent);
		client.send(st.presence({ to: `${room_of("lasting")}/creator`, type: "unavailable" }));
		await expect_stanza(client, (stanza) => stanza.attr["type"] === "unavailable");
		expect(muc.get_room_from_jid(room_of("lasting"))).toMatchObject({ _data: { persistent: true } });
	});
});

describe("new rooms", () => {
	it("have the settings of the configuration", async () => {
		const { test, muc } = await start({
			muc_room_default_public: true,
			muc_room_default_persistent: true,
			muc_room_default_members_only: true,
			muc_room_default_allow_member_invites: true,
			muc_room_default_moderated: true,
			muc_room_default_public_jids: true,
			muc_room_default_change_subject: true,
			muc_room_default_history_length: 7,
			muc_room_default_language: "cy",
			muc_room_default_presence_broadcast: ["moderator", "participant"],
			muc_room_default_allow_pm: "affiliated",
			muc_room_default_always_allow_moderator_pms: true,
		});
		const expected = {
			persistent: true,
			members_only: true,
			allow_member_invites: true,
			moderated: true,
			whois: "anyone",
			changesubject: true,
			history_length: 7,
			presence_broadcast: { moderator: true, participant: true },
			allow_pm: "affiliated",
			allow_modpm: true,
		};
		const made = muc.create_room(room_of("made"));
		expect(made.ok && made.value._data).toMatchObject({ ...expected, language: "cy" });
		const client = await test.client("a");
		await enter(client, "entered", "a");
		const room = live(muc, "entered");
		// Who enters brings a language along
		expect(room._data).toMatchObject({ ...expected, language: "en" });
		expect(room.get_hidden()).toBeUndefined();
	});

	it("are hidden and open, and belong to their creator, without any", async () => {
		const { test, muc } = await start();
		const client = await test.client("a");
		await enter(client, "plain", "a");
		const room = live(muc, "plain");
		expect(room._data).toMatchObject({ hidden: true, language: "en" });
		expect([...room._affiliations]).toEqual([["a@localhost", "owner"]]);
	});

	it("can be made by other modules, once", async () => {
		const { muc } = await start();
		expect(muc.create_room(room_of("made"), { name: "Made" })).toMatchObject({ ok: true, value: { _data: { name: "Made" } } });
		expect(muc.create_room(room_of("made"))).toEqual({ ok: false, error: "room-exists" });
		expect(muc.create_room(`${room_of("made")}/nick`)).toEqual({ ok: false, error: "invalid-jid" });
		expect(muc.create_room("@")).toEqual({ ok: false, error: "invalid-jid" });
	});
});

describe("who may create rooms", () => {
	it.each([
		[false, "a", "ok"],
		[true, "a", "cancel/not-allowed"],
		[true, "admin", "ok"],
		["admin", "a", "cancel/not-allowed"],
		["local", "a", "ok"],
	])("restrict_room_creation = %j: %s gets %s", async (restrict_room_creation, name, expected) => {
		const { test, muc } = await start({ restrict_room_creation, admins: ["admin@localhost"] });
		expect(outcome(await enter(await test.client(name), "new", "a"))).toBe(expected);
		expect([...muc.live_rooms()]).toHaveLength(expected === "ok" ? 1 : 0);
	});
});

describe("the list of rooms", () => {
	it("has the public ones, those in storage too", async () => {
		const { test, muc } = await start({ muc_room_cache_size: 1 }, { statistics: "internal" });
		const client = await test.client("a");
		await create(client, "named", { ...persistent, "muc#roomconfig_publicroom": "1", "muc#roomconfig_roomname": "Name" });
		await create(client, "unnamed", { ...persistent, "muc#roomconfig_publicroom": "1" });
		await create(client, "secret", { ...persistent, "muc#roomconfig_publicroom": "0" });
		expect([...muc.live_rooms()]).toHaveLength(1);
		expect(await list(client)).toEqual([`${room_of("named")}=Name`, room_of("unnamed")]);
		// To look at the list brings no room into memory
		expect([...muc.live_rooms()].map(({ jid }) => jid)).toEqual([room_of("secret")]);
	});

	it("keeps up with what changes", async () => {
		const { test } = await start();
		const client = await test.client("a");
		await create(client, "room", { "muc#roomconfig_publicroom": "1" });
		expect(await list(client)).toEqual([room_of("room")]);
		await configure(client, "room", { "muc#roomconfig_roomname": "Name" });
		expect(await list(client)).toEqual([`${room_of("room")}=Name`]);
		await configure(client, "room", { "muc#roomconfig_publicroom": "0" });
		expect(await list(client)).toEqual([]);
		await configure(client, "room", { "muc#roomconfig_publicroom": "1" });
		await destroy(client, "room");
		expect(await list(client)).toEqual([]);
	});

	it("is complete after a restart, even if one room was touched before", async () => {
		const folder = await mkdtemp(join(tmpdir(), "enjamb-spec-"));
		try {
			const first = await start_service({}, { storage: "sql" }, folder);
			const client = await first.test.client("a");
			await create(client, "one", { ...persistent, "muc#roomconfig_publicroom": "1" });
			await create(client, "two", { ...persistent, "muc#roomconfig_publicroom": "1" });
			await first.stop();
			const second = await start_service({}, { storage: "sql" }, folder);
			const again = await second.test.client("a");
			await configure(again, "one", { "muc#roomconfig_roomname": "One" });
			expect(await list(again)).toEqual([`${room_of("one")}=One`, room_of("two")]);
			await second.stop();
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	});

	it("is for those who may see it", async () => {
		const { test } = await start({ remove_permissions: { "prosody:guest": ["muc:list-rooms"] } });
		const client = await test.client("a");
		await create(client, "room", { "muc#roomconfig_publicroom": "1" });
		expect(await list(client)).toEqual([]);
	});
});

describe("more rooms than memory may hold", () => {
	it("move to storage with their occupants, and come back when they are needed", async () => {
		const { test, muc, module } = await start({ muc_room_cache_size: 2 });
		const alice = await test.client("alice");
		const bob = await test.client("bob");
		await create(alice, "first");
		await enter(bob, "first", "bob");
		await say(alice, "first", "remember me");
		await create(alice, "second");
		await create(alice, "third");
		expect([...muc.live_rooms()].map(({ jid }) => jid)).toEqual([room_of("third"), room_of("second")]);
		expect(module.open_store("state").get("first")).toMatchObject({ ok: true, value: { [`${room_of("first")}/bob`]: {} } });

		const back = await say(bob, "first", "still here");
		expect(back.attr["from"]).toBe(`${room_of("first")}/bob`);
		expect((await expect_stanza(alice, (stanza) => stanza.get_child_text("body") === "still here")).attr["from"]).toBe(
			`${room_of("first")}/bob`,
		);
		const room = live(muc, "first");
		expect(room._history?.map(({ stanza }) => stanza.get_child_text("body"))).toEqual(["remember me", "still here"]);
		expect(module.open_store("state").get("first")).toEqual({ ok: true, value: undefined });
	});

	it("are those that were not used for longest", async () => {
		const { test, muc } = await start({ muc_room_cache_size: 2 });
		const client = await test.client("a");
		await create(client, "first");
		await create(client, "second");
		await say(client, "first", "hello");
		await create(client, "third");
		expect([...muc.live_rooms()].map(({ jid }) => jid)).toEqual([room_of("third"), room_of("first")]);
	});

	it("do not come into being where muc_max_rooms is reached", async () => {
		const { test, muc } = await start({ muc_max_rooms: 1 });
		const client = await test.client("a");
		await create(client, "first", persistent);
		expect(outcome(await enter(client, "second", "a"))).toBe("wait/resource-constraint");
		expect(muc.create_room(room_of("second"))).toEqual({ ok: false, error: "resource-constraint" });
		expect(await say(client, "first", "still here").then(outcome)).toBe("ok");
	});

	it("do not come into being at all with muc_max_rooms = 0", async () => {
		const { test } = await start({ muc_max_rooms: 0 });
		expect(outcome(await enter(await test.client("a"), "first", "a"))).toBe("wait/resource-constraint");
	});

	it("are all visited when a module goes through them", async () => {
		const { test, muc } = await start({ muc_room_cache_size: 2 });
		const client = await test.client("a");
		const names = ["one", "two", "three", "four", "five"];
		for (const name of names) await create(client, name, persistent);
		expect([...muc.all_rooms()].map(({ jid }) => jid).sort()).toEqual(names.map(room_of).sort());
		expect([...muc.each_room(true)]).toHaveLength(2);
		expect([...muc.each_room()]).toHaveLength(5);
	});
});

describe("after a restart", () => {
	let folder: string;
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "enjamb-spec-"));
	});
	afterEach(() => rm(folder, { recursive: true, force: true }));

	it("rooms are as they were, with who is in them", async () => {
		const first = await start_service({}, { storage: "sql" }, folder);
		const client = await first.test.client("a", "desk");
		await create(client, "room", { "muc#roomconfig_roomname": "The room" });
		await configure(client, "room", { "muc#roomconfig_whois": "anyone" });
		// Somebody who is not disconnected when this server stops
		first.module.hook("route/remote", () => true, 1000);
		const occupant = live(first.muc, "room").new_occupant("b@example.org", `${room_of("room")}/b`);
		occupant.set_session("b@example.org/x", st.presence({ from: "b@example.org/x" }).tag("show").text("away").reset());
		live(first.muc, "room").save_occupant(occupant);
		await first.stop();

		const { muc, stop } = await start_service({}, { storage: "sql" }, folder);
		const room = live(muc, "room");
		expect(room._data).toMatchObject({ name: "The room", whois: "anyone" });
		expect([...room._affiliations]).toEqual([["a@localhost", "owner"]]);
		expect([...room._occupants.keys()]).toEqual([`${room_of("room")}/b`]);
		expect(
			room
				.get_occupant_by_nick(`${room_of("room")}/b`)
				?.get_presence()
				?.get_child_text("show"),
		).toBe("away");
		expect(room.get_occupant_jid("b@example.org/x")).toBe(`${room_of("room")}/b`);
		await stop();
	});

	it("reloading the module changes nothing for those in a room", async () => {
		const { test } = await start({}, { storage: "sql" }, folder);
		const client = await test.client("a");
		await create(client, "room");
		expect(test.server.modulemanager.reload(service, "muc")).toMatchObject({ ok: true });
		expect((await say(client, "room", "hello")).attr["from"]).toBe(`${room_of("room")}/creator`);
	});
});

describe("a room that cannot be read", () => {
	it("answers with an error, and is not written over", async () => {
		const { test, module, muc } = await start();
		const stored = { _jid: 5, _data: { name: "Precious" } };
		module.open_store("config").set("broken", stored);
		const client = await test.client("a");
		expect(outcome(await enter(client, "broken", "a"))).toBe("wait/internal-server-error");
		const room = live(muc, "broken");
		expect(room.broken).toBe(true);
		expect(room.save(true, true)).toBe(false);
		expect(module.open_store("config").get("broken")).toEqual({ ok: true, value: stored });
	});

	it("is not taken for another", async () => {
		const { test, module } = await start();
		module.open_store("config").set("broken", { _jid: room_of("other"), _data: {} });
		expect(outcome(await enter(await test.client("a"), "broken", "a"))).toBe("wait/internal-server-error");
	});

	it("is not read where a module refuses that", async () => {
		const { test, module } = await start();
		module.open_store("config").set("unwanted", { _jid: room_of("unwanted"), _data: {} });
		module.hook("muc-room-pre-restore", () => false);
		expect(outcome(await enter(await test.client("a"), "unwanted", "a"))).toBe("wait/resource-constraint");
	});
});

describe("destroyed rooms", () => {
	it("leave a tombstone that says whereto", async () => {
		const { test, muc } = await start();
		const client = await test.client("a");
		await create(client, "old", { ...persistent, "muc#roomconfig_publicroom": "1" });
		expect(outcome(await destroy(client, "old", room_of("new"), "Moved"))).toBe("ok");
		const reply = await enter(client, "old", "a");
		expect(outcome(reply)).toBe("cancel/gone");
		expect(reply.get_error()?.text).toBe("Moved");
		expect(reply.find(`error/{${ns.stanzas}}gone#`)).toBe(`xmpp:${room_of("new")}?join`);
		expect(await list(client)).toEqual([]);
		expect(muc.get_room_from_jid(room_of("old"))).toMatchObject({ _data: { destroyed: true, persistent: true, hidden: true } });
	});

	it("leave none where they were not persistent, or where that is switched off", async () => {
		for (const [options, fields] of [
			[{}, {}],
			[{ muc_tombstones: false }, persistent],
		] as const) {
			const { test } = await start(options);
			const client = await test.client("a");
			await create(client, "old", fields);
			await destroy(client, "old");
			expect(codes(await enter(client, "old", "a"))).toEqual(["201", "110"]);
		}
	});

	it("are gone for good where they never expire, over restarts too", async () => {
		const folder = await mkdtemp(join(tmpdir(), "enjamb-spec-"));
		try {
			const options = { muc_tombstone_expiry: "never" };
			const first = await start_service(options, { storage: "sql" }, folder);
			const client = await first.test.client("a");
			await create(client, "old", persistent);
			await destroy(client, "old");
			await first.stop();
			const second = await start_service(options, { storage: "sql" }, folder);
			const gone = outcome(await enter(await second.test.client("a"), "old", "a"));
			await second.stop();
			expect(gone).toBe("cancel/gone");
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	});

	it("come back by admins, and for everybody in time", async () => {
		const { test, muc, module } = await start({ admins: ["admin@localhost"] });
		const client = await test.client("a");
		const admin = await test.client("admin");
		for (const name of ["one", "two"]) {
			await create(client, name, persistent);
			await destroy(client, name);
		}
		expect(
			outcome(
				await ask(
					admin,
					st
						.iq({ to: room_of("one"), type: "get", id: "i" })
						.query(ns.disco_info)
						.reset(),
				),
			),
		).toBe("cancel/gone");
		admin.send(st.presence({ to: `${room_of("one")}/admin`, id: "awake" }));
		expect(outcome(await expect_stanza(admin, ({ attr }) => attr["id"] === "awake"))).toBe("cancel/item-not-found");
		expect(outcome(await enter(client, "one", "a"))).toBe("cancel/gone");
		expect(codes(await enter(admin, "one", "admin"))).toEqual(["201", "110"]);

		const tombstone = live(muc, "two");
		tombstone._data.locked = Math.floor(Date.now() / 1000) - 1;
		expect(codes(await enter(client, "two", "a"))).toEqual(["201", "110"]);
		expect(module.open_store("config").get("two")).toEqual({ ok: true, value: undefined });
	});
});

describe("admins of the service", () => {
	it.each([
		[true, "owner"],
		[false, undefined],
	])("own all rooms with component_admins_as_room_owners = %s", async (component_admins_as_room_owners, affiliation) => {
		const { muc } = await start({ component_admins_as_room_owners, admins: ["admin@localhost"] });
		const room = muc.create_room(room_of("room"));
		if (!room.ok) throw new Error(room.error);
		expect(room.value.get_affiliation("admin@localhost/x")).toBe(affiliation);
		expect(room.value.set_affiliation(true, "admin@localhost", "member").ok).toBe(!component_admins_as_room_owners);
		expect(room.value.set_affiliation(true, "other@localhost", "member").ok).toBe(true);
		expect(room.value.get_affiliation("other@localhost")).toBe("member");
	});
});

describe("commands", () => {
	function execute(node: string, fields?: Record<string, string[]>): st.Stanza {
		const iq = st.iq({ to: service, type: "set", id: "c" }).tag("command", { xmlns: ns.commands, node });
		if (fields) iq.tag("x", { xmlns: ns.data, type: "submit" });
		for (const [name, values] of Object.entries(fields ?? {})) {
			iq.tag("field", { var: name });
			for (const value of values) iq.text_tag("value", value);
			iq.up();
		}
		return iq.reset();
	}
	const note = (reply: st.Stanza): (string | undefined)[] => {
		const found = reply.get_child("command", ns.commands)?.get_child("note");
		return [found?.attr["type"], found?.get_text()];
	};
	const destroy_node = "http://prosody.im/protocol/muc#destroy";
	const affiliation_node = "http://prosody.im/protocol/muc#set-affiliation";

	it("destroy rooms", async () => {
		const { test, muc } = await start({ admins: ["admin@localhost"], muc_room_cache_size: 1 });
		const client = await test.client("a");
		const admin = await test.client("admin");
		for (const name of ["one", "two"]) await create(client, name, persistent);
		expect(outcome(await ask(client, execute(destroy_node)))).toBe("auth/forbidden");
		const form = (await ask(admin, execute(destroy_node))).get_child("command", ns.commands)?.get_child("x", ns.data);
		const field = form?.get_child_with_attr("field", undefined, "var", "rooms");
		expect([...(field?.childtags("option") ?? [])].map((option) => option.get_child_text("value"))).toEqual(
			["one", "two"].map(room_of),
		);
		expect(note(await ask(admin, execute(destroy_node, { rooms: [room_of("one"), room_of("none")] })))).toEqual([
			"info",
			`The following rooms were destroyed:\n${room_of("one")}`,
		]);
		expect(muc.get_room_from_jid(room_of("one"))).toMatchObject({ _data: { destroyed: true } });
		expect(note(await ask(admin, execute(destroy_node, {})))).toEqual(["error", "rooms: Required value missing"]);
	});

	it("set affiliations", async () => {
		const { test, muc } = await start({ admins: ["admin@localhost"] });
		const admin = await test.client("admin");
		muc.create_room(room_of("room"));
		const set = async (room: string, affiliation: string) =>
			note(
				await ask(
					admin,
					execute(affiliation_node, { room: [room], jid: ["b@localhost"], affiliation: [affiliation], reason: ["why"] }),
				),
			);
		expect(await set(room_of("room"), "owner")).toEqual(["info", "Affiliation updated"]);
		expect(await set(room_of("none"), "owner")).toEqual(["error", "No such room"]);
		expect(await set(room_of("room"), "emperor")).toEqual(["error", "Affiliation change failed: modify:not-acceptable"]);
		const room = live(muc, "room");
		expect(room.get_affiliation("b@localhost")).toBe("owner");
	});
});

describe("a turn that cannot be stored", () => {
	/** Has the turn fail that handles the next stanza of that event. */
	function sabotage({ module, test }: Service, event: "presence/full" | "message/bare" | `iq-set/bare/${string}`): void {
		const handler = (): undefined => {
			module.unhook(event, handler);
			test.server.turn.join({
				commit() {
					throw new Error("no space left");
				},
				rollback() {},
			});
		};
		module.hook(event, handler, 1000);
	}
	const owner_event = `iq-set/bare/${ns.muc_owner}:query` as const;

	it("leaves a room as it is stored", async () => {
		const folder = await mkdtemp(join(tmpdir(), "enjamb-spec-"));
		const here = await start_service({}, { storage: "sql" }, folder);
		try {
			const client = await here.test.client("a");
			await create(client, "room", { ...persistent, "muc#roomconfig_roomname": "Before", "muc#roomconfig_publicroom": "1" });
			expect(await list(client)).toEqual([`${room_of("room")}=Before`]);
			sabotage(here, owner_event);
			expect(
				outcome(await configure(client, "room", { "muc#roomconfig_roomname": "After", "muc#roomconfig_publicroom": "0" })),
			).toBe("wait/internal-server-error");
			const room = live(here.muc, "room");
			expect(room.get_name()).toBe("Before");
			expect(await list(client)).toEqual([`${room_of("room")}=Before`]);
			expect(here.module.open_store("config").get("room")).toMatchObject({ ok: true, value: { _data: { name: "Before" } } });
			// And all goes on
			await configure(client, "room", { "muc#roomconfig_roomname": "After" });
			expect(here.module.open_store("config").get("room")).toMatchObject({ ok: true, value: { _data: { name: "After" } } });
		} finally {
			await here.stop();
			await rm(folder, { recursive: true, force: true });
		}
	});

	it("creates no room", async () => {
		const here = await start({ muc_room_default_persistent: true });
		const client = await here.test.client("a");
		sabotage(here, "presence/full");
		expect(outcome(await enter(client, "new", "a"))).toBe("wait/internal-server-error");
		expect([...here.muc.live_rooms()]).toEqual([]);
	});

	it("moves no room out of memory", async () => {
		const folder = await mkdtemp(join(tmpdir(), "enjamb-spec-"));
		const here = await start_service({ muc_room_cache_size: 1 }, { storage: "sql" }, folder);
		try {
			const client = await here.test.client("a");
			await create(client, "first");
			sabotage(here, "presence/full");
			expect(outcome(await enter(client, "second", "a"))).toBe("wait/internal-server-error");
			expect([...here.muc.live_rooms()].map(({ jid }) => jid)).toEqual([room_of("first")]);
			expect((await say(client, "first", "still here")).attr["from"]).toBe(`${room_of("first")}/creator`);
			await create(client, "third");
			expect([...here.muc.live_rooms()].map(({ jid }) => jid)).toEqual([room_of("third")]);
			expect((await say(client, "first", "and again")).attr["from"]).toBe(`${room_of("first")}/creator`);
		} finally {
			await here.stop();
			await rm(folder, { recursive: true, force: true });
		}
	});
});

describe("measures", () => {
	it("count rooms found, not found and moved out", async () => {
		const { test } = await start({ muc_room_cache_size: 1 }, { statistics: "internal" });
		const client = await test.client("a");
		await create(client, "first");
		await create(client, "second");
		await say(client, "first", "hello");
		test.server.events.fire_event("stats-update", {});
		const value = (name: string): number => metric_value(test.server, `prosody_mod_muc__${name}{host="${service}"}`);
		expect(value("live_room")).toBe(1);
		expect(value("room_eviction_total")).toBe(2);
		expect(value("room_miss_total")).toBe(3);
		expect(value("room_hit_total")).toBeGreaterThanOrEqual(2);
	});
});
