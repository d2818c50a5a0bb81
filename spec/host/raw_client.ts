import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connect_tls, type TLSSocket } from "node:tls";
import { ns } from "../../host/util/ns.ts";

/** A stream header with these attributes. */
export function header(attributes = "to='localhost' version='1.0'", xmlns: string = ns.client): string {
	return `<?xml version='1.0'?><stream:stream xmlns='${xmlns}' xmlns:stream='${ns.streams}' ${attributes}>`;
}

/** What ends the answer to a header. */
export const features = "</stream:features>";

/** SASL PLAIN for a name, with any password. */
export function auth_plain(name: string): string {
	return `<auth xmlns='${ns.sasl}' mechanism='PLAIN'>${Buffer.from(`\0${name}\0secret`).toString("base64")}</auth>`;
}

/** Asks for a resource. */
export function bind(resource: string): string {
	return `<iq type='set' id='bind'><bind xmlns='${ns.bind}'><resource>${resource}</resource></bind></iq>`;
}

/** A client that sends and reads text, right or wrong. */
export class RawClient {
	/** All that the server said. */
	said = "";
	/** Whether the server closed the connection. */
	ended = false;
	private stream: Duplex;
	private readonly changes = new EventEmitter();

	constructor(private readonly socket: Socket) {
		this.stream = this.listen(socket);
	}

	static async connect(port: number, host = "127.0.0.1"): Promise<RawClient> {
		const socket = connect(port, host);
		await once(socket, "connect");
		return new RawClient(socket);
	}

	/** Logs in, and binds a resource. */
	static async login(port: number, name: string, resource: string): Promise<RawClient> {
		const client = await RawClient.connect(port);
		await client.ask(header(), features);
		await client.ask(auth_plain(name), `<success xmlns='${ns.sasl}'/>`);
		await client.ask(header(), features);
		await client.ask(bind(resource), "</iq>");
		return client;
	}

	send(text: string | Buffer): void {
		this.stream.write(text);
	}

	/** Sends, and answers with what comes then up to this end, or until the server closes. */
	async ask(text: string | Buffer, end?: string): Promise<string> {
		const before = this.said.length;
		this.send(text);
		await this.until(() => end !== undefined && this.said.slice(before).endsWith(end));
		return this.said.slice(before);
	}

	/** Waits for the server to close, and answers with all that it said. */
	async closed(): Promise<string> {
		await this.until(() => false);
		return this.said;
	}

	/** Waits for something, or until the server closes. */
	async until(condition: () => boolean): Promise<void> {
		while (!this.ended && !condition()) await once(this.changes, "change");
	}

	/** Goes over to TLS. */
	async starttls(servername = "localhost", options: ConnectionOptions = {}): Promise<TLSSocket> {
		this.socket.removeAllListeners("data");
		const tls = connect_tls({ socket: this.socket, rejectUnauthorized: false, servername, ...options });
		await once(tls, "secureConnect");
		this.stream = this.listen(tls);
		return tls;
	}

	/** Says nothing any more, and still listens. */
	end(): void {
		this.stream.end();
	}

	/** Takes nothing any more. */
	pause(): void {
		this.stream.pause();
	}

	/** Takes what waits, and goes on. */
	resume(): void {
		this.stream.resume();
	}

	destroy(): void {
		this.stream.destroy();
		this.socket.destroy();
	}

	private listen<Stream extends Duplex>(stream: Stream): Stream {
		stream.on("data", (chunk: Buffer) => {
			this.said += chunk.toString();
			this.changes.emit("change");
		});
		stream.on("error", () => {});
		stream.on("close", () => {
			this.ended = true;
			this.changes.emit("change");
		});
		return stream;
	}
}
