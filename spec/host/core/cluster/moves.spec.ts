import { afterEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../../host/core/configmanager.ts";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { type Client, eventually, expect_stanza } from "../../../helper.ts";
import { type NodeName, type Nodes, node_names, start_nodes } from "./nodes.ts";

let running: Nodes | undefined;
afterEach(async () => {
	await running?.stop();
	running = undefined;
});

const room = "hall@conference.localhost";

async function start(modules: ConfigValue): Promise<Nodes> {
	running = await start_nodes({ config: { "conference.localhost": { muc_room_locking: false, modules_enabled: modules } } });
	return running;
}

async function enter(client: Client, nick: string): Promise<string[]> {
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	const history: string[] = [];
	for (;;) {
		const message = await expect_stanza(client, ({ name }) => name === "message");
		if (message.get_child("subject") !== undefined) return history;
		history.push(message.get_child_text("body") ?? "");
	}
}

async function move(nodes: Nodes, to: NodeName): Promise<void> {
	const brought = await nodes.server(to).cluster?.bring(room);
	expect(brought).toMatchObject({ ok: true });
}

describe("a room that moves from node to node", () => {
	it.each([{ modules: [] }, { modules: ["muc_mam"] }])("goes on as if nothing were ($modules)", async ({ modules }) => {
		const nodes = await start(modules);
		const people: Client[] = [];
		for (const node of node_names) {
			const client = await nodes.client(node, `user-${node}`);
			await enter(client, node);
			people.push(client);
		}
		// What they see of each other's entering
		for (const person of people.slice(0, 2)) await expect_stanza(person, ({ attr }) => attr["from"] === `${room}/c`);
		await nodes.settled();
		for (const person of people) person.queue.length = 0;

		let said = 0;
		const talk = (): void => {
			for (const [index, person] of people.entries())
				person.send(st.message({ to: room, type: "groupchat" }, `${index} ${said}`));
			said++;
		};
		for (const to of ["b", "c", "b", "a", "c"] as const) {
			talk();
			const moved = move(nodes, to);
			for (let number = 0; number < 5; number++) {
				talk();
				await new Promise((wait) => setTimeout(wait, 5));
			}
			await moved;
		}
		expect(await nodes.owner(room)).toBe("c");

		for (const person of people) {
			await eventually(() => expect(person.queue.length).toBeGreaterThanOrEqual(3 * said));
			expect(person.queue.map(({ name }) => name)).toEqual(Array.from({ length: 3 * said }, () => "message"));
		}
		const bodies = people.map(({ queue }) => queue.map((stanza) => stanza.get_child_text("body") ?? ""));
		expect(bodies[1]).toEqual(bodies[0]);
		expect(bodies[2]).toEqual(bodies[0]);
		// Each in the order in which they said it
		for (const index of people.keys()) {
			const own = bodies[0]?.filter((body) => body.startsWith(`${index} `));
			expect(own).toEqual(Array.from({ length: said }, (_none, number) => `${index} ${number}`));
		}
		const newcomer = await nodes.client("b", "newcomer");
		expect(await enter(newcomer, "newcomer")).toEqual(bodies[0]?.slice(-20));
	});

	it("shows who went while nobody had it", async () => {
		const nodes = await start([]);
		const a = await nodes.client("a", "one");
		const b = await nodes.client("b", "two");
		await enter(a, "one");
		await enter(b, "two");
		const moved = move(nodes, "b");
		await b.disconnect();
		await moved;
		await expect_stanza(
			a,
			({ name, attr }) => name === "presence" && attr["from"] === `${room}/two` && attr["type"] === "unavailable",
		);
	});
});

describe("a node that leaves", () => {
	it("gives its rooms to others, who go on with them and what they remember", async () => {
		const nodes = await start([]);
		const a = await nodes.client("a", "one");
		const b = await nodes.client("b", "two");
		await enter(a, "one");
		await enter(b, "two");
		for (const text of ["first", "second"]) a.send(st.message({ to: room, type: "groupchat" }, text));
		for (const text of ["first", "second"]) await expect_stanza(b, (stanza) => stanza.get_child_text("body") === text);
		await nodes.server("a").stop("going away");
		await expect_stanza(b, ({ attr }) => attr["from"] === `${room}/one` && attr["type"] === "unavailable");
		expect(await nodes.owner(room)).toMatch(/^[bc]$/);
		const c = await nodes.client("c", "three");
		expect(await enter(c, "three")).toEqual(["first", "second"]);
		expect(b.queue.filter(({ name }) => name === "iq")).toEqual([]);
	});
});
