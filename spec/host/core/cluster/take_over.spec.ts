import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { ask, type Client, eventually, expect_stanza } from "../../../helper.ts";
import { type Nodes, node_names, start_nodes } from "./nodes.ts";
import { say_until_heard } from "./talking.ts";

let running: Nodes | undefined;

/** Three nodes, and in a room of the first one a client of each. */
async function start(options: { readonly persistent: boolean }): Promise<{ nodes: Nodes; a: Client; b: Client; c: Client }> {
	running = await start_nodes({
		// Three servers share one event loop, which may stand still for seconds on a busy machine
		lease: 6000,
		config: {
			"*": { smacks_hibernation_time: 1 },
			"conference.localhost": {
				muc_room_locking: false,
				muc_room_default_persistent: options.persistent,
				modules_enabled: ["muc_mam"],
			},
		},
	});
	const clients: Client[] = [];
	for (const node of node_names) {
		const client = await running.client(node, `user-${node}`);
		clients.push(client);
		client.send(
			st
				.presence({ to: `${room}/${node}` })
				.tag("x", { xmlns: ns.muc })
				.reset(),
		);
		await subject(client);
	}
	const [a, b, c] = clients;
	if (a === undefined || b === undefined || c === undefined) throw new RangeError("expected three clients");
	return { nodes: running, a, b, c };
}

afterEach(async () => {
	await running?.stop();
	running = undefined;
});

const room = "hall@conference.localhost";

function subject(client: Client): Promise<st.Stanza> {
	return expect_stanza(client, (stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined);
}

function heard(client: Client, text: string): Promise<st.Stanza> {
	return expect_stanza(client, ({ name }) => name === "message").then((stanza) =>
		stanza.get_child_text("body") === text ? stanza : heard(client, text),
	);
}

/** Says something in the room until it is heard. */
const say = (speaker: Client, text: string): Promise<void> => say_until_heard(speaker, room, text);

async function archived(client: Client): Promise<string[]> {
	client.send(st.iq({ to: room, type: "set", id: "mam" }).tag("query", { xmlns: ns.mam }).reset());
	const found: string[] = [];
	for (;;) {
		const stanza = await expect_stanza(client, ({ name, attr }) => attr["id"] === "mam" || name === "message");
		if (stanza.name === "iq") return found;
		const body = [...stanza.toString().matchAll(/<body>([^<]*)<\/body>/g)].map(([, text]) => text ?? "");
		if (stanza.get_child("result", ns.mam) !== undefined) found.push(...body);
	}
}

describe.each([true, false])("a room whose node ends without a word (persistent: %s)", (persistent) => {
	it("goes on with those on other nodes, who see nobody leave but the others", async () => {
		const { nodes, a, b, c } = await start({ persistent });
		expect(await nodes.owner(room)).toBe("a");
		await say(b, "before");
		for (const client of [a, c]) await heard(client, "before");
		await nodes.kill("a");
		await say(c, "after");
		await heard(b, "after");
		expect(await nodes.owner(room)).not.toBe("a");
		// Who was on that node is gone after a while, and nobody else
		const gone = await expect_stanza(b, ({ name, attr }) => name === "presence" && attr["type"] === "unavailable");
		expect(gone.attr["from"]).toBe(`${room}/a`);
		expect(b.queue.filter(({ attr }) => attr["type"] === "unavailable")).toEqual([]);
		expect(await archived(b)).toEqual(["before", "after"]);
		for (const [client, name] of [[b, "c"] as const, [c, "b"] as const]) {
			client.send(st.message({ to: `${room}/${name}`, type: "chat", id: `to-${name}` }, "still there?"));
		}
		for (const client of [b, c]) await expect_stanza(client, ({ attr }) => attr["id"]?.startsWith("to-") === true);
	});
});

describe("a node that stored something and could not say it any more", () => {
	it("has it said by whoever goes on", async () => {
		const { nodes, a, b, c } = await start({ persistent: false });
		await say(b, "before");
		nodes.cut("a");
		// This is stored, since the node is still within its time, and gets to nobody
		await a.disconnect();
		const gone = await expect_stanza(b, ({ name, attr }) => name === "presence" && attr["type"] === "unavailable");
		expect(gone.attr["from"]).toBe(`${room}/a`);
		await say(c, "after");
		await heard(b, "after");
	});
});

describe("a node that was cut off and comes back", () => {
	it("leaves the room to those who have it by now, and has its clients come anew, who may have missed something", async () => {
		const { nodes, a, b, c } = await start({ persistent: false });
		await say(a, "before");
		nodes.cut("a");
		await say(c, "meanwhile");
		await heard(b, "meanwhile");
		nodes.mend("a");
		await eventually(() => expect(a.ended).toBeDefined());
		const again = await nodes.client("a", "user-a");
		again.send(
			st
				.presence({ to: `${room}/again` })
				.tag("x", { xmlns: ns.muc })
				.reset(),
		);
		await subject(again);
		await say(again, "again");
		for (const client of [b, c]) await heard(client, "again");
		expect(await archived(b)).toEqual(["before", "meanwhile", "again"]);
		expect(await nodes.owner(room)).not.toBe("a");
	});
});

describe("a node that leaves", () => {
	it("gives its rooms up first", async () => {
		const { nodes, b, c } = await start({ persistent: false });
		await say(b, "before");
		await nodes.server("a").stop("going away");
		await say(c, "after");
		await heard(b, "after");
		expect(await archived(b)).toEqual(["before", "after"]);
		const info = await ask(b, st.iq({ type: "get", id: "info", to: room }).query(ns.disco_info).reset());
		expect(info.attr["type"]).toBe("result");
	});
});

describe("a room that cannot be read when its node ends", () => {
	it("has senders wait until it can, and nobody in it is lost", async () => {
		const { nodes, b, c } = await start({ persistent: true });
		await say(b, "before");
		const file = join(String(nodes.server("b").config.get("*", "data_path")), "../shared.sqlite");
		const database = new Database(file);
		try {
			// What is no JSON cannot be read
			const damage = database.prepare(
				"update prosody set value = '{' || value where store = 'config' and user = 'hall' and key = '_data'",
			);
			const repair = database.prepare(
				"update prosody set value = substr(value, 2) where store = 'config' and user = 'hall' and key = '_data'",
			);
			expect(damage.run().changes).toBe(1);
			await nodes.kill("a");
			await eventually(async () => {
				b.send(st.message({ to: room, type: "groupchat", id: "meanwhile" }, "meanwhile"));
				const back = await expect_stanza(b, ({ attr }) => attr["id"] === "meanwhile");
				expect(back.get_child("error")?.attr["type"]).toBe("wait");
				expect(await nodes.owner(room)).not.toBe("a");
			});
			b.send(st.message({ to: room, type: "groupchat", id: "unread" }, "unread"));
			const back = await expect_stanza(b, ({ attr }) => attr["id"] === "unread");
			expect(back.get_child("error")?.attr["type"]).toBe("wait");
			expect(repair.run().changes).toBe(1);
		} finally {
			database.close();
		}
		await say(c, "after");
		await heard(b, "after");
	});
});
