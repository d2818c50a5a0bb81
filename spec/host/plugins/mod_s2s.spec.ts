import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../../host/running_server.ts";
import * as st from "../../../host/util/stanza.ts";
import { free_port } from "../../../tools/reference.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { log_in_to, Neighbourhood, type NeighbourOptions, start_neighbour } from "../servers.ts";

let neighbours: Neighbourhood;
const servers: RunningServer[] = [];
const clients: Client[] = [];

beforeEach(() => {
	neighbours = new Neighbourhood();
});

afterEach(async () => {
	await Promise.all(clients.splice(0).map((client) => client.disconnect()));
	await Promise.all(servers.splice(0).map((server) => server.stop("The test is over")));
	neighbours.remove();
});

async function start(given: NeighbourOptions): Promise<RunningServer> {
	const server = await start_neighbour(neighbours, given);
	servers.push(server);
	return server;
}

async function log_in(server: RunningServer, jid: string): Promise<Client> {
	const client = await log_in_to(server, jid);
	clients.push(client);
	return client;
}

const both = (port: number, options: NeighbourOptions["options"] = {}, modules?: readonly string[]): NeighbourOptions[] => [
	{ address: "127.0.0.11", domain: "verona.example", port, options, ...(modules === undefined ? {} : { modules }) },
	{ address: "127.0.0.12", domain: "mantua.example", port, options, ...(modules === undefined ? {} : { modules }) },
];

/** Two servers that listen for each other on the usual port, which only they have on these addresses. */
async function two_servers(
	options: NeighbourOptions["options"] = {},
	modules?: readonly string[],
): Promise<[RunningServer, RunningServer]> {
	const [one, other] = both(5269, options, modules);
	if (one === undefined || other === undefined) throw new Error("two are two");
	const sign = (given: NeighbourOptions): NeighbourOptions => ({
		...given,
		pair: neighbours.certify(given.domain, [given.domain, `conference.${given.domain}`]),
	});
	return [await start(sign(one)), await start(sign(other))];
}

describe("two servers", () => {
	it.each([
		["by dialback, without encryption", { s2s_require_encryption: false, s2s_allow_encryption: false }, ["dialback"]],
		["by dialback, encrypted", {}, ["dialback"]],
		["by certificate", { s2s_secure_auth: true }, []],
		["by certificate, over one stream", { s2s_secure_auth: true }, ["s2s_bidi"]],
		["by dialback, over one stream", {}, ["dialback", "s2s_bidi"]],
	])("talk, and share rooms (%s)", async (_, options, modules) => {
		const [verona, mantua] = await two_servers(options, modules);
		const romeo = await log_in(verona, "romeo@verona.example");
		const juliet = await log_in(mantua, "juliet@mantua.example");
		romeo.send(st.message({ to: juliet.full_jid, type: "chat" }, "but soft"));
		expect((await expect_stanza(juliet)).get_child_text("body")).toBe("but soft");
		const pong = await ask(
			juliet,
			st.iq({ type: "get", id: "p", to: "verona.example" }).tag("ping", { xmlns: "urn:xmpp:ping" }).reset(),
		);
		expect(pong.attr["type"]).toBe("result");

		const room = "balcony@conference.verona.example";
		for (const [client, nick] of [
			[romeo, "Romeo"],
			[juliet, "Juliet"],
		] as const) {
			client.send(
				st
					.presence({ to: `${room}/${nick}` })
					.tag("x", { xmlns: "http://jabber.org/protocol/muc" })
					.reset(),
			);
			await expect_stanza(client, (stanza) => stanza.toString().includes("code='110'"));
		}
		juliet.send(st.message({ to: room, type: "groupchat" }, "ay me"));
		expect((await expect_stanza(romeo, (stanza) => stanza.get_child("body") !== undefined)).attr["from"]).toBe(`${room}/Juliet`);
		await expect_stanza(juliet, (stanza) => stanza.get_child("body") !== undefined);
	});
});

describe("a server that cannot be reached", () => {
	it("is told to who writes to it", async () => {
		const port = await free_port();
		const verona = await start({ address: "127.0.0.13", domain: "verona.example", port });
		neighbours.place("127.0.0.14", "nobody.example");
		const romeo = await log_in(verona, "romeo@verona.example");
		for (const domain of ["nobody.example", "nowhere.example"]) {
			romeo.send(st.message({ to: `juliet@${domain}`, id: domain, type: "chat" }, "but soft"));
			const bounce = await expect_stanza(romeo, (stanza) => stanza.attr["id"] === domain);
			expect(bounce.get_error()).toMatchObject({ type: "cancel", condition: "remote-server-not-found" });
		}
	});
});
