// Three machines, each with a node and a NATS server, whose network splits. By hand, as root, after `npm run build`:
// CLUSTER_SPLIT=1 npx vitest run spec/host/core/cluster/split.spec.ts

import { existsSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { Client } from "../../../../tools/scansion/client.ts";
import { eventually, expect_stanza, patience } from "../../../helper.ts";
import { not_installed, not_packaged } from "../../../needs.ts";
import { find_nats, start_nats_cluster } from "../../databases/nats.ts";
import { find_postgresql } from "../../databases/postgresql.ts";
import { make_namespaces, type Namespace, type Namespaces, no_namespaces } from "./namespaces.ts";
import { archive_of } from "./people.ts";
import { type ProcessCluster, service, start_process_cluster } from "./process_nodes.ts";

const program = resolve(process.env["ENJAMB_PROGRAM"] ?? join(import.meta.dirname, "../../../../dist/enjamb.js"));
const is_wanted = process.env["CLUSTER_SPLIT"] !== undefined;
const cannot =
	not_packaged(is_wanted ? no_namespaces() : "CLUSTER_SPLIT is not set", "networks that split are not tried") ||
	not_installed(find_nats(), "nats-server", "networks that split are not tried") ||
	not_installed(find_postgresql(), "PostgreSQL", "networks that split are not tried");

const room = `hall@${service}`;
const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** A port at an address that leads to another one. */
async function passage(address: string, to: string, port: number): Promise<number> {
	const server = createServer((client) => {
		const there = connect(port, to);
		client.on("error", () => there.destroy()).on("close", () => there.destroy());
		there.on("error", () => client.destroy()).on("close", () => client.destroy());
		client.pipe(there).pipe(client);
	});
	await new Promise<void>((listening) => server.listen(0, address, listening));
	ends.push(() => server.close());
	const at = server.address();
	return typeof at === "object" && at !== null ? at.port : 0;
}

async function start(spaces: Namespaces): Promise<ProcessCluster> {
	const started = start_process_cluster({
		program,
		general: `modules_enabled = { "disco", "saslauth", "http_health" }
http_ports = { 5280 }
http_interfaces = { "0.0.0.0" }
http_health_allow_cidr = "10.0.0.0/8"
smacks_hibernation_time = 600`,
		start_nats: () => start_nats_cluster(3, spaces.all),
		async place(name, nats, database) {
			const space = spaces.all["abc".indexOf(name)];
			if (space === undefined) throw new RangeError(`no place for ${name}`);
			return {
				run: space.run,
				interface: "0.0.0.0",
				nats,
				// PostgreSQL listens to this machine alone
				database: { host: spaces.bridge, port: await passage(spaces.bridge, "127.0.0.1", database) },
			};
		},
	});
	ends.push(async () => (await started.catch(() => undefined))?.stop());
	return started;
}

async function login({ way_in }: Namespace, port: number, name: string): Promise<Client> {
	// A password goes nowhere but to this machine
	const here = await passage("127.0.0.1", way_in, port);
	const client = await Client.connect({
		host: "127.0.0.1",
		port: here,
		jid: `${name}@localhost`,
		password: "any",
		timeout: patience,
	});
	if (!client.ok) throw new Error(client.error);
	ends.push(() => client.value.disconnect());
	client.value.send(
		st
			.presence({ to: `${room}/${name}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await expect_stanza(client.value, (stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined);
	return client.value;
}

/** Says something until it is heard. */
async function say(speaker: Client, text: string): Promise<void> {
	for (;;) {
		speaker.send(st.message({ to: room, type: "groupchat", id: text }, text));
		const back = await expect_stanza(speaker, ({ name, attr }) => name === "message" && attr["id"] === text);
		if (back.attr["type"] !== "error") return;
		await new Promise((wait) => setTimeout(wait, 50));
	}
}

async function health({ way_in }: Namespace): Promise<string> {
	const answer = await fetch(`http://${way_in}:5280/health`, { signal: AbortSignal.timeout(10_000) });
	return `${answer.status} ${await answer.text()}`;
}

const alone = "503 this node has no connection to the majority of the cluster, and serves nothing\n";

describe.skipIf(cannot)("a cluster on three machines whose network splits", () => {
	it("goes on where the majority is, and nowhere else", { timeout: 600_000 }, async () => {
		if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it`);
		const spaces = make_namespaces(3);
		ends.push(() => spaces.remove());
		const { nodes } = await start(spaces);
		const [a, b, c] = spaces.all;
		if (a === undefined || b === undefined || c === undefined) throw new RangeError("expected three namespaces");
		const [at_a = 0, at_b = 0, at_c = 0] = nodes.map(({ port }) => port);
		// It is the first one's room
		const one = await login(a, at_a, "one");
		const two = await login(b, at_b, "two");
		const three = await login(c, at_c, "three");
		await say(one, "before");
		for (const client of [two, three]) await expect_stanza(client, (stanza) => stanza.get_child_text("body") === "before");

		a.set_link(false);
		const cut_at = performance.now();
		await say(two, "meanwhile");
		await expect_stanza(three, (stanza) => stanza.get_child_text("body") === "meanwhile");
		const taken_after = performance.now() - cut_at;
		await eventually(async () => expect(await health(a)).toBe(alone));
		one.send(st.message({ to: room, type: "groupchat", id: "lonely" }, "lonely"));
		const refused = await expect_stanza(one, ({ attr }) => attr["id"] === "lonely");
		expect(refused.get_child("error")?.attr["type"]).toBe("wait");
		for (const side of [b, c]) await eventually(async () => expect(await health(side)).toBe("200 ok\n"));
		for (let number = 0; number < 20; number++) await say(three, `more ${number}`);

		a.set_link(true);
		await eventually(async () => expect(await health(a)).toBe("200 ok\n"));
		await eventually(() => expect(one.ended).toBeDefined());
		const again = await login(a, at_a, "again");
		await say(again, "again");
		for (const client of [two, three]) await expect_stanza(client, (stanza) => stanza.get_child_text("body") === "again");

		// Nobody has a majority
		a.set_link(false);
		b.set_link(false);
		for (const side of [a, b, c]) await eventually(async () => expect(await health(side)).toBe(alone));
		a.set_link(true);
		b.set_link(true);
		for (const side of [a, b, c]) await eventually(async () => expect(await health(side)).toBe("200 ok\n"));
		const reader = await login(c, at_c, "reader");
		await say(reader, "last");
		const archived = [...(await archive_of(reader, room)).values()];
		const more = Array.from({ length: 20 }, (_none, number) => `more ${number}`);
		expect(archived).toEqual(["before", "meanwhile", ...more, "again", "last"]);
		console.log(`The majority went on after ${Math.round(taken_after)} ms`);
	});
});
