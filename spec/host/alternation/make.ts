// Everything that is kept, made by clients: rooms with settings, affiliations, subjects, archives and avatars, and accounts.

import { expect } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { done, expect_from, login, question, register } from "./servers.ts";

export const service = "conference.localhost";
export const balcony = `balcony@${service}`;
export const garden = `garden@${service}`;

export const people = [
	["romeo", "wherefore", "localhost"],
	["juliet", "art thou: ü", "localhost"],
	["mercutio", "a plague", "localhost"],
	["nurse", "plain words", "plain.localhost"],
] as const;

export async function enter(client: Client, room: string, nick: string): Promise<st.Stanza> {
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.up(),
	);
	const own = await expect_from(client, (stanza) => stanza.attr["from"] === `${room}/${nick}`);
	await expect_from(client, (stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined);
	return own;
}

export async function configure(client: Client, room: string, fields: Record<string, string | string[]>): Promise<void> {
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

export async function affiliate(
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

export async function say(client: Client, room: string, nick: string, parts: { body?: string; subject?: string }): Promise<void> {
	const message = st.message({ to: room, type: "groupchat" });
	if (parts.subject !== undefined) message.text_tag("subject", parts.subject);
	if (parts.body !== undefined) message.text_tag("body", parts.body);
	client.send(message);
	await expect_from(
		client,
		(stanza) =>
			stanza.attr["from"] === `${room}/${nick}` &&
			stanza.get_child_text("body") === parts.body &&
			stanza.get_child_text("subject") === parts.subject,
	);
}

export async function set_avatar(client: Client, room: string, text: string): Promise<void> {
	await done(client, "set", room, (iq) =>
		iq
			.tag("vCard", { xmlns: "vcard-temp" })
			.tag("PHOTO")
			.text_tag("TYPE", "image/png")
			.text_tag("BINVAL", Buffer.from(text).toString("base64")),
	);
}

export async function add_contact(client: Client, jid: string, name: string, groups: readonly string[]): Promise<void> {
	await done(client, "set", undefined, (iq) => {
		iq.query(ns.roster).tag("item", { jid, name });
		for (const group of groups) iq.text_tag("group", group);
		return iq;
	});
}

/** What else an account keeps: whom it blocks, what it publishes, what is archived of it, and what it wants to have archived. */
export async function keep_for_account(client: Client, word: string): Promise<void> {
	await done(client, "set", undefined, (iq) =>
		iq.tag("block", { xmlns: ns.blocking }).tag("item", { jid: `${word}@verona.example` }),
	);
	await done(client, "set", undefined, (iq) =>
		iq
			.tag("pubsub", { xmlns: ns.pubsub })
			.tag("publish", { node: `urn:example:${word}` })
			.tag("item", { id: "current" })
			.tag("tune", { xmlns: "urn:example:tune" })
			.text(`✒ <${word}>`),
	);
	await done(client, "set", undefined, (iq) =>
		iq
			.tag("prefs", { xmlns: ns.mam, default: "always" })
			.tag("always")
			.text_tag("jid", `${word}@localhost`)
			.up()
			// Nobody here: in SQL, Prosody itself forgets whose messages are never to be archived
			.tag("never"),
	);
	client.send(st.message({ to: "nobody@localhost", type: "chat", id: word }, `to nobody, of ${word} ✓`));
	await expect_from(client, (stanza) => stanza.attr["id"] === word && stanza.attr["type"] === "error");
}

/** Everything that is kept, made from nothing. */
export async function make(port: number): Promise<void> {
	for (const [name, password, host] of people) await register(port, name, password, host);
	const romeo = await login(port, "romeo", "wherefore");
	await add_contact(romeo, "juliet@localhost", 'Jülchen "J"', ["Capulet", "Loved ones"]);
	await done(romeo, "set", undefined, (iq) => iq.tag("vCard", { xmlns: "vcard-temp" }).text_tag("FN", "Romeo Montague"));
	await done(romeo, "set", undefined, (iq) =>
		iq.query("jabber:iq:private").tag("storage", { xmlns: "storage:bookmarks" }).tag("conference", { jid: balcony }),
	);
	await keep_for_account(romeo, "first");
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
	expect(registered.attr["type"]).toBe("result");
	await Promise.all([romeo.disconnect(), juliet.disconnect()]);
}
