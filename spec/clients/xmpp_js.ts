import { type Client, client, type Options, xml } from "@xmpp/client";
import type { Element } from "ltx";
import { ns } from "../../host/util/ns.ts";
import { Inbox } from "./inbox.ts";

/** A client that uses @xmpp/client, in this process. */
export class XmppJsClient {
	/** Stanzas that came, oldest first. */
	readonly stanzas = new Inbox<Element>();
	/** What the library reported as errors. */
	readonly complaints: string[] = [];
	/** SASL mechanisms that it asked for. */
	readonly mechanisms: string[] = [];
	/** Full JID, once logged in. */
	jid = "";

	private readonly client: Client;

	constructor(options: Options) {
		this.client = client(options);
		// It would come back a second after its end
		this.client.reconnect.stop();
		this.client.on("error", (error: Error) => this.complaints.push(String(error)));
		this.client.on("stanza", (stanza: Element) => this.stanzas.add(stanza));
		this.client.on("send", (element: Element) => {
			if (element.is("auth", ns.sasl)) this.mechanisms.push(String(element.attrs["mechanism"]));
		});
	}

	async login(): Promise<void> {
		this.jid = (await this.client.start()).toString();
	}

	/** Asks to be let in; what comes of it is among the stanzas. */
	enter(room: string, nick: string): Promise<void> {
		return this.client.send(
			xml("presence", { to: `${room}/${nick}` }, xml("x", { xmlns: ns.muc }, xml("history", { maxstanzas: "0" }))),
		);
	}

	/** Sends any stanza. */
	send(stanza: Element): Promise<void> {
		return this.client.send(stanza);
	}

	say(room: string, body: string): Promise<void> {
		return this.client.send(xml("message", { to: room, type: "groupchat" }, xml("body", {}, body)));
	}

	async stop(): Promise<void> {
		await this.client.stop();
	}
}
