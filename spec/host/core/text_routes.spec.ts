// Texts for many of whom several are reached by one stream: a component's, an uplink, another server's.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { handshake_token } from "../../../host/core/component_streams.ts";
import { BaseStreamSession } from "../../../host/core/stream_session.ts";
import type { HostSession } from "../../../host/core/types.ts";
import * as st from "../../../host/util/stanza.ts";
import { eventually, start_test_server, type TestServer } from "../../helper.ts";
import { header, RawClient } from "../raw_client.ts";

const gateway = "gateway.localhost";
const room = "r@conference.localhost";
const xmlns_component = "jabber:component:accept";
const people = ["a", "b", "c"].map((name) => `${name}@${gateway}/x`);

let running: TestServer;
const components: RawClient[] = [];

beforeEach(async () => {
	running = await start_test_server({
		config: {
			"*": { component_ports: [0], component_interfaces: ["127.0.0.1"] },
			[gateway]: { component_module: "component", component_secret: "secret", validate_from_addresses: false },
			"conference.localhost": { component_module: "muc", muc_room_locking: false, modules_enabled: ["muc_mam"] },
		},
	});
});

afterEach(async () => {
	vi.restoreAllMocks();
	for (const component of components.splice(0)) component.destroy();
	await running.stop();
});

function host(name: string): HostSession {
	const found = running.server.hosts.get(name);
	if (found === undefined) throw new Error(`${name} is not served`);
	return found;
}

/** Connects the component. */
async function connect(): Promise<RawClient> {
	const port = running.server.addresses().find(({ service }) => service === "component")?.port ?? 0;
	const component = await RawClient.connect(port);
	components.push(component);
	const said = await component.ask(header(`to='${gateway}'`, xmlns_component), ">");
	const id = / id='([^']*)'/.exec(said)?.[1] ?? "";
	await component.ask(`<handshake>${handshake_token(id, "secret")}</handshake>`, "<handshake/>");
	return component;
}

/** Has people behind the component enter the room, and waits until the last one is in. */
async function enter(component: RawClient, jids: readonly string[] = people): Promise<void> {
	for (const [index, jid] of jids.entries()) {
		component.send(`<presence from='${jid}' to='${room}/n${index}'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
	}
	await component.until(() => component.said.split("code='110'").length > jids.length);
}

/** Waits until what somebody behind the component has sent so far is handled; answers with what came since a place. */
async function answers(component: RawClient, from: number, id: string): Promise<string> {
	component.send(`<iq type='get' id='${id}' from='ping@${gateway}/x' to='localhost'><x xmlns='urn:none'/></iq>`);
	await component.until(() => component.said.slice(from).includes(`id='${id}'`));
	return component.said.slice(from);
}

/** The stanzas with a body, as `RECIPIENT:BODY`, in the order in which they came. */
function bodies(said: string): string[] {
	return [...said.matchAll(/<message ([^>]*)>.*?<body>([^<]*)<\/body>.*?<\/message>/g)].map(
		([, attributes = "", body]) => `${/ to='([^']*)'|^to='([^']*)'/.exec(attributes)?.slice(1).join("")}:${body}`,
	);
}

const said_by = (jid: string, body: string, to = room, type = "groupchat"): string =>
	`<message from='${jid}' to='${to}' type='${type}'><body>${body}</body></message>`;

describe("those behind a component's stream", () => {
	it("get what is said in a room, and what is said to one of them in between, in order, without a copy for each", async () => {
		const component = await connect();
		await enter(component);
		const place = component.said.length;
		const [a = "", b = "", c = ""] = people;
		const send = vi.spyOn(BaseStreamSession.prototype, "send");
		component.send(said_by(a, "one") + said_by(a, "two", `${room}/n2`, "chat") + said_by(b, "three"));
		const said = await answers(component, place, "end");
		expect(bodies(said)).toEqual([...people.map((jid) => `${jid}:one`), `${c}:two`, ...people.map((jid) => `${jid}:three`)]);
		// The answer at the end
		expect(send.mock.calls.map(([stanza]) => stanza.name)).toEqual(["iq"]);
	});

	it("are shown to a newcomer behind the same stream as texts, each addressed to the newcomer", async () => {
		const component = await connect();
		await enter(component);
		const place = component.said.length;
		const send = vi.spyOn(BaseStreamSession.prototype, "send");
		component.send(`<presence from='d@${gateway}/x' to='${room}/n3'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
		const said = await answers(component, place, "end");
		const shown = [...said.matchAll(/<presence [^>]*>/g)].filter(([tag]) => tag.includes(`to='d@${gateway}/x'`));
		expect(shown).toHaveLength(4);
		const one_by_one = send.mock.calls.filter(([{ name, attr }]) => name === "presence" && attr["from"] !== `${room}/n3`);
		expect(one_by_one).toEqual([]);
	});

	it("have addresses that are escaped, and those without a resource get stanzas of their own", async () => {
		const component = await connect();
		const jids = [`a@${gateway}/it's <x> & "y"`, `é@${gateway}/日本`, `nobody@${gateway}`];
		await enter(component, jids.map(st.xml_escape));
		const place = component.said.length;
		component.send(said_by(st.xml_escape(jids[0] ?? ""), "héllo"));
		expect(bodies(await answers(component, place, "end"))).toEqual(jids.map((jid) => `${st.xml_escape(jid)}:héllo`));
	});

	it.each([
		["a handler of what goes to the component", () => host(gateway).events.add_handler("message/full", () => undefined, 1)],
		["a wrapper around it", () => host(gateway).events.add_wrapper("message/full", (next, name, event) => next(name, event))],
	])("get a stanza each past %s, which sees all of them", async (_, watch) => {
		const component = await connect();
		await enter(component);
		watch();
		const send = vi.spyOn(BaseStreamSession.prototype, "send");
		const place = component.said.length;
		component.send(said_by(people[0] ?? "", "one"));
		expect(bodies(await answers(component, place, "end"))).toEqual(people.map((jid) => `${jid}:one`));
		expect(send.mock.calls.filter(([{ name }]) => name === "message").map(([{ attr }]) => attr["to"])).toEqual(people);
	});

	it("are heard no more once a handler stops what goes to one of them", async () => {
		const component = await connect();
		await enter(component);
		const seen: (string | undefined)[] = [];
		host(gateway).events.add_handler(
			"message/full",
			({ stanza }) => {
				seen.push(stanza.attr["to"]);
				return stanza.attr["to"] === people[1] ? true : undefined;
			},
			1,
		);
		const place = component.said.length;
		component.send(said_by(people[0] ?? "", "one"));
		expect(bodies(await answers(component, place, "end"))).toEqual([`${people[0]}:one`, `${people[2]}:one`]);
		expect(seen).toEqual(people);
	});

	it("get a stanza each where the stream has a filter, which may change and swallow", async () => {
		const sessions: BaseStreamSession[] = [];
		running.server.events.add_handler("component-authenticated", ({ session }) => void sessions.push(session));
		host(gateway).events.add_handler("component-authenticated", ({ session }) => void sessions.push(session));
		const component = await connect();
		await enter(component);
		const [session] = sessions;
		session?.add_filter("stanzas/out", (stanza) => {
			if (stanza.attr["to"] === people[0]) return undefined;
			return stanza.name === "message" ? st.clone(stanza).text_tag("seen", "yes", { xmlns: "urn:seen" }) : stanza;
		});
		const place = component.said.length;
		component.send(said_by(people[0] ?? "", "one"));
		const said = await answers(component, place, "end");
		expect(bodies(said)).toEqual([`${people[1]}:one`, `${people[2]}:one`]);
		expect(said.split("urn:seen")).toHaveLength(3);
	});

	it("are shown with their addresses to a filter that takes texts", async () => {
		const sessions: BaseStreamSession[] = [];
		host(gateway).events.add_handler("component-authenticated", ({ session }) => void sessions.push(session));
		const component = await connect();
		await enter(component);
		const seen: string[] = [];
		const show = ({ head, tail }: st.AddressableText): boolean => seen.push(head + tail) > 0 && !head.includes(people[1] ?? "");
		sessions[0]?.add_filter("stanzas/out", (stanza) => stanza, 0, show);
		const place = component.said.length;
		component.send(said_by(people[0] ?? "", "one"));
		expect(bodies(await answers(component, place, "end"))).toEqual([`${people[0]}:one`, `${people[2]}:one`]);
		expect(seen.flatMap(bodies)).toEqual(people.map((jid) => `${jid}:one`));
	});

	it("leave the room when their component is gone, and the others go on", async () => {
		const romeo = await RawClient.login(running.port, "romeo", "x");
		components.push(romeo);
		romeo.send(`<presence to='${room}/romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>`);
		await romeo.until(() => romeo.said.includes("code='110'"));
		const component = await connect();
		await enter(component);
		component.destroy();
		await eventually(() => {
			romeo.send(`<message to='${room}' type='groupchat'><body>gone?</body></message>`);
			expect(romeo.said.split(" type='unavailable'")).toHaveLength(4);
		});
		const again = await connect();
		await enter(again, [`d@${gateway}/x`]);
		const place = again.said.length;
		romeo.send(`<message to='${room}' type='groupchat'><body>welcome</body></message>`);
		await again.until(() => again.said.slice(place).includes("welcome"));
		expect(bodies(await answers(again, place, "end"))).toEqual([`d@${gateway}/x:welcome`]);
	});
});

describe("those of other domains", () => {
	type Sent = [domain: string, to: string];

	/** A way to other servers that takes texts for one domain. */
	function way(only: string | undefined, sent: Sent[], takes = true): () => true | undefined {
		const handler = (): true | undefined => undefined;
		const conference = host("conference.localhost");
		conference.events.add_handler("route/remote", handler, 500);
		conference.text_routes.set(handler, (_, domain) =>
			only === undefined || domain === only
				? (text, to) => {
						if (takes) sent.push([domain, st.address(text, to)]);
						return takes;
					}
				: undefined,
		);
		return handler;
	}

	const message = (): st.Stanza => st.message({ from: `${room}/n`, type: "groupchat", to: "nobody" }, "hi");
	const text = (to: string): string => `<message from='${room}/n' type='groupchat' to='${to}'><body>hi</body></message>`;

	function broadcast(recipients: readonly string[]): string[] {
		const otherwise: string[] = [];
		running.server.delivery.broadcast(recipients, message(), (to) => void otherwise.push(to));
		return otherwise;
	}

	it("are reached by one way, each with its own address, and those without a resource too", () => {
		const sent: Sent[] = [];
		way(undefined, sent);
		const to = ["a@one.example/x", "b@two.example/y", "c@one.example/z", "one.example", "d@one.example", "two.example/w"];
		const before = running.server.delivery.count;
		expect(broadcast(to)).toEqual([]);
		expect(sent).toEqual(to.map((jid) => [/([a-z]+\.example)/.exec(jid)?.[1], text(jid)]));
		expect(running.server.delivery.count - before).toBe(to.length);
	});

	it("are reached by the first way that leads to their domain, and else as stanzas", () => {
		const first: Sent[] = [];
		const second: Sent[] = [];
		way("one.example", first);
		way("two.example", second);
		expect(broadcast(["a@one.example/x", "b@two.example/x", "c@three.example/x"])).toEqual(["c@three.example/x"]);
		expect([first.length, second.length]).toEqual([1, 1]);
	});

	it("are reached as stanzas where the way does not take the text, and where something unknown comes before it", () => {
		const sent: Sent[] = [];
		const refusing = way(undefined, sent, false);
		expect(broadcast(["a@one.example/x", "b@one.example/x"])).toEqual(["a@one.example/x", "b@one.example/x"]);
		host("conference.localhost").events.remove_handler("route/remote", refusing);
		way(undefined, sent);
		expect(broadcast(["a@one.example/x"])).toEqual([]);
		host("conference.localhost").events.add_handler("route/remote", () => undefined, 1000);
		expect(broadcast(["a@one.example/x"])).toEqual(["a@one.example/x"]);
		expect(sent).toHaveLength(1);
	});

	it("are not reached by the way of a host that is not the sender's", () => {
		way(undefined, []);
		const otherwise: string[] = [];
		const stanza = st.message({ from: "romeo@localhost/x", type: "groupchat" }, "hi");
		running.server.delivery.broadcast(["a@one.example/x"], stanza, (to) => void otherwise.push(to));
		expect(otherwise).toEqual(["a@one.example/x"]);
	});
});
