import { createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { ns } from "../../../host/util/ns.ts";
import type { Stanza } from "../../../host/util/stanza.ts";
import { stream_end, stream_header, XmppStream } from "../../../host/util/xmppstream.ts";

/** A client of the fake server, once it has bound a resource. */
export interface FakeSession {
	readonly jid: string;
	send(xml: string): void;
	/** Cuts the connection. */
	cut(): void;
}

/** How the fake server behaves. */
export interface FakeServerOptions {
	/** Told of each stanza but resource bindings and pings to the server, which it answers itself. */
	readonly handle?: (stanza: Stanza, session: FakeSession) => void;
	/** Mechanisms on offer. Default: PLAIN. */
	readonly mechanisms?: readonly string[];
	/** The only password that is accepted. Default: any. */
	readonly password?: string;
	/** Requires TLS with this key and certificate. */
	readonly tls?: { readonly key: string; readonly cert: string };
	/** Answers nothing but stream headers. */
	readonly silent?: boolean;
}

/** A server that knows just enough for a client to get in. */
export interface FakeServer {
	readonly port: number;
	/** What clients sent, in the order in which it came, as text. */
	readonly received: string[];
	stop(): Promise<void>;
}

/** Starts a fake server on a free port of the loopback interface. */
export async function start_fake_server(options: FakeServerOptions = {}): Promise<FakeServer> {
	const received: string[] = [];
	const sockets = new Set<Socket>();
	let resources = 0;

	function serve(plain: Socket): void {
		let socket = plain;
		let username = "";
		let session: FakeSession | undefined;
		const send = (xml: string) => void socket.write(xml);
		const listen = () => {
			sockets.add(socket);
			socket.on("data", (chunk) => stream.feed(chunk));
			socket.on("error", () => {});
			socket.on("close", () => socket.destroy());
		};
		const stream = new XmppStream(
			{
				streamopened: () => {
					send(stream_header({ xmlns: ns.client, from: "localhost", id: "1", version: "1.0" }));
					if (username !== "") send(`<stream:features><bind xmlns='${ns.bind}'/></stream:features>`);
					else if (options.tls && socket === plain) {
						send(`<stream:features><starttls xmlns='${ns.tls}'><required/></starttls></stream:features>`);
					} else {
						const names = (options.mechanisms ?? ["PLAIN"]).map((name) => `<mechanism>${name}</mechanism>`);
						send(`<stream:features><mechanisms xmlns='${ns.sasl}'>${names.join("")}</mechanisms></stream:features>`);
					}
				},
				streamclosed: () => void socket.end(stream_end),
				handlestanza: (stanza) => {
					if (!options.silent) handle(stanza);
				},
				error: () => void socket.destroy(),
			},
			{ default_ns: ns.client },
		);

		function encrypt(): void {
			send(`<proceed xmlns='${ns.tls}'/>`);
			stream.reset("drop");
			plain.removeAllListeners();
			socket = new TLSSocket(plain, { isServer: true, ...options.tls });
			listen();
		}

		function authenticate(stanza: Stanza): void {
			const [, name = "", password = ""] = Buffer.from(stanza.get_text() ?? "", "base64")
				.toString()
				.split("\0");
			if (options.password !== undefined && password !== options.password) {
				send(`<failure xmlns='${ns.sasl}'><not-authorized/><text>Wrong word</text></failure>`);
				return;
			}
			username = name;
			send(`<success xmlns='${ns.sasl}'/>`);
			stream.reset();
		}

		function bind(stanza: Stanza): void {
			const wanted = stanza.get_child("bind", ns.bind)?.get_child_text("resource", ns.bind);
			const jid = `${username}@localhost/${wanted ?? `r${++resources}`}`;
			session = { jid, send, cut: () => socket.destroy() };
			send(`<iq type='result' id='${stanza.attr["id"]}'><bind xmlns='${ns.bind}'><jid>${jid}</jid></bind></iq>`);
		}

		function handle(stanza: Stanza): void {
			if (stanza.name === "starttls") encrypt();
			else if (stanza.name === "auth") authenticate(stanza);
			else if (stanza.get_child("bind", ns.bind)) bind(stanza);
			else if (stanza.get_child("ping", ns.ping)) send(`<iq type='result' id='${stanza.attr["id"]}' from='localhost'/>`);
			else if (session) {
				received.push(`${session.jid}: ${stanza.name} ${stanza.attr["id"] ?? ""}`.trim());
				options.handle?.(stanza, session);
			}
		}
		listen();
	}

	const server = createServer(serve);
	await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
	const address = server.address();
	return {
		port: typeof address === "object" && address !== null ? address.port : 0,
		received,
		stop: async () => {
			for (const socket of sockets) socket.destroy();
			await new Promise((closed) => server.close(closed));
		},
	};
}
