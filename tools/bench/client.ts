// No counterpart: a client that logs in, enters rooms, and from then on only counts.

import { connect, type Socket } from "node:net";
import { ns } from "../../host/util/ns.ts";
import { stream_header } from "../../host/util/xmppstream.ts";

/** How long a server may take to answer, in milliseconds. Storms keep it busy for long. */
const patience = 180_000;

/** What somebody waits for. */
interface Waiting {
	readonly marker: string;
	found(): void;
	failed(error: Error): void;
}

/** One connection. */
export class BenchClient {
	/** Called with everything that arrives, as bytes in a string. */
	onpiece: ((piece: string) => void) | undefined;
	private text = "";
	private waiting: Waiting | undefined;
	private readonly socket: Socket;
	private ended = false;

	private constructor(port: number) {
		this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
		this.socket.on("data", (chunk: Buffer) => this.arrived(chunk.toString("latin1")));
		this.socket.on("error", (error) => this.gone(error));
		this.socket.on("close", () => this.gone(new Error("the server closed the connection")));
	}

	/** Connects and logs in anonymously. */
	static async open(port: number): Promise<BenchClient> {
		const client = new BenchClient(port);
		const header = stream_header({ xmlns: ns.client, to: "localhost", version: "1.0" });
		await client.ask(header, "</stream:features>");
		await client.ask(`<auth xmlns='${ns.sasl}' mechanism='ANONYMOUS'/>`, "<success");
		await client.ask(header, "</stream:features>");
		await client.ask(`<iq type='set' id='bind'><bind xmlns='${ns.bind}'/></iq>`, "</iq>");
		return client;
	}

	/** Sends text. */
	send(text: string): void {
		this.socket.write(text, "latin1");
	}

	/** Sends text and waits until the answer has some other text in it. */
	ask(text: string, marker: string): Promise<void> {
		this.text = "";
		const answered = new Promise<void>((found, failed) => {
			const timer = setTimeout(() => failed(new Error(`no ${marker} came; the last was ${this.text.slice(-300)}`)), patience);
			const settle = (): void => {
				clearTimeout(timer);
				this.waiting = undefined;
			};
			this.waiting = {
				marker,
				found: () => {
					settle();
					found();
				},
				failed: (error) => {
					settle();
					failed(error);
				},
			};
		});
		this.send(text);
		return answered;
	}

	/** Enters a room. */
	join(room: string, nick: string): Promise<void> {
		return this.ask(`<presence to='${room}/${nick}'><x xmlns='${ns.muc}'/></presence>`, "code='110'");
	}

	/** Stops reading, like a client whose network is gone. */
	pause(): void {
		this.socket.pause();
	}

	close(): void {
		this.ended = true;
		this.socket.destroy();
	}

	private arrived(piece: string): void {
		this.onpiece?.(piece);
		const { waiting } = this;
		if (waiting === undefined) return;
		const from = Math.max(0, this.text.length - waiting.marker.length);
		this.text += piece;
		if (this.text.includes(waiting.marker, from)) waiting.found();
		// Nobody waits for more than a few words
		else if (this.text.length > 65_536) this.text = this.text.slice(-1024);
	}

	private gone(error: Error): void {
		this.waiting?.failed(error);
		if (this.ended) return;
		this.ended = true;
		this.socket.destroy();
	}
}

/** Logs clients in, a few at a time. */
export async function open_clients(port: number, count: number): Promise<BenchClient[]> {
	const clients: BenchClient[] = [];
	let begun = 0;
	const next = async (): Promise<void> => {
		while (begun < count) {
			begun++;
			clients.push(await BenchClient.open(port));
		}
	};
	await Promise.all(Array.from({ length: Math.min(20, count) }, next));
	return clients;
}
