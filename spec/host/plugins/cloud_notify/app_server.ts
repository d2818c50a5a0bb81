// An app server (XEP-0357) as a component of a server: it answers what it is told of devices.

import { handshake_token } from "../../../../host/core/component_streams.ts";
import { ns } from "../../../../host/util/ns.ts";
import type { Stanza } from "../../../../host/util/stanza.ts";
import * as st from "../../../../host/util/stanza.ts";
import * as xml from "../../../../host/util/xml.ts";
import { RawClient } from "../../raw_client.ts";

/** What a device is told. */
export interface Notification {
	/** What the device is for the app server. */
	readonly node: string | undefined;
	/** Fields of the summary that have a value. */
	readonly summary: Readonly<Record<string, string>>;
	/** Fields of the form that the client wants the app server to be shown. */
	readonly options: Readonly<Record<string, string>>;
}

function fields_of(form: Stanza | undefined): Record<string, string> {
	const fields = [...(form?.childtags("field") ?? [])];
	return Object.fromEntries(
		fields.flatMap((field) => {
			const value = field.get_child_text("value");
			return value === undefined ? [] : [[field.attr["var"] ?? "", value]];
		}),
	);
}

function read(pubsub: Stanza): Notification {
	const publish = pubsub.get_child("publish");
	const notification = publish?.get_child("item")?.get_child("notification", "urn:xmpp:push:0");
	const { FORM_TYPE, ...summary } = fields_of(notification?.get_child("x", ns.data));
	if (FORM_TYPE !== "urn:xmpp:push:summary") throw new Error(`expected a summary, got ${pubsub}`);
	return {
		node: publish?.attr["node"],
		summary,
		options: fields_of(pubsub.get_child("publish-options")?.get_child("x", ns.data)),
	};
}

export class AppServer {
	/** What it was told, and nobody has taken, in order. */
	readonly told: Notification[] = [];
	/** What it answers; nothing where there is no answer. */
	answer: "result" | "cancel" | "wait" | undefined = "result";
	private read_to = 0;

	private constructor(private readonly stream: RawClient) {}

	/** Connects to a server as the component of that name. */
	static async connect(port: number, name: string): Promise<AppServer> {
		const stream = await RawClient.connect(port);
		const header = await stream.ask(
			`<stream:stream xmlns='jabber:component:accept' xmlns:stream='${ns.streams}' to='${name}'>`,
			">",
		);
		await stream.ask(`<handshake>${handshake_token(/ id='([^']*)'/.exec(header)?.[1] ?? "", "secret")}</handshake>`, "/>");
		const server = new AppServer(stream);
		server.read_to = stream.said.length;
		return server;
	}

	/** Takes all that came, and answers it. */
	private take(): void {
		for (;;) {
			const end = this.stream.said.indexOf("</iq>", this.read_to);
			if (end < 0) return;
			const iq = xml.parse(this.stream.said.slice(this.read_to, end + "</iq>".length));
			this.read_to = end + "</iq>".length;
			const pubsub = iq?.get_child("pubsub", ns.pubsub);
			if (iq === undefined || pubsub === undefined) throw new Error(`expected a notification, got ${this.stream.said}`);
			this.told.push(read(pubsub));
			if (this.answer === undefined) continue;
			const error = this.answer === "result" ? undefined : st.error_reply(iq, this.answer, "item-not-found").reset();
			this.stream.send(String(error ?? st.reply(iq)));
		}
	}

	/** The next thing that it is told. */
	async next(): Promise<Notification> {
		for (;;) {
			this.take();
			const first = this.told.shift();
			if (first !== undefined) return first;
			if (this.stream.ended) throw new Error("the server has ended the stream");
			const { length } = this.stream.said;
			await this.stream.until(() => this.stream.said.length > length);
		}
	}

	disconnect(): void {
		this.stream.destroy();
	}
}
