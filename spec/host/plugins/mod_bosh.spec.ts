// Streams over HTTP (XEP-0124, XEP-0206).

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import { find_prosody, free_port, type Reference, start_reference } from "../../../tools/reference.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { BoshClient } from "../raw_bosh.ts";
import { auth, bind } from "../raw_websocket.ts";

const prosody = find_prosody();
if (prosody === undefined) console.warn("Prosody is not installed: what comes over BOSH is not compared with a real one's");

let own: TestServer;
let reference: Reference | undefined;
let own_port = 0;
let reference_port = 0;

beforeAll(async () => {
	own = await start_test_server({
		config: {
			"*": {
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				consider_bosh_secure: true,
				bosh_max_inactivity: 3,
				modules_enabled: ["bosh", "saslauth", "disco", "ping", "roster"],
			},
		},
	});
	own_port = own.server.addresses().find(({ service }) => service === "http")?.port ?? 0;
	if (prosody === undefined) return;
	reference_port = await free_port();
	const started = await start_reference({
		config: [
			'modules_enabled = { "bosh", "saslauth", "disco", "ping", "roster" }',
			'authentication = "insecure"',
			'insecure_open_authentication = "Yes please, I know what I\'m doing!"',
			'storage = "memory"',
			"consider_bosh_secure = true",
			"bosh_max_inactivity = 3",
			`http_ports = { ${reference_port} }`,
			'http_interfaces = { "127.0.0.1" }',
			'VirtualHost "localhost"',
		].join("\n"),
	});
	if (!started.ok) throw new Error(started.error);
	reference = started.value;
});

afterAll(async () => {
	BoshClient.destroy_all();
	await own.stop();
	await reference?.stop();
});

const ping = (id: string) => `<iq xmlns='${ns.client}' type='get' id='${id}' to='localhost'><ping xmlns='${ns.ping}'/></iq>`;
const refused = (condition: string) => new RegExp(`^<body [^>]*condition='${condition}'`);

/** The start tag of a body by its attributes, with what servers make up made the same. */
function attributes_of(text: string): Record<string, string> {
	const tag = /^<body([^>]*)>/.exec(text)?.[1] ?? "";
	const found = [...tag.matchAll(/ ((?!xmlns:stream)[\w:]+)='([^']*)'/g)].map(([, name = "", value = ""]): [string, string] => [
		name,
		name === "sid" || name === "authid" ? "ID" : value,
	]);
	return Object.fromEntries(found);
}

/** What a client does, and what it hears; Prosody is asked the same. */
const exchanges: { readonly [name: string]: (client: BoshClient) => Promise<unknown[]> } = {
	"makes a session": async (client) => [attributes_of(await client.create())],
	"makes none without a host": async (client) => [attributes_of(await client.create("wait='5'"))],
	"makes none for a host that is elsewhere": async (client) => [attributes_of(await client.create("to='example.org' wait='5'"))],
	"makes none with a wait that is no number": async (client) => [attributes_of(await client.create("to='localhost' wait='x'"))],
	"knows no other sid": async (client) => {
		client.sid = "unknown";
		return [attributes_of(await client.ask())["condition"]];
	},
	"refuses what is no XML": async (client) => [attributes_of(await client.post("<hello></goodbye>"))],
	"logs in, binds and answers": async (client) => {
		await client.create();
		const said = [await client.ask(auth("romeo"))];
		said.push(await client.ask("", "xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh' to='localhost'"));
		said.push(await client.ask(bind), await client.ask(ping("p")));
		return said.map((text) => [
			attributes_of(text),
			[...text.matchAll(/<(success|stream:features|bind|iq|jid)/g)].map(([tag]) => tag),
		]);
	},
	"answers a request that is made again with the same": async (client) => {
		await client.login();
		const first = await client.ask(ping("again"));
		return [first === (await client.ask(ping("again"), "", client.rid)), /id='again'/.test(first)];
	},
	"refuses a rid that is far off": async (client) => {
		await client.login();
		return [attributes_of(await client.ask("", "", client.rid + 10)), attributes_of(await client.ask("", "", client.rid - 10))];
	},
	"handles two requests in their order that came the other way round": async (client) => {
		await client.login();
		const { rid } = client;
		const second = await client.hold(client.body(ping("second"), "", rid + 2));
		const first = await client.ask(ping("first"), "", rid + 1);
		client.rid = rid + 2;
		const texts = first + (/id='second'/.test(first) ? "" : await second.answer);
		return [texts.indexOf("id='first'") < texts.indexOf("id='second'")];
	},
	"answers the older of two requests": async (client) => {
		await client.login();
		const older = await client.hold(client.body());
		const newer = client.ask("", "type='terminate'");
		return [attributes_of(await older.answer)["type"] ?? "none", attributes_of(await newer)["type"]];
	},
	"answers when the wait is over": async (client) => {
		await client.login("nurse", "to='localhost' wait='1' hold='1'");
		const before = Date.now();
		const answer = await client.ask();
		const took = Date.now() - before;
		return [attributes_of(answer), took > 800];
	},
	"ends when the client wants it": async (client) => {
		await client.login();
		const answer = await client.ask("", "type='terminate'");
		return [attributes_of(answer), attributes_of(await client.ask())["condition"]];
	},
	"ends a session that makes no requests": async (client) => {
		const available = "<presence xmlns='jabber:client'/>";
		const name = `silent${client.port}`;
		await client.login(name);
		await client.ask(available);
		// Who is at home, too, is told when the silent session is gone
		const watcher = await new BoshClient(client.port, 9000).login(name, undefined, "watcher");
		let heard = await watcher.ask(available);
		while (!/type='unavailable'/.test(heard)) heard += await watcher.ask();
		return [attributes_of(await client.ask())["condition"]];
	},
};

describe("mod_bosh", () => {
	for (const [name, act] of Object.entries(exchanges)) {
		it.skipIf(prosody === undefined).concurrent(`${name}, as Prosody does`, async ({ expect: expect_here }) => {
			const [here, there] = await Promise.all([own_port, reference_port].map((port) => act(new BoshClient(port))));
			expect_here(here).toEqual(there);
		});
	}

	it("knows two sessions apart", async () => {
		const romeo = await new BoshClient(own_port).login("romeo");
		const juliet = await new BoshClient(own_port, 5000).login("juliet");
		expect(await juliet.ask(ping("j"))).toContain("to='juliet@localhost/raw'");
		const mixed = new BoshClient(own_port, juliet.rid);
		mixed.sid = romeo.sid;
		expect(await mixed.ask(ping("m"))).toMatch(refused("item-not-found"));
		expect(await romeo.ask(ping("r"))).toContain("to='romeo@localhost/raw'");
	});

	it("brings what others say while a request waits", async () => {
		const juliet = await new BoshClient(own_port).login("juliet");
		await juliet.ask("<presence xmlns='jabber:client'/>");
		const waiting = juliet.ask();
		const romeo = await new BoshClient(own_port, 7000).login("romeo");
		const message = romeo.ask("<message xmlns='jabber:client' to='juliet@localhost/raw'><body>hi</body></message>");
		expect(await waiting).toMatch(/<message xmlns='jabber:client' [^>]*><body>hi<\/body>/);
		await romeo.ask("", "type='terminate'");
		await message;
	});

	it("ends the session for stanzas that cannot be read", async () => {
		const client = await new BoshClient(own_port).login("half");
		const answer = await client.post(client.body(ping("half")).slice(0, -20));
		expect(answer).toMatch(refused("remote-stream-error"));
		expect(answer).toContain("<not-well-formed ");
		expect(await client.ask()).toMatch(refused("item-not-found"));
		expect(own.server.hosts.get("localhost")?.sessions.get("half")?.sessions.get("raw")).toBeUndefined();
	});

	it("takes no rid for what is none", async () => {
		const client = await new BoshClient(own_port).login();
		expect(await client.post(client.body().replace(/rid='\d+'/, "rid='1e3'"))).toMatch(refused("bad-request"));
	});
});
