import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { Client } from "../../../../tools/scansion/client.ts";
import { expect_stanza, patience } from "../../../helper.ts";
import { not_installed } from "../../../needs.ts";
import { find_nats } from "../../databases/nats.ts";
import { find_postgresql } from "../../databases/postgresql.ts";
import { type ProcessCluster, service, start_process_cluster } from "./process_nodes.ts";

const program = resolve(process.env["ENJAMB_PROGRAM"] ?? join(import.meta.dirname, "../../../../dist/enjamb.js"));
const no_postgresql = not_installed(find_postgresql(), "PostgreSQL", "clusters of processes are not played");
const no_nats = not_installed(find_nats(), "nats-server", "clusters of processes are not played");

/** One that is not there yet when a test ends counts, too. */
let running: Promise<ProcessCluster> | undefined;
const clients: Client[] = [];
afterEach(async () => {
	const cluster = await running?.catch(() => undefined);
	running = undefined;
	try {
		for (const client of clients.splice(0)) await client.disconnect();
	} finally {
		await cluster?.stop();
	}
});

const room = `hall@${service}`;

async function login(port: number, name: string): Promise<Client> {
	const client = await Client.connect({ host: "127.0.0.1", port, jid: `${name}@localhost`, password: "any", timeout: patience });
	if (!client.ok) throw new Error(client.error);
	clients.push(client.value);
	for (;;) {
		const x = st.presence({ to: `${room}/${name}` }).tag("x", { xmlns: ns.muc });
		client.value.send(x.reset());
		const is_subject = (stanza: st.Stanza): boolean => stanza.name === "message" && stanza.get_child("subject") !== undefined;
		const is_refused = (stanza: st.Stanza): boolean => stanza.name === "presence" && stanza.attr["type"] === "error";
		const answer = await expect_stanza(client.value, (stanza) => is_subject(stanza) || is_refused(stanza));
		if (is_subject(answer)) return client.value;
		// A node that had to wait for the machine serves nothing for a moment
		expect(answer.get_child("error")?.attr["type"]).toBe("wait");
		await new Promise((wait) => setTimeout(wait, 100));
	}
}

async function say(speaker: Client, text: string): Promise<void> {
	for (;;) {
		speaker.send(st.message({ to: room, type: "groupchat", id: text }, text));
		const back = await expect_stanza(speaker, ({ name, attr }) => name === "message" && attr["id"] === text);
		if (back.attr["type"] !== "error") return;
		await new Promise((wait) => setTimeout(wait, 100));
	}
}

describe.skipIf(no_postgresql || no_nats)("three nodes over NATS and PostgreSQL", () => {
	it("have one room, which outlives the node that had it", async () => {
		if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it`);
		running = start_process_cluster({ program });
		const [one, two, three] = (await running).nodes;
		if (one === undefined || two === undefined || three === undefined) throw new RangeError("expected three nodes");
		const a = await login(one.port, "a");
		const b = await login(two.port, "b");
		const c = await login(three.port, "c");
		await say(a, "before");
		for (const client of [b, c]) await expect_stanza(client, (stanza) => stanza.get_child_text("body") === "before");
		await one.end("SIGKILL");
		await say(b, "after");
		await expect_stanza(c, (stanza) => stanza.get_child_text("body") === "after");
		expect(b.queue.filter(({ attr }) => attr["type"] === "unavailable" && attr["from"] !== `${room}/a`)).toEqual([]);
		await one.start();
		const again = await login(one.port, "again");
		await say(again, "at last");
		for (const client of [b, c]) await expect_stanza(client, (stanza) => stanza.get_child_text("body") === "at last");
	});
});
