// Logins by SASL2 (XEP-0388) at nodes that do not serve the account.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import { eventually } from "../../../helper.ts";
import { message_ids } from "../../plugins/smacks/crew.ts";
import { BoshClient } from "../../raw_bosh.ts";
import type { RawClient } from "../../raw_client.ts";
import { RawWebSocket } from "../../raw_websocket.ts";
import { agent, ask, bind, open, plain, request_token, scram, token_in, with_token } from "../../sasl2_client.ts";
import { type NodeName, type Nodes, start_nodes } from "./nodes.ts";

let running: Nodes | undefined;
const clients: RawClient[] = [];

afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	BoshClient.destroy_all();
	await running?.stop();
	running = undefined;
});

/** Three nodes; the account `user` is on the first one, where a client of it is. */
async function start(): Promise<{ nodes: Nodes; desk: RawClient }> {
	running = await start_nodes({
		lease: 6000,
		config: {
			"*": {
				authentication: "internal_hashed",
				default_iteration_count: 4096,
				allow_unencrypted_plain_auth: true,
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				consider_bosh_secure: true,
				consider_websocket_secure: true,
			},
			localhost: { defined: true, modules_enabled: ["bosh", "websocket"] },
		},
	});
	const { usermanager } = running.server("a");
	for (const name of ["user", "howard"]) expect(usermanager.create_user(name, "localhost", "pencil").ok).toBe(true);
	await running.settled();
	const desk = await stream("a");
	expect(await ask(desk, plain(`${agent("1")}${bind("", "desk")}`))).toContain("</success>");
	await eventually(async () => expect(await running?.owner("user@localhost")).toBe("a"));
	return { nodes: running, desk };
}

async function stream(node: NodeName, name = "user"): Promise<RawClient> {
	const [client] = await open(running?.port_of(node) ?? 0, name);
	clients.push(client);
	return client;
}

const sm = `<enable xmlns='${ns.sm3}' resume='true'/>`;
const full_jid_in = (said: string): string => /<authorization-identifier>([^<]+)</.exec(said)?.[1] ?? "";
const message = (to: string, id: string): string => `<message to='${to}' id='${id}' type='chat'><body>${id}</body></message>`;
const heard = (client: RawClient, id: string): Promise<unknown> =>
	client.until(() => new RegExp(`<message [^>]*id='${id}'`).test(client.said));

describe("a login by SASL2 at another node than the account's", () => {
	it("gets a resource and stream management in the same step, and is a client like others", async () => {
		const { nodes, desk } = await start();
		const phone = await stream("b");
		const said = await ask(phone, plain(`${agent()}${bind(sm, "phone")}`));
		expect(said).toMatch(/<success .*<bound .*<enabled [^>]*id=/);
		const full_jid = full_jid_in(said);
		expect(full_jid).toMatch(/^user@localhost\/phone~/);
		desk.send(message(full_jid, "hello"));
		await heard(phone, "hello");
		phone.send(message("user@localhost", "back"));
		expect(nodes.server("b").full_sessions.size).toBe(0);
		expect(nodes.server("a").full_sessions.has(full_jid)).toBe(true);
	});

	it("may take several steps, and is answered with the server's own proof", async () => {
		await start();
		const phone = await stream("b");
		const said = await scram(phone, "SCRAM-SHA-1", { inside: `${agent()}${bind("", "phone")}` });
		expect(said).toMatch(/<success .*<additional-data>.*<bound /);
	});

	it("is refused with a wrong password, and may try again", async () => {
		await start();
		const phone = await stream("b");
		expect(await ask(phone, plain(agent(), "user", "wrong"))).toContain("<not-authorized");
		expect(await ask(phone, plain(`${agent()}${bind()}`))).toContain("<bound");
	});

	it("is not confused by what the client says without waiting", async () => {
		const { desk } = await start();
		desk.send("<presence/>");
		const phone = await stream("b");
		phone.send(
			`${plain(`${agent()}${bind()}`)}${message("user@localhost/nobody", "early")}<iq type='get' id='ping'><ping xmlns='urn:xmpp:ping'/></iq>`,
		);
		await phone.until(() => /<iq [^>]*id='ping'/.test(phone.said));
		expect(phone.said).toMatch(/<success .*<\/success>.*<iq [^>]*id='ping'/);
	});

	it("gives a token, which opens the account at each node, and is good once with its count", async () => {
		await start();
		const first = await stream("b");
		const token = token_in(await ask(first, plain(`${agent()}${request_token()}${bind()}`)));
		expect(token).not.toBe("");
		const attributes = "count='1'";
		const second = await stream("c");
		expect(await ask(second, with_token(token, { attributes, inside: bind() }))).toContain("<bound");
		const third = await stream("b");
		expect(await ask(third, with_token(token, { attributes, inside: bind() }))).toContain("<not-authorized");
		const fourth = await stream("a");
		expect(await ask(fourth, with_token(token, { attributes: "count='2'", inside: bind() }))).toContain("<bound");
	});

	it("goes on with a session in the same step, also after the node of the account has ended", async () => {
		const { nodes, desk } = await start();
		await eventually(() => expect(nodes.server("a").cluster?.standby.is_certain).toBe(true));
		const phone = await stream("b");
		const said = await ask(phone, plain(`${agent()}${request_token()}${bind(sm, "phone")}`));
		const [token, full_jid] = [token_in(said), full_jid_in(said)];
		const id = /<enabled [^>]*id='([^']+)'/.exec(said)?.[1] ?? "";
		phone.send("<presence/>");
		await phone.until(() => /<presence [^>]*from='user@localhost\/phone/.test(phone.said));
		phone.destroy();
		const resume = `<resume xmlns='${ns.sm3}' previd='${id}' h='1'/>`;
		await eventually(() => expect(nodes.server("a").full_sessions.get(full_jid)?.conn).toBeUndefined());
		desk.send(message(full_jid, "one"));
		const again = await stream("c");
		expect(await ask(again, with_token(token, { inside: resume }))).toContain("<resumed");
		await heard(again, "one");
		await nodes.kill("a");
		desk.destroy();
		await again.closed();
		const howard = await stream("c", "howard");
		expect(await ask(howard, plain(`${agent("2")}${bind()}`, "howard"))).toContain("<bound");
		await eventually(async () => expect(await nodes.owner("user@localhost")).not.toBe("a"));
		howard.send(message(full_jid, "two"));
		const last = await stream("c");
		const resumed = await ask(last, with_token(token, { inside: `<resume xmlns='${ns.sm3}' previd='${id}' h='2'/>` }));
		expect(resumed).toContain("<resumed");
		await heard(last, "two");
		expect(message_ids(last.said)).toEqual(["two"]);
	});

	it.each(["BOSH", "WebSocket"])("works by %s as well", async (carrier) => {
		const { nodes, desk } = await start();
		const port =
			nodes
				.server("b")
				.addresses()
				.find(({ service }) => service === "http")?.port ?? 0;
		const login = plain(`${agent()}${bind("", "page")}`);
		const back = (to: string): string =>
			`<message xmlns='jabber:client' to='${to}' type='chat' id='back'><body>back</body></message>`;
		const desk_jid = [...nodes.server("a").full_sessions.keys()].find((one) => one.includes("/desk")) ?? "";
		if (carrier === "BOSH") {
			const page = new BoshClient(port);
			await page.create();
			let said = await page.ask(login);
			while (!said.includes("</success>")) said += await page.ask();
			const full_jid = full_jid_in(said);
			expect(nodes.server("a").full_sessions.has(full_jid)).toBe(true);
			desk.send(message(full_jid, "hello"));
			let heard_there = await page.ask(back(desk_jid));
			while (!heard_there.includes("id='hello'")) heard_there += await page.ask();
		} else {
			const page = await RawWebSocket.connect(port);
			const header = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' from='user@localhost' version='1.0'/>";
			await page.ask(header, "<stream:features");
			const said = await page.ask(login, "</success>");
			const full_jid = full_jid_in(said);
			expect(nodes.server("a").full_sessions.has(full_jid)).toBe(true);
			desk.send(message(full_jid, "hello"));
			await page.take("id='hello'");
			page.frame(back(desk_jid));
			await heard(desk, "back");
			page.destroy();
		}
		await heard(desk, "back");
	});
});
