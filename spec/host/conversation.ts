// A conversation in a room, of three clients that may be on different servers: everything that people do there.

import { expect } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../helper.ts";

/** Who takes part, each with an account that others can reach. */
export interface Speakers {
	/** Makes the room. */
	readonly owner: Client;
	readonly guest: Client;
	/** Is thrown out. */
	readonly rowdy: Client;
}

function bare(client: Client): string {
	return client.full_jid.split("/")[0] ?? "";
}

function has_status(stanza: st.Stanza, code: string): boolean {
	return stanza.get_child("x", ns.muc_user)?.tags.some(({ name, attr }) => name === "status" && attr["code"] === code) === true;
}

/** Enters a room and waits until it is told its subject, the last of what it is told. */
async function enter(client: Client, room: string, nick: string): Promise<void> {
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.up(),
	);
	await expect_stanza(client, (stanza) => stanza.attr["from"] === `${room}/${nick}` && has_status(stanza, "110"));
	await expect_stanza(
		client,
		({ name, attr, tags }) =>
			name === "message" && attr["from"]?.startsWith(room) === true && tags.some((tag) => tag.name === "subject"),
	);
}

let requests = 0;

/** Asks a room for something and expects it done. */
async function request(client: Client, type: "get" | "set", room: string, fill: (iq: st.Stanza) => unknown): Promise<st.Stanza> {
	const iq = st.iq({ type, to: room, id: `request-${++requests}` });
	fill(iq);
	const answer = await ask(client, iq.reset());
	expect(answer.attr["type"], answer.toString()).toBe("result");
	return answer;
}

async function say(speaker: Client, room: string, body: string, hearers: readonly Client[]): Promise<st.Stanza[]> {
	speaker.send(st.message({ to: room, type: "groupchat", id: `said-${++requests}` }, body));
	const is_it = (stanza: st.Stanza): boolean =>
		stanza.get_child_text("body") === body && stanza.attr["from"]?.startsWith(`${room}/`) === true;
	return await Promise.all(hearers.map((hearer) => expect_stanza(hearer, is_it)));
}

/**
 * Joins, talks, enters with history, configures, invites, gives and takes voice, kicks, bans, reads the archive, sets an avatar and
 * moderates. Throws where something is not as it should be.
 * @param skills what not every server of rooms can: moderators retract messages (XEP-0425), and rooms have avatars (XEP-0486)
 */
export async function converse(
	room: string,
	{ owner, guest, rowdy }: Speakers,
	skills: { moderation: boolean; avatar: boolean },
): Promise<void> {
	// Invitations go to accounts, and reach clients that are available
	for (const client of [owner, guest, rowdy]) client.send(st.presence());
	await enter(owner, room, "Owner");
	await request(owner, "set", room, (iq) =>
		iq
			.query(ns.muc_owner)
			.tag("x", { xmlns: ns.data, type: "submit" })
			.tag("field", { var: "FORM_TYPE" })
			.text_tag("value", "http://jabber.org/protocol/muc#roomconfig")
			.up()
			.tag("field", { var: "muc#roomconfig_roomname" })
			.text_tag("value", "The square"),
	);
	await say(owner, room, "before you came", [owner]);
	await enter(guest, room, "Guest");
	await expect_stanza(owner, (stanza) => stanza.attr["from"] === `${room}/Guest`);
	await enter(rowdy, room, "Rowdy");
	for (const client of [owner, guest]) await expect_stanza(client, (stanza) => stanza.attr["from"] === `${room}/Rowdy`);
	// History came before the subject
	for (const client of [guest, rowdy]) {
		await expect_stanza(
			client,
			(stanza) => stanza.get_child_text("body") === "before you came" && stanza.get_child("delay", ns.delay) !== undefined,
		);
	}
	for (const speaker of [owner, guest, rowdy]) await say(speaker, room, `hello from ${speaker.full_jid}`, [owner, guest, rowdy]);
	guest.send(st.message({ to: `${room}/Rowdy`, type: "chat" }, "between us"));
	const whispered = await expect_stanza(rowdy, (stanza) => stanza.get_child_text("body") === "between us");
	expect(whispered.attr["from"]).toBe(`${room}/Guest`);

	const info = await request(guest, "get", room, (iq) => iq.query("http://jabber.org/protocol/disco#info"));
	expect(info.toString()).toContain("The square");

	owner.send(
		st
			.message({ to: room })
			.tag("x", { xmlns: ns.muc_user })
			.tag("invite", { to: bare(rowdy) })
			.text_tag("reason", "come")
			.reset(),
	);
	const invited = await expect_stanza(
		rowdy,
		(stanza) => stanza.get_child("x", ns.muc_user)?.child_with_name("invite") !== undefined,
	);
	expect(invited.attr["from"]).toBe(room);

	await request(owner, "set", room, (iq) => iq.query(ns.muc_admin).tag("item", { nick: "Guest", role: "moderator" }));
	for (const client of [owner, guest, rowdy]) {
		await expect_stanza(
			client,
			(stanza) => stanza.attr["from"] === `${room}/Guest` && stanza.toString().includes("role='moderator'"),
		);
	}
	const [heard] = await say(rowdy, room, "something rude", [owner, guest, rowdy]);
	const id = heard?.get_child("stanza-id", ns.stanza_id)?.attr["id"];
	if (skills.moderation) {
		expect(id).toBeDefined();
		await request(guest, "set", room, (iq) =>
			iq
				.tag("apply-to", { xmlns: "urn:xmpp:fasten:0", id })
				.tag("moderate", { xmlns: "urn:xmpp:message-moderate:0" })
				.tag("retract", { xmlns: "urn:xmpp:message-retract:0" }),
		);
		for (const client of [owner, rowdy])
			await expect_stanza(client, (stanza) => stanza.get_child("apply-to", "urn:xmpp:fasten:0")?.attr["id"] === id);
	}
	await request(guest, "set", room, (iq) =>
		iq.query(ns.muc_admin).tag("item", { nick: "Rowdy", role: "none" }).text_tag("reason", "enough"),
	);
	for (const client of [owner, guest, rowdy]) await expect_stanza(client, (stanza) => has_status(stanza, "307"));
	await enter(rowdy, room, "Rowdy");
	for (const client of [owner, guest]) await expect_stanza(client, (stanza) => stanza.attr["from"] === `${room}/Rowdy`);
	await request(owner, "set", room, (iq) => iq.query(ns.muc_admin).tag("item", { jid: bare(rowdy), affiliation: "outcast" }));
	for (const client of [owner, guest, rowdy]) await expect_stanza(client, (stanza) => has_status(stanza, "301"));
	rowdy.send(
		st
			.presence({ to: `${room}/Rowdy` })
			.tag("x", { xmlns: ns.muc })
			.up(),
	);
	const refused = await expect_stanza(rowdy, (stanza) => stanza.name === "presence" && stanza.attr["type"] === "error");
	expect(refused.get_error()?.condition).toBe("forbidden");

	await request(guest, "set", room, (iq) => iq.tag("query", { xmlns: "urn:xmpp:mam:2", queryid: "q" }));
	await expect_stanza(
		guest,
		(stanza) => stanza.get_child("result", "urn:xmpp:mam:2")?.toString().includes("hello from") === true,
	);
	if (skills.avatar) {
		await request(owner, "set", room, (iq) =>
			iq
				.tag("vCard", { xmlns: "vcard-temp" })
				.tag("PHOTO")
				.text_tag("TYPE", "image/png")
				.text_tag("BINVAL", Buffer.from("a picture").toString("base64")),
		);
		const avatar = await request(guest, "get", room, (iq) => iq.tag("vCard", { xmlns: "vcard-temp" }));
		expect(avatar.toString()).toContain(Buffer.from("a picture").toString("base64"));
	}
	guest.send(st.presence({ to: `${room}/Guest`, type: "unavailable" }));
	await expect_stanza(owner, (stanza) => stanza.attr["from"] === `${room}/Guest` && stanza.attr["type"] === "unavailable");
}
