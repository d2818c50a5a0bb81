// What a turn did with rooms that could not be stored: memory is as it was before, and nobody was told anything else.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { ask, expect_stanza, patience } from "../helper.ts";
import { configure, create, destroy, enter, live, outcome, room_of, type Service, say, start_service } from "./service.ts";

const lost = "wait/internal-server-error";

let here: Service;
let owner: Client;
let other: Client;

/** Has the turn fail that handles the next stanza to the component. */
function sabotage(): void {
	const { turn } = here.test.server;
	const spoil = (): undefined => {
		here.module.unhook("iq/bare", spoil);
		here.module.unhook("message/bare", spoil);
		here.module.unhook("presence/full", spoil);
		turn.join({
			commit() {
				throw new Error("no space left");
			},
			rollback() {},
		});
	};
	here.module.hook("iq/bare", spoil, 1000);
	here.module.hook("message/bare", spoil, 1000);
	here.module.hook("presence/full", spoil, 1000);
}

/** Nicks in memory with their roles, and the real JIDs that are known to be there. */
function occupants(room = "hall"): [nick: string, role: string | undefined, sessions: number][] {
	const { _occupants, _jid_nick } = live(here.muc, room);
	return [..._occupants.values()]
		.map(({ nick, role }): [string, string | undefined, number] => [
			nick.split("/")[1] ?? "",
			role,
			[..._jid_nick.values()].filter((known) => known === nick).length,
		])
		.sort();
}

function admin(item: { [name: string]: string }): st.Stanza {
	return st
		.iq({ to: room_of("hall"), type: "set", id: `admin-${Math.random()}` })
		.query(ns.muc_admin)
		.tag("item", item)
		.reset();
}

/** The answer to a presence or a message that is lost. */
async function answer(client: Client): Promise<string> {
	return outcome(await expect_stanza(client, ({ attr }) => attr["type"] === "error"));
}

/** What somebody was told up to an answer that came after it. */
async function told(client: Client): Promise<string[]> {
	await ask(client, st.iq({ to: "localhost", type: "get", id: "up to here" }).tag("ping", { xmlns: ns.ping }).reset());
	return client.queue.splice(0).map(({ name, attr }) => `${name} ${attr["type"] ?? ""} ${attr["from"] ?? ""}`);
}

beforeEach(async () => {
	here = await start_service();
	owner = await here.test.client("owner");
	other = await here.test.client("other");
	await create(owner, "hall");
	await enter(other, "hall", "other");
	await told(owner);
	await told(other);
});
afterEach(() => here.stop());

const both: ReturnType<typeof occupants> = [
	["creator", "moderator", 1],
	["other", "participant", 1],
];

describe("a room that was in memory only", () => {
	it("does not have whoever joined in that turn", async () => {
		const third = await here.test.client("third");
		sabotage();
		expect(outcome(await enter(third, "hall", "third"))).toBe(lost);
		expect(occupants()).toEqual(both);
		expect(await told(owner)).toEqual([]);
		expect(outcome(await enter(third, "hall", "third"))).toBe("ok");
		expect(await told(other)).toEqual([`presence  ${room_of("hall")}/third`]);
	});

	it("still has whoever left in that turn", async () => {
		sabotage();
		other.send(st.presence({ to: `${room_of("hall")}/other`, type: "unavailable" }));
		expect(await answer(other)).toBe(lost);
		expect(occupants()).toEqual(both);
		expect(await told(owner)).toEqual([]);
		expect((await say(other, "hall", "still here")).attr["from"]).toBe(`${room_of("hall")}/other`);
	});

	it.each([
		["kicked", { nick: "other", role: "none" }],
		["muted", { nick: "other", role: "visitor" }],
		["banned", { jid: "other@localhost", affiliation: "outcast" }],
		["made a member", { jid: "other@localhost", affiliation: "member" }],
		["made an admin", { jid: "other@localhost", affiliation: "admin" }],
	])("has who was to be %s as they were", async (_how, item) => {
		sabotage();
		expect(outcome(await ask(owner, admin(item)))).toBe(lost);
		expect(occupants()).toEqual(both);
		expect(live(here.muc, "hall").get_affiliation("other@localhost")).toBe(undefined);
		expect(await told(other)).toEqual([]);
		expect((await say(other, "hall", "still here")).attr["from"]).toBe(`${room_of("hall")}/other`);
	});

	it("has nicks and affiliations with their data as before", async () => {
		const room = live(here.muc, "hall");
		room.set_affiliation(true, "other@localhost", "member", "first", { reserved_nickname: "other" });
		here.test.server.turn.end();
		sabotage();
		other.send(st.presence({ to: `${room_of("hall")}/another` }));
		expect(await answer(other)).toBe(lost);
		expect(occupants().map(([nick]) => nick)).toEqual(["creator", "other"]);
		sabotage();
		expect(outcome(await ask(owner, admin({ jid: "other@localhost", affiliation: "none" })))).toBe(lost);
		expect(room.get_affiliation("other@localhost")).toBe("member");
		expect(room.get_affiliation_data("other@localhost")).toMatchObject({ reserved_nickname: "other" });
	});

	it("has its settings and its subject as before", async () => {
		const room = live(here.muc, "hall");
		sabotage();
		expect(outcome(await configure(owner, "hall", { "muc#roomconfig_roomname": "New" }))).toBe(lost);
		expect(room.get_name()).toBe(undefined);
		sabotage();
		owner.send(st.message({ to: room_of("hall"), type: "groupchat" }).text_tag("subject", "new"));
		expect(await answer(owner)).toBe(lost);
		expect(room._data.subject).toBe(undefined);
	});

	it("does not remember messages that were not delivered", async () => {
		await say(owner, "hall", "before");
		await told(other);
		sabotage();
		owner.send(st.message({ to: room_of("hall"), type: "groupchat", id: "x" }, "lost"));
		expect(await answer(owner)).toBe(lost);
		expect(await told(other)).toEqual([]);
		expect(live(here.muc, "hall")._history?.map(({ stanza }) => stanza.get_child_text("body"))).toEqual(["before"]);
	});

	it("is still there with its occupants where that turn destroyed it, or the last one left in it", async () => {
		sabotage();
		expect(outcome(await destroy(owner, "hall"))).toBe(lost);
		expect(occupants()).toEqual(both);
		expect(await told(other)).toEqual([]);
		await create(other, "cell");
		sabotage();
		other.send(st.presence({ to: `${room_of("cell")}/creator`, type: "unavailable" }));
		expect(await answer(other)).toBe(lost);
		expect(occupants("cell")).toEqual([["creator", "moderator", 1]]);
		expect((await say(other, "cell", "alone")).attr["type"]).toBe("groupchat");
	});

	it("loses who is gone soon after, though the turn in which they went has failed", async () => {
		sabotage();
		await other.disconnect();
		const gone = await owner.take(({ name, attr }) => name === "presence" && attr["type"] === "unavailable", patience);
		expect(gone?.attr["from"]).toBe(`${room_of("hall")}/other`);
		expect(occupants()).toEqual(both.slice(0, 1));
	});
});
