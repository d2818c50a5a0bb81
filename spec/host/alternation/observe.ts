// What clients see of what a server has stored.

import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { done, expect_from, login, question } from "./servers.ts";

/** Settings that Prosody 0.12, Prosody 13 and ours all have. */
const settings = [
	"muc#roomconfig_roomname",
	"muc#roomconfig_roomdesc",
	"muc#roomconfig_lang",
	"muc#roomconfig_persistentroom",
	"muc#roomconfig_publicroom",
	"muc#roomconfig_roomsecret",
	"muc#roomconfig_membersonly",
	"{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites",
	"muc#roomconfig_changesubject",
	"muc#roomconfig_moderatedroom",
	"muc#roomconfig_whois",
	"muc#roomconfig_historylength",
	"muc#roomconfig_defaulthistorymessages",
	"muc#roomconfig_presencebroadcast",
	"muc#roomconfig_enablearchiving",
];

/** A room as somebody sees it, in plain values. */
export interface ObservedRoom {
	joined: string;
	presences: string[];
	subject: string[];
	history: string[];
	settings: Record<string, string[]>;
	affiliations: string[];
	nick: string | undefined;
	avatar: string | undefined;
	archive: string[];
}

function x_item(presence: Stanza): Stanza | undefined {
	return presence.get_child("x", ns.muc_user)?.get_child("item");
}

/** Attributes in an order of their own. */
function plain(element: Stanza | undefined, left_out: readonly string[] = []): string {
	if (element === undefined) return "";
	const attributes = Object.entries(element.attr)
		.filter(([name, value]) => value !== undefined && !left_out.includes(name))
		.map(([name, value]) => `${name}=${value}`)
		.sort();
	return attributes.join(" ");
}

/** A message with its time and the id that the room gave it, where it shows them. */
function told(message: Stanza): string {
	const delay = message.get_child("delay", ns.delay);
	const stanza_id = message.get_child("stanza-id", "urn:xmpp:sid:0");
	const parts = [message.attr["from"], message.attr["id"], message.get_child_text("body"), message.get_child_text("subject")];
	return [...parts, delay?.attr["stamp"], stanza_id?.attr["id"]].map((part) => part ?? "-").join(" | ");
}

/** Enters a room, looks at everything, and leaves. */
export async function observe_room(client: Client, room: string, nick: string, reasons: boolean): Promise<ObservedRoom> {
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.up(),
	);
	const own = await expect_from(client, (stanza) => stanza.attr["from"] === `${room}/${nick}`);
	const seen: ObservedRoom = {
		joined: plain(x_item(own)),
		presences: [],
		subject: [],
		history: [],
		settings: {},
		affiliations: [],
		nick: undefined,
		avatar: undefined,
		archive: [],
	};
	if (own.attr["type"] === "error") {
		seen.joined =
			own
				.get_child("error")
				?.tags.map((tag) => `${tag.name} ${tag.get_text() ?? ""}`)
				.join(", ") ?? "";
		return seen;
	}
	const subject = await expect_from(
		client,
		(stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined && stanza.get_child("body") === undefined,
	);
	seen.subject.push(told(subject));
	for (const stanza of [own, ...client.queue.splice(0)]) {
		if (stanza.name === "presence" && x_item(stanza) !== undefined) {
			const occupant_id = stanza.get_child("occupant-id", "urn:xmpp:occupant-id:0")?.attr["id"];
			seen.presences.push(
				`${stanza.attr["from"]} ${stanza.attr["type"] ?? "available"} ${plain(x_item(stanza), ["jid"])} ${occupant_id}`,
			);
		} else if (stanza.name === "message") seen.history.push(told(stanza));
	}
	seen.presences.sort();
	// Whom Prosody 13 shows which settings depends on roles that 0.12 does not have; those of its own host see all.
	const form = await question(client, "get", room, (iq) => iq.query(ns.muc_owner));
	for (const field of form.first_tag?.get_child("x", ns.data)?.tags ?? []) {
		const name = field.attr["var"] ?? "";
		if (!settings.includes(name) || !client.full_jid.includes("@localhost/")) continue;
		const values = field.tags.filter((tag) => tag.name === "value").map((tag) => tag.get_text() ?? "");
		seen.settings[name] = values.sort();
	}
	for (const affiliation of ["owner", "admin", "member", "outcast"]) {
		const list = await question(client, "get", room, (iq) => iq.query(ns.muc_admin).tag("item", { affiliation }));
		for (const item of list.first_tag?.tags ?? []) {
			const reason = reasons ? (item.get_child_text("reason") ?? "") : "";
			seen.affiliations.push(`${plain(item, ["role"])} ${reason}`);
		}
	}
	seen.affiliations.sort();
	const registered = await question(client, "get", room, (iq) =>
		iq.tag("query", { xmlns: ns.disco_info, node: "x-roomuser-item" }),
	);
	seen.nick = registered.first_tag?.get_child("identity")?.attr["name"];
	const vcard = await question(client, "get", room, (iq) => iq.tag("vCard", { xmlns: "vcard-temp" }));
	seen.avatar = vcard.get_child("vCard", "vcard-temp")?.get_child("PHOTO")?.get_child_text("BINVAL");
	await done(client, "set", room, (iq) => iq.tag("query", { xmlns: "urn:xmpp:mam:2" }));
	for (const message of client.queue.splice(0)) {
		const result = message.get_child("result", "urn:xmpp:mam:2");
		const forwarded = result?.get_child("forwarded", "urn:xmpp:forward:0");
		const inner = forwarded?.get_child("message", ns.client) ?? forwarded?.get_child("message");
		const stamp = forwarded?.get_child("delay", ns.delay)?.attr["stamp"];
		if (result !== undefined && inner !== undefined) seen.archive.push(`${result.attr["id"]} ${stamp} ${told(inner)}`);
	}
	client.send(st.presence({ to: `${room}/${nick}`, type: "unavailable" }));
	await expect_from(client, (stanza) => stanza.attr["from"] === `${room}/${nick}` && stanza.attr["type"] === "unavailable");
	return seen;
}

/** What belongs to an account. */
export interface ObservedAccount {
	roster: string[];
	vcard: string | undefined;
	groups: string[];
	/** Bookmarks in private storage. */
	bookmarks: (string | undefined)[];
	blocked: (string | undefined)[];
	prefs: string;
	/** Nodes with what is published there. */
	published: string[];
	/** Ids, times and texts. */
	archive: string[];
}

/** What an account has published, by node. */
async function observe_published(client: Client): Promise<string[]> {
	const list = await question(client, "get", undefined, (iq) => iq.query(ns.disco_items));
	const nodes = [...(list.first_tag?.childtags("item") ?? [])].map(({ attr }) => attr["node"] ?? "").sort();
	const published: string[] = [];
	for (const node of nodes) {
		const items = await question(client, "get", undefined, (iq) => iq.tag("pubsub", { xmlns: ns.pubsub }).tag("items", { node }));
		for (const item of items.first_tag?.first_tag?.tags ?? [])
			published.push(`${node} ${plain(item)} ${item.first_tag?.get_text()}`);
	}
	return published;
}

async function observe_archive(client: Client): Promise<string[]> {
	client.queue.splice(0);
	await done(client, "set", undefined, (iq) => iq.tag("query", { xmlns: ns.mam }));
	return client.queue.splice(0).flatMap((message) => {
		const result = message.get_child("result", ns.mam);
		const forwarded = result?.get_child("forwarded", ns.forward);
		const inner = forwarded?.get_child("message", ns.client);
		const stamp = forwarded?.get_child("delay", ns.delay)?.attr["stamp"];
		return inner === undefined ? [] : [`${result?.attr["id"]} ${stamp} ${inner.attr["to"]} ${inner.get_child_text("body")}`];
	});
}

export async function observe_account(client: Client): Promise<ObservedAccount> {
	const roster = await done(client, "get", undefined, (iq) => iq.query(ns.roster));
	const items = roster.first_tag?.tags ?? [];
	const vcard = await question(client, "get", undefined, (iq) => iq.tag("vCard", { xmlns: "vcard-temp" }));
	const bookmarks = await done(client, "get", undefined, (iq) =>
		iq.query("jabber:iq:private").tag("storage", { xmlns: "storage:bookmarks" }),
	);
	const blocklist = await done(client, "get", undefined, (iq) => iq.tag("blocklist", { xmlns: ns.blocking }));
	const prefs = await done(client, "get", undefined, (iq) => iq.tag("prefs", { xmlns: ns.mam }));
	const rules = (prefs.first_tag?.tags ?? []).map(
		(tag) =>
			`${tag.name} ${tag.tags
				.map((jid) => jid.get_text())
				.sort()
				.join(" ")}`,
	);
	return {
		blocked: (blocklist.first_tag?.tags ?? []).map(({ attr }) => attr["jid"]).sort(),
		prefs: `${prefs.first_tag?.attr["default"]} ${rules.join(", ")}`,
		published: await observe_published(client),
		archive: await observe_archive(client),
		bookmarks: bookmarks.first_tag?.first_tag?.tags.map((tag) => tag.attr["jid"]) ?? [],
		roster: items.map((item) => plain(item)).sort(),
		groups: items.flatMap((item) => item.tags.map((tag) => tag.get_text() ?? "")).sort(),
		vcard: vcard.get_child("vCard", "vcard-temp")?.get_child_text("FN"),
	};
}

/** Logs in as each of them, and looks at their account and at the rooms as they see them. */
export async function observe(
	port: number,
	people: readonly (readonly [name: string, password: string, host?: string])[],
	rooms: readonly string[],
	reasons: boolean,
): Promise<Record<string, unknown>> {
	const seen: Record<string, unknown> = {};
	for (const [name, password, host = "localhost"] of people) {
		const client = await login(port, name, password, host);
		seen[`${name}@${host}`] = await observe_account(client);
		for (const room of rooms) seen[`${name}@${host} in ${room}`] = await observe_room(client, room, name, reasons);
		if (people[0]?.[0] === name) {
			const items = await done(client, "get", "conference.localhost", (iq) => iq.query(ns.disco_items));
			seen["rooms"] = items.first_tag?.tags.map((tag) => plain(tag)).sort();
		}
		await client.disconnect();
	}
	return seen;
}
