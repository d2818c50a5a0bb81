// No counterpart: another server, whose people are in rooms: a stream of its own, and one that comes from the server that is measured.

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../host/util/ns.ts";
import { stream_header } from "../../host/util/xmppstream.ts";
import type { NameServer } from "../name_server.ts";
import { type ManyPeople, peer_host } from "./peer_stream.ts";

const address = "127.0.0.1";
/** How long an answer may take, in milliseconds. */
const patience = 60_000;
/** What the load is about. */
const rooms_host = "conference.localhost";
const features = "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>";
const dialback = /<db:(result|verify)\b([^>]*)>[^<]+<\/db:\1>/;

function header(id?: string): string {
	return stream_header({
		xmlns: ns.server,
		from: peer_host,
		to: rooms_host,
		id,
		"xmlns:db": ns.dialback,
		version: "1.0",
	});
}

/** A server that trusts everybody by dialback (XEP-0220), without encryption. */
export class ServerPeer implements ManyPeople {
	/** Told of everything that arrives, as bytes in a string. */
	onpiece: ((piece: string) => void) | undefined;
	private readonly incoming: Socket[] = [];
	private said = "";
	private problem: string | undefined;
	private is_ready = false;

	private constructor(
		private readonly server: Server,
		private readonly outgoing: Socket,
	) {
		outgoing.setNoDelay(true);
		outgoing.on("error", (error) => {
			this.problem = error.message;
		});
		outgoing.on("data", (chunk: Buffer) => {
			this.said += chunk.toString("latin1");
		});
		server.on("connection", (socket: Socket) => this.accept(socket));
	}

	/**
	 * Listens, has the other server find that, and connects to it.
	 * @param port where the other server listens for servers
	 */
	static async connect(port: number, names: NameServer): Promise<ServerPeer> {
		const server = createServer();
		server.listen(0, address);
		await once(server, "listening");
		const listening = server.address();
		if (listening === null || typeof listening === "string") throw new Error("no port to listen on");
		names.place({ plain: listening.port }, peer_host);
		const peer = new ServerPeer(server, connect(port, address));
		try {
			peer.send(header());
			await peer.until(() => peer.said.includes("</stream:features>"), "features of a server's stream");
			peer.send(`<db:result from='${peer_host}' to='${rooms_host}'>key</db:result>`);
			await peer.until(() => /type=["']valid["']/.test(peer.said), "answer to a dialback key");
		} catch (error) {
			peer.close();
			throw error;
		}
		peer.is_ready = true;
		return peer;
	}

	/** Answers that every key is right; what comes after that is for the people here. */
	private accept(socket: Socket): void {
		let text = "";
		let is_open = false;
		this.incoming.push(socket);
		socket.on("error", () => {});
		socket.on("data", (chunk: Buffer) => {
			const piece = chunk.toString("latin1");
			if (this.is_ready && is_open) {
				this.onpiece?.(piece);
				return;
			}
			text += piece;
			if (!is_open && /<stream:stream[^>]*>/.test(text)) {
				is_open = true;
				socket.write(header("bench") + features);
			}
			for (let found = dialback.exec(text); found !== null; found = dialback.exec(text)) {
				const [whole, kind, attributes = ""] = found;
				text = text.replace(whole, "");
				const id = / id=["']([^"']*)["']/.exec(attributes)?.[1];
				const more = id === undefined ? "" : ` id='${id}'`;
				socket.write(`<db:${kind} from='${peer_host}' to='${rooms_host}'${more} type='valid'/>`);
			}
		});
	}

	send(text: string): void {
		this.outgoing.write(text, "latin1");
	}

	close(): void {
		for (const socket of [this.outgoing, ...this.incoming]) socket.destroy();
		this.server.close();
	}

	/** Waits until something holds. Throws where it takes too long. */
	async until(is_so: () => boolean, what: string): Promise<void> {
		const deadline = performance.now() + patience;
		while (!is_so()) {
			if (this.problem !== undefined) throw new Error(`no ${what} came: ${this.problem}`);
			if (performance.now() > deadline) throw new Error(`no ${what} came; the last was ${this.said.slice(-300)}`);
			await delay(5);
		}
	}
}
