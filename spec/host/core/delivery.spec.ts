import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../../host/core/types.ts";
import * as st from "../../../host/util/stanza.ts";
import { start_test_server, type TestServer } from "../../helper.ts";
import { RawClient } from "../raw_client.ts";

let running: TestServer;
let delivery: Delivery;
let clients: RawClient[];

beforeEach(async () => {
	running = await start_test_server();
	({ delivery } = running.server);
	clients = [];
	for (const resource of ["desk", "phone", "silent"]) clients.push(await RawClient.login(running.port, "ada", resource));
	await clients[0]?.ask("<presence><priority>5</priority></presence><iq type='get' id='a'/>", "</iq>");
	await clients[1]?.ask("<presence><priority>-1</priority></presence><iq type='get' id='b'/>", "</iq>");
});

afterEach(async () => {
	for (const client of clients) client.destroy();
	await running.stop();
});

/** Which clients have got something with this id. */
async function got(id: string): Promise<number[]> {
	running.server.turn.end();
	for (const [index, client] of clients.entries()) await client.ask(`<iq type='get' id='${id}-${index}'/>`, "</iq>");
	return clients.flatMap(({ said }, index) => (said.includes(`id='${id}'`) ? [index] : []));
}

const groupchat = (id: string): st.Stanza => st.message({ id, from: "localhost", type: "groupchat" }, "hello");
const message = (id: string): st.Stanza => st.message({ id, from: "localhost" }, "hello");

describe("delivery", () => {
	it("knows who is online", () => {
		const asked = ["ada@localhost", "ada@localhost/desk", "ada@localhost/car", "bob@localhost", "localhost"];
		expect(asked.map((jid) => delivery.is_online(jid))).toEqual([true, true, false, false, false]);
	});

	it("sends to one session, and says whether it is there", async () => {
		expect([delivery.send("ada@localhost/phone", message("one")), delivery.send("ada@localhost/car", message("one"))]).toEqual([
			true,
			false,
		]);
		expect(await got("one")).toEqual([1]);
	});

	it.each([
		["available", [0, 1]],
		["non-negative", [0]],
		["top", [0]],
		["interested", []],
	] as const)("sends to those of an account that are %s", async (resources, reached) => {
		expect(delivery.send_to_account("ada@localhost", message("some"), resources)).toBe(reached.length);
		expect(await got("some")).toEqual([...reached]);
		expect(delivery.send_to_account("bob@localhost", message("none"), resources)).toBe(0);
	});

	it("sends one text to many, and names those who have to be reached otherwise", async () => {
		running.server.full_sessions.get("ada@localhost/phone")?.add_filter("stanzas/out", (stanza) => stanza);
		const otherwise: string[] = [];
		const recipients = ["desk", "phone", "car", "silent"].map((resource) => `ada@localhost/${resource}`);
		delivery.broadcast([...recipients, "romeo@example.net/x"], groupchat("all"), (to) => void otherwise.push(to));
		expect(otherwise).toEqual(["ada@localhost/phone", "ada@localhost/car", "romeo@example.net/x"]);
		expect(await got("all")).toEqual([0, 2]);
		expect(clients[2]?.said).toContain("to='ada@localhost/silent'");
	});

	it("drops presences for those who are gone, where nothing else looks at them", () => {
		const { hosts } = running.server;
		const gone = ["ada@localhost/car", "bob@localhost/x"];
		const reached = (stanza: st.Stanza): string[] => {
			const otherwise: string[] = [];
			stanza.attr["from"] = "hall@conference.localhost/Romeo";
			delivery.broadcast(
				[...gone, "ada@localhost", "localhost/x", "romeo@example.net/x"],
				stanza,
				(to) => void otherwise.push(to),
			);
			return otherwise;
		};
		const others = ["ada@localhost", "localhost/x", "romeo@example.net/x"];
		expect(reached(st.presence())).toEqual(others);
		expect(reached(st.presence({ type: "unavailable" }))).toEqual(others);
		expect(reached(st.presence({ type: "probe" }))).toEqual([...gone, ...others]);
		expect(reached(groupchat("gone"))).toEqual([...gone, ...others]);
		hosts.get("localhost")?.events.add_handler("presence/full", () => undefined);
		expect(reached(st.presence())).toEqual([...gone, ...others]);
	});

	it("has those otherwise reached who have blocked somebody of the sender's domain, whom only the handler of the list can judge", async () => {
		await clients[0]?.ask(
			"<iq type='set' id='tybalt'><block xmlns='urn:xmpp:blocking'><item jid='room@conference.localhost/Tybalt'/></block></iq><iq type='get' id='after'/>",
			"</iq>",
		);
		const reached = (from: string): string[] => {
			const otherwise: string[] = [];
			const stanza = groupchat("all");
			stanza.attr["from"] = from;
			delivery.broadcast(["ada@localhost/desk"], stanza, (to) => void otherwise.push(to));
			return otherwise;
		};
		expect(reached("hall@conference.localhost/Romeo")).toEqual(["ada@localhost/desk"]);
		expect(reached("room@muc.example/Tybalt")).toEqual([]);
		expect(delivery.text_sender("ada@localhost/desk", "presence", "hall@conference.localhost")).toBeUndefined();
		expect(delivery.text_sender("ada@localhost/desk", "presence", "room@muc.example")).toBeDefined();
	});

	it("hands over texts where nothing wants to see each stanza", async () => {
		const text = st.serialise_for_many(message("text"));
		delivery.text_sender("ada@localhost/desk", "presence", "localhost")?.(text);
		expect(delivery.text_sender("ada@localhost/car", "presence", "localhost")).toBeUndefined();
		expect(await got("text")).toEqual([0]);
		running.server.hosts.get("localhost")?.events.add_handler("presence/full", () => undefined);
		expect(delivery.text_sender("ada@localhost/desk", "presence", "localhost")).toBeUndefined();
	});
});
