// A database over the network that does not answer for a while: whoever needs it waits, and nobody else.

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Link } from "../../../host/core/network_sql/link.ts";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, eventually, expect_stanza } from "../../helper.ts";
import { Cutter } from "../../host/databases/cutter.ts";
import { find_postgresql, start_postgresql } from "../../host/databases/postgresql.ts";
import { not_installed } from "../../needs.ts";
import { create, enter, live, room_of, type Service, say, start_service } from "../service.ts";

const is_left_out = not_installed(find_postgresql(), "PostgreSQL", "rooms beside a slow one are not tried");
const database = is_left_out ? undefined : await start_postgresql();
let cutter: Cutter;
let service: Service;

beforeAll(async () => {
	if (database !== undefined) cutter = await Cutter.start(database.port);
});
afterAll(async () => {
	await cutter?.stop();
	await database?.remove();
});
afterEach(async () => {
	vi.restoreAllMocks();
	await cutter.set({ mode: "pass" });
	await service.stop();
	await database?.empty();
});

async function start(): Promise<void> {
	service = await start_service(
		{ modules_enabled: ["spec_probe", "muc_mam"], muc_log_by_default: true },
		{ storage: "sql", sql: { ...database?.sql, port: cutter.port }, cron_initial_delay: 86_400 },
	);
}

async function leave(client: Client, room: string, nick: string): Promise<void> {
	client.send(st.presence({ to: `${room_of(room)}/${nick}`, type: "unavailable" }));
	await expect_stanza(client, ({ name, attr }) => name === "presence" && attr["type"] === "unavailable");
}

/** What a client gets of a room from its own presence on, up to the subject: bodies, and whether they are of its history. */
async function rest_of_entering(client: Client, room: string): Promise<string[]> {
	const heard: string[] = [];
	for (;;) {
		const message = await expect_stanza(
			client,
			({ name, attr }) => name === "message" && (attr["from"] ?? "").startsWith(room_of(room)),
		);
		if (message.get_child("subject") !== undefined) return heard;
		const delay = message.get_child("delay", ns.delay) === undefined ? "live" : "history";
		heard.push(`${delay} ${message.get_child_text("body")}`);
	}
}

function is_own(stanza: Stanza): boolean {
	const codes = [...(stanza.get_child("x", ns.muc_user)?.childtags("status") ?? [])].map(({ attr }) => attr["code"]);
	return stanza.name === "presence" && codes.includes("110");
}

/** Has her enter while the database, which is asked for the room, does not answer. */
async function enter_held(juliet: Client): Promise<void> {
	const asked = vi.spyOn(Link.prototype, "ask");
	await cutter.set({ mode: "hold" });
	juliet.send(
		st
			.presence({ to: `${room_of("coffee")}/juliet` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await eventually(() => expect(asked).toHaveBeenCalled());
}

describe.skipIf(is_left_out)("a database that does not answer for a while", () => {
	it("keeps nobody waiting in rooms that need nothing of it", async () => {
		await start();
		const [romeo, juliet] = [await service.test.client("romeo"), await service.test.client("juliet")];
		await create(romeo, "tea", { "muc#roomconfig_enablearchiving": "0" });
		await create(romeo, "coffee", { "muc#roomconfig_persistentroom": "1" });
		for (const body of ["one", "two", "three"]) await say(romeo, "coffee", body);
		await leave(romeo, "coffee", "creator");
		service.muc.forget_room(live(service.muc, "coffee"));
		// She has been in some room before
		await enter(juliet, "tea", "juliet");
		await leave(juliet, "tea", "juliet");

		const waited = vi.spyOn(Link.prototype, "wait_for");
		await enter_held(juliet);
		for (const body of ["but", "soft"]) await say(romeo, "tea", body);
		expect(juliet.queue.some(is_own)).toBe(false);
		await cutter.set({ mode: "pass" });
		await expect_stanza(juliet, is_own);
		expect(await rest_of_entering(juliet, "coffee")).toEqual(["history one", "history two", "history three"]);
		expect(waited).not.toHaveBeenCalled();
	});

	it("loses nothing that is said while somebody enters, and says nothing twice", async () => {
		await start();
		const [romeo, juliet] = [await service.test.client("romeo"), await service.test.client("juliet")];
		await create(romeo, "coffee", { "muc#roomconfig_persistentroom": "1" });
		for (const body of ["one", "two"]) await say(romeo, "coffee", body);
		await leave(romeo, "coffee", "creator");
		service.muc.forget_room(live(service.muc, "coffee"));
		await enter(romeo, "coffee", "romeo");
		await say(romeo, "coffee", "three");

		await enter_held(juliet);
		romeo.send(st.message({ to: room_of("coffee"), type: "groupchat", id: "meanwhile" }, "four"));
		// What she sends behind it waits, too
		juliet.send(st.message({ to: room_of("coffee"), type: "groupchat", id: "hers" }, "five"));
		await eventually(() => expect(live(service.muc, "coffee")._history?.at(-1)?.stanza.get_child_text("body")).toBe("four"));
		await cutter.set({ mode: "pass" });
		await expect_stanza(juliet, is_own);
		expect(await rest_of_entering(juliet, "coffee")).toEqual(["history one", "history two", "history three", "history four"]);
		const own = await expect_stanza(juliet, ({ attr }) => attr["id"] === "hers");
		expect(own.get_child_text("body")).toBe("five");
		expect(juliet.queue.some(({ attr }) => attr["id"] === "meanwhile")).toBe(false);
	});

	it("has nobody enter whose session is gone by then", async () => {
		await start();
		const [romeo, juliet] = [await service.test.client("romeo"), await service.test.client("juliet")];
		await create(romeo, "coffee");
		await enter_held(juliet);
		const [jid, session] = [...service.test.server.full_sessions].find(([, { username }]) => username === "juliet") ?? [""];
		session?.close({ condition: "conflict" });
		await cutter.set({ mode: "pass" });
		await eventually(() => expect(service.test.server.full_sessions.has(jid)).toBe(false));
		await ask(romeo, st.iq({ type: "get", id: "later", to: "localhost" }).query(ns.disco_info).reset());
		await eventually(() => expect(live(service.muc, "coffee").get_occupant_by_real_jid(jid)).toBeUndefined());
	});
});
