// Clients with stream management (XEP-0198) that read and send text.

import { ns } from "../../../../host/util/ns.ts";
import { auth_plain, bind, features, header, RawClient } from "../../raw_client.ts";

/** How many stanzas came in a text. */
export function count_stanzas(said: string): number {
	return said.match(/<(?:message|presence|iq)[ >]/g)?.length ?? 0;
}

/** The ids of messages in a text, in order. */
export function message_ids(said: string): string[] {
	return [...said.matchAll(/<message [^>]*\bid='(\w+)'/g)].map(([, id = ""]) => id);
}

/** All clients of a test. */
export class Crew {
	private readonly clients: RawClient[] = [];
	private asked = 0;

	/** Logs in, without a resource. */
	async authenticated(port: number, name: string): Promise<RawClient> {
		const client = await RawClient.connect(port);
		this.clients.push(client);
		await client.ask(header(), features);
		await client.ask(auth_plain(name), "/>");
		await client.ask(header(), features);
		client.said = "";
		return client;
	}

	async login(port: number, name: string, resource = "desk"): Promise<RawClient> {
		const client = await this.authenticated(port, name);
		await client.ask(bind(resource), "</iq>");
		client.said = "";
		return client;
	}

	/** A client whose stream is managed, and the name of its session. */
	async managed(port: number, name: string, resource = "desk"): Promise<{ client: RawClient; token: string }> {
		const client = await this.login(port, name, resource);
		client.send(`<enable xmlns='${ns.sm3}' resume='true'/>`);
		await client.until(() => /<enabled [^>]*>/.test(client.said));
		const token = /\bid=['"]([^'"]+)['"]/.exec(client.said)?.[1] ?? "";
		client.said = "";
		return { client, token };
	}

	/** Asks to go on with a session, and waits for what comes of it. */
	async resume(port: number, name: string, token: string, h: number): Promise<RawClient> {
		const client = await this.authenticated(port, name);
		client.send(`<resume xmlns='${ns.sm3}' previd='${token}' h='${h}'/>`);
		await client.until(() => /<resumed [^>]*>|<\/failed>/.test(client.said));
		return client;
	}

	/** Waits until the server has done what a client said. */
	async settle(client: RawClient): Promise<void> {
		const id = `s${++this.asked}`;
		client.send(`<iq type='get' id='${id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
		await client.until(() => client.said.includes(id));
	}

	/** Has all lose their connections. */
	vanish(): void {
		for (const client of this.clients.splice(0)) client.destroy();
	}
}
