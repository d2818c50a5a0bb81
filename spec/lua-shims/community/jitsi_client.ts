// A client of Jitsi Meet for specs: WebSocket with a room and a token in its address, an anonymous login.

import { WebSocket } from "ws";
import { ns } from "../../../host/util/ns.ts";
import { patience } from "../../helper.ts";

/** A connection whose stanzas are texts. */
export class JitsiClient {
	private readonly queue: string[] = [];
	/** All that came, for errors to tell. */
	private readonly seen: string[] = [];
	private wake: () => void = () => {};
	private ended = false;
	private pings = 0;
	jid = "";

	private constructor(private readonly socket: WebSocket) {
		socket.on("message", (data) => {
			this.queue.push(String(data));
			this.seen.push(String(data));
			this.wake();
		});
		socket.on("close", () => {
			this.ended = true;
			this.wake();
		});
		socket.on("error", () => {});
	}

	/**
	 * Logs in on localhost.
	 * @param url of the HTTP server
	 * @returns the client, or the element that refuses it
	 */
	static async open(url: string, room: string, token?: string): Promise<JitsiClient | string> {
		const query = new URLSearchParams({ room, ...(token === undefined ? {} : { token }) });
		const socket = new WebSocket(`${url.replace(/^http/, "ws")}/xmpp-websocket?${query}`, "xmpp", {
			headers: { Host: "localhost" },
		});
		const client = new JitsiClient(socket);
		await new Promise((resolve, reject) => {
			socket.once("open", resolve);
			socket.once("error", reject);
		});
		const open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
		client.send(open);
		await client.take(/features>/);
		client.send(`<auth xmlns='${ns.sasl}' mechanism='ANONYMOUS'/>`);
		const outcome = await client.take(/^<(?:success|failure)/);
		if (outcome.startsWith("<failure")) {
			client.close();
			return outcome;
		}
		client.send(open);
		await client.take(/features>/);
		client.send(`<iq type='set' id='bind'><bind xmlns='${ns.bind}'/></iq>`);
		const [, jid = ""] = /<jid>([^<]+)<\/jid>/.exec(await client.take(/id=['"]bind['"]/)) ?? [];
		client.jid = jid;
		return client;
	}

	send(stanza: string): void {
		this.socket.send(stanza.replace(/^<(iq|presence|message) /, `<$1 xmlns='${ns.client}' `));
	}

	/** The next stanza that matches; what comes before it is dropped. Throws where none comes. */
	async take(pattern: RegExp, accepts: (stanza: string) => boolean = (stanza) => pattern.test(stanza)): Promise<string> {
		const deadline = Date.now() + patience;
		for (;;) {
			for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
				if (accepts(next)) return next;
			}
			if (this.ended || Date.now() > deadline)
				throw new Error(`never got ${pattern}, but ${this.seen.slice(-8).join("\n") || "nothing"}`);
			await new Promise<void>((resolve) => {
				this.wake = resolve;
				setTimeout(resolve, 100);
			});
		}
	}

	/** Enters a room; gives the answer. */
	async join(occupant: string, extra = ""): Promise<string> {
		this.send(`<presence to='${occupant}'><x xmlns='http://jabber.org/protocol/muc'/>${extra}</presence>`);
		const answer = new RegExp(
			`<presence[^>]*from=['"]${occupant}['"].*(?:code=['"]110|type=['"]error)|type=['"]error.*from=['"]${occupant}`,
			"s",
		);
		return this.take(answer);
	}

	/** Waits until all that was sent is handled, and gives all that has come since the last stanza that was taken. */
	async settle(): Promise<string[]> {
		const id = `settle${++this.pings}`;
		this.send(`<iq type='get' id='${id}' to='localhost'><ping xmlns='${ns.ping}'/></iq>`);
		const came: string[] = [];
		await this.take(/^/, (stanza) => {
			if (new RegExp(`id=['"]${id}['"]`).test(stanza)) return true;
			came.push(stanza);
			return false;
		});
		return came;
	}

	close(): void {
		this.socket.close();
	}
}
