// No counterpart: what carries the streams of clients that only count: TCP, TLS, WebSocket (RFC 7395), BOSH (XEP-0124, XEP-0206).

import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { connect as connect_tls } from "node:tls";
import { ns } from "../../host/util/ns.ts";
import { stream_header } from "../../host/util/xmppstream.ts";
import type { Carrier } from "./types.ts";

const address = "127.0.0.1";
/** Each connection has a port of its own, of which there are some 28,000 for each address that connections come from. */
const addresses = 8;
const host = "localhost";

/** One of the addresses of this machine, as they come. */
function any_address(): string {
	return `127.0.0.${1 + Math.floor(Math.random() * addresses)}`;
}

/** One client's connection. */
export abstract class Wire {
	/** Told of everything that arrives, as bytes in a string; what comes whole is told of whole. */
	onpiece: (piece: string) => void = () => {};
	/** Whether `onbytes` is told of anything. */
	readonly gives_bytes: boolean = false;
	/** Told instead, where only bytes are counted. They are there during the call only. */
	onbytes: ((bytes: Uint8Array) => void) | undefined;
	ongone: (error: Error) => void = () => {};

	/** Begins a stream, the first one or the one after a login. */
	abstract open(): void;
	/** Sends one stanza. */
	abstract send(stanza: string): void;
	abstract pause(): void;
	abstract close(): void;

	protected watch(socket: Socket): void {
		socket.on("error", (error) => this.ongone(error));
		socket.on("close", () => this.ongone(new Error("the server closed the connection")));
	}
}

/** A stanza that says what namespace it is in. */
function with_namespace(stanza: string): string {
	return /^<[a-z]+ xmlns=/.test(stanza) ? stanza : stanza.replace(/^<[a-z]+/, `$& xmlns='${ns.client}'`);
}

/** Where all connections read to, one after the other: what is read is looked at before anything else is read. */
const reading_space = Buffer.allocUnsafeSlow(256 * 1024);

/** TCP, or TLS from the first byte. */
class SocketWire extends Wire {
	override readonly gives_bytes = true;
	private readonly socket: Socket;

	constructor(port: number, is_tls: boolean) {
		super();
		const arrived = (bytes: Buffer): void => {
			if (this.onbytes !== undefined) this.onbytes(bytes);
			else this.onpiece(bytes.toString("latin1"));
		};
		if (is_tls) {
			this.socket = connect_tls({ port, host: address, servername: host, rejectUnauthorized: false });
			this.socket.on("data", arrived);
		} else {
			const callback = (size: number): boolean => {
				arrived(reading_space.subarray(0, size));
				return true;
			};
			this.socket = connect({ port, host: address, localAddress: any_address(), onread: { buffer: reading_space, callback } });
		}
		this.socket.setNoDelay(true);
		this.watch(this.socket);
	}

	open(): void {
		this.send(stream_header({ xmlns: ns.client, to: host, version: "1.0" }));
	}

	send(stanza: string): void {
		this.socket.write(stanza, "latin1");
	}

	pause(): void {
		this.socket.pause();
	}

	close(): void {
		this.socket.destroy();
	}
}

/** Messages of WebSocket. What comes is not taken apart: a frame's head is no text that anybody counts. */
class WebSocketWire extends Wire {
	private readonly socket: Socket;
	private is_upgraded = false;
	private waiting: string[] = [];

	constructor(port: number, is_tls: boolean) {
		super();
		this.socket = is_tls
			? connect_tls({ port, host: address, servername: host, rejectUnauthorized: false })
			: connect({ port, host: address, noDelay: true });
		if (is_tls) this.socket.setNoDelay(true);
		this.socket.write(
			[
				"GET /xmpp-websocket HTTP/1.1",
				`Host: ${host}`,
				"Connection: Upgrade",
				"Upgrade: websocket",
				"Sec-WebSocket-Version: 13",
				"Sec-WebSocket-Protocol: xmpp",
				`Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
				"\r\n",
			].join("\r\n"),
		);
		this.socket.on("data", (chunk: Buffer) => this.arrived(chunk.toString("latin1")));
		this.watch(this.socket);
	}

	private arrived(piece: string): void {
		if (this.is_upgraded) {
			this.onpiece(piece);
			return;
		}
		if (!piece.startsWith("HTTP/1.1 101")) this.ongone(new Error(`no WebSocket: ${piece.slice(0, 100)}`));
		this.is_upgraded = true;
		for (const text of this.waiting.splice(0)) this.write(text);
	}

	open(): void {
		this.write(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${host}' version='1.0'/>`);
	}

	send(stanza: string): void {
		this.write(with_namespace(stanza));
	}

	/** One frame; a mask of zeros is one, too (RFC 6455 §5.3). */
	private write(text: string): void {
		if (!this.is_upgraded) {
			this.waiting.push(text);
			return;
		}
		const { length } = text;
		const head = length < 126 ? [0x81, 0x80 | length] : [0x81, 0x80 | 126, length >> 8, length & 0xff];
		this.socket.write(`${String.fromCharCode(...head, 0, 0, 0, 0)}${text}`, "latin1");
	}

	pause(): void {
		this.socket.pause();
	}

	close(): void {
		this.socket.destroy();
	}
}

/** One of the connections that a BOSH client has, with one request at a time. */
class BoshConnection {
	readonly socket: Socket;
	is_busy = false;
	private text = "";

	constructor(
		port: number,
		private readonly answered: (body: string) => void,
	) {
		this.socket = connect({ port, host: address, noDelay: true });
		this.socket.on("data", (chunk: Buffer) => this.arrived(chunk.toString("latin1")));
	}

	request(body: string): void {
		this.is_busy = true;
		const head = `POST /http-bind HTTP/1.1\r\nHost: ${host}\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n`;
		this.socket.write(head + body, "latin1");
	}

	private arrived(piece: string): void {
		this.text += piece;
		const end = this.text.indexOf("\r\n\r\n");
		if (end < 0) return;
		const length = Number(/content-length: *(\d+)/i.exec(this.text.slice(0, end))?.[1]);
		if (this.text.length < end + 4 + length) return;
		const body = this.text.slice(end + 4, end + 4 + length);
		this.text = this.text.slice(end + 4 + length);
		this.is_busy = false;
		this.answered(body);
	}
}

/** Requests of BOSH: one waits at the server, and another says what there is to say. */
class BoshWire extends Wire {
	private readonly connections: readonly BoshConnection[];
	private sid = "";
	private rid = Math.floor(Math.random() * 1_000_000);
	private waiting: string[] = [];
	private closed = false;

	constructor(port: number) {
		super();
		this.connections = [0, 1].map(() => new BoshConnection(port, (body) => this.answered(body)));
		for (const { socket } of this.connections) this.watch(socket);
	}

	private get free(): BoshConnection | undefined {
		return this.connections.find(({ is_busy }) => !is_busy);
	}

	private request(connection: BoshConnection, attributes: string, content = ""): void {
		const sid = this.sid === "" ? "" : ` sid='${this.sid}'`;
		const rid = this.rid++;
		connection.request(`<body xmlns='http://jabber.org/protocol/httpbind' rid='${rid}'${sid}${attributes}>${content}</body>`);
	}

	private answered(body: string): void {
		if (this.sid === "") this.sid = / sid='([^']+)'/.exec(body)?.[1] ?? "";
		if (body.includes("type='terminate'") && !this.closed) this.ongone(new Error(`the session ended: ${body.slice(0, 200)}`));
		this.onpiece(body);
		if (this.closed) return;
		const { free, waiting } = this;
		if (free !== undefined && (waiting.length > 0 || this.connections.every(({ is_busy }) => !is_busy))) {
			this.request(free, "", waiting.splice(0).join(""));
		}
	}

	open(): void {
		const { free } = this;
		if (free === undefined) throw new Error("a stream begins while two requests are under way");
		const version = " xmlns:xmpp='urn:xmpp:xbosh'";
		if (this.sid !== "") this.request(free, `${version} xmpp:restart='true' to='${host}'`);
		else this.request(free, `${version} xmpp:version='1.0' to='${host}' wait='60' hold='1' ver='1.6' xml:lang='en'`);
	}

	send(stanza: string): void {
		const { free } = this;
		if (free === undefined) this.waiting.push(with_namespace(stanza));
		else this.request(free, "", with_namespace(stanza));
	}

	pause(): void {
		for (const { socket } of this.connections) socket.pause();
	}

	close(): void {
		this.closed = true;
		for (const { socket } of this.connections) socket.destroy();
	}
}

/** Connects a client. */
export function open_wire(port: number, carrier: Carrier): Wire {
	switch (carrier) {
		case "websocket":
		case "wss":
			return new WebSocketWire(port, carrier === "wss");
		case "bosh":
			return new BoshWire(port);
		default:
			return new SocketWire(port, carrier === "tls");
	}
}
