// What certificates of other servers are worth (XEP-0178, RFC 6120 §13.7), over STARTTLS and direct TLS.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../../host/running_server.ts";
import * as st from "../../../host/util/stanza.ts";
import { expect_stanza } from "../../helper.ts";
import { features, RawClient } from "../raw_client.ts";
import { log_in_to, Neighbourhood, start_neighbour } from "../servers.ts";

const address = "127.0.0.31";
const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams' from='mantua.example' to='verona.example' version='1.0'>`;
const only_servers = ["extendedKeyUsage=serverAuth"];

let neighbours: Neighbourhood;
const servers: RunningServer[] = [];
const raw: RawClient[] = [];

beforeEach(() => {
	neighbours = new Neighbourhood();
});

afterEach(async () => {
	for (const client of raw.splice(0)) client.destroy();
	await Promise.all(servers.splice(0).map((server) => server.stop("The test is over")));
	neighbours.remove();
});

async function start(options: Record<string, string | number | boolean | number[]> = {}): Promise<RunningServer> {
	const server = await start_neighbour(neighbours, {
		address,
		domain: "verona.example",
		port: 5269,
		pair: neighbours.certify("verona", ["verona.example"]),
		options: { s2s_direct_tls_ports: [5270], ...options },
	});
	servers.push(server);
	return server;
}

function shown(
	name: string,
	...made: Parameters<Neighbourhood["certify"]> extends [string, ...infer Rest] ? Rest : never
): ConnectionOptions {
	const pair = neighbours.certify(name, ...made);
	return { cert: readFileSync(pair.certificate), key: readFileSync(pair.key) };
}

/** Connects as a server would; answers with what it is offered, or how it is refused. */
async function offered(how: "STARTTLS" | "direct TLS", options: ConnectionOptions): Promise<string> {
	const socket = connect(how === "STARTTLS" ? 5269 : 5270, address);
	await once(socket, "connect");
	const client = new RawClient(socket);
	raw.push(client);
	if (how === "STARTTLS") {
		await client.ask(header, features);
		await client.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
	}
	await client.starttls("verona.example", options);
	return client.ask(header, features);
}

describe.each(["STARTTLS", "direct TLS"] as const)("over %s", (how) => {
	it.each([
		["is for the domain", (): ConnectionOptions => shown("a", ["mantua.example"])],
		[
			"is for servers only, and not for clients",
			(): ConnectionOptions => shown("b", ["mantua.example"], "authority", only_servers),
		],
		[
			"is for the domain's service",
			(): ConnectionOptions => shown("c", ["otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-server.mantua.example"]),
		],
	])("a certificate that %s proves who a server is", async (_, options) => {
		await start({ s2s_secure_auth: true });
		expect(await offered(how, options())).toContain("<mechanism>EXTERNAL</mechanism>");
	});

	it.each([
		["expired", (): ConnectionOptions => shown("d", ["mantua.example"], "authority", [], -1), "has expired"],
		["is for another name", (): ConnectionOptions => shown("e", ["milan.example"]), "is not valid for this name"],
		["vouches for itself", (): ConnectionOptions => shown("f", ["mantua.example"], "itself"), "is self-signed"],
		[
			"is for clients only",
			(): ConnectionOptions => shown("g", ["milan.example"], "authority", ["extendedKeyUsage=clientAuth"]),
			"is not valid for this name",
		],
		["is none", (): ConnectionOptions => ({}), "could not be verified"],
	])("one that %s does not; where it must, the stream ends", async (_, options, why) => {
		await start();
		expect(await offered(how, options())).not.toContain("EXTERNAL");
		for (const server of servers.splice(0)) await server.stop("again");
		await start({ s2s_secure_auth: true });
		const answer = await offered(how, options());
		expect(answer).toContain("<not-authorized");
		expect(answer).toContain(`Your server's certificate ${why}`.replace("'", "&apos;"));
	});
});

it("servers with certificates for servers only talk to each other", async () => {
	const talkers = [];
	for (const [domain, at] of [
		["verona.example", "127.0.0.31"],
		["mantua.example", "127.0.0.32"],
	] as const) {
		const pair = neighbours.certify(domain, [domain], "authority", only_servers);
		const options = { s2s_secure_auth: true };
		const server = await start_neighbour(neighbours, { address: at, domain, port: 5269, pair, options, modules: [] });
		servers.push(server);
		talkers.push(await log_in_to(server, `somebody@${domain}`));
	}
	const [romeo, juliet] = talkers;
	if (romeo === undefined || juliet === undefined) throw new Error("two are two");
	romeo.send(st.message({ to: juliet.full_jid }, "but soft"));
	expect((await expect_stanza(juliet)).get_child_text("body")).toBe("but soft");
	await Promise.all([romeo.disconnect(), juliet.disconnect()]);
});
