// What rooms say to many people of another server, by one stream.

import { once } from "node:events";
import { createServer, type Server as NodeServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { NameServer } from "../../../tools/name_server.ts";
import { eventually, start_test_server, type TestServer } from "../../helper.ts";
import { RawClient } from "../raw_client.ts";

const domain = "peers.example";
const host = "conference.localhost";
const room = `r@${host}`;
const people = ["a", "b", "c"].map((name) => `${name}@${domain}/x`);

let names: NameServer;
let listener: NodeServer;
let running: TestServer;
let streams: RawClient[];
let clients: RawClient[];

beforeEach(async () => {
	names = await NameServer.start();
	streams = [];
	clients = [];
	listener = createServer((socket) => void streams.push(new RawClient(socket)));
	listener.listen(0, "127.0.0.1");
	await once(listener, "listening");
	const at = listener.address();
	if (typeof at === "object" && at !== null) names.place({ plain: at.port }, domain);
	running = await start_test_server({
		config: {
			"*": {
				modules_enabled: ["saslauth", "dialback"],
				modules_disabled: ["tls"],
				s2s_ports: [0],
				s2s_interfaces: ["127.0.0.1"],
				s2s_require_encryption: false,
				unbound: { resolvconf: false, hoststxt: false, forward: `127.0.0.1@${names.port}` },
			},
			[host]: { component_module: "muc", muc_room_locking: false, modules_enabled: ["smacks", "dialback"] },
		},
	});
});

afterEach(async () => {
	for (const one of [...streams, ...clients]) one.destroy();
	await running.stop();
	listener.close();
	names.close();
});

/** A stanza of somebody at the other server, as if it had come from there. */
function comes(stanza: st.Stanza): void {
	const own = running.server.hosts.get(host);
	if (own === undefined) throw new Error("there are no rooms");
	running.server.router.post_stanza(own, stanza);
	running.server.turn.end();
}

function enters(jid: string, index: number): void {
	comes(
		st
			.presence({ from: jid, to: `${room}/n${index}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
}

function says(body: string, to = room, type = "groupchat"): void {
	comes(st.message({ from: people[0], to, type }, body));
}

/** Waits for the server's stream, and says who is there; with stream management where wanted. */
async function accept(managed: boolean): Promise<RawClient> {
	await eventually(() => expect(streams).toHaveLength(1));
	const [stream] = streams;
	if (stream === undefined) throw new Error("no stream");
	await stream.until(() => stream.said.includes("<stream:stream"));
	await stream.ask(
		`<stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='${ns.streams}' id='1' version='1.0' from='${domain}' to='${host}'><stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>`,
		"</db:result>",
	);
	stream.send(`<db:result from='${domain}' to='${host}' type='valid'/>`);
	if (managed) {
		// What is offered counts once the stream is ready
		stream.send(`<stream:features><sm xmlns='${ns.sm3}'/></stream:features>`);
		await stream.until(() => stream.said.includes("<enable"));
		stream.send(`<enabled xmlns='${ns.sm3}'/>`);
	}
	return stream;
}

/** The messages with a body, as `RECIPIENT:BODY`, in the order in which they came. */
function bodies(said: string): string[] {
	return [...said.matchAll(/<message ([^>]*)>(?:(?!<\/message>).)*<body>([^<]*)<\/body>.*?<\/message>/g)].map(
		([, attributes = "", body]) => `${/(?:^| )to='([^']*)'/.exec(attributes)?.[1]}:${body}`,
	);
}

const to_all = (body: string): string[] => people.map((jid) => `${jid}:${body}`);

describe.each([false, true])("people of another server (told what arrived: %s)", (managed) => {
	it("get what was said before their stream was there, and after, in order, with what is said to one of them", async () => {
		for (const [index, jid] of people.entries()) enters(jid, index);
		says("one");
		const stream = await accept(managed);
		await stream.until(() => bodies(stream.said).length === 3);
		says("two");
		says("three", `${room}/n1`, "chat");
		says("four");
		await stream.until(() => stream.said.includes("four</body>") && bodies(stream.said).length === 10);
		expect(bodies(stream.said)).toEqual([...to_all("one"), ...to_all("two"), `${people[1]}:three`, ...to_all("four")]);
	});

	it("leave where their stream ends, and those who stay hear of each", async () => {
		const romeo = await RawClient.login(running.port, "romeo", "x");
		clients.push(romeo);
		romeo.send(`<presence to='${room}/romeo'><x xmlns='${ns.muc}'/></presence>`);
		await romeo.until(() => romeo.said.includes("code='110'"));
		for (const [index, jid] of people.entries()) enters(jid, index);
		const stream = await accept(managed);
		says("one");
		await stream.until(() => bodies(stream.said).length === 3);
		listener.close();
		stream.destroy();
		await eventually(() => {
			romeo.send(`<message to='${room}' type='groupchat'><body>gone?</body></message>`);
			expect(romeo.said.split(" type='unavailable'")).toHaveLength(4);
		});
	});
});

describe("a stream that tells what arrived", () => {
	it("gives each stanza back under its recipient's address where it ends before that", async () => {
		const failed: (string | undefined)[] = [];
		running.server.hosts.get(host)?.events.add_handler("delivery/failure", ({ stanza }) => {
			if (stanza.get_child("body") !== undefined) failed.push(`${stanza.attr["to"]}:${stanza.get_child_text("body")}`);
			return true;
		});
		for (const [index, jid] of people.entries()) enters(jid, index);
		const stream = await accept(true);
		says("one");
		await stream.until(() => bodies(stream.said).length === 3);
		says("two");
		await stream.until(() => bodies(stream.said).length === 6);
		stream.destroy();
		await eventually(() => expect(failed).toEqual([...to_all("one"), ...to_all("two")]));
	});
});
