// Pages of archives whose messages are kept as text: they go out as they are where nobody has to see or change a stanza.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ClientSession } from "../../../host/core/c2s_session.ts";
import { ns } from "../../../host/util/ns.ts";
import * as rsm from "../../../host/util/rsm.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { create, live, room_of, type Service, say, start_service } from "../service.ts";

let folder: string;
let service: Service;

beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "enjamb-pages-"));
	service = await start_service(
		{ modules_enabled: ["spec_probe", "muc_mam"] },
		{ storage: "sql", sql: { driver: "SQLite3", database: join(folder, "prosody.sqlite") }, cron_initial_delay: 86_400 },
	);
});

afterEach(async () => {
	vi.restoreAllMocks();
	await service.stop();
	rmSync(folder, { recursive: true });
});

/** The messages of a page, with their ids and times, and how many of them went out as text. */
async function page(client: Client): Promise<{ messages: Stanza[]; texts: number }> {
	const texts = vi.spyOn(ClientSession.prototype, "send_shared");
	const iq = st.iq({ to: room_of("tea"), type: "set", id: "page" }).tag("query", { xmlns: ns.mam, queryid: "q'1" });
	await ask(client, iq.add_child(rsm.generate({ max: 10 })).reset());
	const sent = texts.mock.calls.filter(([{ tail }]) => tail.includes(ns.mam)).length;
	texts.mockRestore();
	const is_result = (stanza: Stanza): boolean => stanza.get_child("result", ns.mam) !== undefined;
	const messages: Stanza[] = [];
	while (client.queue.some(is_result)) {
		const stanza = await expect_stanza(client, is_result);
		expect(stanza.attr["from"]).toBe(room_of("tea"));
		const result = stanza.get_child("result", ns.mam);
		expect(result?.attr["queryid"]).toBe("q'1");
		expect(result?.attr["id"]).toMatch(/^[\w-]+$/);
		const forwarded = result?.get_child("forwarded", ns.forward);
		expect(forwarded?.get_child("delay", ns.delay)?.attr["stamp"]).toMatch(/^\d{4}-.*Z$/);
		const message = forwarded?.get_child("message", ns.client);
		expect(message).toBeDefined();
		if (message) messages.push(message);
	}
	return { messages, texts: sent };
}

function bodies(messages: readonly Stanza[]): (string | undefined)[] {
	return messages.map((message) => message.get_child_text("body"));
}

describe("a page of an archive in a database", () => {
	it("is made of the stored texts", async () => {
		const romeo = await service.test.client("romeo");
		await create(romeo, "tea");
		const said = ["But, soft!", "1 < 2 && '3' > \"2\"", "ä€😀", "two\nlines"];
		for (const body of said) await say(romeo, "tea", body);
		const { messages, texts } = await page(romeo);
		expect(texts).toBe(said.length);
		expect(bodies(messages)).toEqual(said);
		for (const { attr } of messages) expect(attr["to"]).toBeUndefined();
	});

	it("is made of stanzas where a filter has to see them", async () => {
		const romeo = await service.test.client("romeo");
		await create(romeo, "tea");
		await say(romeo, "tea", "But, soft!");
		const session = [...service.test.server.full_sessions.values()].find(({ username }) => username === "romeo");
		const seen: string[] = [];
		session?.add_filter("stanzas/out", (stanza) => {
			if (stanza.get_child("result", ns.mam)) seen.push(stanza.attr["from"] ?? "");
			return stanza;
		});
		const { messages, texts } = await page(romeo);
		expect(texts).toBe(0);
		expect(bodies(messages)).toEqual(["But, soft!"]);
		expect(seen).toEqual([room_of("tea")]);
	});

	it("has no real address that the room does not show any more", async () => {
		const romeo = await service.test.client("romeo");
		await create(romeo, "tea", { "muc#roomconfig_whois": "anyone" });
		await say(romeo, "tea", "But, soft!");
		const shown = await page(romeo);
		expect(shown.texts).toBe(1);
		const item = shown.messages[0]?.get_child("x", ns.muc_user)?.get_child("item");
		expect(item?.attr["jid"]).toMatch(/^romeo@/);
		live(service.muc, "tea").set_whois("moderators");
		await say(romeo, "tea", "what light");
		const hidden = await page(romeo);
		expect(hidden.texts).toBe(1);
		expect(bodies(hidden.messages)).toEqual(["But, soft!", "what light"]);
		for (const message of hidden.messages) expect(message.toString()).not.toContain(ns.muc_user);
	});

	it("has what was stored in another form, and nothing that is no stanza", async () => {
		const romeo = await service.test.client("romeo");
		await create(romeo, "tea");
		for (const body of ["one", "two", "three", "four"]) await say(romeo, "tea", body);
		const database = new Sqlite(join(folder, "prosody.sqlite"));
		const change = database.prepare(`UPDATE "prosodyarchive" SET "value" = ? WHERE "value" LIKE ?`);
		change.run("<p:message xmlns:p='jabber:client' type='groupchat'><p:body>uno</p:body></p:message>", "%>one<%");
		change.run("<message type='groupchat'><body>due</body></message><message><body>forged</body></message>", "%>two<%");
		change.run("<message type='groupchat'><body>tre</body></forwarded></message>", "%>three<%");
		database.close();
		const { messages, texts } = await page(romeo);
		expect(bodies(messages)).toEqual(["uno", "four"]);
		expect(texts).toBe(1);
	});
});
