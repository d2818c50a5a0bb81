// Clients whose account is on another node than their connection, by each carrier.

import { afterEach, describe, expect, it } from "vitest";
import * as st from "../../../../host/util/stanza.ts";
import { expect_stanza } from "../../../helper.ts";
import { BoshClient } from "../../raw_bosh.ts";
import { RawWebSocket } from "../../raw_websocket.ts";
import { type NodeName, type Nodes, node_names, start_nodes } from "./nodes.ts";

let nodes: Nodes | undefined;
afterEach(async () => {
	BoshClient.destroy_all();
	await nodes?.stop();
	nodes = undefined;
});

async function start(): Promise<Nodes> {
	nodes = await start_nodes({
		config: {
			"*": {
				http_ports: [0],
				https_ports: [],
				http_interfaces: ["127.0.0.1"],
				consider_bosh_secure: true,
				consider_websocket_secure: true,
				modules_enabled: ["bosh", "websocket", "saslauth", "disco", "ping", "roster"],
			},
		},
	});
	return nodes;
}

const http_port = (running: Nodes, node: NodeName): number =>
	running
		.server(node)
		.addresses()
		.find(({ service }) => service === "http")?.port ?? 0;

const says = (text: string) => (stanza: st.Stanza) => stanza.get_child_text("body") === text;
const message = (to: string, text: string): string =>
	`<message xmlns='jabber:client' to='${to}' type='chat'><body>${text}</body></message>`;

describe("a client whose account is on another node", () => {
	it("goes on there by BOSH", async () => {
		const running = await start();
		const friend = await running.client("a", "friend");
		const first = await running.client("a", "bosh", "first");
		expect(await running.owner("bosh@localhost")).toBe("a");
		const client = await new BoshClient(http_port(running, "b")).login("bosh");
		expect([...running.server("a").full_sessions.keys()].sort()).toEqual(
			[friend.full_jid, first.full_jid, "bosh@localhost/raw"].sort(),
		);
		await client.ask(message(friend.full_jid, "by BOSH"));
		await expect_stanza(friend, says("by BOSH"));
		friend.send(st.message({ to: "bosh@localhost/raw", type: "chat" }, "answer"));
		let heard = "";
		while (!heard.includes("answer")) heard += await client.ask();
		expect(heard).toContain("from='friend@localhost/");
		const end = await client.ask("", "type='terminate'");
		expect(end).toMatch(/^<body [^>]*type='terminate'/);
		await running.settled();
		expect(running.server("a").full_sessions.has("bosh@localhost/raw")).toBe(false);
	});

	it("is told by BOSH that the node of its account is gone", async () => {
		const running = await start();
		await running.client("a", "bosh", "first");
		const client = await new BoshClient(http_port(running, "b")).login("bosh");
		const held = await client.hold(client.body());
		await running.server("a").stop("It is over");
		expect(await held.answer).toMatch(/type='terminate'/);
	});

	it("goes on there by WebSocket", async () => {
		const running = await start();
		const friend = await running.client("a", "friend");
		await running.client("a", "web", "first");
		const client = await RawWebSocket.login(http_port(running, "c"), "web");
		client.frame(message(friend.full_jid, "by WebSocket"));
		await expect_stanza(friend, says("by WebSocket"));
		expect(node_names.filter((node) => running.server(node).full_sessions.has("web@localhost/raw"))).toEqual(["a"]);
	});
});
