// Streams over WebSocket (RFC 7395).

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Sender } from "ws";
import { SocketConnection } from "../../../host/net/connection.ts";
import { WebSocketConnection } from "../../../host/plugins/websocket/connection.ts";
import { websocket_framing } from "../../../host/plugins/websocket/framing.ts";
import { ns } from "../../../host/util/ns.ts";
import { find_prosody, free_port, type Reference, start_reference } from "../../../tools/reference.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { RawHttp, request } from "../raw_http.ts";
import { auth, bind, close, open, RawWebSocket, upgrade } from "../raw_websocket.ts";

const prosody = find_prosody();
if (prosody === undefined) console.warn("Prosody is not installed: what comes over WebSocket is not compared with a real one's");

let own: TestServer;
let reference: Reference | undefined;
let reference_port = 0;
const clients: { destroy(): void }[] = [];

const options = {
	http_interfaces: ["127.0.0.1"],
	https_ports: [],
	consider_websocket_secure: true,
	c2s_stanza_size_limit: 20_000,
	modules_enabled: ["websocket", "saslauth", "disco", "ping", "roster"],
};

beforeAll(async () => {
	own = await start_test_server({ config: { "*": { http_ports: [0], ...options } } });
	if (prosody === undefined) return;
	reference_port = await free_port();
	const started = await start_reference({
		config: [
			'modules_enabled = { "websocket", "saslauth", "disco", "ping", "roster" }',
			'authentication = "insecure"',
			'insecure_open_authentication = "Yes please, I know what I\'m doing!"',
			'storage = "memory"',
			"consider_websocket_secure = true",
			"c2s_stanza_size_limit = 20000",
			`http_ports = { ${reference_port} }`,
			'http_interfaces = { "127.0.0.1" }',
			'VirtualHost "localhost"',
		].join("\n"),
	});
	if (!started.ok) throw new Error(started.error);
	reference = started.value;
});

afterEach(() => {
	for (const client of clients.splice(0)) client.destroy();
});

afterAll(async () => {
	await own.stop();
	await reference?.stop();
});

function port_of(server: TestServer): number {
	return server.server.addresses().find(({ service }) => service === "http")?.port ?? 0;
}

async function connect(port = port_of(own), head = upgrade()): Promise<RawWebSocket> {
	const client = await RawWebSocket.connect(port, head);
	clients.push(client);
	return client;
}

async function login(port = port_of(own), head = upgrade()): Promise<RawWebSocket> {
	const client = await RawWebSocket.login(port, "romeo", head);
	clients.push(client);
	return client;
}

const ping = (id: string) => `<iq xmlns='${ns.client}' type='get' id='${id}' to='localhost'><ping xmlns='${ns.ping}'/></iq>`;

/** What servers make up, made the same. */
function normal(texts: readonly string[]): string[] {
	return texts.map((text) => text.replace(/ id='[0-9a-f-]{36}'/g, " id='ID'").replace(/"/g, "'"));
}

/** What ends a connection: what the client does, and what it is told. Where Prosody is named, it says the same. */
const endings: { readonly [name: string]: { act(client: RawWebSocket): void; says: readonly string[]; prosody: boolean } } = {
	"a close frame": {
		act: (client) => client.frame(Buffer.from([3, 232]), { opcode: 8 }),
		says: ["closed 1000 Goodbye"],
		prosody: true,
	},
	"a binary frame": {
		act: (client) => client.frame("<a/>", { opcode: 2 }),
		says: ["closed 1003 Only text frames are supported, RFC 7395 3.2"],
		prosody: true,
	},
	"text that is no element": {
		act: (client) => client.frame(" "),
		says: ["closed 1007 Invalid payload start character, RFC 7395 3.3.3"],
		prosody: true,
	},
	"<close/>": {
		act: (client) => client.frame(close),
		says: [close, "closed 1000 Stream closed"],
		prosody: true,
	},
	"a reserved opcode": {
		act: (client) => client.frame("<a/>", { opcode: 3 }),
		says: ["closed 1002 Invalid WebSocket frame: invalid opcode 3"],
		prosody: false,
	},
	"a reserved bit": {
		act: (client) => client.frame("<a/>", { rsv1: true }),
		says: ["closed 1002 Invalid WebSocket frame: RSV1 must be clear"],
		prosody: false,
	},
	"a close frame with a reserved code": {
		act: (client) => client.frame(Buffer.from([3, 237]), { opcode: 8 }),
		says: ["closed 1002 Invalid WebSocket frame: invalid status code 1005"],
		prosody: false,
	},
	"bytes that are no UTF-8": {
		act: (client) => client.frame(Buffer.from([0x3c, 0x61, 0xff, 0x2f, 0x3e])),
		says: ["closed 1007 Invalid WebSocket frame: invalid UTF-8 sequence"],
		prosody: false,
	},
	"a frame without a mask": {
		act: (client) => client.bytes(Buffer.from([0x81, 4, ...Buffer.from("<a/>")])),
		says: ["closed 1002 Invalid WebSocket frame: MASK must be set"],
		prosody: false,
	},
};

/** What is no document of one element ends the stream. */
const unreadable: { readonly [name: string]: readonly [message: string, condition: string] } = {
	"two stanzas in one message": [`${ping("a")}${ping("b")}`, "not-well-formed"],
	"half a stanza": [ping("a").slice(0, -5), "not-well-formed"],
	"text behind a stanza": [`${ping("a")} and more`, "not-well-formed"],
	"the end of something else": ["</x><x>", "not-well-formed"],
	"what closes more than it opened": [`${ping("a")}</x>`, "not-well-formed"],
	"a prefix that is not declared": ["<stream:features/>", "not-well-formed"],
	"a comment": [`${ping("a")}<!-- -->`, "restricted-xml"],
	"a stanza that is too big": [ping("x".repeat(19_950)), "policy-violation"],
};

describe("mod_websocket", () => {
	it("carries a client's stream, each stanza a document of its own", async () => {
		const client = await connect();
		expect(client.head).toMatch(/^HTTP\/1\.1 101 /);
		expect(client.head).toMatch(/\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
		expect(client.head).toMatch(/\r\nSec-WebSocket-Protocol: xmpp\r\n/i);
		const features = await client.ask(open, "features");
		expect(normal([client.said[0] ?? ""])).toEqual([
			"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' xml:lang='en' from='localhost' id='ID' version='1.0'/>",
		]);
		expect(features).toMatch(
			/^<stream:features xmlns:stream='http:\/\/etherx\.jabber\.org\/streams' xmlns='jabber:client'><mechanisms /,
		);
		await client.ask(auth("romeo"), "success");
		await client.ask(open, "features");
		expect(await client.ask(bind, "</iq>")).toContain("<jid>romeo@localhost/raw</jid>");
		expect(await client.ask(ping("p"), "id='p'")).toContain(` xmlns='${ns.client}'`);
	});

	it("brings what is said in a room in frames of their own, in whatever letters and however long", async () => {
		const client = await login();
		const room = "tearoom@conference.localhost";
		const x = `<x xmlns='${ns.muc}'/>`;
		await client.ask(`<presence xmlns='${ns.client}' to='${room}/romeo'>${x}</presence>`, "<subject");
		const bodies = ["short", "x".repeat(200), "grüße", "y".repeat(15_000), "日本", "last"];
		for (const body of bodies) {
			client.frame(`<message xmlns='${ns.client}' type='groupchat' to='${room}'><body>${body}</body></message>`);
		}
		await client.take("<body>last</body>");
		const said = client.said.flatMap(
			(text) => /^<message [^>]*>(?:<[^b][^>]*>)*<body>(.*)<\/body>.*<\/message>$/.exec(text)?.[1] ?? [],
		);
		expect(said).toEqual(bodies);
	});

	it("brings what is said to one person between what is said to all, in order, in whatever letters", async () => {
		const client = await login();
		const room = "parlour@conference.localhost";
		await client.ask(`<presence xmlns='${ns.client}' to='${room}/romeo'><x xmlns='${ns.muc}'/></presence>`, "<subject");
		const bodies = ["to all", "to one", "grüße an alle", "grüße", "x".repeat(300), "y".repeat(300), "last"];
		for (const [index, body] of bodies.entries()) {
			const whom = index % 2 === 0 ? `type='groupchat' to='${room}'` : `type='chat' to='${room}/romeo'`;
			client.frame(`<message xmlns='${ns.client}' ${whom}><body>${body}</body></message>`);
		}
		await client.take("<body>last</body>");
		expect(client.said.flatMap((text) => /^<message [^>]*>.*<body>(.*)<\/body>.*<\/message>$/.exec(text)?.[1] ?? [])).toEqual(
			bodies,
		);
	});

	it("reads each message by itself, whatever came before", () => {
		const read: string[] = [];
		const reader = websocket_framing.reader(
			{
				streamopened: ({ "xml:lang": lang = "" }) => read.push(`open ${lang}`),
				streamclosed: () => read.push("close"),
				handlestanza: (stanza) => read.push(stanza.toString()),
				error: ({ kind }) => read.push(kind),
			},
			{ default_ns: ns.client, stanza_size_limit: 1000 },
		);
		const feed = (text: string): boolean => reader.feed(Buffer.from(text));
		const opening = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' xml:lang='de'/>";
		const plain = `<message xmlns='${ns.client}' id='1'><body>ß</body></message>`;
		const understood = "<message id='1' xml:lang='de'><body>ß</body></message>";
		for (const text of [opening, plain, `<?xml version='1.0'?>${plain}`, `${plain} \n`, plain]) expect(feed(text)).toBe(true);
		reader.set_stanza_size_limit(100);
		expect(feed(plain)).toBe(true);
		expect(read.splice(0)).toEqual(["open de", understood, understood, understood, understood, understood]);
		reader.reset();
		expect(feed(opening.replace("de", "fr"))).toBe(true);
		expect(feed(`<message xmlns='${ns.client}'/>`)).toBe(true);
		expect(read.splice(0)).toEqual(["open fr", "<message xml:lang='fr'/>"]);
		expect(feed(plain.replace("ß", "ß".repeat(60)))).toBe(false);
		expect(read).toEqual(["stanza-too-large"]);
	});

	it.each([
		["two elements", "<a/><b/>"],
		["half an element", "<a><b/>"],
		["an end too many", "<a/></a>"],
		["the end of what is around it", "<a/></x>"],
		["a prefix that an earlier message declared", "<p:a/>"],
		["a comment behind it", "<a/><!-- -->"],
	])("refuses %s after whole messages, and reads nothing after that", (_, wrong) => {
		const read: string[] = [];
		const reader = websocket_framing.reader(
			{
				streamopened: () => {},
				streamclosed: () => read.push("close"),
				handlestanza: ({ name }) => read.push(name),
				error: ({ kind }) => read.push(kind),
			},
			{ default_ns: ns.client },
		);
		reader.feed(Buffer.from("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"));
		expect(reader.feed(Buffer.from("<p:first xmlns:p='urn:p'/>"))).toBe(true);
		expect(reader.feed(Buffer.from(wrong))).toBe(false);
		expect(reader.feed(Buffer.from("<later/>"))).toBe(false);
		expect(read).toEqual(["first", expect.stringMatching(/^(parse-error|restricted-xml)$/)]);
	});

	it("makes heads as the library does, for one text that many get", () => {
		const written: (string | undefined)[] = [];
		const carrier = Object.create(SocketConnection.prototype, {
			write_shared: { value: (_text: unknown, _to: unknown, head?: { raw: string }) => written.push(head?.raw) },
		});
		const options = { ip: "", secure: true, message_size_limit: 1, fragment_limit: 1, log: () => {} };
		const conn = new WebSocketConnection(carrier, options);
		const sizes = [20, 125, 126, 300, 65_535, 65_536, 70_000];
		for (const size of sizes) conn.write_shared({ head: "<a", tail: "/>", size: size - 4, is_ascii: true }, " b=1");
		const heads = sizes.map((size) => {
			const [head] = Sender.frame(Buffer.alloc(size), { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false });
			return head?.toString("latin1");
		});
		expect(written).toEqual(heads);
	});

	it.skipIf(prosody === undefined)("opens, logs in and answers as Prosody does", async () => {
		const transcripts = [];
		for (const port of [port_of(own), reference_port]) {
			const client = await connect(port);
			await client.ask(open, "features");
			await client.ask(auth("romeo"), "success");
			await client.ask(open, "features");
			await client.ask(bind, "</iq>");
			await client.ask(ping("p"), "id='p'");
			client.frame("payload", { opcode: 9 });
			await client.take("pong payload");
			client.frame("<a xmlns='urn:example:unknown'/>");
			const said = await client.until_end();
			// Prosody 13 says no default namespace with a stream error, which has nothing in it
			const texts = normal(said).map((text) => text.replace(/^(<stream:error[^>]*) xmlns='jabber:client'/, "$1"));
			const names = texts.map((text) => [
				/^<?[a-z:]+/.exec(text)?.[0],
				/^<[^>]* xmlns='[^']+'/.exec(text)?.[0].match(/ xmlns=.*/)?.[0],
			]);
			transcripts.push([...names, said.at(-2)?.match(/<[a-z-]+ xmlns='urn:ietf[^>]*>/)?.[0], said.at(-1)]);
		}
		expect(transcripts[0]).toEqual(transcripts[1]);
	});

	for (const [name, { act, says, prosody: is_prosodys }] of Object.entries(endings)) {
		it(`ends with ${says.join(", ")} for ${name}`, async () => {
			const client = await login();
			act(client);
			expect(normal(await client.until_end())).toEqual(says);
		});
		it.skipIf(prosody === undefined || !is_prosodys)(`does as Prosody for ${name}`, async () => {
			const client = await login(reference_port);
			act(client);
			expect(normal(await client.until_end())).toEqual(says);
		});
	}

	for (const [name, [message, condition]] of Object.entries(unreadable)) {
		it(`ends the stream with ${condition} for ${name}, and handles nothing of it`, async () => {
			const client = await login();
			client.frame(message);
			const said = await client.until_end();
			expect(said[0]).toMatch(/^<stream:error xmlns:stream='http:\/\/etherx\.jabber\.org\/streams' xmlns='jabber:client'>/);
			expect(said[0]).toContain(`<${condition} xmlns='${ns.stream_errors}'/>`);
			expect(said.slice(1)).toEqual([close, "closed 1000 Stream closed"]);
		});
	}

	it("ends the stream, not only the connection, for a message that is too big to be read", async () => {
		for (const port of prosody === undefined ? [port_of(own)] : [port_of(own), reference_port]) {
			const client = await login(port);
			client.frame(ping("x".repeat(20_001)));
			const said = await client.until_end();
			expect(said[0]).toContain(`<policy-violation xmlns='${ns.stream_errors}'/>`);
			expect(said[0]).toContain("stanza too large");
			expect(normal(said.slice(1))).toEqual([close, "closed 1000 Stream closed"]);
		}
	});

	it("says <open/> before it refuses what should have been one", async () => {
		const client = await connect();
		client.frame(ping("early"));
		const said = await client.until_end();
		expect(said[0]).toMatch(/^<open /);
		expect(said[1]).toContain("<invalid-namespace ");
	});

	it("reads a message in fragments with a ping between them, but not in too many", async () => {
		const client = await login();
		const [first, second] = [ping("parts").slice(0, 20), ping("parts").slice(20)];
		client.frame(first, { fin: false });
		client.frame("now", { opcode: 9 });
		client.frame(second, { opcode: 0 });
		expect(await client.take("id='parts'")).toContain("type='result'");
		expect(client.said[0]).toBe("pong now");
		for (let count = 0; count < 9; count++) client.frame("<", { opcode: count === 0 ? 1 : 0, fin: false });
		expect(await client.take("closed")).toBe("closed 1008 Too many message fragments");
	});

	it("handles many messages of one read in order", async () => {
		const client = await login();
		for (let id = 0; id < 200; id++) client.frame(ping(`n${id}`));
		await client.take("id='n199'");
		expect(client.said.map((text) => /id='n(\d+)'/.exec(text)?.[1])).toEqual([...Array(200).keys()].map(String));
	});

	it("answers who wants no WebSocket, another protocol or another version", async () => {
		const ask = async (text: string) => {
			const http = await RawHttp.connect(port_of(own));
			clients.push(http);
			return await http.ask(text);
		};
		const page = await ask(request("GET", "/xmpp-websocket"));
		expect(page?.status).toBe(200);
		expect(page?.body).toContain("It works! Now point your WebSocket client to this URL to connect.");
		expect((await ask(upgrade("chat")))?.status).toBe(501);
		const old = await ask(upgrade().replace("Version: 13", "Version: 8"));
		expect(old?.status).toBe(426);
		expect(old?.headers.get("sec-websocket-version")).toBe("13");
		expect((await ask(upgrade().replace("dGhlIHNhbXBsZSBub25jZQ==", "short")))?.status).toBe(400);
	});

	it("pings who is silent for long, and ends the connection of nobody who answers", async () => {
		const patient = await start_test_server({
			config: { "*": { http_ports: [0], ...options, network_settings: { read_timeout: 0.3 } } },
		});
		try {
			const client = await login(port_of(patient));
			await client.take("ping");
			client.frame("", { opcode: 10 });
			await client.take("ping", 1);
			expect(client.ended).toBe(false);
			expect(await client.ask(ping("still"), "id='still'")).toContain("type='result'");
		} finally {
			await patient.stop();
		}
	});

	it("takes the client's address from a trusted proxy", async () => {
		const client = await login(port_of(own), upgrade("xmpp", ["X-Forwarded-For: 203.0.113.7"]));
		const session = own.server.hosts.get("localhost")?.sessions.get("romeo")?.sessions.get("raw");
		expect(session?.ip).toBe("203.0.113.7");
		expect(session?.secure).toBe(true);
		client.destroy();
	});
});
