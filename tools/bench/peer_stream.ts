// No counterpart: the other end of a component's stream (XEP-0114), over which many occupants of rooms are reached.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../host/util/ns.ts";
import { stream_header } from "../../host/util/xmppstream.ts";

const address = "127.0.0.1";
/** How long an answer may take, in milliseconds. */
const patience = 60_000;

/** Where those are whom the load generator speaks for: a domain that resolvers do not answer for themselves. */
export const peer_host = "peers.example";
/** What both ends of the stream know. */
export const peer_secret = "secret";

function handshake_of(id: string): string {
	return createHash("sha1")
		.update(id + peer_secret)
		.digest("hex");
}

/** Those whom the load generator speaks for, all reached in the same way. */
export interface ManyPeople {
	/** Told of everything that arrives, as bytes in a string. */
	onpiece: ((piece: string) => void) | undefined;
	send(text: string): void;
	close(): void;
	/** Waits until something holds. Throws where it takes too long. */
	until(is_so: () => boolean, what: string): Promise<void>;
}

/** A stream that all stanzas of the load go through, both ways. */
export class PeerStream implements ManyPeople {
	/** Told of everything that arrives, as bytes in a string. */
	onpiece: ((piece: string) => void) | undefined;
	private text = "";

	private constructor(private readonly socket: Socket) {
		socket.setNoDelay(true);
		socket.on("error", () => {});
		socket.on("data", (chunk: Buffer) => {
			const piece = chunk.toString("latin1");
			this.text = (this.text + piece).slice(-65_536);
			this.onpiece?.(piece);
		});
	}

	/** Connects as an external component does. */
	static async connect(port: number): Promise<PeerStream> {
		const stream = new PeerStream(connect(port, address));
		stream.send(stream_header({ xmlns: ns.component_accept, to: peer_host }));
		await stream.until(() => stream.text.includes(" id='"), "header");
		const id = / id='([^']*)'/.exec(stream.text)?.[1] ?? "";
		stream.send(`<handshake>${handshake_of(id)}</handshake>`);
		await stream.until(() => stream.text.includes("<handshake"), "handshake");
		return stream;
	}

	/** Serves one component that connects here, as the server does that it belongs to. */
	static serve(port: number): { readonly stream: Promise<PeerStream>; close(): void } {
		const server = createServer();
		server.listen(port, address);
		const accept = async (): Promise<PeerStream> => {
			const [socket]: Socket[] = await once(server, "connection");
			if (socket === undefined) throw new Error("no connection");
			const stream = new PeerStream(socket);
			await stream.until(() => stream.text.includes("<stream:stream"), "header");
			const to = / to='([^']*)'/.exec(stream.text)?.[1];
			stream.send(stream_header({ xmlns: ns.component_accept, from: to, id: "bench" }));
			await stream.until(() => stream.text.includes("</handshake>"), "handshake");
			if (!stream.text.includes(handshake_of("bench"))) throw new Error("the component does not know the secret");
			stream.send("<handshake/>");
			return stream;
		};
		return { stream: accept(), close: () => server.close() };
	}

	send(text: string): void {
		this.socket.write(text, "latin1");
	}

	close(): void {
		this.socket.destroy();
	}

	/** Waits until something holds. Throws where it takes too long. */
	async until(is_so: () => boolean, what: string): Promise<void> {
		const deadline = performance.now() + patience;
		while (!is_so()) {
			if (performance.now() > deadline) throw new Error(`no ${what} came; the last was ${this.text.slice(-300)}`);
			await delay(5);
		}
	}
}
