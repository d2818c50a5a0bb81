import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { ask, type Client, expect_stanza } from "../../../helper.ts";
import { type Nodes, type NodesOptions, node_names, start_nodes } from "./nodes.ts";

let running: Nodes | undefined;

async function start(options: NodesOptions = {}): Promise<Nodes> {
	running = await start_nodes({
		...options,
		config: { "conference.localhost": { muc_room_locking: false, muc_room_default_public: true }, ...options.config },
	});
	return running;
}

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

const room = "hall@conference.localhost";

async function enter(client: Client, nick: string): Promise<void> {
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await expect_stanza(client, (stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined);
}

/** One in the room on each node. */
async function three(nodes: Nodes): Promise<[Client, Client, Client]> {
	const clients: Client[] = [];
	for (const node of node_names) {
		const client = await nodes.client(node, `user-${node}`);
		clients.push(client);
		await enter(client, node);
	}
	const [a, b, c] = clients;
	if (a === undefined || b === undefined || c === undefined) throw new RangeError("expected three clients");
	return [a, b, c];
}

describe("a room with occupants on three nodes", () => {
	it("shows everybody to everybody", async () => {
		const nodes = await start();
		const [a, b] = await three(nodes);
		for (const client of [a, b]) {
			await expect_stanza(client, ({ name, attr }) => name === "presence" && attr["from"] === `${room}/c`);
		}
		expect(await nodes.owner(room)).toBe("a");
	});

	it("carries what is said to all of them, in the same order", async () => {
		const nodes = await start();
		const clients = await three(nodes);
		for (let number = 0; number < 20; number++) {
			for (const client of clients) client.send(st.message({ to: room, type: "groupchat" }, `${number}`));
		}
		const heard: string[][] = [];
		for (const client of clients) {
			const own: string[] = [];
			while (own.length < 60) {
				const message = await expect_stanza(client, ({ name, attr }) => name === "message" && attr["type"] === "groupchat");
				own.push(`${message.attr["from"]} ${message.get_child_text("body")}`);
			}
			heard.push(own);
		}
		expect(heard[1]).toEqual(heard[0]);
		expect(heard[2]).toEqual(heard[0]);
	});

	it("takes private messages and queries from one node to another", async () => {
		const nodes = await start();
		const [, b, c] = await three(nodes);
		b.send(st.message({ to: `${room}/c`, type: "chat", id: "private" }, "psst"));
		const message = await expect_stanza(c, ({ attr }) => attr["id"] === "private");
		expect(message.attr["from"]).toBe(`${room}/b`);
		b.send(
			st
				.iq({ type: "get", id: "version", to: `${room}/c` })
				.query(ns.version)
				.reset(),
		);
		const query = await expect_stanza(c, ({ name, attr }) => name === "iq" && attr["type"] === "get");
		c.send(st.reply(query));
		const answer = await expect_stanza(b, ({ name, attr }) => name === "iq" && attr["id"] === "version");
		expect(answer.attr).toMatchObject({ type: "result", from: `${room}/c` });
	});

	it("hears of somebody whose connection breaks on another node", async () => {
		const nodes = await start();
		const [a, , c] = await three(nodes);
		await c.disconnect();
		const gone = await expect_stanza(a, ({ attr }) => attr["from"] === `${room}/c` && attr["type"] === "unavailable");
		expect(gone.name).toBe("presence");
	});

	it("says everything once, in order, to those who are in, while people come and go on all nodes", async () => {
		const nodes = await start();
		const clients = new Map<string, { readonly client: Client; readonly heard: string[] }>();
		const come = async (name: string, node: (typeof node_names)[number]): Promise<void> => {
			const client = await nodes.client(node, `${name}-${node}`);
			await enter(client, name);
			clients.set(name, { client, heard: [] });
		};
		const say = async (...texts: string[]): Promise<void> => {
			for (const [name, { client }] of clients) {
				for (const text of texts) client.send(st.message({ to: room, type: "groupchat" }, `${name} ${text}`));
			}
			const all = texts.length * clients.size;
			for (const { client, heard } of clients.values()) {
				for (let count = 0; count < all; count++) {
					// What was said before a newcomer came is not meant
					const message = await expect_stanza(
						client,
						(stanza) => stanza.get_child("body") !== undefined && stanza.get_child("delay", ns.delay) === undefined,
					);
					heard.push(message.get_child_text("body") ?? "");
				}
			}
			const [first, ...others] = [...clients.values()].map(({ heard }) => heard.splice(0));
			for (const other of others) expect(other).toEqual(first);
			expect(new Set(first).size).toBe(all);
		};
		for (const node of node_names) for (const name of ["x", "y"]) await come(`${name}${node}`, node);
		await say("1", "2", "3");
		for (const leaving of ["xb", "yc"]) {
			const { client } = clients.get(leaving) ?? {};
			clients.delete(leaving);
			if (leaving === "yc") await client?.disconnect();
			else client?.send(st.presence({ to: `${room}/${leaving}`, type: "unavailable" }));
			// Everybody has seen it, so that it is not among those who get what comes next
			for (const other of clients.values()) {
				await expect_stanza(other.client, ({ attr }) => attr["from"] === `${room}/${leaving}` && attr["type"] === "unavailable");
			}
			await say("4", "5");
		}
		await come("zb", "b");
		await say("6", "7");
		await come("yc", "c");
		await say("8", "9");
	});

	it("answers about itself on every node, and is listed there", async () => {
		const nodes = await start();
		const clients = await three(nodes);
		for (const client of clients) {
			const info = await ask(client, st.iq({ type: "get", id: "info", to: room }).query(ns.disco_info).reset());
			expect(info.attr["type"]).toBe("result");
			const items = await ask(
				client,
				st.iq({ type: "get", id: "items", to: "conference.localhost" }).query(ns.disco_items).reset(),
			);
			expect(items.toString()).toContain(room);
		}
	});
});

describe("an account with clients on several nodes", () => {
	it("gets each message on all of them", async () => {
		const nodes = await start();
		const desk = await nodes.client("a", "romeo", "desk");
		const phone = await nodes.client("b", "romeo", "phone");
		for (const client of [desk, phone]) {
			client.send(st.presence());
			await expect_stanza(client, ({ name, attr }) => name === "presence" && attr["from"]?.endsWith("desk") === true);
		}
		expect(await nodes.owner("romeo@localhost")).toBe("a");
		const juliet = await nodes.client("c", "juliet");
		juliet.send(st.message({ to: "romeo@localhost", type: "chat", id: "both" }, "hello"));
		for (const client of [desk, phone]) await expect_stanza(client, ({ attr }) => attr["id"] === "both");
	});

	it("logs in on a node that knows already where the account is", async () => {
		const nodes = await start();
		const desk = await nodes.client("a", "romeo", "desk");
		desk.send(st.presence());
		await expect_stanza(desk, ({ name }) => name === "presence");
		const juliet = await nodes.client("b", "juliet");
		juliet.send(st.message({ to: "romeo@localhost", type: "chat", id: "first" }, "hello"));
		await expect_stanza(desk, ({ attr }) => attr["id"] === "first");
		const phone = await nodes.client("b", "romeo", "phone");
		juliet.send(st.message({ to: "romeo@localhost/phone", type: "chat", id: "second" }, "hello"));
		await expect_stanza(phone, ({ attr }) => attr["id"] === "second");
	});
});
