import { createServer, type Server as NodeServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { handshake_token } from "../../../host/core/component_streams.ts";
import { parse_address } from "../../../host/plugins/component_uplink/uplink_address.ts";
import type { RunningServer } from "../../../host/running_server.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { find_prosody } from "../../../tools/reference.ts";
import { Client } from "../../../tools/scansion/client.ts";
import { eventually, expect_stanza, patience } from "../../helper.ts";
import { not_installed } from "../../needs.ts";
import { compose_rooms, start_pair, type UplinkPair } from "../../uplink.ts";

/** The other server, as bytes: one answer to each connection that comes, in turn. */
class FakeServer {
	said = "";
	sockets: Socket[] = [];
	connections = 0;
	private constructor(private readonly server: NodeServer) {}

	static async listen(serve: (socket: Socket, number: number) => void): Promise<FakeServer> {
		const server = createServer();
		const fake = new FakeServer(server);
		server.on("connection", (socket) => {
			fake.sockets.push(socket);
			socket.on("data", (chunk) => {
				fake.said += chunk;
			});
			socket.on("error", () => {});
			serve(socket, fake.connections++);
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return fake;
	}

	get port(): number {
		const at = this.server.address();
		return typeof at === "object" && at !== null ? at.port : 0;
	}

	async close(): Promise<void> {
		for (const socket of this.sockets) socket.destroy();
		await new Promise((resolve) => this.server.close(resolve));
	}
}

const header =
	"<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' from='conference.localhost' id='abc'>";

/** Answers the header and the handshake, as XEP-0114 has it. */
function welcome(socket: Socket, first = header): void {
	let said = "";
	socket.on("data", (chunk) => {
		said += chunk;
		if (said.includes("<stream:stream") && said.includes(">")) {
			said = said.replace("<stream:stream", "");
			socket.write(first);
		}
		if (said.includes("</handshake>")) {
			said = said.replace("</handshake>", "");
			socket.write("<handshake/>");
		}
	});
}

let rooms: RunningServer | undefined;
let fake: FakeServer | undefined;
let pair: UplinkPair | undefined;

afterEach(async () => {
	await rooms?.stop("The test is over");
	await fake?.close();
	await pair?.stop();
	rooms = undefined;
	fake = undefined;
	pair = undefined;
});

function until(condition: () => boolean): Promise<void> {
	return eventually(() => {
		if (!condition()) throw new Error(`it did not come to that: ${condition}`);
	});
}

async function start(serve: (socket: Socket, number: number) => void): Promise<FakeServer> {
	fake = await FakeServer.listen(serve);
	rooms = compose_rooms(`127.0.0.1:${fake.port}`);
	const started = await rooms.start();
	if (!started.ok) throw new Error(started.error);
	return fake;
}

describe("the address of the other server", () => {
	it.each([
		["127.0.0.1:5347", "127.0.0.1", 5347],
		["prosody.example", "prosody.example", 5347],
		["[::1]:6000", "::1", 6000],
		["[::1]", "::1", 5347],
	])("can be %s", (text, host, port) => {
		expect(parse_address(text)).toEqual({ ok: true, value: { host, port } });
	});

	it.each(["", ":5347", "host:", "host:0", "host:65536", "::1", "host name:5347", "xmpp://host"])("cannot be %s", (text) => {
		expect(parse_address(text)).toMatchObject({ ok: false, error: expect.stringContaining("expected HOST:PORT") });
	});
});

describe("the stream to the other server", () => {
	it("says the header, and proves that it knows the secret", async () => {
		const server = await start((socket) => welcome(socket));
		await until(() => server.said.includes("</handshake>"));
		expect(server.said).toMatch(
			/^<\?xml version='1\.0'\?><stream:stream xmlns='jabber:component:accept' [^>]*to='conference\.localhost'>/,
		);
		expect(server.said).not.toMatch(/<stream:stream [^>]* (id|from)=/);
		expect(server.said).toContain(`<handshake>${handshake_token("abc", "secret")}</handshake>`);
	});

	it("is tried again when it is refused, and when it is cut", async () => {
		const server = await start((socket, number) => {
			if (number === 0) socket.destroy();
			else welcome(socket);
		});
		await until(() => server.connections === 2 && server.said.includes("</handshake>"));
	});

	it("goes on where every second connection is dropped", async () => {
		const server = await start((socket, number) => {
			welcome(socket);
			socket.on("data", (chunk) => {
				if (number % 2 === 1 && chunk.includes("</handshake>")) socket.destroy();
			});
		});
		for (const number of [0, 2]) {
			await until(() => server.connections > number && server.said.split("</handshake>").length > number + 1);
			const socket = server.sockets[number];
			// The handshake is answered by now
			await new Promise((resolve) => setTimeout(resolve, 100));
			const x = "<x xmlns='http://jabber.org/protocol/muc'/>";
			socket?.write(
				`<presence from='romeo${number}@home.example/desk' to='room@conference.localhost/r${number}'>${x}</presence>`,
			);
			await until(() => server.said.includes(`to='romeo${number}@home.example/desk'`));
			socket?.destroy();
		}
	});

	it("is tried again when the secret is wrong, and the log says so", async () => {
		const server = await start((socket) => {
			socket.write(header);
			socket.write("<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>");
		});
		await until(() => server.connections >= 2);
	});

	it.each([
		["no id", header.replace(" id='abc'", "")],
		["another namespace", header.replace("jabber:component:accept", "jabber:client")],
		["no XML", "HTTP/1.1 400 Bad Request\r\n\r\n"],
	])("is closed and tried again when the answer has %s", async (_, answer) => {
		const server = await start((socket) => socket.write(answer));
		await until(() => server.connections >= 2);
	});

	it("takes nothing before the handshake, and nothing in the name of those who are here or for others", async () => {
		const early = "<message from='eve@elsewhere' to='r@conference.localhost' id='early'><body>a</body></message>";
		const server = await start((socket) => welcome(socket, header + early));
		await until(() => server.said.includes("</handshake>"));
		const [socket] = server.sockets;
		socket?.write(
			"<presence from='r@conference.localhost/x' to='r@conference.localhost/y' id='spoofed'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
		);
		socket?.write("<presence to='r@conference.localhost/y' id='nobody'><x xmlns='http://jabber.org/protocol/muc'/></presence>");
		socket?.write("<message from='eve@elsewhere' to='elsewhere.example' id='relayed'><body>a</body></message>");
		socket?.write("<iq from='eve@elsewhere' to='conference.localhost' type='get' id='asked'><ping xmlns='urn:xmpp:ping'/></iq>");
		await until(() => server.said.includes("id='asked'"));
		expect(server.said).not.toMatch(/early|spoofed|nobody|relayed/);
	});

	it("gets what was said while it was cut, in order", async () => {
		const server = await start((socket) => welcome(socket));
		await until(() => server.said.includes("</handshake>"));
		const [socket] = server.sockets;
		const enter =
			"<presence from='ada@elsewhere/1' to='r@conference.localhost/Ada'><x xmlns='http://jabber.org/protocol/muc'/></presence>";
		socket?.write(enter);
		await until(() => server.said.includes("code='201'"));
		socket?.destroy();
		const host = rooms?.hosts.get("conference.localhost");
		await new Promise<void>((resolve) => host?.events.add_handler("component-uplink-disconnected", () => void resolve()));
		for (const number of [1, 2, 3]) {
			host?.send(st.message({ from: "r@conference.localhost/Ada", to: "ada@elsewhere/1", id: `kept-${number}` }, "hello"));
		}
		await until(() => server.said.includes("kept-3"));
		expect([...server.said.matchAll(/kept-(\d)/g)].map(([, number]) => number)).toEqual(["1", "2", "3"]);
	});
});

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const no_prosody = not_installed(prosody, "Prosody", "who is gone behind a component stream is not looked for");

describe.skipIf(no_prosody)("occupants behind a real Prosody", () => {
	async function log_in(port: number, name: string): Promise<Client> {
		const client = await Client.connect({
			host: "127.0.0.1",
			port,
			jid: `${name}@localhost`,
			password: "password",
			timeout: patience,
		});
		if (!client.ok) throw new Error(client.error);
		return client.value;
	}

	function enter(client: Client, nick: string): Promise<unknown> {
		client.send(
			st
				.presence({ to: `r@conference.localhost/${nick}` })
				.tag("x", { xmlns: ns.muc })
				.reset(),
		);
		return expect_stanza(
			client,
			(stanza) => stanza.get_child("x", ns.muc_user)?.tags.some((tag) => tag.attr["code"] === "110") === true,
		);
	}

	it("stay in the room while the stream is cut; who is gone afterwards leaves with status 333", async () => {
		// What lies between the two can be cut
		const between = createServer();
		const cut = new Set<Socket>();
		let is_open = true;
		pair = await start_pair({
			prosody,
			rooms: { muc_room_locking: false },
			through: between,
			on_connection: (socket) => (is_open ? cut.add(socket) : socket.destroy()),
		});
		await pair.connected();
		const ada = await log_in(pair.port, "ada");
		const bob = await log_in(pair.port, "bob");
		await enter(ada, "Ada");
		await enter(bob, "Bob");
		await expect_stanza(ada, (stanza) => stanza.attr["from"] === "r@conference.localhost/Bob");
		is_open = false;
		for (const socket of cut) socket.destroy();
		await bob.disconnect();
		is_open = true;
		const left = await expect_stanza(
			ada,
			(stanza) => stanza.attr["from"] === "r@conference.localhost/Bob" && stanza.attr["type"] === "unavailable",
		);
		expect(left.get_child("x", ns.muc_user)?.tags.map((tag) => tag.attr["code"])).toContain("333");
		ada.send(st.message({ to: "r@conference.localhost", type: "groupchat" }, "still here"));
		await expect_stanza(ada, (stanza) => stanza.get_child_text("body") === "still here");
		await ada.disconnect();
	});
});
