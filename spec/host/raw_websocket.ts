// WebSocket by hand, for what no client would send.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Receiver, Sender } from "ws";
import { ns } from "../../host/util/ns.ts";

/** What opens the upgrade of a connection. */
export function upgrade(protocol = "xmpp", headers: readonly string[] = []): string {
	return [
		"GET /xmpp-websocket HTTP/1.1",
		"Host: localhost",
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
		`Sec-WebSocket-Protocol: ${protocol}`,
		...headers,
		"",
		"",
	].join("\r\n");
}

export const open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
export const close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";

/** SASL PLAIN for a name, with any password. */
export function auth(name: string): string {
	return `<auth xmlns='${ns.sasl}' mechanism='PLAIN'>${Buffer.from(`\0${name}\0secret`).toString("base64")}</auth>`;
}

export const bind = `<iq xmlns='${ns.client}' type='set' id='bind'><bind xmlns='${ns.bind}'><resource>raw</resource></bind></iq>`;

/** One connection, behind the upgrade. */
export class RawWebSocket {
	/** Messages that came, and the code and text of a close frame, in order. */
	readonly said: string[] = [];
	ended = false;
	private changed: () => void = () => {};

	private constructor(
		private readonly socket: Socket,
		/** The head of the answer to the upgrade. */
		readonly head: string,
		rest: Buffer,
	) {
		const receiver = new Receiver({ isServer: false, maxPayload: 1 << 20, maxFragments: 10 });
		const say = (text: string): void => {
			this.said.push(text);
			this.changed();
		};
		receiver.on("message", (data: Buffer) => say(data.toString()));
		receiver.on("pong", (data: Buffer) => say(`pong ${data}`));
		receiver.on("ping", () => say("ping"));
		receiver.on("conclude", (code: number, reason: Buffer) => say(`closed ${code} ${reason}`));
		receiver.on("error", (error) => say(`unreadable ${error.message}`));
		if (rest.length > 0) receiver.write(rest);
		socket.on("data", (chunk) => receiver.write(chunk));
		socket.on("error", () => {});
		socket.on("close", () => {
			this.ended = true;
			this.changed();
		});
	}

	static async connect(port: number, request = upgrade()): Promise<RawWebSocket> {
		const socket = connect(port, "127.0.0.1");
		await once(socket, "connect");
		socket.write(request);
		let said = Buffer.alloc(0);
		while (!said.includes("\r\n\r\n")) {
			const [chunk] = await once(socket, "data");
			said = Buffer.concat([said, chunk]);
		}
		const end = said.indexOf("\r\n\r\n") + 4;
		return new RawWebSocket(socket, said.subarray(0, end).toString(), said.subarray(end));
	}

	/** A client that has a resource. */
	static async login(port: number, name: string, request = upgrade()): Promise<RawWebSocket> {
		const client = await RawWebSocket.connect(port, request);
		await client.ask(open, "features");
		await client.ask(auth(name), "success");
		await client.ask(open, "features");
		await client.ask(bind, "</iq>");
		client.said.length = 0;
		return client;
	}

	/** Sends a frame, text unless said otherwise. */
	frame(data: string | Buffer, { opcode = 1, fin = true, rsv1 = false } = {}): void {
		const options = { fin, opcode, mask: true, readOnly: false, rsv1 };
		for (const piece of Sender.frame(Buffer.from(data), options)) this.socket.write(piece);
	}

	/** Sends bytes that are no frame, or a part of one. */
	bytes(data: Buffer): void {
		this.socket.write(data);
	}

	/** Sends a message, and waits for one that contains this. */
	async ask(message: string, answer: string): Promise<string> {
		const before = this.said.length;
		this.frame(message);
		return this.take(answer, before);
	}

	/** The first message from a place on that contains this. */
	async take(text: string, from = 0): Promise<string> {
		for (;;) {
			const found = this.said.slice(from).find((message) => message.includes(text));
			if (found !== undefined) return found;
			if (this.ended) throw new Error(`expected ${text}, but the connection ended: ${this.said.join("\n")}`);
			await this.change();
		}
	}

	/** Waits for the end of the connection, and answers with all that was said. */
	async until_end(): Promise<readonly string[]> {
		while (!this.ended) await this.change();
		return this.said;
	}

	destroy(): void {
		this.socket.destroy();
	}

	private change(): Promise<void> {
		return new Promise((resolve) => {
			this.changed = resolve;
		});
	}
}
