// Three nodes as one server beside a real Prosody, whose streams come in at one node, and go out from whichever has something to say.

import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import * as st from "../../../../host/util/stanza.ts";
import { NameServer } from "../../../../tools/name_server.ts";
import { missing_for_peers, start_prosody_peer } from "../../../../tools/peers.ts";
import { find_prosody } from "../../../../tools/reference.ts";
import type { Client } from "../../../../tools/scansion/client.ts";
import { ask, eventually, expect_stanza } from "../../../helper.ts";
import { left_out } from "../../../needs.ts";
import { converse } from "../../conversation.ts";
import { log_in_at } from "../../servers.ts";
import { type NodeName, type Nodes, start_nodes } from "./nodes.ts";

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const is_left_out = left_out(missing_for_peers(prosody), "a cluster is not tried beside another server");

const service = "conference.verona.example";
const room = `square@${service}`;

const ends: (() => unknown)[] = [];

afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

function text(names: NameServer): string {
	return `
modules_enabled = { "disco", "roster", "saslauth", "ping", "dialback", "s2s", "presence", "message", "iq" }
authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
s2s_require_encryption = false
modules_disabled = { "tls" }
s2s_ports = { 0 }
unbound = { hoststxt = false; forward = "127.0.0.1@${names.port}" }
smacks_hibernation_time = 1
VirtualHost "verona.example"
Component "${service}" "muc"
	modules_enabled = { "muc_mam" }
	muc_room_locking = false
`;
}

interface Neighbours {
	readonly nodes: Nodes;
	/** Somebody at the other server. */
	readonly juliet: Client;
	/** Has other servers connect to a node. */
	lead_to(node: NodeName): void;
	client(node: NodeName, name: string): Promise<Client>;
	/** Ends a node with all its connections, and nobody can connect to it any more. */
	kill(node: NodeName): Promise<void>;
}

/** @param lease in milliseconds: the usual one is so long that nobody is taken for dead on a slow machine */
async function start(lease?: number): Promise<Neighbours> {
	const names = await NameServer.start();
	ends.push(() => names.close());
	const nodes = await start_nodes({ text: text(names), ...(lease === undefined ? {} : { lease }) });
	ends.push(() => nodes.stop());
	const s2s_at = (node: NodeName) =>
		nodes
			.server(node)
			.addresses()
			.filter(({ service: name }) => name === "s2s");
	const lead_to = (node: NodeName): void => {
		names.place({ plain: s2s_at(node)[0]?.port ?? 0 }, "verona.example", service);
	};
	lead_to("b");
	const peer = await start_prosody_peer({ domain: "mantua.example", names, security: undefined }, prosody);
	if (!peer.ok) throw new Error(peer.error);
	ends.push(() => peer.value.stop());
	const juliet = await log_in_at(peer.value.host, peer.value.port, "juliet@mantua.example");
	ends.push(() => juliet.disconnect());
	return {
		nodes,
		juliet,
		lead_to,
		client: (node, name) => nodes.client(node, `${name}@verona.example`),
		async kill(node) {
			const server = nodes.server(node);
			for (const at of s2s_at(node)) server.close_port(at);
			await nodes.kill(node);
			const exported = server.modulemanager.get_module("*", "s2s")?.exports as {
				sessions(): Iterable<{ conn?: { destroy(): void } }>;
			};
			for (const { conn } of [...exported.sessions()]) conn?.destroy();
		},
	};
}

async function enter(client: Client, nick: string): Promise<void> {
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await expect_stanza(client, (stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined);
}

/** Says something until somebody hears it: while a node is taken over from, senders are told to try again. */
async function say(speaker: Client, hearers: readonly Client[]): Promise<void> {
	const body = `said ${Math.random()}`;
	const heard = hearers.map((hearer) => expect_stanza(hearer, (stanza) => stanza.get_child_text("body") === body));
	let is_heard = false;
	void Promise.all(heard).then(() => {
		is_heard = true;
	});
	await eventually(async () => {
		if (!is_heard) speaker.send(st.message({ to: room, type: "groupchat" }, body));
		await new Promise((resolve) => setTimeout(resolve, 500));
		expect(is_heard).toBe(true);
	});
}

function streams(nodes: Nodes, node: NodeName): { incoming: number; outgoing: number } {
	const server = nodes.server(node);
	return {
		incoming: server.incoming_s2s.size,
		outgoing: [...server.hosts.values()].reduce((sum, { s2sout }) => sum + s2sout.size, 0),
	};
}

describe.skipIf(is_left_out)("three nodes beside a real Prosody", () => {
	it("share a room with it that lives on another node than the streams come to", { timeout: 120_000 }, async () => {
		const { nodes, juliet, client } = await start();
		const romeo = await client("a", "romeo");
		const nurse = await client("c", "nurse");
		await converse(room, { owner: romeo, guest: juliet, rowdy: nurse }, { moderation: false, avatar: true });
		const others = { owner: juliet, guest: romeo, rowdy: nurse };
		await converse("market@conference.mantua.example", others, { moderation: false, avatar: false });
		expect(await nodes.owner(room)).toBe("a");
		expect(streams(nodes, "a").incoming).toBe(0);
		expect(streams(nodes, "b").incoming).toBeGreaterThan(0);
		expect(streams(nodes, "a").outgoing).toBeGreaterThan(0);
		// What any node answers goes back to where the question came from
		for (const to of ["verona.example", service, room, "nurse@verona.example"]) {
			const answer = await ask(
				juliet,
				st
					.iq({ type: "get", id: `about ${to}`, to })
					.query(ns.disco_info)
					.reset(),
			);
			expect(answer.attr["from"]).toBe(to);
		}
		juliet.send(st.message({ to: "nurse@verona.example", type: "chat" }, "come"));
		nurse.send(st.presence());
		await expect_stanza(nurse, (stanza) => stanza.get_child_text("body") === "come");
	});

	it("go on with it when the node with the streams ends, and when the one with the room does", { timeout: 240_000 }, async () => {
		const { nodes, juliet, client, lead_to, kill } = await start(8000);
		const romeo = await client("a", "romeo");
		await enter(romeo, "Romeo");
		const nurse = await client("c", "nurse");
		await enter(nurse, "Nurse");
		await enter(juliet, "Juliet");
		await say(juliet, [romeo, nurse, juliet]);
		expect(await nodes.owner(room)).toBe("a");
		await kill("b");
		lead_to("c");
		await say(juliet, [romeo, nurse, juliet]);
		await say(romeo, [juliet]);
		expect(streams(nodes, "c").incoming).toBeGreaterThan(0);
		await kill("a");
		await say(nurse, [juliet, nurse]);
		await say(juliet, [nurse]);
		expect(await nodes.owner(room)).toBe("c");
		// Romeo's time to come back is over at some time; Juliet has never left
		await expect_stanza(juliet, ({ attr }) => attr["from"] === `${room}/Romeo` && attr["type"] === "unavailable");
	});
});
