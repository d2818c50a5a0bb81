// What nodes keep in memory of an account is right after the account was elsewhere.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { ask, type Client, eventually } from "../../../helper.ts";
import { type NodeName, type Nodes, start_nodes } from "./nodes.ts";

const blocking = "urn:xmpp:blocking";

let running: Nodes | undefined;

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

/** Logs somebody in at a node, which serves the account from then on. */
async function at(nodes: Nodes, node: NodeName, name: string): Promise<Client> {
	await eventually(async () => {
		expect(await nodes.server(node).cluster?.bring(`${name}@localhost`)).toEqual({ ok: true, value: true });
	});
	const client = await nodes.client(node, name, "one");
	expect(await nodes.owner(`${name}@localhost`)).toBe(node);
	return client;
}

async function publish(client: Client, text: string): Promise<void> {
	const request = st
		.iq({ type: "set", id: `publish ${text}` })
		.tag("pubsub", { xmlns: ns.pubsub })
		.tag("publish", { node: `node-${text}` });
	request.tag("item", { id: "current" }).text_tag("text", text, { xmlns: "urn:spec" });
	expect((await ask(client, request.reset())).attr["type"]).toBe("result");
}

async function published(client: Client, text: string): Promise<string> {
	const request = st
		.iq({ type: "get", id: "published" })
		.tag("pubsub", { xmlns: ns.pubsub })
		.tag("items", { node: `node-${text}` });
	return String(await ask(client, request.reset()));
}

describe("an account that was on another node meanwhile", () => {
	it("has what was published there", async () => {
		running = await start_nodes();
		const nodes = running;
		let last: string | undefined;
		for (const [node, text] of [
			["a", "first"],
			["b", "second"],
			["a", "third"],
			["b", "fourth"],
		] as const) {
			const romeo = await at(nodes, node, "romeo");
			if (last !== undefined) expect(await published(romeo, last)).toContain(`>${last}<`);
			last = text;
			await publish(romeo, text);
			expect(await published(romeo, text)).toContain(`>${text}<`);
			await romeo.disconnect();
		}
	});

	it("blocks whom it has blocked there, and nobody else", async () => {
		running = await start_nodes();
		let is_blocked = false;
		for (const node of ["a", "b", "a", "b", "a"] as const) {
			const romeo = await at(running, node, "romeo");
			const list = String(await ask(romeo, st.iq({ type: "get", id: "list" }).tag("blocklist", { xmlns: blocking }).reset()));
			expect(list.includes("juliet@localhost")).toBe(is_blocked);
			is_blocked = !is_blocked;
			const change = st.iq({ type: "set", id: "change" }).tag(is_blocked ? "block" : "unblock", { xmlns: blocking });
			expect((await ask(romeo, change.tag("item", { jid: "juliet@localhost" }).reset())).attr["type"]).toBe("result");
			await romeo.disconnect();
		}
	});

	it("is found by clients at nodes that knew it elsewhere", async () => {
		running = await start_nodes();
		for (const owner of ["c", "a", "b", "a", "c"] as const) {
			await (await at(running, owner, "romeo")).disconnect();
			for (const node of ["a", "b", "c"] as const) {
				const romeo = await running.client(node, "romeo", "two");
				expect(
					(await ask(romeo, st.iq({ type: "get", id: node, to: "localhost" }).tag("ping", { xmlns: "urn:xmpp:ping" }).reset()))
						.attr["type"],
				).toBe("result");
				await romeo.disconnect();
			}
			expect(await running.owner("romeo@localhost")).toBe(owner);
		}
	});
});
