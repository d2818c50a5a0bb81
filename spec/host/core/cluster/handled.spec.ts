// What a client counts as handled (XEP-0198), and what was not stored yet where it had to be, is not lost with its node, and not said twice.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import { eventually } from "../../../helper.ts";
import { Crew, count_stanzas } from "../../plugins/smacks/crew.ts";
import type { RawClient } from "../../raw_client.ts";
import { type NodeName, type Nodes, start_nodes } from "./nodes.ts";
import { enter, in_room, room } from "./tearoom.ts";

let running: Nodes | undefined;
const crew = new Crew();

afterEach(async () => {
	crew.vanish();
	await running?.stop();
	running = undefined;
});

const times = (client: RawClient, id: string): number =>
	client.said.match(new RegExp(`<message [^>]*id='${id}'`, "g"))?.length ?? 0;
const heard = (client: RawClient, id: string): Promise<unknown> => client.until(() => times(client, id) > 0);

/** Romeo on `a` with a session that `b` goes on with, in a room that Juliet has on a node; a witness on `b`. */
async function start(owner: NodeName) {
	// Three servers share one event loop, which may stand still for seconds on a busy machine
	running = await start_nodes({ lease: 6000, config: { "conference.localhost": { muc_room_locking: false } } });
	const nodes = running;
	await eventually(() => expect(nodes.server("a").cluster?.standby.is_certain).toBe(true));
	const juliet = await crew.login(nodes.port_of(owner), "juliet");
	juliet.send("<presence/>");
	await enter(juliet, "juliet");
	const witness = await crew.login(nodes.port_of("b"), "witness");
	await enter(witness, "witness");
	const { client: romeo, token } = await crew.managed(nodes.port_of("a"), "romeo");
	romeo.send("<presence/>");
	await enter(romeo, "romeo");
	await crew.settle(romeo);
	expect(await nodes.owner(room)).toBe(owner);
	return { nodes, juliet, witness, romeo, token };
}

/** What the server says to have handled. */
async function counted(client: RawClient): Promise<number> {
	const begun = client.said.length;
	client.send(`<r xmlns='${ns.sm3}'/>`);
	const count = (): string | undefined => /<a [^>]*h='(\d+)'/.exec(client.said.slice(begun))?.[1];
	await client.until(() => count() !== undefined);
	return Number(count());
}

/** A node ends without a word, with the connection of a client. */
async function end(nodes: Nodes, node: NodeName, client?: RawClient): Promise<void> {
	await nodes.kill(node);
	client?.destroy();
	await eventually(async () => expect(await nodes.owner("romeo@localhost")).not.toBe("a"));
}

/** Goes on at `b`; the server says that it has handled so many. */
async function go_on(nodes: Nodes, token: string, seen: number, count: number): Promise<RawClient> {
	const again = await crew.resume(nodes.port_of("b"), "romeo", token, seen);
	expect(again.said).toContain("<resumed");
	expect(/<resumed [^>]*h='(\d+)'/.exec(again.said)?.[1]).toBe(String(count));
	return again;
}

describe("what was handled, and has not got to where it belongs", () => {
	it.each<NodeName>(["b", "c"])("is said in a room on %s by the node that goes on", async (owner) => {
		const { nodes, juliet, witness, romeo, token } = await start(owner);
		nodes.lose("a", owner);
		romeo.send(in_room("last"));
		const count = await counted(romeo);
		const seen = count_stanzas(romeo.said);
		await end(nodes, "a", romeo);
		await heard(witness, "last");
		const again = await go_on(nodes, token, seen, count);
		again.send(in_room("next"));
		for (const client of [witness, juliet, again]) {
			await heard(client, "next");
			expect(times(client, "last")).toBe(1);
			expect(client.said).toMatch(/id='last'.*id='next'/s);
		}
	});

	it("gets to an account, is answered, and shows whom it has to show", async () => {
		const { nodes, juliet, witness, romeo, token } = await start("c");
		nodes.lose("a", "c");
		romeo.send(`<message to='juliet@localhost' id='private' type='chat'><body>private</body></message>`);
		romeo.send(`<presence to='${room}/romeo'><status>busy</status></presence>`);
		romeo.send(`<iq type='get' id='asked' to='${room}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`);
		const count = await counted(romeo);
		const seen = count_stanzas(romeo.said);
		await end(nodes, "a", romeo);
		await heard(juliet, "private");
		await witness.until(() => witness.said.includes("<status>busy</status>"));
		const again = await go_on(nodes, token, seen, count);
		await again.until(() => /<iq [^>]*id='asked'/.test(again.said));
		expect(again.said).toMatch(/<iq [^>]*type='result'/);
		expect(times(juliet, "private")).toBe(1);
	});

	it("comes back as an error where the other node is gone, too", async () => {
		const { nodes, romeo, token } = await start("c");
		nodes.lose("a", "c");
		romeo.send(in_room("last"));
		const count = await counted(romeo);
		const seen = count_stanzas(romeo.said);
		await nodes.kill("c");
		await end(nodes, "a", romeo);
		const again = await go_on(nodes, token, seen, count);
		await heard(again, "last");
		expect(/<message [^>]*id='last'[^>]*/.exec(again.said)?.[0]).toContain("type='error'");
	});

	it("gets there though the node is gone that had to pass it on", async () => {
		const { nodes, witness, romeo } = await start("c");
		romeo.send(in_room("first"));
		await heard(witness, "first");
		expect(await nodes.server("b").cluster?.bring(room)).toMatchObject({ ok: true });
		await nodes.settled();
		nodes.lose("c", "b");
		// As far as `a` knows, the room is on `c`, which says that it has it
		romeo.send(in_room("last"));
		await counted(romeo);
		await nodes.settled();
		await nodes.kill("c");
		await heard(witness, "last");
		await crew.settle(romeo);
		romeo.send(in_room("next"));
		await heard(witness, "next");
		expect(times(witness, "last")).toBe(1);
		expect(times(romeo, "last")).toBe(1);
	});
});

describe("what was handled, and has got there without a word of that", () => {
	it.each<NodeName>(["b", "c"])("is not said twice in a room on %s", async (owner) => {
		const { nodes, witness, romeo, token } = await start(owner);
		nodes.lose(owner, "a");
		romeo.send(in_room("last"));
		await heard(witness, "last");
		const count = await counted(romeo);
		const seen = count_stanzas(romeo.said);
		await end(nodes, "a", romeo);
		const again = await go_on(nodes, token, seen, count);
		again.send(in_room("next"));
		for (const client of [witness, again]) {
			await heard(client, "next");
			expect(times(client, "last")).toBe(1);
		}
	});
});
