// Sessions with stream management (XEP-0198) whose node ends: they go on at another one.

import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../../../helper.ts";
import { Crew, count_stanzas, message_ids } from "../../plugins/smacks/crew.ts";
import type { RawClient } from "../../raw_client.ts";
import { type NodeName, type Nodes, type NodesOptions, start_nodes } from "./nodes.ts";
import { enter, in_room, room } from "./tearoom.ts";

let running: Nodes | undefined;
const crew = new Crew();

afterEach(async () => {
	crew.vanish();
	await running?.stop();
	running = undefined;
});

async function start(options: NodesOptions = {}): Promise<Nodes> {
	running = await start_nodes({
		...options,
		// Three servers share one event loop, which may stand still for seconds on a busy machine
		lease: 6000,
		config: { "conference.localhost": { muc_room_locking: false }, ...options.config },
	});
	return running;
}

const privately = (to: string, id: string): string =>
	`<message to='${to}@localhost' id='${id}' type='chat'><body>${id}</body></message>`;

const heard = (client: RawClient, id: string): Promise<unknown> =>
	client.until(() => new RegExp(`<message [^>]*id='${id}'`).test(client.said));

/** Says something in the room until it is heard: while nobody serves the room, senders are told that it did not work. */
async function say(client: RawClient, id: string): Promise<void> {
	for (let tries = 0; ; tries++) {
		const own = `${id}${tries}`;
		client.send(in_room(own));
		await heard(client, own);
		if (!new RegExp(`<message [^>]*id='${own}'[^>]*type='error'|<message [^>]*type='error'[^>]*id='${own}'`).test(client.said)) {
			return;
		}
		await new Promise((wait) => setTimeout(wait, 200));
	}
}

/** Waits until another node has what is needed for the sessions of a node. */
const mirrored = (nodes: Nodes, node: NodeName): Promise<void> =>
	eventually(() => expect(nodes.server(node).cluster?.standby.is_certain).toBe(true));

/** Juliet on `c`, whose room it is, a witness on `b`, and Romeo on `a` with a session that can be resumed. */
async function three(nodes: Nodes) {
	await mirrored(nodes, "a");
	const juliet = await crew.login(nodes.port_of("c"), "juliet");
	await enter(juliet, "juliet");
	const witness = await crew.login(nodes.port_of("b"), "witness");
	await enter(witness, "witness");
	const { client: romeo, token } = await crew.managed(nodes.port_of("a"), "romeo");
	romeo.send("<presence/>");
	await enter(romeo, "romeo");
	await crew.settle(romeo);
	expect(await nodes.owner(room)).toBe("c");
	expect(await nodes.owner("romeo@localhost")).toBe("a");
	return { juliet, witness, romeo, token };
}

/** A node ends without a word, with the connection of a client. */
async function end(nodes: Nodes, node: NodeName, ...clients: RawClient[]): Promise<void> {
	await nodes.kill(node);
	for (const client of clients) client.destroy();
}

const gone = /<presence [^>]*type='unavailable'/;

describe("a session whose node ends without a word", () => {
	it("goes on at another one, with all that was said meanwhile, and nobody in its rooms sees anything", async () => {
		const nodes = await start();
		const { juliet, witness, romeo, token } = await three(nodes);
		await say(juliet, "before");
		await heard(romeo, "before0");
		const seen = count_stanzas(romeo.said);
		witness.said = "";
		juliet.said = "";
		await end(nodes, "a", romeo);
		// The others do not know yet
		juliet.send(in_room("meanwhile") + privately("romeo", "private"));
		await eventually(async () => expect(await nodes.owner("romeo@localhost")).not.toBe("a"));
		await say(juliet, "after");
		const again = await crew.resume(nodes.port_of("c"), "romeo", token, seen);
		expect(again.said).toContain("<resumed");
		await heard(again, "after0");
		await heard(again, "private");
		expect(message_ids(again.said).sort()).toEqual(["after0", "meanwhile", "private"]);
		again.send(in_room("back"));
		await heard(witness, "back");
		await heard(again, "back");
		expect(witness.said).not.toMatch(gone);
		expect(juliet.said).not.toMatch(gone);
		expect(juliet.said).not.toContain("<error");
	});
});

describe("a session on a node that ends, whose connection is on another one", () => {
	it("loses its connection without a word, and goes on", async () => {
		const nodes = await start();
		const { juliet, witness, romeo } = await three(nodes);
		const { client: phone, token } = await crew.managed(nodes.port_of("b"), "romeo", "phone");
		await enter(phone, "phone");
		await say(juliet, "before");
		await heard(phone, "before0");
		const seen = count_stanzas(phone.said);
		for (const client of [juliet, witness]) client.said = "";
		await end(nodes, "a", romeo);
		await phone.closed();
		expect(phone.said).not.toContain("stream:error");
		await say(juliet, "after");
		const again = await crew.resume(nodes.port_of("b"), "romeo", token, seen);
		await heard(again, "after0");
		expect(message_ids(again.said)).toEqual(["after0"]);
		expect(witness.said).not.toMatch(gone);
	});
});

describe("a session whose client does not come back after its node ended", () => {
	it("ends in time: its rooms see it leave, and what it did not get is kept", async () => {
		const nodes = await start({ config: { "*": { smacks_hibernation_time: 2 } } });
		const { juliet, witness, romeo } = await three(nodes);
		witness.said = "";
		await end(nodes, "a", romeo);
		await eventually(async () => expect(await nodes.owner("romeo@localhost")).not.toBe("a"));
		juliet.send(privately("romeo", "kept"));
		await witness.until(() => gone.test(witness.said));
		expect(witness.said).toMatch(/<presence [^>]*from='tearoom@conference.localhost\/romeo'/);
		const again = await crew.login(nodes.port_of("c"), "romeo");
		again.send("<presence/>");
		await heard(again, "kept");
	});
});

describe("a session whose node leaves", () => {
	it("goes on at another one, with all that was said meanwhile", async () => {
		const nodes = await start();
		const { juliet, witness, romeo, token } = await three(nodes);
		await say(juliet, "before");
		await heard(romeo, "before0");
		const seen = count_stanzas(romeo.said);
		for (const client of [juliet, witness]) client.said = "";
		await nodes.server("a").stop("going away");
		await romeo.closed();
		expect(romeo.said).not.toContain("stream:error");
		await say(juliet, "after");
		juliet.send(privately("romeo", "private"));
		const again = await crew.resume(nodes.port_of("b"), "romeo", token, seen);
		await heard(again, "after0");
		await heard(again, "private");
		expect(message_ids(again.said).sort()).toEqual(["after0", "private"]);
		for (const client of [juliet, witness]) expect(client.said).not.toMatch(gone);
	});

	it("goes on although two nodes end, one after the other", async () => {
		const nodes = await start();
		const { juliet, romeo, token } = await three(nodes);
		const seen = count_stanzas(romeo.said);
		await nodes.server("a").stop("going away");
		await eventually(async () => expect(await nodes.owner("romeo@localhost")).toBe("b"));
		juliet.send(privately("romeo", "first"));
		await mirrored(nodes, "b");
		await crew.settle(juliet);
		await nodes.server("b").stop("going away");
		await eventually(async () => expect(await nodes.owner("romeo@localhost")).toBe("c"));
		juliet.send(privately("romeo", "second"));
		const again = await crew.resume(nodes.port_of("c"), "romeo", token, seen);
		await heard(again, "second");
		expect(message_ids(again.said)).toEqual(["first", "second"]);
	});
});
