// There and back: what Prosody has stored, in our hands and in Prosody's again. ENJAMB_REFERENCE names another Prosody than the
// one on the PATH.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../host/core/config/config.ts";
import { ns } from "../../host/util/ns.ts";
import { read_data } from "../../host/util/serialization.ts";
import * as st from "../../host/util/stanza.ts";
import { findProsody } from "../../tools/reference.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { observe } from "./alternation/observe.ts";
import { done, expect_from, login, question, register, Stage } from "./alternation/servers.ts";
import { why_not } from "./prosody_lua.ts";
import { start_storage } from "./storage_server.ts";

const reference = process.env["ENJAMB_REFERENCE"];
const no_prosody = findProsody(reference) === undefined ? "there is no Prosody" : undefined;
if (no_prosody !== undefined) console.warn(`Prosody and we do not take turns: ${no_prosody}.`);
const no_sql = no_prosody ?? why_not("util.sql", "DBI");
/** Prosody 0.12 keeps no reasons with affiliations, and shows none. */
const reasons = reference !== undefined;

const service = "conference.localhost";
const balcony = `balcony@${service}`;
const garden = `garden@${service}`;

function config(storage: string): string {
	return `
modules_enabled = { "roster", "saslauth", "disco", "vcard", "private", "register", "ping" }
modules_disabled = { "s2s", "tls" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
allow_registration = true
authentication = "internal_hashed"
${storage}
muc_log_by_default = true
muc_log_expires_after = "never"

VirtualHost "localhost"

VirtualHost "plain.localhost"
	authentication = "internal_plain"

Component "${service}" "muc"
	name = "Chambers"
	modules_enabled = { "muc_mam"${reasons ? "" : ', "vcard_muc"'} }
	restrict_room_creation = false
`;
}

const people = [
	["romeo", "wherefore", "localhost"],
	["juliet", "art thou: ü", "localhost"],
	["mercutio", "a plague", "localhost"],
	["nurse", "plain words", "plain.localhost"],
] as const;

async function enter(client: Client, room: string, nick: string): Promise<st.Stanza> {
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.up(),
	);
	const own = await expect_from(client, (stanza) => stanza.attrs["from"] === `${room}/${nick}`);
	await expect_from(client, (stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined);
	return own;
}

async function configure(client: Client, room: string, fields: Record<string, string | string[]>): Promise<void> {
	await done(client, "set", room, (iq) => {
		iq.query(ns.muc_owner).tag("x", { xmlns: ns.data, type: "submit" });
		for (const [name, values] of Object.entries({ FORM_TYPE: "http://jabber.org/protocol/muc#roomconfig", ...fields })) {
			iq.tag("field", { var: name });
			for (const value of [values].flat()) iq.text_tag("value", value);
			iq.up();
		}
		return iq;
	});
}

async function affiliate(
	client: Client,
	room: string,
	jid: string,
	affiliation: string,
	reason?: string,
	nick?: string,
): Promise<void> {
	await done(client, "set", room, (iq) => {
		iq.query(ns.muc_admin).tag("item", { jid, affiliation, nick });
		return reason === undefined ? iq : iq.text_tag("reason", reason);
	});
}

async function say(client: Client, room: string, nick: string, parts: { body?: string; subject?: string }): Promise<void> {
	const message = st.message({ to: room, type: "groupchat" });
	if (parts.subject !== undefined) message.text_tag("subject", parts.subject);
	if (parts.body !== undefined) message.text_tag("body", parts.body);
	client.send(message);
	await expect_from(
		client,
		(stanza) =>
			stanza.attrs["from"] === `${room}/${nick}` &&
			stanza.get_child_text("body") === parts.body &&
			stanza.get_child_text("subject") === parts.subject,
	);
}

async function set_avatar(client: Client, room: string, text: string): Promise<void> {
	await done(client, "set", room, (iq) =>
		iq
			.tag("vCard", { xmlns: "vcard-temp" })
			.tag("PHOTO")
			.text_tag("TYPE", "image/png")
			.text_tag("BINVAL", Buffer.from(text).toString("base64")),
	);
}

async function add_contact(client: Client, jid: string, name: string, groups: readonly string[]): Promise<void> {
	await done(client, "set", undefined, (iq) => {
		iq.query(ns.roster).tag("item", { jid, name });
		for (const group of groups) iq.text_tag("group", group);
		return iq;
	});
}

/** Everything that is kept, made from nothing. */
async function make(port: number): Promise<void> {
	for (const [name, password, host] of people) await register(port, name, password, host);
	const romeo = await login(port, "romeo", "wherefore");
	await add_contact(romeo, "juliet@localhost", 'Jülchen "J"', ["Capulet", "Loved ones"]);
	await done(romeo, "set", undefined, (iq) => iq.tag("vCard", { xmlns: "vcard-temp" }).text_tag("FN", "Romeo Montague"));
	await done(romeo, "set", undefined, (iq) =>
		iq.query("jabber:iq:private").tag("storage", { xmlns: "storage:bookmarks" }).tag("conference", { jid: balcony }),
	);
	await enter(romeo, balcony, "romeo");
	await configure(romeo, balcony, {
		"muc#roomconfig_roomname": "The Balcony — ‘Balkon’",
		"muc#roomconfig_roomdesc": 'Two\nlines, "quoted" \\ and ended',
		"muc#roomconfig_lang": "en",
		"muc#roomconfig_persistentroom": "1",
		"muc#roomconfig_publicroom": "1",
		"muc#roomconfig_membersonly": "0",
		"muc#roomconfig_moderatedroom": "1",
		"muc#roomconfig_whois": "anyone",
		"muc#roomconfig_changesubject": "1",
		"muc#roomconfig_historylength": "3",
		"muc#roomconfig_presencebroadcast": ["moderator", "participant"],
		"{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites": "1",
		"muc#roomconfig_enablearchiving": "1",
	});
	await affiliate(romeo, balcony, "juliet@localhost", "admin", "It is the east");
	await affiliate(romeo, balcony, "mercutio@localhost", "member", "a friend", "queen-mab");
	await affiliate(romeo, balcony, "tybalt@localhost", "outcast", "fiery: «Tybalt»");
	await affiliate(romeo, balcony, "verona.example", "outcast");
	await say(romeo, balcony, "romeo", { subject: "But, soft! what light? 🌒" });
	for (const body of ["one", "two & <three>", "vier: äöü \u{1f339}", "'five'\n\"six\"\\"])
		await say(romeo, balcony, "romeo", { body });
	await set_avatar(romeo, balcony, "a picture");
	await enter(romeo, garden, "romeo");
	await configure(romeo, garden, {
		"muc#roomconfig_persistentroom": "1",
		"muc#roomconfig_publicroom": "0",
		"muc#roomconfig_membersonly": "1",
		"muc#roomconfig_enablearchiving": "0",
	});
	await affiliate(romeo, garden, "nurse@plain.localhost", "owner", "she may come in");
	const juliet = await login(port, "juliet", "art thou: ü");
	const registered = await question(juliet, "set", balcony, (iq) =>
		iq
			.query("jabber:iq:register")
			.tag("x", { xmlns: ns.data, type: "submit" })
			.tag("field", { var: "FORM_TYPE" })
			.text_tag("value", "http://jabber.org/protocol/muc#register")
			.up()
			.tag("field", { var: "muc#register_roomnick" })
			.text_tag("value", "juliet"),
	);
	expect(registered.attrs["type"]).toBe("result");
	await Promise.all([romeo.disconnect(), juliet.disconnect()]);
}

/** Changes a bit of everything, with a word that tells one time from another. */
async function change(port: number, word: string, known: readonly (readonly [string, string, string?])[]): Promise<void> {
	const [romeo, mercutio] = [await login(port, "romeo", known[0]?.[1] ?? ""), await login(port, "mercutio", known[2]?.[1] ?? "")];
	await enter(romeo, balcony, "romeo");
	await configure(romeo, balcony, { "muc#roomconfig_roomname": `Renamed ${word}`, "muc#roomconfig_historylength": "5" });
	await affiliate(romeo, balcony, "mercutio@localhost", "admin", `promoted ${word}`);
	await affiliate(romeo, balcony, `${word}@localhost`, "outcast", `out: ${word}`);
	await affiliate(romeo, balcony, "verona.example", "none");
	await say(romeo, balcony, "romeo", { subject: `Subject ${word}` });
	for (const body of [`first ${word}`, `second ${word} ✓`]) await say(romeo, balcony, "romeo", { body });
	await set_avatar(romeo, balcony, `a picture ${word}`);
	await add_contact(romeo, `${word}@localhost`, word, []);
	await enter(romeo, `${word}@${service}`, "romeo");
	await configure(romeo, `${word}@${service}`, { "muc#roomconfig_persistentroom": "1", "muc#roomconfig_roomname": word });
	await say(romeo, `${word}@${service}`, "romeo", { body: `in ${word}` });
	await done(mercutio, "set", undefined, (iq) =>
		iq.query("jabber:iq:register").text_tag("username", "mercutio").text_tag("password", `password ${word}`),
	);
	await register(port, word, `secret ${word}`);
	await Promise.all([romeo.disconnect(), mercutio.disconnect()]);
}

/** What the files hold, apart from where rooms were when the server stopped. */
function stored(folder: string): Record<string, unknown> {
	const seen: Record<string, unknown> = {};
	for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
		const path = join(folder, name);
		if (!statSync(path).isFile() || /\/state\/|\/cron|pidfile|prosody\.pid|muc_log_cleanup/.test(name)) continue;
		if (name.endsWith(".dat")) {
			const data = read_data(readFileSync(path));
			if (!data.ok) throw new Error(`${name}: ${data.error}`);
			seen[name] = data.value;
		} else if (name.endsWith(".list")) seen[name] = readFileSync(path, "latin1");
		else if (name.endsWith(".sqlite")) {
			const file = new Sqlite(path, { readonly: true });
			const rows = file.prepare(
				`SELECT "host", "user", "store", "key", "type", "value" FROM "prosody" WHERE "store" NOT IN ('state', 'cron', 'muc_log_cleanup') ORDER BY 1, 2, 3, 4`,
			);
			seen["prosody"] = rows.all().map((row) => {
				if (typeof row !== "object" || row === null || !("type" in row) || !("value" in row)) return row;
				return row.type === "json" ? { ...row, value: JSON.parse(String(row.value)) } : row;
			});
			seen["prosodyarchive"] = file.prepare(`SELECT * FROM "prosodyarchive" ORDER BY "sort_id"`).all();
			file.close();
		}
	}
	return seen;
}

const hats = { "urn:example:poet": { active: true, title: "Poet ✒" } };

/** Works on the stored balcony between two performances. */
function with_balcony(data: string, options: Record<string, ConfigValue>, work: (room: Record<string, unknown>) => void): void {
	const storage = start_storage({ "*": options, [service]: {} }, { folder: data });
	const store = storage.open("config", "keyval", service);
	const room = store.get("balcony");
	if (!room.ok || room.value === undefined) throw new Error("the balcony is not there");
	work(room.value);
	const kept = store.set("balcony", room.value);
	storage.stop(true);
	if (!kept.ok) throw new Error(kept.error.text);
	expect(storage.failures).toEqual([]);
}

function table(value: unknown): Record<string, unknown> {
	if (typeof value !== "object" || value === null) throw new Error(`no table: ${value}`);
	return Object.fromEntries(Object.entries(value));
}

let stage: Stage | undefined;

afterEach(async () => {
	await stage?.end();
	stage = undefined;
});

const database = 'sql = { driver = "SQLite3", database = "prosody.sqlite" }';
const stages: readonly {
	readonly what: string;
	readonly storage: string;
	readonly options: Record<string, ConfigValue>;
	readonly reason: string | undefined;
}[] = [
	{ what: "files", storage: 'storage = "internal"', options: {}, reason: no_prosody },
	{ what: "files, where nothing is said of storage", storage: "", options: {}, reason: no_prosody },
	{ what: "SQLite", storage: `storage = "sql"\n${database}`, options: { storage: "sql" }, reason: no_sql },
	{ what: "files, with archives in SQLite", storage: `storage = { muc_log = "sql" }\n${database}`, options: {}, reason: no_sql },
];

describe.each(stages)("$what", ({ storage, options, reason }) => {
	it.skipIf(reason)("are the same for Prosody, for us, and for Prosody again", { timeout: 120_000 }, async () => {
		stage = new Stage(config(storage), reference);
		const rooms = [balcony, garden];
		const first = await stage.prosody();
		await make(first.port);
		await stage.curtain();
		// What is in memory only is not what this is about.
		const again = await stage.prosody();
		const made = await observe(again.port, people, rooms, reasons);
		await stage.curtain();
		let data = stored(stage.data);
		expect(JSON.stringify(made)).toMatch(/Balkon.*vier: äöü.*queen-mab/s);
		expect(Object.keys(data).length).toBeGreaterThanOrEqual(2);

		// What modules of the community keep: hats, and settings of their own.
		with_balcony(stage.data, options, (room) => {
			const people_data = table(room["_affiliation_data"]);
			people_data["juliet@localhost"] = { ...table(people_data["juliet@localhost"]), hats };
			room["_affiliation_data"] = people_data;
			room["_data"] = { ...table(room["_data"]), restrict_media: true };
		});
		data = stored(stage.data);

		const second = await stage.ours();
		expect(await observe(second.port, people, rooms, reasons)).toEqual(made);
		await stage.curtain();
		// Looking changes nothing.
		expect(stored(stage.data)).toEqual(data);

		const third = await stage.ours();
		await change(third.port, "lark", people);
		await stage.curtain();
		const still = await stage.ours();
		const after_us = [
			["romeo", "wherefore"],
			["juliet", "art thou: ü"],
			["mercutio", "password lark"],
			["lark", "secret lark"],
		] as const;
		const more_rooms = [...rooms, `lark@${service}`];
		const changed = await observe(still.port, after_us, more_rooms, reasons);
		await stage.curtain();

		const fourth = await stage.prosody();
		expect(await observe(fourth.port, after_us, more_rooms, reasons)).toEqual(changed);
		await change(fourth.port, "owl", after_us);
		await stage.curtain();
		const fifth = await stage.prosody();
		const after_both = [
			["romeo", "wherefore"],
			["mercutio", "password owl"],
			["lark", "secret lark"],
			["owl", "secret owl"],
		] as const;
		const all_rooms = [...more_rooms, `owl@${service}`];
		const last = await observe(fifth.port, after_both, all_rooms, reasons);
		await stage.curtain();

		const sixth = await stage.ours();
		expect(await observe(sixth.port, after_both, all_rooms, reasons)).toEqual(last);
		await stage.curtain();
		with_balcony(stage.data, options, (room) => {
			expect(table(room["_affiliation_data"])["juliet@localhost"]).toMatchObject({ hats, reserved_nickname: "juliet" });
			expect(room["_data"]).toMatchObject({ restrict_media: true, name: "Renamed owl", whois: "anyone" });
		});
	});
});
