// What an owner of a room does with a library that sends and takes any stanza: everything once, beside somebody with our own client.

import type { Element } from "ltx";
import { expect } from "vitest";
import { bare } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { parse } from "../../host/util/xml.ts";
import type { Client } from "../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../helper.ts";
import type { Inbox } from "./inbox.ts";

/** Somebody who uses the library. */
export interface Peer {
	/** Full JID. */
	readonly jid: string;
	/** Stanzas that came, oldest first. */
	readonly stanzas: Inbox<Element>;
	send(stanza: st.Stanza): Promise<unknown>;
}

/** What the room service needs for it. */
export const service_options = { modules_enabled: ["muc_mam", "muc_moderation"] };

const room = "balcony@conference.localhost";
const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/q842iQAAAABJRU5ErkJggg==";

/** Status codes of a presence or message that a room sent, ascending. */
export function codes_of(stanza: Element): number[] {
	const statuses = stanza.getChild("x", ns.muc_user)?.getChildren("status") ?? [];
	return statuses.map((status) => Number(status.attrs["code"])).sort((one, other) => one - other);
}

/** Whether it is somebody's presence in the room, of this type. */
const presence_of = (nick: string, type?: string) => (stanza: Element) =>
	stanza.is("presence") && stanza.attrs["from"] === `${room}/${nick}` && stanza.attrs["type"] === type;

/** The text of a child; undefined where there is none. */
const text_of = (element: Element | undefined, name: string) => element?.getChild(name)?.getText();

/** Whether it is a message with these words. */
const says = (body: string) => (stanza: Element) => stanza.is("message") && text_of(stanza, "body") === body;

/** One conversation of two in a room. */
class Conversation {
	private requests = 0;

	constructor(
		private readonly peer: Peer,
		private readonly guest: Client,
	) {}

	private send(xml: string): Promise<unknown> {
		const stanza = parse(xml);
		if (stanza === undefined) throw new Error(`expected XML: ${xml}`);
		return this.peer.send(stanza);
	}

	/** Asks the room for something; answers with what stands in its answer. */
	private async request(type: "get" | "set", payload: string): Promise<Element> {
		this.requests += 1;
		const id = `conversation-${this.requests}`;
		await this.send(`<iq type='${type}' id='${id}' to='${room}'>${payload}</iq>`);
		const answer = await this.peer.stanzas.take(`an answer to ${id}`, (stanza) => stanza.attrs["id"] === id);
		expect(answer.attrs["type"], answer.toString()).toBe("result");
		return answer;
	}

	private async enter(): Promise<Element> {
		await this.send(`<presence to='${room}/Peer'><x xmlns='${ns.muc}'/></presence>`);
		return this.peer.stanzas.take("its own presence", presence_of("Peer"));
	}

	private async guest_enters(): Promise<void> {
		this.guest.send(
			st
				.presence({ to: `${room}/Guest` })
				.tag("x", { xmlns: ns.muc })
				.reset(),
		);
		await expect_stanza(this.guest, (stanza) => codes_of(stanza).includes(110));
		await this.peer.stanzas.take("the guest's presence", presence_of("Guest"));
	}

	/** Takes what the guest and the peer both hear. */
	private async heard(body: string): Promise<Element> {
		await expect_stanza(this.guest, says(body));
		return this.peer.stanzas.take(body, says(body));
	}

	async opens_and_configures(): Promise<void> {
		expect(codes_of(await this.enter())).toEqual([110, 201]);
		const form = (await this.request("get", `<query xmlns='${ns.muc_owner}'/>`)).getChild("query")?.getChild("x", ns.data);
		const names = form?.getChildren("field").map((field) => field.attrs["var"]);
		expect(names).toContain("muc#roomconfig_roomname");
		const field = (name: string, value: string) => `<field var='muc#roomconfig_${name}'><value>${value}</value></field>`;
		const form_type = `<field var='FORM_TYPE'><value>${ns.muc}#roomconfig</value></field>`;
		const fields = form_type + field("roomname", "Capulet&apos;s orchard") + field("whois", "anyone");
		await this.request("set", `<query xmlns='${ns.muc_owner}'><x xmlns='${ns.data}' type='submit'>${fields}</x></query>`);
		const info = await this.request("get", `<query xmlns='${ns.disco_info}'/>`);
		expect(info.getChild("query")?.getChild("identity")?.attrs["name"]).toBe("Capulet's orchard");
	}

	async invites_and_talks(): Promise<void> {
		this.guest.send(st.presence());
		const invite = `<invite to='${bare(this.guest.full_jid)}'><reason>Come here</reason></invite>`;
		await this.send(`<message to='${room}'><x xmlns='${ns.muc_user}'>${invite}</x></message>`);
		const invitation = await expect_stanza(this.guest, (stanza) => stanza.getChild("x", ns.muc_user) !== undefined);
		expect(text_of(invitation.getChild("x", ns.muc_user)?.getChild("invite"), "reason")).toBe("Come here");
		await this.guest_enters();
		const words = "But soft! <3 & ü 🌹";
		await this.send(`<message type='groupchat' to='${room}'><body>${st.xml_escape(words)}</body></message>`);
		expect((await this.heard(words)).attrs["from"]).toBe(`${room}/Peer`);
		this.guest.send(st.message({ to: room, type: "groupchat" }, "Ay me!"));
		expect((await this.heard("Ay me!")).attrs["from"]).toBe(`${room}/Guest`);
	}

	async gets_history(): Promise<void> {
		await this.send(`<presence type='unavailable' to='${room}/Peer'/>`);
		await this.peer.stanzas.take("its leave", presence_of("Peer", "unavailable"));
		expect(codes_of(await this.enter())).toEqual([100, 110]);
		const old = await this.peer.stanzas.take("what was said before", says("Ay me!"));
		expect(old.getChild("delay", ns.delay)?.attrs["stamp"]).toMatch(/^\d{4}-\d\d-\d\dT/);
		await this.peer.stanzas.take("the subject", (stanza) => stanza.getChild("subject") !== undefined);
	}

	async gives_a_picture(): Promise<void> {
		const photo = `<PHOTO><TYPE>image/png</TYPE><BINVAL>${picture}</BINVAL></PHOTO>`;
		await this.request("set", `<vCard xmlns='vcard-temp'>${photo}</vCard>`);
		await this.peer.stanzas.take("that the room changed", (stanza) => stanza.is("message") && codes_of(stanza).includes(104));
		const card = await ask(
			this.guest,
			st.iq({ type: "get", id: "card", to: room }).tag("vCard", { xmlns: "vcard-temp" }).reset(),
		);
		expect(text_of(card.getChild("vCard")?.getChild("PHOTO"), "BINVAL")).toBe(picture);
	}

	async takes_back_and_reads_the_archive(): Promise<void> {
		this.guest.send(st.message({ to: room, type: "groupchat" }, "A word too much"));
		const said = await this.heard("A word too much");
		const id = said.getChild("stanza-id", "urn:xmpp:sid:0")?.attrs["id"];
		const retract = `<retract xmlns='urn:xmpp:message-retract:1'/><reason>Not here</reason>`;
		await this.request("set", `<moderate xmlns='urn:xmpp:message-moderate:1' id='${id}'>${retract}</moderate>`);
		const told = await expect_stanza(this.guest, (stanza) => stanza.getChild("retract") !== undefined);
		expect(told.getChild("retract")?.attrs["id"]).toBe(id);
		await this.request("set", "<query xmlns='urn:xmpp:mam:2' queryid='all'/>");
		const bodies: unknown[] = [];
		for (let number = 0; number < 3; number++) {
			const result = await this.peer.stanzas.take("a page of the archive", (stanza) => stanza.getChild("result") !== undefined);
			const message = result.getChild("result")?.getChild("forwarded")?.getChild("message");
			bodies.push(text_of(message, "body") ?? text_of(message?.getChild("retracted"), "reason"));
		}
		expect(bodies).toEqual(["But soft! <3 & ü 🌹", "Ay me!", "Not here"]);
	}

	async kicks_and_bans(): Promise<void> {
		const item = (attributes: string) =>
			`<query xmlns='${ns.muc_admin}'><item ${attributes}><reason>A try</reason></item></query>`;
		const leaves = async (code: number) => {
			const gone = await this.peer.stanzas.take("the guest's leave", presence_of("Guest", "unavailable"));
			expect(codes_of(gone)).toEqual([code]);
			await expect_stanza(this.guest, (stanza) => codes_of(stanza).includes(code));
		};
		await this.request("set", item("nick='Guest' role='none'"));
		await leaves(307);
		await this.guest_enters();
		await this.request("set", item(`jid='${bare(this.guest.full_jid)}' affiliation='outcast'`));
		await leaves(301);
		const list = await this.request("get", `<query xmlns='${ns.muc_admin}'><item affiliation='outcast'/></query>`);
		const banned = list.getChild("query")?.getChildren("item");
		expect(banned?.map((one) => one.attrs["jid"])).toEqual([bare(this.guest.full_jid)]);
	}
}

/** Holds a whole conversation between somebody with the library, who owns the room, and somebody else. */
export async function hold_conversation(peer: Peer, guest: Client): Promise<void> {
	const conversation = new Conversation(peer, guest);
	await conversation.opens_and_configures();
	await conversation.invites_and_talks();
	await conversation.gets_history();
	await conversation.gives_a_picture();
	await conversation.takes_back_and_reads_the_archive();
	await conversation.kicks_and_bans();
}
