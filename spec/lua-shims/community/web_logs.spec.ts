import { describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { missing, on_both, type Stage, start_ours, without_prosody } from "./community.ts";

// Pages with what was said in rooms: the same conversation is held here and on a real Prosody, and the pages have to be the same.

const room = "terrace@conference.localhost";
const muc = "http://jabber.org/protocol/muc";

const came_from = (nick: string) => (stanza: st.Stanza) =>
	stanza.name === "presence" && stanza.attr["from"] === `${room}/${nick}`;

async function join(client: Client, nick: string): Promise<void> {
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: muc })
			.reset(),
	);
	await expect_stanza(client, (stanza) => came_from(nick)(stanza) && stanza.get_child("x", `${muc}#user`) !== undefined);
}

async function say(client: Client, message: st.Stanza): Promise<void> {
	message.attr["to"] = room;
	message.attr["type"] = "groupchat";
	client.send(message);
	const [said] = message.tags;
	const is_that = (stanza: st.Stanza): boolean => stanza.get_child_text(said?.name ?? "") === said?.get_text();
	await expect_stanza(client, (stanza) => stanza.name === "message" && is_that(stanza));
}

/** Fills in the form of the room. */
async function configure(client: Client, fields: Readonly<Record<string, string>>): Promise<void> {
	const form = st
		.iq({ type: "set", id: "configure", to: room })
		.query(`${muc}#owner`)
		.tag("x", { xmlns: "jabber:x:data", type: "submit" });
	for (const [name, value] of Object.entries({ FORM_TYPE: `${muc}#roomconfig`, ...fields })) {
		form.tag("field", { var: name }).text_tag("value", value).up();
	}
	const answer = await ask(client, form.reset());
	expect(answer.attr["type"]).toBe("result");
}

/** Two in a room, with all that a page of logs knows to show. */
async function converse(stage: Stage, fields: Readonly<Record<string, string>>): Promise<void> {
	const mira = await stage.client("mira", "a");
	const tomas = await stage.client("tomas", "b");
	await join(mira, "Mira");
	await configure(mira, { "muc#roomconfig_roomname": "Terrace", "muc#roomconfig_publicroom": "1", ...fields });
	await join(tomas, "Tomas");
	await say(mira, st.message({ id: "subject" }).text_tag("subject", "Weather & <wind>"));
	await say(mira, st.message({ id: "m1" }, "It is <warm> & dry, 100% sure: http://weather.example/today?x=1"));
	await say(tomas, st.message({ id: "m2" }, "/me puts on a hat ☀"));
	await say(tomas, st.message({ id: "m3" }, "I ment it").reset());
	const corrected = st.message({ id: "m4" }, "I meant it").tag("replace", { xmlns: "urn:xmpp:message-correct:0", id: "m3" });
	await say(tomas, corrected.reset());
	const kick = st.iq({ type: "set", id: "kick", to: room }).query(`${muc}#admin`).tag("item", { nick: "Tomas", role: "none" });
	const kicked = await ask(mira, kick.text_tag("reason", "Hats off").reset());
	expect(kicked.attr["type"]).toBe("result");
	await mira.settle(true);
}

interface Page {
	readonly status: number;
	readonly type: string | null;
	readonly location: string | null;
	readonly text: string;
}

/** A page without what differs from run to run. */
async function page(stage: Stage, path: string): Promise<Page> {
	const answer = await fetch(stage.url + path, { redirect: "manual" });
	const sent = await answer.text();
	// pages of errors are the server's own, except for what the module says
	const shown = answer.status < 400 ? sent : (/<p class="extra">([^<]*)/.exec(sent)?.[1] ?? "");
	const text = shown.replaceAll(/(?<=id="|href="#|archive_id=")[\w-]{8,}(?=")/g, "ID").replaceAll(/\d\d:\d\d:\d\d/g, "TIME");
	const location = answer.headers.get("location")?.replace(stage.url, "") ?? null;
	return { status: answer.status, type: answer.headers.get("content-type"), location, text };
}

/** Everything below one name; in memory, a Prosody does not know on which days something was said. */
const web = 'storage = "internal"\nhttp_default_host = "conference.localhost"';

const today = new Date().toISOString().slice(0, 10);
const no_prosody = without_prosody();

describe("mod_http_muc_log in Lua", () => {
	it.skipIf(missing("http_muc_log"))("shows rooms, days and what was said", async () => {
		const troupe = { rooms: ["muc_mam", "http_muc_log"], options: web };
		const [ours, prosodys] = await on_both(troupe, no_prosody, async (stage) => {
			await converse(stage, {});
			const pages: { [path: string]: Page } = {};
			for (const path of [
				"",
				"/",
				"/terrace",
				"/terrace/",
				`/terrace/${today}`,
				"/terrace/latest",
				"/nowhere/",
				"/terrace/never",
				"/terrace/2001-01-01",
				"/@static/style.css",
				"/@static/none.css",
			]) {
				pages[path] = await page(stage, `/muc_log${path}`);
			}
			const mira = await stage.client("mira", "c");
			const info = await ask(mira, st.iq({ type: "get", id: "info", to: room }).query("http://jabber.org/protocol/disco#info"));
			const fields = info.find("{http://jabber.org/protocol/disco#info}query/{jabber:x:data}x");
			const logs =
				fields instanceof st.Stanza ? fields.get_child_with_attr("field", undefined, "var", "muc#roominfo_logs") : undefined;
			return { pages, logs: logs?.get_child_text("value")?.replace(/:\d+\//, ":PORT/") };
		});
		const day = ours.pages[`/terrace/${today}`];
		expect(day?.status).toBe(200);
		expect(day?.type).toBe("text/html; charset=utf-8");
		expect(day?.text).toContain("It is &lt;warm&gt; &amp; dry, 100% sure: http://weather.example/today?x=1");
		expect(day?.text).toContain('<em class="verb">puts on a hat ☀</em>');
		expect(day?.text).toContain("<del>I ment it</del>");
		expect(ours.pages["/"]?.text).toContain('<a href="terrace/">Terrace</a>');
		expect(ours.pages["/terrace/"]?.text).toContain(`<a href="${today}">`);
		expect(ours.pages["/terrace/latest"]).toMatchObject({ status: 303, location: today });
		expect(ours.pages["/@static/style.css"]).toMatchObject({ status: 200, type: "text/css" });
		expect(ours.pages["/nowhere/"]?.status).toBe(404);
		expect(ours.logs).toMatch(/^http.*\/muc_log\/terrace\/$/);
		expect(ours.pages).toEqual(prosodys.pages);
		expect(ours.logs).toBe(prosodys.logs);
	});

	it.skipIf(missing("http_muc_log"))("keeps rooms that not everybody may enter to themselves", async () => {
		const troupe = { rooms: ["muc_mam", "http_muc_log"], options: web };
		const [ours, prosodys] = await on_both(troupe, no_prosody, async (stage) => {
			const mira = await stage.client("mira", "a");
			await join(mira, "Mira");
			await configure(mira, { "muc#roomconfig_membersonly": "1" });
			const closed = await page(stage, "/muc_log/terrace/");
			await configure(mira, { "muc#roomconfig_membersonly": "0", "muc#roomconfig_publicroom": "0" });
			const listed = await page(stage, "/muc_log/");
			return [closed.status, listed.text.includes("terrace")];
		});
		expect(ours).toEqual([403, false]);
		expect(ours).toEqual(prosodys);
	});

	it.skipIf(missing("http_muc_log"))("goes with its pages, and comes back with them", async () => {
		const stage = await start_ours({ rooms: ["muc_mam", "http_muc_log"], options: web });
		try {
			const { modulemanager } = stage.server;
			await converse(stage, {});
			const before = await page(stage, `/muc_log/terrace/${today}`);
			expect(before.status).toBe(200);
			expect(modulemanager.unload("conference.localhost", "http_muc_log").ok).toBe(true);
			expect((await page(stage, `/muc_log/terrace/${today}`)).status).toBe(404);
			expect(modulemanager.load("conference.localhost", "http_muc_log").ok).toBe(true);
			expect(await page(stage, `/muc_log/terrace/${today}`)).toEqual(before);
			expect(modulemanager.reload("conference.localhost", "http_muc_log").ok).toBe(true);
			expect(await page(stage, `/muc_log/terrace/${today}`)).toEqual(before);
			const mira = await stage.client("mira", "c");
			const info = await ask(mira, st.iq({ type: "get", id: "info", to: room }).query("http://jabber.org/protocol/disco#info"));
			expect(String(info).match(/muc#roominfo_logs/g)).toHaveLength(1);
		} finally {
			await stage.stop();
		}
	});
});

describe("mod_muc_log and mod_muc_log_http in Lua", () => {
	const is_missing = missing("muc_log") || missing("muc_log_http");

	it.skipIf(is_missing)("write down and show what was said, who came and who went", async () => {
		const troupe = {
			rooms: ["muc_log", "muc_log_http"],
			options: web,
		};
		const [ours, prosodys] = await on_both(troupe, no_prosody, async (stage) => {
			await converse(stage, { "muc#roomconfig_enablelogging": "1" });
			const pages: { [path: string]: Page } = {};
			for (const path of [
				"/",
				"/terrace/",
				`/terrace/${today}/`,
				`/terrace/${today.slice(2).replaceAll("-", "")}/`,
				"/nowhere/",
				"/terrace/2001-01-01/",
				"/a/b/c",
			]) {
				pages[path] = await page(stage, `/muc_log${path}`);
			}
			return pages;
		});
		expect(ours).toEqual(prosodys);
		const day = ours[`/terrace/${today}/`];
		expect(day?.status).toBe(200);
		expect(day?.text).toContain("It is &lt;warm&gt;");
		expect(day?.text).toContain("<a href='http://weather.example/today?x=1'>http://weather.example/today?x=1</a>");
		expect(day?.text).toContain("puts on a hat ☀");
		expect(day?.text).toContain("Hats off");
		expect(ours["/"]?.text).toContain("terrace");
		expect(ours["/nowhere/"]?.status).toBe(404);
		expect(ours).toEqual(prosodys);
	});
});
