// There and back: all that clients keep for their accounts, and nodes of a service, made by a real Prosody and by us in turn.
// ENJAMB_REFERENCE names another Prosody than the one on the PATH.

import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../host/core/config/config.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { find_prosody } from "../../tools/reference.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { not_installed } from "../needs.ts";
import { done, expect_from, login, question, type Running, register, Stage } from "./alternation/servers.ts";
import { why_not } from "./prosody_lua.ts";
import { start_storage } from "./storage_server.ts";

const reference = process.env["ENJAMB_REFERENCE"];
const no_prosody = not_installed(find_prosody(reference), "Prosody", "what accounts keep does not go there and back");
const service = "pubsub.localhost";

function config(storage: string): string {
	return `
modules_enabled = { "roster", "saslauth", "disco", "presence", "register_ibr", "ping", "private", "blocklist", "pep", "bookmarks", "mam",
	"vcard4", "vcard_legacy", "cloud_notify" }
modules_disabled = { "s2s", "tls" }
registration_invite_only = false
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = true
authentication = "internal_hashed"
archive_expires_after = "never"
${storage}

VirtualHost "localhost"

Component "${service}" "pubsub"
	admins = { "romeo@localhost" }
`;
}

let stage: Stage | undefined;
afterEach(async () => {
	await stage?.end();
	stage = undefined;
});

type Fields = Readonly<Record<string, string>>;

function form(type: string, fields: Fields): Stanza {
	const x = st.stanza("x", { xmlns: ns.data, type: "submit" });
	for (const [name, value] of Object.entries({ FORM_TYPE: type, ...fields })) {
		x.tag("field", { var: name }).text_tag("value", value).up();
	}
	return x.reset();
}

const node_config = "http://jabber.org/protocol/pubsub#node_config";
const note = (text: string): Stanza => st.stanza("note", { xmlns: "urn:example:notes" }).text(text);
const room = (word: string): string => `${word}@conference.localhost`;
const picture = (word: string): string => Buffer.from(`a picture of ${word}`).toString("base64");

async function set(client: Client, content: Stanza, to?: string): Promise<void> {
	await done(client, "set", to, (iq) => iq.add_child(content));
}

function pubsub(content: Stanza, xmlns: string = ns.pubsub): Stanza {
	return st.stanza("pubsub", { xmlns }).add_child(content).reset();
}

/** A node with a configuration, affiliations, a subscription and items; at an account, or at the service. */
async function make_node(client: Client, word: string, to: string | undefined): Promise<void> {
	const node = `urn:example:${word}`;
	const create = pubsub(st.stanza("create", { node }));
	create.tag("configure").add_child(form(node_config, { "pubsub#title": `Of ${word} ✒`, "pubsub#max_items": "5" }));
	await set(client, create.reset(), to);
	for (const id of ["one", "two", "three", "four"]) {
		const publish = st.stanza("publish", { node }).tag("item", { id });
		await set(client, pubsub(publish.add_child(note(`<${id}> of ${word}`)).reset()), to);
	}
	await set(client, pubsub(st.stanza("retract", { node }).tag("item", { id: "two" }).reset()), to);
	const affiliation = { jid: `${word}@localhost`, affiliation: "publisher" };
	await set(client, pubsub(st.stanza("affiliations", { node }).tag("affiliation", affiliation).reset(), ns.pubsub_owner), to);
	await set(client, pubsub(st.stanza("subscribe", { node, jid: "romeo@localhost" })), to);
	const more: Fields = { "pubsub#title": `Later of ${word}`, "pubsub#access_model": "whitelist", "pubsub#max_items": "4" };
	await set(client, pubsub(st.stanza("configure", { node }).add_child(form(node_config, more)).reset(), ns.pubsub_owner), to);
}

/** Keeps something of everything, under a word that tells one time from another. */
async function keep(port: number, word: string): Promise<void> {
	const romeo = await login(port, "romeo", "wherefore");
	await make_node(romeo, word, undefined);
	await make_node(romeo, word, service);
	await set(
		romeo,
		st
			.stanza("query", { xmlns: ns.private })
			.tag("notes", { xmlns: `urn:example:${word}?a=b` })
			.text(word)
			.reset(),
	);
	await set(
		romeo,
		st
			.stanza("block", { xmlns: ns.blocking })
			.tag("item", { jid: `${word}@verona.example/street` })
			.reset(),
	);
	const card = st.stanza("vCard", { xmlns: ns.vcard_temp }).text_tag("FN", `Romeo, ${word}`).text_tag("NOTE", "<ü>");
	await set(romeo, card.tag("PHOTO").text_tag("TYPE", "image/png").text_tag("BINVAL", picture(word)).reset());
	const bookmark = st.stanza("conference", { xmlns: ns.bookmarks, name: word, autojoin: "true" }).text_tag("nick", word);
	await set(
		romeo,
		pubsub(
			st
				.stanza("publish", { node: ns.bookmarks })
				.tag("item", { id: room(word) })
				.add_child(bookmark)
				.reset(),
		),
	);
	const prefs = st.stanza("prefs", { xmlns: ns.mam, default: "always" }).tag("always").text_tag("jid", `${word}@localhost`).up();
	await set(romeo, prefs.tag("never").reset());
	const push = { xmlns: "urn:xmpp:push:0", jid: `push.${word}.example`, node: word };
	await set(
		romeo,
		st
			.stanza("enable", push)
			.add_child(form("http://jabber.org/protocol/pubsub#publish-options", { secret: word }))
			.reset(),
	);
	romeo.send(st.message({ to: "juliet@localhost", type: "chat", id: word }, `Kept: ${word} 🌹`));
	await romeo.settle(true);
	await romeo.disconnect();
}

/** The text of a stanza, in which attributes and what a server makes up are in no order and have no value. */
function plain(stanza: Stanza | undefined): unknown {
	if (stanza === undefined) return undefined;
	const { id, stamp, ver, publisher, ...attr } = stanza.attr;
	const shown = stanza.name === "item" ? { ...attr, id } : attr;
	return {
		name: stanza.name,
		attr: Object.fromEntries(Object.entries(shown).sort()),
		content: stanza.tags.length > 0 ? stanza.tags.map(plain) : stanza.get_text(),
	};
}

async function see_node(client: Client, word: string, to: string | undefined): Promise<unknown> {
	const node = `urn:example:${word}`;
	const get = async (content: Stanza, xmlns?: string): Promise<Stanza | undefined> =>
		(await done(client, "get", to, (iq) => iq.add_child(pubsub(content, xmlns)))).first_tag?.first_tag;
	const configured = await get(st.stanza("configure", { node }), ns.pubsub_owner);
	const fields =
		configured?.get_child("x", ns.data)?.tags.map((field) => [field.attr["var"], field.get_child_text("value")]) ?? [];
	const wanted = ["pubsub#title", "pubsub#access_model", "pubsub#max_items", "pubsub#persist_items"];
	const sorted = (found: Stanza | undefined): string[] => found?.tags.map((tag) => JSON.stringify(plain(tag))).sort() ?? [];
	return {
		config: fields.filter(([name]) => wanted.includes(name ?? "")).sort(),
		items: (await get(st.stanza("items", { node })))?.tags.map(plain),
		affiliations: sorted(await get(st.stanza("affiliations", { node }), ns.pubsub_owner)),
		subscriptions: sorted(await get(st.stanza("subscriptions", { node }), ns.pubsub_owner)).map((text) => text.length),
	};
}

/** All that there is, as somebody sees it. */
async function see(port: number, words: readonly string[]): Promise<Record<string, unknown>> {
	const romeo = await login(port, "romeo", "wherefore");
	const ask = async (content: Stanza): Promise<unknown> =>
		plain((await question(romeo, "get", undefined, (iq) => iq.add_child(content))).first_tag);
	const seen: Record<string, unknown> = {};
	for (const word of words) {
		seen[`node ${word}`] = await see_node(romeo, word, undefined);
		seen[`service ${word}`] = await see_node(romeo, word, service);
		seen[`private ${word}`] = await ask(
			st
				.stanza("query", { xmlns: ns.private })
				.tag("notes", { xmlns: `urn:example:${word}?a=b` })
				.reset(),
		);
	}
	const blocklist = await done(romeo, "get", undefined, (iq) => iq.tag("blocklist", { xmlns: ns.blocking }));
	seen["blocked"] = blocklist.first_tag?.tags.map(({ attr }) => attr["jid"]).sort();
	seen["vCard"] = await ask(st.stanza("vCard", { xmlns: ns.vcard_temp }));
	seen["vcard4"] = await ask(st.stanza("vcard", { xmlns: ns.vcard4 }));
	seen["bookmarks"] = await ask(pubsub(st.stanza("items", { node: ns.bookmarks })));
	seen["older bookmarks"] = await ask(
		st.stanza("query", { xmlns: ns.private }).tag("storage", { xmlns: ns.legacy_bookmarks }).reset(),
	);
	seen["prefs"] = await ask(st.stanza("prefs", { xmlns: ns.mam }));
	romeo.queue.splice(0);
	await done(romeo, "set", undefined, (iq) => iq.tag("query", { xmlns: ns.mam }));
	seen["archive"] = romeo.queue
		.splice(0)
		.flatMap((message) => message.get_child("result", ns.mam)?.get_child("forwarded", ns.forward)?.tags.map(plain) ?? []);
	await romeo.disconnect();
	return seen;
}

/** What was kept for Juliet, who then has it. */
async function read_offline(port: number): Promise<(string | undefined)[]> {
	const juliet = await login(port, "juliet", "art thou");
	juliet.send(st.presence({ id: "here" }));
	await expect_from(juliet, ({ attr }) => attr["id"] === "here");
	await juliet.settle(true);
	const bodies = juliet.queue.splice(0).flatMap((stanza) => stanza.get_child_text("body") ?? []);
	await juliet.disconnect();
	return bodies;
}

const sqlite = 'storage = "sql"\nsql = { driver = "SQLite3", database = "prosody.sqlite" }';
const stages = [
	{
		what: "files",
		storage: 'storage = "internal"',
		options: { storage: "internal" },
		reason: no_prosody ? "there is no Prosody" : undefined,
	},
	{
		what: "SQLite",
		storage: sqlite,
		options: { storage: "sql" },
		reason: no_prosody ? "there is no Prosody" : why_not("util.sql", "DBI"),
	},
];

/** Whom messages are announced to; nobody can ask for that. */
function push_services(data: string, options: Record<string, ConfigValue>): unknown[] {
	const opened = start_storage({ "*": options, localhost: {} }, { folder: data });
	const stored = opened.open("cloud_notify", "keyval", "localhost").get("romeo");
	opened.stop(true);
	if (!stored.ok) throw new Error(stored.error.text);
	return Object.entries(stored.value ?? {})
		.map(([name, service]) => [name, Object.keys(typeof service === "object" ? service : {}).sort()])
		.sort();
}

describe.each(stages)("$what: what accounts keep", ({ storage, reason, options }) => {
	it.skipIf(reason).each([
		["Prosody's, then ours", ["prosody", "ours"]],
		["ours, then Prosody's", ["ours", "prosody"]],
	] as const)("is there on both servers, whoever stored it: %s", async (_, order) => {
		const on = new Stage(config(storage), reference);
		stage = on;
		const start = (who: "prosody" | "ours"): Promise<Running> => (who === "ours" ? on.ours() : on.prosody());
		const words: string[] = [];
		for (const who of order) {
			const running = await start(who);
			if (words.length === 0) {
				await register(running.port, "romeo", "wherefore");
				await register(running.port, "juliet", "art thou");
			}
			words.push(`by-${who}`);
			await keep(running.port, `by-${who}`);
			await on.curtain();
			const services = push_services(on.data, options);
			expect(services.map(String).join()).toContain(`push.by-${who}.example`);
			expect(new Set(services.map((service) => JSON.stringify(service).replace(/by-(ours|prosody)/g, ""))).size).toBe(1);
			const seen: Record<string, unknown>[] = [];
			for (const observer of ["prosody", "ours"] as const) {
				const observing = await start(observer);
				seen.push(await see(observing.port, words));
				await on.curtain();
			}
			expect(seen[1]).toEqual(seen[0]);
			expect(JSON.stringify(seen[0])).toMatch(
				new RegExp(`Later of by-${who}.*<four> of by-${who}.*${picture(`by-${who}`)}`, "s"),
			);
		}
		const last = await start(order[0]);
		expect(await read_offline(last.port)).toEqual(words.map((word) => `Kept: ${word} 🌹`));
	});
});
