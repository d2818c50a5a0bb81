// Streams between this server, a real Prosody and a real ejabberd: a conversation in rooms on each of them.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../../host/running_server.ts";
import * as st from "../../../host/util/stanza.ts";
import { NameServer } from "../../../tools/name_server.ts";
import {
	missing_for_peers,
	type Peer,
	type PeerSecurity,
	start_ejabberd_peer,
	start_prosody_peer,
} from "../../../tools/peers.ts";
import { find_prosody, free_port } from "../../../tools/reference.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { expect_stanza } from "../../helper.ts";
import { left_out } from "../../needs.ts";
import { converse } from "../conversation.ts";
import { log_in_at, log_in_to, Neighbourhood, start_neighbour } from "../servers.ts";

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const is_left_out = left_out(missing_for_peers(prosody), "rooms that are shared with a Prosody and an ejabberd are not tried");

/** How the three tell each other who they are. */
interface Kind {
	readonly encrypted: boolean;
	/** Who vouches for certificates. */
	readonly by: "authority" | "itself";
	readonly by_certificate: boolean;
	readonly direct_tls?: boolean;
	/** The servers, in place of verona.example, mantua.example and padua.example. */
	readonly domains?: readonly [ours: string, prosody: string, ejabberd: string];
	/** The other two have nothing to say to each other: Prosody 0.12 refuses such names in TLS as they ought to be written (RFC 6066 §3). */
	readonly only_with_us?: boolean;
	readonly modules: readonly string[];
}

const foreign = ["vérone.example", "mantova-süd.example", "падуя.example"] as const;

const kinds: readonly (readonly [string, Kind])[] = [
	["by dialback, in the clear", { encrypted: false, by: "itself", by_certificate: false, modules: ["dialback"] }],
	["by dialback, with self-made certificates", { encrypted: true, by: "itself", by_certificate: false, modules: ["dialback"] }],
	["by certificate", { encrypted: true, by: "authority", by_certificate: true, modules: [] }],
	["by certificate or dialback", { encrypted: true, by: "authority", by_certificate: false, modules: ["dialback", "s2s_bidi"] }],
	[
		"by certificate, with TLS from the first byte",
		{ encrypted: true, by: "authority", by_certificate: true, direct_tls: true, modules: [] },
	],
	[
		"by dialback, with names that are not ASCII",
		{ encrypted: true, by: "itself", by_certificate: false, domains: foreign, modules: ["dialback"] },
	],
	[
		"by certificate, with names that are not ASCII",
		{ encrypted: true, by: "authority", by_certificate: true, domains: foreign, modules: [] },
	],
	[
		"by certificate, with TLS from the first byte and names that are not ASCII",
		{
			encrypted: true,
			by: "authority",
			by_certificate: true,
			direct_tls: true,
			domains: foreign,
			only_with_us: true,
			modules: [],
		},
	],
];

let neighbours: Neighbourhood;
let names: NameServer;
let ours: RunningServer | undefined;
let peers: Peer[] = [];
let clients: Client[] = [];

beforeEach(async () => {
	neighbours = new Neighbourhood();
	names = await NameServer.start();
});

afterEach(async () => {
	await Promise.all(clients.map((client) => client.disconnect()));
	await ours?.stop("The test is over");
	await Promise.all(peers.map((peer) => peer.stop()));
	names.close();
	neighbours.remove();
	clients = [];
	peers = [];
	ours = undefined;
});

function security_of(domain: string, { encrypted, by, by_certificate }: Kind, named = domain): PeerSecurity | undefined {
	if (!encrypted) return undefined;
	const pair = neighbours.certify(domain, [named, `conference.${named}`], by);
	return { ...pair, authority: neighbours.authority, by_certificate };
}

async function start_ours(domain: string, kind: Kind): Promise<void> {
	const port = await free_port();
	const { encrypted, by_certificate, direct_tls = false, modules } = kind;
	const security = security_of(domain, kind);
	ours = await start_neighbour(neighbours, {
		address: "127.0.0.1",
		domain,
		port,
		...(security === undefined ? {} : { pair: security }),
		modules,
		options: {
			unbound: { hoststxt: false, forward: `127.0.0.1@${names.port}` },
			s2s_require_encryption: encrypted,
			s2s_secure_auth: by_certificate,
			...(encrypted ? {} : { modules_disabled: ["tls"] }),
			...(direct_tls ? { s2s_ports: [], s2s_direct_tls_ports: [port] } : {}),
		},
	});
	names.place({ [direct_tls ? "direct_tls" : "plain"]: port }, domain, `conference.${domain}`);
}

async function start_peer(start: typeof start_prosody_peer, domain: string, kind: Kind, named = domain): Promise<Peer> {
	const security = security_of(domain, kind, named);
	const started = await start({ domain, names, security, direct_tls: kind.direct_tls }, prosody);
	if (!started.ok) throw new Error(started.error);
	peers.push(started.value);
	return started.value;
}

async function log_in({ host, port, domain }: Peer, name: string): Promise<Client> {
	const client = await log_in_at(host, port, `${name}@${domain}`);
	clients.push(client);
	return client;
}

describe.skipIf(is_left_out)("this server, a real Prosody and a real ejabberd", () => {
	it.each(kinds)("share rooms (%s)", { timeout: 180_000 }, async (_, kind) => {
		const [verona, mantua, padua] = kind.domains ?? ["verona.example", "mantua.example", "padua.example"];
		await start_ours(verona, kind);
		const [theirs, others] = await Promise.all([
			start_peer(start_prosody_peer, mantua, kind),
			start_peer(start_ejabberd_peer, padua, kind),
		]);
		if (ours === undefined) return;
		const romeo = await log_in_to(ours, `romeo@${verona}`);
		clients.push(romeo);
		const juliet = await log_in(theirs, "juliet");
		const nurse = await log_in(others, "nurse");
		const all = { moderation: true, avatar: true };
		await converse(`square@conference.${verona}`, { owner: romeo, guest: juliet, rowdy: nurse }, all);
		await converse(`market@conference.${verona}`, { owner: nurse, guest: romeo, rowdy: juliet }, all);
		if (kind.only_with_us) return;
		await converse(
			`square@conference.${mantua}`,
			{ owner: juliet, guest: nurse, rowdy: romeo },
			{ moderation: false, avatar: false },
		);
		await converse(
			`square@conference.${padua}`,
			{ owner: nurse, guest: romeo, rowdy: juliet },
			{ moderation: false, avatar: true },
		);
	});

	it.each([
		["a Prosody", "that nobody vouches for", start_prosody_peer, "itself", "mantua.example"],
		["a Prosody", "for another name", start_prosody_peer, "authority", "elsewhere.example"],
		["an ejabberd", "that nobody vouches for", start_ejabberd_peer, "itself", "mantua.example"],
		["an ejabberd", "for another name", start_ejabberd_peer, "authority", "elsewhere.example"],
	] as const)("has nothing to do with %s whose certificate is one %s", { timeout: 180_000 }, async (_, __, start, by, named) => {
		const kind: Kind = { encrypted: true, by: "authority", by_certificate: true, modules: ["dialback"] };
		await start_ours("verona.example", kind);
		// That it would take ours, and dialback, is not enough
		const theirs = await start_peer(start, "mantua.example", { ...kind, by, by_certificate: false }, named);
		if (ours === undefined) return;
		const romeo = await log_in_to(ours, "romeo@verona.example");
		clients.push(romeo);
		const juliet = await log_in(theirs, "juliet");
		for (const [one, other] of [
			[romeo, juliet],
			[juliet, romeo],
		] as const) {
			one.send(st.message({ to: other.full_jid, type: "chat", id: "secret" }, "a secret"));
			const refused = await expect_stanza(one, ({ attr }) => attr["id"] === "secret");
			expect(refused.attr["type"]).toBe("error");
			expect(refused.get_error()?.condition).toMatch(/^remote-server-(timeout|not-found)$/);
			expect(other.queue.filter(({ name }) => name === "message")).toEqual([]);
		}
	});
});
