import { describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { eventually, expect_stanza } from "../../helper.ts";
import { missing, on_both, type Stage, type Troupe, without_prosody } from "./community.ts";

// Modules that others wrote, in conversations of two: all that both hear has to be the same here and on a real Prosody.

const muc = "http://jabber.org/protocol/muc";
const room = "terrace@conference.localhost";
const enter = (nick: string): st.Stanza =>
	st
		.presence({ to: `${room}/${nick}` })
		.tag("x", { xmlns: muc })
		.reset();
const no_prosody = without_prosody();

/** What servers make up. */
const made_up = new Set(["stamp", "ver", "node"]);

/** A stanza as text that is the same on every server. */
function canonical(stanza: st.Stanza): string {
	const attributes = Object.entries(stanza.attr)
		.filter(([, value]) => value !== undefined)
		.map(([name, value]) => {
			const is_id = name === "id" && !/^[a-z]+\d$/.test(value ?? "");
			return `${name}=${is_id || made_up.has(name) ? "…" : value}`;
		})
		.sort();
	const children = stanza.children.map((child) => (st.is_stanza(child) ? canonical(child) : String(child)));
	return `<${[stanza.name, ...attributes].join(" ")}>${children.join("")}</>`;
}

/** All that came to a client until now. */
async function heard(client: Client): Promise<string[]> {
	await client.settle(true);
	return client.queue
		.splice(0)
		.filter(({ attr }) => !attr["id"]?.startsWith("scansion"))
		.map((stanza) => canonical(stanza));
}

/** The same conversation on both servers. */
async function compare(troupe: Troupe, converse: (stage: Stage) => Promise<unknown>): Promise<unknown> {
	const [ours, prosodys] = await on_both(troupe, no_prosody, converse);
	expect(ours).toEqual(prosodys);
	return ours;
}

const chat = (to: string, id: string, body: string): st.Stanza => st.message({ to, type: "chat", id }, body);

describe.skipIf(missing("filter_words"))("mod_filter_words", () => {
	it("replaces words in what is said to one and to many", async () => {
		const troupe = {
			accounts: ["presence", "message", "filter_words"],
			options: 'filter_words = { bad = "good", worse = "better" }\nmuc_room_locking = false',
		};
		const all = await compare(troupe, async (stage) => {
			const [mira, tomas] = [await stage.client("mira", "a"), await stage.client("tomas", "b")];
			for (const [client, nick] of [
				[mira, "Mira"],
				[tomas, "Tomas"],
			] as const) {
				client.send(enter(nick));
				await expect_stanza(client, (stanza) => stanza.get_child("subject") !== undefined);
			}
			await heard(mira);
			await heard(tomas);
			mira.send(chat("tomas@localhost/b", "m1", "not bad, and worse than badly"));
			tomas.send(st.message({ to: room, type: "groupchat", id: "m2" }, "bad"));
			tomas.send(st.message({ to: "mira@localhost/a", id: "m3" }).tag("body").tag("b", { xmlns: "urn:example:x" }).reset());
			return [await heard(tomas), await heard(mira)];
		});
		expect(JSON.stringify(all)).toContain("not good, and better than badly");
	});
});

describe.skipIf(missing("auto_accept_subscriptions"))("mod_auto_accept_subscriptions", () => {
	it("grants what is asked, and asks in return", async () => {
		const troupe = { accounts: ["presence", "message", "iq", "auto_accept_subscriptions"] };
		const all = await compare(troupe, async (stage) => {
			const [mira, tomas] = [await stage.client("mira", "a"), await stage.client("tomas", "b")];
			const roster = st.iq({ type: "get", id: "r1" }).query(ns.roster).reset();
			for (const client of [mira, tomas]) {
				client.send(roster);
				client.send(st.presence());
			}
			const first = [await heard(mira), await heard(tomas)];
			mira.send(st.presence({ type: "subscribe", to: "tomas@localhost" }));
			const asked = [await heard(mira), await heard(tomas)];
			for (const client of [mira, tomas]) client.send(st.iq({ type: "get", id: "r2" }).query(ns.roster).reset());
			tomas.send(st.presence({ type: "subscribe", to: "mira@localhost" }));
			return [first, asked, await heard(mira), await heard(tomas)].map((list) => list.flat().sort());
		});
		expect(JSON.stringify(all)).toContain("subscription=");
	});
});

describe.skipIf(missing("http_logging") || missing("pastebin"))("mod_http_logging with mod_pastebin", () => {
	it("shows long texts on the web, and notes who looked", async () => {
		const troupe = {
			rooms: ["pastebin"],
			options:
				'modules_enabled = { "disco", "roster", "saslauth", "ping", "http_logging" }\npastebin_threshold = 20\nmuc_room_locking = false\nhttp_host = "127.0.0.1"',
		};
		const all = await compare(troupe, async (stage) => {
			const mira = await stage.client("mira", "a");
			mira.send(enter("Mira"));
			await expect_stanza(mira, (stanza) => stanza.get_child("subject") !== undefined);
			mira.send(st.message({ to: room, type: "groupchat", id: "m1" }, "a text that is long enough to be shown elsewhere"));
			const said = await expect_stanza(mira, (stanza) => stanza.get_child("body") !== undefined);
			const path = /\/pastebin\/\S+/.exec(said.get_child_text("body") ?? "")?.[0] ?? "";
			const pages = [];
			for (const [method, where] of [
				["GET", path],
				["HEAD", path],
				["GET", "/pastebin/nothing"],
				["GET", "/nowhere"],
			] as const) {
				const page = await fetch(`${stage.url}${where}`, { method });
				pages.push([
					page.status,
					page.headers.get("content-type"),
					where === "/nowhere" || page.headers.get("content-length"),
					where === "/nowhere" ? "" : await page.text(),
				]);
			}
			const noted = await eventually(async () => {
				const log = await stage.log();
				const lines = [...log.matchAll(/127\.0\.0\.1 - - \[[^\]]+\] (.*)$/gm)];
				expect(lines).toHaveLength(pages.length);
				return lines.map(([, line]) => line?.replace(path, "/PASTE").replace(/ \d+$/, " …"));
			});
			return [pages, noted];
		});
		expect(JSON.stringify(all)).toContain("GET /PASTE HTTP/1.1");
	});
});
