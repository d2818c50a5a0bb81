// Sessions with stream management (XEP-0198) in a cluster of processes, whose nodes are killed and stopped.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import { eventually } from "../../../helper.ts";
import { not_installed } from "../../../needs.ts";
import { find_nats } from "../../databases/nats.ts";
import { find_postgresql } from "../../databases/postgresql.ts";
import { Crew, count_stanzas } from "../../plugins/smacks/crew.ts";
import type { RawClient } from "../../raw_client.ts";
import { type ProcessCluster, type ProcessNode, service, start_process_cluster } from "./process_nodes.ts";

const program = resolve(process.env["ENJAMB_PROGRAM"] ?? join(import.meta.dirname, "../../../../dist/enjamb.js"));
const no_postgresql = not_installed(find_postgresql(), "PostgreSQL", "clusters of processes are not played");
const no_nats = not_installed(find_nats(), "nats-server", "clusters of processes are not played");

/** One that is not there yet when a test ends counts, too. */
let running: Promise<ProcessCluster> | undefined;
const crew = new Crew();
afterEach(async () => {
	const cluster = await running?.catch(() => undefined);
	running = undefined;
	crew.vanish();
	await cluster?.stop();
});

const room = `hall@${service}`;

/** The bodies that were heard in the room, in order. */
const bodies = (client: RawClient): string[] =>
	[...client.said.matchAll(/<message [^>]*type='groupchat'[^>]*>(?:(?!<\/message>).)*<body>([^<]*)<\/body>/g)].map(
		([, body = ""]) => body,
	);

async function enter(client: RawClient, nick: string): Promise<void> {
	while (!client.said.includes("<subject")) {
		client.said = "";
		client.send(`<presence to='${room}/${nick}'><x xmlns='${ns.muc}'/></presence>`);
		// A node that had to wait for the machine serves nothing for a moment
		await client.until(() => client.said.includes("<subject") || client.said.includes("type='error'"));
	}
}

/** Says something until it is heard: while nobody serves the room, senders are told that it did not work. */
async function say(client: RawClient, text: string): Promise<void> {
	for (let tries = 0; !bodies(client).includes(text); tries++) {
		const id = `${text}.${tries}`;
		client.send(`<message to='${room}' type='groupchat' id='${id}'><body>${text}</body></message>`);
		await client.until(() => client.said.includes(`id='${id}'`));
		await new Promise((wait) => setTimeout(wait, 100));
	}
}

function node_of(cluster: ProcessCluster, name: string): ProcessNode {
	const found = cluster.nodes.find((node) => node.name === name);
	if (found === undefined) throw new Error(`no node ${name}`);
	return found;
}

describe.skipIf(no_postgresql || no_nats)("a session of a cluster of processes", () => {
	it.each(["SIGKILL", "SIGTERM"] as const)("goes on with everything that was said, after %s of its node", async (signal) => {
		if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it`);
		running = start_process_cluster({
			program,
			general: 'modules_enabled = { "disco", "roster", "saslauth", "ping", "carbons", "blocklist", "smacks" }',
		});
		const cluster = await running;
		const [a, b, c] = ["a", "b", "c"].map((name) => node_of(cluster, name));
		if (a === undefined || b === undefined || c === undefined) throw new Error("expected three nodes");
		await eventually(() => expect(a.log()).toContain("goes on with the sessions here when this node is gone"));
		const speaker = await crew.login(c.port, "speaker");
		await enter(speaker, "speaker");
		const { client, token } = await crew.managed(a.port, "listener");
		client.send("<presence/>");
		await enter(client, "listener");
		await say(speaker, "first");
		await client.until(() => bodies(client).includes("first"));
		let is_over = false;
		const talk = (async () => {
			for (let number = 0; !is_over; number++) await say(speaker, `n${number}`);
		})();
		try {
			await client.until(() => bodies(client).includes("n2"));
			await a.end(signal);
			await client.closed();
			const before = bodies(client);
			const seen = count_stanzas(client.said);
			let again = await crew.resume(b.port, "listener", token, seen);
			// Where the others do not know yet that the node is gone, the connection ends once they do
			while (!/<resumed|<failed/.test(again.said)) again = await crew.resume(b.port, "listener", token, seen);
			expect(again.said).toContain("<resumed");
			const heard = bodies(speaker).length;
			await eventually(() => expect(bodies(speaker).length).toBeGreaterThan(heard + 2));
			is_over = true;
			await talk;
			const all = bodies(speaker);
			await again.until(() => bodies(again).includes(all.at(-1) ?? ""));
			expect([...before, ...bodies(again)]).toEqual(all);
			expect(speaker.said).not.toMatch(/<presence [^>]*type='unavailable'/);
		} finally {
			is_over = true;
		}
	});
});
