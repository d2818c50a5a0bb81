// What two people do on a server and in a room, and all that each of them hears, so that two servers can be compared.

import { expect } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { on_both, type Stage, type Troupe, without_prosody } from "./community.ts";
import { enter, muc, room, say } from "./terrace.ts";

const no_prosody = without_prosody();

/** What servers make up. */
const made_up = new Set(["stamp", "ver", "node"]);

/** Elements whose children come in an order by chance in Prosody, as Lua's tables have none. */
const unordered = new Set(["query", "x", "features", "vCard", "blocklist", "field"]);

/** What a Prosody 0.12 lacks, or has beside, and 13 does as we do. */
const of_some_versions = new Set([
	"jabber:iq:time",
	"http://jabber.org/protocol/disco#info",
	"http://jabber.org/protocol/disco#items",
	"vcard-temp",
	"muc#roominfo_avatarhash",
	"muc#roomconfig_allowpm",
	"{xmpp:prosody.im}muc#allow_modpm",
]);

/** Whether it is among the known differences: subjects show who set them here. */
function is_left_out(child: st.Stanza, of: st.Stanza): boolean {
	if (of_some_versions.has(child.attr["var"] ?? "")) return true;
	return child.name === "occupant-id" && of.get_child("subject") !== undefined;
}

/** Whoever writes the parts of an invitation is called in an order by chance in Prosody. */
function is_invitation(stanza: st.Stanza): boolean {
	return stanza.get_child("x", ns.muc_user)?.get_child("invite") !== undefined;
}

/** A stanza as text that is the same on every server. */
export function canonical(stanza: st.Stanza): string {
	const is_subject = stanza.name === "message" && stanza.get_child("subject") !== undefined;
	const attributes = Object.entries(stanza.attr)
		.filter(([name, value]) => value !== undefined && !(is_subject && (name === "id" || name === "xml:lang")))
		.map(([name, value]) => {
			const is_id = name === "id" && !/^[a-z]+\d$/.test(value ?? "");
			return `${name}=${is_id || made_up.has(name) ? "…" : value}`;
		})
		.sort();
	const kept = stanza.children.filter((child) => !(st.is_stanza(child) && is_left_out(child, stanza)));
	const children = kept.map((child) => (st.is_stanza(child) ? canonical(child) : String(child)));
	if (unordered.has(stanza.name) || is_invitation(stanza)) children.sort();
	return `<${[stanza.name, ...attributes].join(" ")}>${children.join("")}</>`;
}

/** All that came to a client until now. */
export async function heard(client: Client): Promise<string[]> {
	await client.settle(true);
	return client.queue
		.splice(0)
		.filter(({ attr }) => !attr["id"]?.startsWith("scansion"))
		.map((stanza) => canonical(stanza));
}

/** The next stanza that is accepted; the log tells why none comes. */
export async function hear(stage: Stage, client: Client, accepts: (stanza: st.Stanza) => boolean): Promise<st.Stanza> {
	const stanza = await client.take(accepts, 20_000);
	if (stanza) return stanza;
	throw new Error(`nothing came: ${client.queue.map(String).join("\n")}\n${(await stage.log()).slice(-4000)}`);
}

/**
 * The same conversation on both servers; fails where they differ.
 * @param alone whether there is no real Prosody
 */
export async function compare(
	troupe: Troupe,
	converse: (stage: Stage) => Promise<unknown>,
	alone = no_prosody,
): Promise<unknown> {
	const [ours, prosodys] = await on_both(troupe, alone, converse);
	expect(ours).toEqual(prosodys);
	return ours;
}

export const chat = (to: string, id: string, body: string): st.Stanza => st.message({ to, type: "chat", id }, body);

const admin = `${muc}#admin`;
const owner = `${muc}#owner`;
const iq = (type: "get" | "set", id: string, to?: string): st.Stanza => st.iq({ type, id, ...(to === undefined ? {} : { to }) });

/** A form that sets options of the room. */
function configure(id: string, fields: { readonly [name: string]: string }): st.Stanza {
	const form = iq("set", id, room).query(owner).tag("x", { xmlns: "jabber:x:data", type: "submit" });
	const all = { FORM_TYPE: `${muc}#roomconfig`, ...fields };
	for (const [name, value] of Object.entries(all)) form.tag("field", { var: name }).text_tag("value", value).up();
	return form.reset();
}

/** One step: who does what. */
type Step = readonly [title: string, who: "mira" | "tomas", ...stanzas: st.Stanza[]];

/** What people do with their accounts, each step by somebody; the other one is tomas@localhost/b, or mira@localhost/a. */
export function account_steps(): Step[] {
	return [
		["contacts", "mira", iq("get", "r1").query(ns.roster).reset(), st.presence()],
		["contacts", "tomas", iq("get", "r1").query(ns.roster).reset(), st.presence().text_tag("status", "here")],
		["what there is", "mira", iq("get", "d1", "localhost").query(ns.disco_info).reset()],
		["what there is", "mira", iq("get", "d2", "localhost").query(ns.disco_items).reset()],
		["a contact", "mira", st.presence({ type: "subscribe", to: "tomas@localhost", id: "p1" })],
		["a contact", "tomas", st.presence({ type: "subscribed", to: "mira@localhost", id: "p2" })],
		["a contact", "tomas", st.presence({ type: "subscribe", to: "mira@localhost", id: "p3" })],
		["a contact", "mira", st.presence({ type: "subscribed", to: "tomas@localhost", id: "p4" })],
		["away", "tomas", st.presence().text_tag("show", "away")],
		["words", "mira", chat("tomas@localhost/b", "m1", "hello"), chat("tomas@localhost", "m2", "hello to all of you")],
		[
			"markers",
			"tomas",
			st.message({ to: "mira@localhost/a", type: "chat", id: "m3" }).tag("composing", { xmlns: ns.chat_states }).reset(),
			st.message({ to: "mira@localhost/a", type: "chat", id: "m4" }).tag("received", { xmlns: "urn:xmpp:receipts", id: "m1" }),
		],
		[
			"a link",
			"mira",
			chat("tomas@localhost/b", "m5", "https://files.example/picture.jpg")
				.tag("x", { xmlns: "jabber:x:oob" })
				.text_tag("url", "https://files.example/picture.jpg")
				.reset(),
		],
		["nobody", "mira", chat("nobody@localhost", "m6", "is anybody there?"), chat("tomas@localhost/gone", "m7", "and there?")],
		["questions", "tomas", iq("get", "q1", "localhost").tag("ping", { xmlns: ns.ping }).reset()],
		["questions", "tomas", iq("get", "q2", "mira@localhost").query("urn:example:unknown").reset()],
		["a contact fewer", "mira", st.presence({ type: "unsubscribe", to: "tomas@localhost", id: "p5" })],
		["gone", "tomas", st.presence({ type: "unavailable" }).text_tag("status", "bye")],
	];
}

/** What people do in a room, which mira makes. */
export function room_steps(): Step[] {
	const item = (id: string, attributes: st.Attributes): st.Stanza =>
		iq("set", id, room).query(admin).tag("item", attributes).reset();
	return [
		["enter", "mira", enter("Mira")],
		["options", "mira", iq("get", "c1", room).query(owner).reset()],
		["options", "mira", configure("c2", { "muc#roomconfig_roomname": "Terrace", "muc#roomconfig_persistentroom": "1" })],
		["enter", "tomas", enter("Tomas")],
		["what there is", "tomas", iq("get", "d3", room).query(ns.disco_info).reset()],
		["what there is", "tomas", iq("get", "d4", room).query(ns.disco_items).reset()],
		["what there is", "tomas", iq("get", "d5", "conference.localhost").query(ns.disco_info).reset()],
		["words", "mira", say("one"), say("two: Tomas, look at https://files.example/picture.jpg")],
		[
			"markers",
			"tomas",
			st.message({ to: room, type: "groupchat", id: "g1" }).tag("composing", { xmlns: ns.chat_states }).reset(),
			st.message({ to: room, type: "groupchat", id: "g2" }).tag("displayed", { xmlns: "urn:xmpp:chat-markers:0", id: "one" }),
		],
		["a subject", "mira", st.message({ to: room, type: "groupchat", id: "g3" }).text_tag("subject", "Weather")],
		["whispers", "tomas", chat(`${room}/Mira`, "g4", "psst"), chat(`${room}/Nobody`, "g5", "psst")],
		["another name", "tomas", st.presence({ to: `${room}/Thomas`, id: "n1" })],
		["a taken name", "tomas", st.presence({ to: `${room}/Mira`, id: "n2" })],
		["a place", "tomas", iq("get", "r3", room).query(ns.register).reset()],
		["lists", "mira", iq("get", "a1", room).query(admin).tag("item", { affiliation: "owner" }).reset()],
		["a member", "mira", item("a2", { jid: "tomas@localhost", affiliation: "member" })],
		["no right", "tomas", item("a3", { nick: "Mira", role: "none" })],
		["silence", "mira", item("a4", { nick: "Thomas", role: "visitor" })],
		["words", "tomas", say("three")],
		["thrown out", "mira", item("a5", { nick: "Thomas", role: "none" })],
		[
			"an invitation",
			"mira",
			st
				.message({ to: room, id: "i1" })
				.tag("x", { xmlns: ns.muc_user })
				.tag("invite", { to: "tomas@localhost/b" })
				.text_tag("reason", "come back")
				.reset(),
		],
		["enter", "tomas", enter("Tomas")],
		["banned", "mira", item("a6", { jid: "tomas@localhost", affiliation: "outcast" })],
		["enter", "tomas", enter("Tomas")],
		["gone", "mira", st.presence({ to: `${room}/Mira`, type: "unavailable" })],
	];
}

/** Has both do the steps, and tells what each hears after each. */
export async function take_steps(mira: Client, tomas: Client, steps: readonly Step[]): Promise<string[]> {
	const told: string[] = [];
	for (const [title, who, ...stanzas] of steps) {
		for (const stanza of stanzas) (who === "mira" ? mira : tomas).send(stanza);
		// who has spoken first is answered first
		const clients = who === "mira" ? ([mira, tomas] as const) : ([tomas, mira] as const);
		for (const client of clients) {
			for (const line of await heard(client)) told.push(`${title}: ${client === mira ? "mira" : "tomas"} hears ${line}`);
		}
	}
	return told;
}

/** All steps, by two clients that have just come. */
export async function everyday(stage: Stage): Promise<string[]> {
	const [mira, tomas] = [await stage.client("mira", "a"), await stage.client("tomas", "b")];
	return [...(await take_steps(mira, tomas, account_steps())), ...(await take_steps(mira, tomas, room_steps()))];
}
