// What other servers must not get away with.

import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../../host/running_server.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { expect_stanza } from "../../helper.ts";
import { RawClient } from "../raw_client.ts";
import { log_in_to, Neighbourhood, start_neighbour } from "../servers.ts";

let neighbours: Neighbourhood;
const servers: RunningServer[] = [];
const raw: RawClient[] = [];
const clients: Client[] = [];

beforeEach(() => {
	neighbours = new Neighbourhood();
});

afterEach(async () => {
	for (const client of raw.splice(0)) client.destroy();
	await Promise.all(clients.splice(0).map((client) => client.disconnect()));
	await Promise.all(servers.splice(0).map((server) => server.stop("The test is over")));
	neighbours.remove();
});

const header = (attributes: string): string =>
	`<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams' ${attributes} version='1.0'>`;

const open = { s2s_require_encryption: false, s2s_allow_encryption: false };

async function start(
	domain: string,
	address: string,
	options: Record<string, string | number | boolean> = open,
	certificate?: "authority" | "itself",
	names = [domain],
): Promise<RunningServer> {
	const server = await start_neighbour(neighbours, {
		address,
		domain,
		port: 5269,
		options,
		...(certificate === undefined ? {} : { pair: neighbours.certify(domain, names, certificate) }),
		modules: certificate === undefined ? ["dialback"] : [],
	});
	servers.push(server);
	return server;
}

/** Connects as a server would. */
async function peer(address: string): Promise<RawClient> {
	const socket = connect(5269, address);
	await once(socket, "connect");
	const client = new RawClient(socket);
	raw.push(client);
	return client;
}

async function log_in(server: RunningServer, jid: string): Promise<Client> {
	const client = await log_in_to(server, jid);
	clients.push(client);
	return client;
}

describe("a peer", () => {
	it.each([
		["for a host that is not served", "from='evil.example' to='nowhere.example'", /host-unknown/],
		["from a host that is served", "from='verona.example' to='verona.example'", /Attempt to connect from a host we serve/],
		["with an address that is none", "from='&#xE000;.example' to='verona.example'", /improper-addressing/],
		[
			"of a client's namespace",
			"from='evil.example' to='verona.example' xmlns='jabber:client'",
			/not-well-formed|invalid-namespace/,
		],
	])("is refused with a header %s", async (_, attributes, error) => {
		await start("verona.example", "127.0.0.21");
		const client = await peer("127.0.0.21");
		client.send(header(attributes));
		expect(await client.closed()).toMatch(error);
	});

	it.each([
		[
			"a stanza before it has proved who it is",
			"<message from='eve@evil.example' to='romeo@verona.example'><body>a</body></message>",
			/not-authorized/,
		],
		["a stanza of nobody", "<message to='romeo@verona.example'><body>a</body></message>", /improper-addressing/],
		[
			"a stanza in our own name",
			"<message from='romeo@verona.example' to='romeo@verona.example'><body>a</body></message>",
			/not-authorized/,
		],
		[
			"a claim to be one of ours",
			"<db:result from='conference.verona.example' to='verona.example'>key</db:result>",
			/not-authorized/,
		],
		[
			"a claim towards somebody else",
			"<db:result from='evil.example' to='elsewhere.example'>key</db:result>",
			/unsupported-stanza-type/,
		],
		["a claim of nobody", "<db:result to='verona.example'>key</db:result>", /improper-addressing/],
		[
			"SASL EXTERNAL in the clear",
			"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>",
			/encryption-required/,
		],
		["half of XML", "<message></presence>", /not-well-formed/],
	])("is stopped at %s", async (_, said, error) => {
		const verona = await start("verona.example", "127.0.0.21");
		const romeo = await log_in(verona, "romeo@verona.example");
		const client = await peer("127.0.0.21");
		client.send(header("from='evil.example' to='verona.example'"));
		await client.until(() => client.said.includes("</stream:features>"));
		client.send(said);
		await client.until(() => error.test(client.said));
		expect(client.said).toMatch(error);
		expect(romeo.queue).toEqual([]);
	});

	it("is told that a key is not ours", async () => {
		await start("verona.example", "127.0.0.21");
		const client = await peer("127.0.0.21");
		client.send(header("from='mantua.example' to='verona.example'"));
		client.send("<db:verify from='mantua.example' to='verona.example' id='1'>guess</db:verify>");
		await client.until(() => client.said.includes("type='invalid'"));
		expect(client.said).toContain("<db:verify from='verona.example' to='mantua.example' id='1' type='invalid'>guess</db:verify>");
	});

	it("does not become a domain whose own server denies the key", async () => {
		const verona = await start("verona.example", "127.0.0.21");
		await start("mantua.example", "127.0.0.22");
		const romeo = await log_in(verona, "romeo@verona.example");
		const client = await peer("127.0.0.21");
		client.send(header("from='mantua.example' to='verona.example'"));
		client.send("<db:result from='mantua.example' to='verona.example'>forged</db:result>");
		await client.until(() => client.said.includes("type='invalid'"));
		expect(client.said).toContain("type='invalid'");
		client.send("<message from='juliet@mantua.example' to='romeo@verona.example'><body>a</body></message>");
		expect(await client.closed()).toMatch(/not-authorized/);
		expect(romeo.queue).toEqual([]);
	});

	it("that says nothing is ended after s2s_timeout", async () => {
		await start("verona.example", "127.0.0.21", { ...open, s2s_timeout: 1 });
		const client = await peer("127.0.0.21");
		client.send("<?xml version='1.0'?><stream:str");
		expect(await client.closed()).toMatch(/connection-timeout/);
	});

	it("that must encrypt and does not is refused", async () => {
		await start("verona.example", "127.0.0.21", { s2s_allow_encryption: true });
		const mantua = await start("mantua.example", "127.0.0.22", open);
		const juliet = await log_in(mantua, "juliet@mantua.example");
		juliet.send(st.message({ to: "romeo@verona.example", id: "m" }, "a"));
		expect((await expect_stanza(juliet)).attr["type"]).toBe("error");
	});
});

describe("certificates, where s2s_secure_auth is set", () => {
	it.each([
		["vouches for itself", "itself", ["mantua.example"]],
		["is for somebody else", "authority", ["milan.example"]],
		["is for a domain below", "authority", ["www.mantua.example"]],
	] as const)("are refused where one %s", async (_, by, names) => {
		const verona = await start("verona.example", "127.0.0.21", { s2s_secure_auth: true }, "authority");
		await start("mantua.example", "127.0.0.22", { s2s_secure_auth: true }, by, [...names]);
		const romeo = await log_in(verona, "romeo@verona.example");
		romeo.send(st.message({ to: "juliet@mantua.example", id: "m" }, "a"));
		const bounce = await expect_stanza(romeo, (stanza) => stanza.attr["id"] === "m");
		expect(bounce.get_error()?.text).toMatch(
			/Remote server's certificate (is self-signed|is not trusted|is not valid for this name)/,
		);
		expect(bounce.get_error()?.text).not.toContain("mantua");
	});

	it("need not be good for s2s_insecure_domains, which prove themselves by dialback", async () => {
		const options = { s2s_secure_auth: true, s2s_insecure_domains: ["mantua.example", "verona.example"] };
		for (const [domain, address] of [
			["verona.example", "127.0.0.21"],
			["mantua.example", "127.0.0.22"],
		] as const) {
			const pair = neighbours.certify(domain, [domain], "itself");
			servers.push(await start_neighbour(neighbours, { address, domain, port: 5269, pair, options }));
		}
		const [first, second] = servers;
		if (first === undefined || second === undefined) throw new Error("two are two");
		const romeo = await log_in(first, "romeo@verona.example");
		const juliet = await log_in(second, "juliet@mantua.example");
		romeo.send(st.message({ to: juliet.full_jid }, "but soft"));
		expect((await expect_stanza(juliet)).get_child_text("body")).toBe("but soft");
	});
});
