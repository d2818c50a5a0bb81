// Retention, purge, erasure, export and unused rooms, on every storage.

import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../host/core/configmanager.ts";
import type { ArchiveItem, ModuleApi, RoomKeeping } from "../../../host/core/types.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { slice_size } from "../../../muc/keeping/slices.ts";
import type { MucExports } from "../../../muc/mod_muc.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { Faults, faulty_storage } from "../../faulty_storage.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { find_postgresql, start_postgresql } from "../../host/databases/postgresql.ts";
import { not_installed } from "../../needs.ts";
import { configure, create, enter, live, room_of, say, service } from "../service.ts";

const no_postgresql = not_installed(find_postgresql(), "PostgreSQL", "what rooms keep in it is neither purged nor erased");
const database = no_postgresql ? undefined : await start_postgresql();
const storages = ["memory", "internal", "sql", ...(database === undefined ? [] : ["PostgreSQL"])];
const romeo = "romeo@localhost";
const now = (): number => Math.floor(Date.now() / 1000);

let running: TestServer | undefined;
/** Whether something may be in PostgreSQL. */
let is_far = false;
afterEach(async () => {
	await running?.stop();
	running = undefined;
	if (is_far) await database?.empty();
	is_far = false;
});
afterAll(() => database?.remove());

interface Scene {
	readonly test: TestServer;
	/** A module beside the rooms. */
	readonly module: ModuleApi;
	readonly muc: MucExports;
	readonly keeping: RoomKeeping;
	readonly faults: Faults;
	archived(room: string): ArchiveItem[];
	/** Files a message without anybody saying it. */
	file(room: string, stanza: st.Stanza, when?: number, with_whom?: string): string;
}

async function serve(storage: string, options: Record<string, ConfigValue> = {}, data_path?: string): Promise<Scene> {
	is_far = storage === "PostgreSQL";
	const inner = is_far ? "sql" : storage;
	const sql: Record<string, ConfigValue> = is_far ? { sql: database?.sql ?? {} } : {};
	const faults = new Faults();
	let muc: MucExports | undefined;
	let probe: ModuleApi | undefined;
	const test = await start_test_server({
		config: {
			"*": { storage: "faulty", cron_initial_delay: 1e9, storage_archive_item_limit: 1_000_000, ...sql },
			[service]: { modules_enabled: ["spec_probe", "muc_mam"], muc_log_expires_after: "never", ...options },
		},
		modules: [
			faulty_storage(inner, faults),
			{
				name: "spec_probe",
				load(module) {
					muc = module.depends("muc");
					probe = module;
				},
			},
		],
		...(data_path === undefined ? {} : { data_path }),
	});
	running = test;
	const { server } = test;
	const [keeping] = server.modulemanager.get_items(service, "room-keeping");
	if (muc === undefined || keeping === undefined || probe === undefined) throw new Error("the rooms are not served");
	const store = probe.open_store("muc_log", "archive");
	return {
		test,
		module: probe,
		muc,
		keeping,
		faults,
		archived(room) {
			const found = store.find(room);
			if (!found.ok) throw new Error(found.error.text);
			return found.value.items;
		},
		file(room, stanza, when = now(), with_whom = "message<groupchat") {
			const appended = store.append(room, undefined, stanza, when, with_whom);
			if (!appended.ok) throw new Error(appended.error.text);
			return appended.value;
		},
	};
}

async function wait_for_turn({ test }: Scene): Promise<void> {
	await test.server.turn.done();
}

/** Two people talk in a persistent room; romeo has reserved a nick. */
async function play(scene: Scene, room = "hall", fields: Record<string, string> = {}): Promise<[juliet: Client, romeo: Client]> {
	const juliet = await scene.test.client("juliet");
	const client = await scene.test.client("romeo");
	await create(juliet, room, { "muc#roomconfig_persistentroom": "1", ...fields });
	const found = live(scene.muc, room);
	found.set_affiliation(true, romeo, "member", undefined, { reserved_nickname: "Romeo" });
	found.save(true);
	await enter(client, room, "montague");
	await say(juliet, room, "who is there?");
	await say(client, room, "it is I");
	await say(juliet, room, "good night");
	await say(client, room, "a thousand times");
	return [juliet, client];
}

const bodies = (items: readonly ArchiveItem[]): (string | undefined)[] =>
	items.map(({ stanza }) => stanza.get_child_text("body"));

function is_tombstone({ stanza }: ArchiveItem): boolean {
	return stanza.get_child("retracted", "urn:xmpp:message-retract:1") !== undefined;
}

async function collect(pieces: AsyncIterable<string>): Promise<string> {
	let text = "";
	for await (const piece of pieces) text += piece;
	return text;
}

describe.each(storages)("on %s", (storage) => {
	it("purges a room's archive, and what the room remembers", async () => {
		const scene = await serve(storage);
		await play(scene);
		expect(await scene.keeping.purge_archive(room_of("hall"))).toEqual({ ok: true, value: 4 });
		expect(scene.archived("hall")).toEqual([]);
		const room = live(scene.muc, "hall");
		expect(room._history).toBeUndefined();
		expect(await scene.keeping.purge_archive(room_of("hall"))).toEqual({ ok: true, value: 0 });
		expect(await scene.keeping.purge_archive(room_of("nowhere"))).toMatchObject({ ok: false });
		expect(await scene.keeping.purge_archive("hall@elsewhere.example")).toMatchObject({ ok: false });
	});

	it("purges only what is old, in slices", async () => {
		const scene = await serve(storage);
		for (let index = 0; index < 700; index++) {
			scene.file("big", st.message({ from: `${room_of("big")}/a`, type: "groupchat" }, String(index)), 1_000_000 + index);
		}
		await wait_for_turn(scene);
		expect(await scene.keeping.purge_archive(room_of("big"), 1_000_599)).toEqual({ ok: true, value: 600 });
		expect(bodies(scene.archived("big")).at(0)).toBe("600");
		expect(scene.archived("big")).toHaveLength(100);
	});

	it("erases a person: messages, affiliation, nick, occupants, memory; and leaves everybody else alone", async () => {
		const scene = await serve(storage);
		await play(scene);
		scene.file("hall", st.message({ from: `${room_of("hall")}/Romeo`, type: "groupchat" }, "before there were ids"));
		scene.file("hall", st.presence({ from: `${room_of("hall")}/montague` }), now(), "presence");
		scene.file("hall", st.presence({ from: `${room_of("hall")}/creator` }), now(), "presence");
		await wait_for_turn(scene);
		const done = await scene.keeping.erase_person(romeo);
		expect(done).toEqual({
			ok: true,
			value: { rooms: 1, messages: 3, presences: 1, affiliations: 1, occupants: 1, problems: new Map() },
		});
		const items = scene.archived("hall");
		expect(bodies(items)).toEqual(["who is there?", undefined, "good night", undefined, undefined, undefined]);
		expect(items.filter(is_tombstone)).toHaveLength(3);
		expect(items.map(({ stanza }) => String(stanza)).join("\n")).not.toMatch(/montague|Romeo|romeo/);
		const room = live(scene.muc, "hall");
		expect(room.get_affiliation(romeo)).toBeUndefined();
		expect(room.get_registered_nick(romeo)).toBeUndefined();
		expect([...room._occupants.keys()]).toEqual([`${room_of("hall")}/creator`]);
		expect((room._history ?? []).map(({ stanza }) => String(stanza)).join()).not.toMatch(/montague|thousand/);
		expect(await scene.keeping.erase_person("localhost")).toMatchObject({ ok: false });
		// Once more, there is nothing left to do
		expect(await scene.keeping.erase_person(romeo)).toMatchObject({ ok: true, value: { rooms: 0, messages: 0 } });
	});

	it("erases by the real address where rooms show it, and keeps bans if asked to", async () => {
		const scene = await serve(storage, { muc_occupant_id: false });
		await play(scene, "open", { "muc#roomconfig_whois": "anyone" });
		const room = live(scene.muc, "open");
		room.set_affiliation(true, romeo, "outcast", "rude");
		expect(await scene.keeping.erase_person(romeo, { keep_bans: true })).toMatchObject({ ok: true, value: { messages: 2 } });
		expect(room.get_affiliation(romeo)).toBe("outcast");
		expect(await scene.keeping.erase_person(romeo)).toMatchObject({ ok: true, value: { messages: 0, affiliations: 1 } });
		expect(room.get_affiliation(romeo)).toBeUndefined();
	});

	it("exports as lines, JSON and HTML, whatever is in it", async () => {
		const scene = await serve(storage);
		const from = `${room_of("odd")}/<b>"x"&`;
		const odd = "a <script>alert(1)</script>\nsecond\u202e line\u009b";
		scene.file("odd", st.message({ from, type: "groupchat" }, odd), 1_700_000_000);
		scene.file("odd", st.message({ from: room_of("odd"), type: "groupchat" }).text_tag("subject", "S"), 1_700_086_400);
		scene.file("odd", st.presence({ from, type: "unavailable" }), 1_700_086_401, "presence<unavailable");
		await wait_for_turn(scene);
		const write = async (format: "html" | "text" | "jsonl"): Promise<string> => {
			const pieces = scene.keeping.export_archive(room_of("odd"), format);
			if (!pieces.ok) throw new Error(pieces.error);
			return collect(pieces.value);
		};
		expect((await write("text")).split("\n")).toEqual([
			`[2023-11-14T22:13:20Z] <<b>"x"&> a <script>alert(1)</script>`,
			"\tsecond\ufffd line\ufffd",
			"[2023-11-15T22:13:20Z] *** set the subject: S",
			`[2023-11-15T22:13:21Z] *** <b>"x"& left the room`,
			"",
		]);
		const lines = (await write("jsonl"))
			.trim()
			.split("\n")
			.map((line): unknown => JSON.parse(line));
		expect(lines).toMatchObject([
			{ time: "2023-11-14T22:13:20Z", type: "message", nick: '<b>"x"&', body: odd },
			{ subject: "S" },
			{ type: "unavailable" },
		]);
		const html = await write("html");
		expect(html).not.toContain("<script>");
		expect(html).toContain("&lt;script&gt;");
		expect(html.match(/<h2>/g)).toHaveLength(2);
	});

	it("lists and destroys rooms that nobody uses", async () => {
		const scene = await serve(storage, { muc_unused_rooms_kept: [room_of("kept")] });
		const old = now() - 100 * 86_400;
		for (const name of ["used", "unused", "kept"]) {
			const made = scene.muc.create_room(room_of(name), { persistent: true });
			if (!made.ok) throw new Error(made.error);
			made.value.save(true);
			scene.file(name, st.message({ type: "groupchat" }, "long ago"), old);
		}
		const fresh = scene.muc.create_room(room_of("fresh"), { persistent: true });
		if (fresh.ok) fresh.value.save(true);
		await wait_for_turn(scene);
		const client = await scene.test.client("romeo");
		await enter(client, "used", "romeo");
		expect(await scene.keeping.unused_rooms(30)).toEqual({ ok: true, value: [{ jid: room_of("unused"), last_used: old }] });
		expect(await scene.keeping.destroy_unused_rooms(30)).toEqual({
			ok: true,
			value: { destroyed: [room_of("unused")], problems: new Map() },
		});
		expect(scene.archived("unused")).toEqual([]);
		expect(live(scene.muc, "unused")._data.destroyed).toBe(true);
		expect(await scene.keeping.unused_rooms(0)).toMatchObject({ ok: false });
		expect(await scene.keeping.unused_rooms(Number.NaN)).toMatchObject({ ok: false });
	});

	it("notes nothing of who enters before somebody has asked which rooms are unused", async () => {
		const scene = await serve(storage);
		const notes = scene.module.open_store("muc_room_used", "map");
		const at = (): unknown => {
			const found = notes.get("used", "at");
			return found.ok ? found.value : found.error;
		};
		const made = scene.muc.create_room(room_of("used"), { persistent: true });
		if (made.ok) made.value.save(true);
		const client = await scene.test.client("romeo");
		await enter(client, "used", "romeo");
		expect(at()).toBeUndefined();
		const old = now() - 100 * 86_400;
		scene.file("used", st.message({ type: "groupchat" }, "long ago"), old);
		await wait_for_turn(scene);
		await scene.keeping.unused_rooms(30);
		expect(at()).toBe(old);
		const other = await scene.test.client("juliet");
		await enter(other, "used", "juliet");
		expect(at()).toBeGreaterThan(old);
	});

	it("keeps the messages of each room as long as that room wants", async () => {
		const scene = await serve(storage, { muc_log_expires_after: "1w" });
		const day = 86_400;
		for (const name of ["short", "common", "long"]) {
			const made = scene.muc.create_room(room_of(name), { persistent: true });
			if (!made.ok) throw new Error(made.error);
			made.value.save(true);
			for (const age of [30, 3, 0]) scene.file(name, st.message({ type: "groupchat" }, `${age}`), now() - age * day);
		}
		expect(scene.keeping.set_archive_length(room_of("short"), day)).toEqual({ ok: true, value: undefined });
		expect(scene.keeping.set_archive_length(room_of("long"), Number.POSITIVE_INFINITY)).toMatchObject({ ok: true });
		expect(scene.keeping.set_archive_length(room_of("long"), -1)).toMatchObject({ ok: false });
		expect(scene.keeping.archive_length(room_of("short"))).toEqual({ ok: true, value: { seconds: day, is_own: true } });
		expect(scene.keeping.archive_length(room_of("common"))).toEqual({ ok: true, value: { seconds: 7 * day, is_own: false } });
		const notes = scene.module.open_store("muc_log_cleanup", "map");
		for (const name of ["short", "common", "long"]) notes.set("2020-01-01", name, true);
		await wait_for_turn(scene);
		const clean = async (): Promise<void> => {
			for (const task of scene.test.server.modulemanager.get_items(service, "task")) {
				if (task.name === "Remove expired messages") await task.run(now());
			}
			await wait_for_turn(scene);
		};
		await clean();
		expect(bodies(scene.archived("short"))).toEqual(["0"]);
		expect(bodies(scene.archived("common"))).toEqual(["3", "0"]);
		expect(bodies(scene.archived("long"))).toEqual(["30", "3", "0"]);
		// Back to what is common: what the notes of the past no longer say is found all the same
		scene.keeping.set_archive_length(room_of("long"), undefined);
		await wait_for_turn(scene);
		await clean();
		expect(bodies(scene.archived("long"))).toEqual(["3", "0"]);
	});

	/** Does something again and again while one call after the other fails, until none does; says how many did. */
	async function with_each_failure(
		scene: Scene,
		attempt: () => Promise<unknown>,
		check: (answer: unknown) => void,
	): Promise<number> {
		const concerns = (call: string): boolean =>
			/\.(find_later|find|get|set|set_many|set_keys|set_table|delete|users)$/.test(call);
		for (let nth = 0; nth < 300; nth++) {
			scene.faults.arm(nth, concerns);
			const answer = await attempt();
			const has_failed = scene.faults.calls.length > nth;
			scene.faults.arm(undefined);
			await wait_for_turn(scene);
			if (!has_failed) return nth;
			check(answer);
		}
		throw new Error("it never ends");
	}

	/** Each message is whole or a tombstone, and what others said is there. */
	function check_hall(scene: Scene): void {
		const items = scene.archived("hall");
		expect(items).toHaveLength(4);
		for (const item of items) expect(is_tombstone(item) || item.stanza.get_child("body") !== undefined).toBe(true);
		expect(bodies(items)).toEqual(expect.arrayContaining(["who is there?", "good night"]));
	}

	it("leaves nothing half erased whichever call to the storage fails", async () => {
		const scene = await serve(storage);
		await play(scene);
		await wait_for_turn(scene);
		const failures = await with_each_failure(
			scene,
			() => scene.keeping.erase_person(romeo),
			() => check_hall(scene),
		);
		expect(failures).toBeGreaterThan(5);
		expect(scene.archived("hall").filter(is_tombstone)).toHaveLength(2);
		expect(live(scene.muc, "hall").get_affiliation(romeo)).toBeUndefined();
		expect(scene.module.open_store("muc_erasures").get(undefined)).toEqual({ ok: true, value: undefined });
	});

	// What is in memory cannot fail to be written
	it.skipIf(storage === "memory")("leaves nothing half erased whichever turn cannot be stored", async () => {
		const scene = await serve(storage);
		await play(scene);
		await wait_for_turn(scene);
		const { turn } = scene.test.server;
		scene.faults.instead = () =>
			turn.join({
				commit() {
					throw new Error("no space left");
				},
				rollback() {},
			});
		const failures = await with_each_failure(
			scene,
			() => scene.keeping.erase_person(romeo),
			() => check_hall(scene),
		);
		scene.faults.instead = undefined;
		expect(failures).toBeGreaterThan(5);
		expect(await scene.keeping.erase_person(romeo)).toMatchObject({ ok: true, value: { problems: new Map() } });
		expect(scene.archived("hall").filter(is_tombstone)).toHaveLength(2);
		expect(live(scene.muc, "hall").get_affiliation(romeo)).toBeUndefined();
	});

	it("purges, and destroys unused rooms, wholly or not yet, whichever call fails", async () => {
		const scene = await serve(storage);
		const old = now() - 100 * 86_400;
		for (const name of ["one", "two"]) {
			const made = scene.muc.create_room(room_of(name), { persistent: true });
			if (!made.ok) throw new Error(made.error);
			made.value.save(true);
			for (let index = 0; index < 5; index++)
				scene.file(name, st.message({ type: "groupchat" }, `${name} ${index}`), old + index);
		}
		await wait_for_turn(scene);
		expect(
			await with_each_failure(
				scene,
				() => scene.keeping.purge_archive(room_of("one")),
				() => expect([0, 5]).toContain(scene.archived("one").length),
			),
		).toBeGreaterThan(0);
		expect(scene.archived("one")).toEqual([]);
		expect(scene.archived("two")).toHaveLength(5);
		await with_each_failure(
			scene,
			() => scene.keeping.destroy_unused_rooms(30),
			() => {
				const room = live(scene.muc, "two");
				// A tombstone has no archive, and a room has all of its own
				if (!room._data.destroyed) expect(scene.archived("two")).toHaveLength(5);
			},
		);
		expect(live(scene.muc, "two")._data.destroyed).toBe(true);
		expect(scene.archived("two")).toEqual([]);
	});
});

it("works through a big room in slices, each a turn of its own", async () => {
	const scene = await serve("sql");
	const juliet = await scene.test.client("juliet");
	await create(juliet, "big", { "muc#roomconfig_persistentroom": "1" });
	const room = live(scene.muc, "big");
	const occupant_id = room.get_occupant_id(room.new_occupant(romeo, `${room_of("big")}/`)) ?? "";
	for (let index = 0; index < 3000; index++) {
		const message = st.message({ from: `${room_of("big")}/m`, type: "groupchat" }, String(index));
		if (index % 2 === 0) message.tag("occupant-id", { xmlns: ns.occupant_id, id: occupant_id }).up();
		scene.file("big", message, 1_700_000_000 + index);
	}
	await wait_for_turn(scene);
	const { counts } = scene.test.server.turn;
	let before = counts.turns;
	expect(await scene.keeping.erase_person(romeo)).toMatchObject({ ok: true, value: { messages: 1500, rooms: 1 } });
	expect(counts.turns - before).toBeGreaterThanOrEqual(3000 / slice_size);
	before = counts.turns;
	scene.faults.arm(undefined);
	expect(await scene.keeping.purge_archive(room_of("big"))).toEqual({ ok: true, value: 3000 });
	const deletions = scene.faults.calls.filter((call) => call === "muc_log.delete").length;
	expect(deletions).toBeGreaterThanOrEqual(3000 / slice_size);
	expect(counts.turns - before).toBeGreaterThanOrEqual(deletions);
});

it("goes on after a restart with an erasure that was not done", async () => {
	const first = await serve("sql");
	await play(first);
	const pending = first.module.open_store("muc_erasures", "map");
	pending.set(undefined, romeo, { since: now(), nicks: [], keep_bans: false });
	await wait_for_turn(first);
	const module = first.test.server.modulemanager;
	expect(module.reload(service, "muc")).toMatchObject({ ok: true });
	await expect.poll(() => first.archived("hall").filter(is_tombstone).length, { timeout: 30_000 }).toBe(2);
	await expect.poll(() => pending.get(undefined, romeo), { timeout: 30_000 }).toEqual({ ok: true, value: undefined });
});

it("offers owners the length of the archive where the administrator lets them", async () => {
	const scene = await serve("memory", { muc_log_expires_after_max: "1 month" });
	const [juliet] = await play(scene, "form");
	const field = "{urn:enjamb:rooms}archive_expires_after";
	await configure(juliet, "form", { [field]: "86400" });
	expect(scene.keeping.archive_length(room_of("form"))).toEqual({ ok: true, value: { seconds: 86_400, is_own: true } });
	await configure(juliet, "form", { [field]: "never" });
	expect(scene.keeping.archive_length(room_of("form"))).toEqual({ ok: true, value: { seconds: 86_400, is_own: true } });
	await configure(juliet, "form", { [field]: "" });
	expect(scene.keeping.archive_length(room_of("form"))).toMatchObject({ ok: true, value: { is_own: false } });
	juliet.send(
		st
			.iq({ to: room_of("form"), type: "get", id: "form" })
			.query(ns.muc_owner)
			.reset(),
	);
	const form = await juliet.take((stanza) => stanza.attr["id"] === "form", 30_000);
	const shown = [...(form?.get_child("query", ns.muc_owner)?.get_child("x", ns.data)?.childtags("field") ?? [])];
	const own = shown.find(({ attr }) => attr["var"] === field);
	expect([...(own?.childtags("option") ?? [])].map((option) => option.get_child_text("value"))).toEqual([
		"",
		"86400",
		"604800",
		"2678400",
	]);
});
