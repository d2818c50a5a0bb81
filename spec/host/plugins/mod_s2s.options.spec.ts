// What other servers may do and what becomes of it, with each option, here and on a real Prosody.

import { existsSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { config_to_lua } from "../../../host/core/config/config_to_lua.ts";
import { Config, type ConfigValue } from "../../../host/core/configmanager.ts";
import * as st from "../../../host/util/stanza.ts";
import { find_prosody, start_reference } from "../../../tools/reference.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { eventually, expect_stanza } from "../../helper.ts";
import { left_out } from "../../needs.ts";
import { features, RawClient } from "../raw_client.ts";
import { log_in_at, Neighbourhood, start_neighbour } from "../servers.ts";

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const has_unbound = ["/usr/lib/x86_64-linux-gnu/lua/5.4/lunbound.so", "/usr/local/lib/lua/5.4/lunbound.so"].some(existsSync);
const missing = prosody === undefined ? "Prosody is not installed" : has_unbound ? undefined : "lua-unbound is not installed";
const no_prosody = left_out(missing, "what other servers do is not compared");
const here = "127.0.0.51";
const there = "127.0.0.52";
const clear = { s2s_require_encryption: false, s2s_secure_auth: false, s2s_allow_encryption: false };

let neighbours: Neighbourhood;
const servers: { stop(reason: string): Promise<void> }[] = [];
const clients: Client[] = [];
const raw: RawClient[] = [];
const listeners: Server[] = [];
const sockets: Socket[] = [];

beforeEach(() => {
	neighbours = new Neighbourhood();
	neighbours.place(there, "mantua.example");
});

afterEach(async () => {
	for (const client of raw.splice(0)) client.destroy();
	for (const socket of sockets.splice(0)) socket.destroy();
	for (const listener of listeners.splice(0)) listener.close();
	await Promise.all(clients.splice(0).map((client) => client.disconnect()));
	await Promise.all(servers.splice(0).map((server) => server.stop("The test is over")));
	neighbours.remove();
});

type Options = Readonly<Record<string, ConfigValue>>;

async function start_ours(options: Options): Promise<[string, number]> {
	const pair = neighbours.certify("verona", ["verona.example"]);
	const server = await start_neighbour(neighbours, { address: here, domain: "verona.example", port: 5269, pair, options });
	servers.push(server);
	const at = server.addresses().find(({ service }) => service === "c2s");
	return [at?.host ?? "", at?.port ?? 0];
}

async function start_prosody(options: Options): Promise<[string, number]> {
	const { certificate, key } = neighbours.certify("verona", ["verona.example"]);
	const config = Config.from({
		"*": {
			storage: "memory",
			s2s_ports: [5269],
			s2s_interfaces: [here],
			authentication: "insecure",
			insecure_open_authentication: "Yes please, I know what I'm doing!",
			c2s_require_encryption: false,
			allow_unencrypted_plain_auth: true,
			modules_enabled: ["disco", "roster", "saslauth", "tls", "ping", "dialback"],
			unbound: { hoststxt: neighbours.hosts_file, forward: "127.0.0.1@9" },
			ssl: { cafile: neighbours.authority, certificate, key },
			...options,
		},
		"verona.example": {},
	});
	const started = await start_reference({ prosody, config: config_to_lua(config) });
	if (!started.ok) throw new Error(started.error);
	servers.push(started.value);
	return [started.value.host, started.value.port];
}

async function log_in([host, port]: [string, number]): Promise<Client> {
	const client = await log_in_at(host, port, "romeo@verona.example");
	clients.push(client);
	return client;
}

const header = (attributes = "from='mantua.example' to='verona.example'"): string =>
	`<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' xmlns:stream='http://etherx.jabber.org/streams' ${attributes} version='1.0'>`;

/** What the other server says first. */
const theirs = header("from='mantua.example' id='x'");

/** Connects as another server. */
async function peer(): Promise<RawClient> {
	const client = await RawClient.connect(5269, here);
	raw.push(client);
	return client;
}

/** Is another server: what it does with who connects. */
function listen(serve: (socket: Socket) => void): Promise<void> {
	const listener = createServer((socket) => {
		sockets.push(socket);
		socket.on("error", () => {});
		serve(socket);
	});
	listeners.push(listener);
	return new Promise((resolve) => listener.listen(5269, there, resolve));
}

/** What a message to the other server comes back with. */
async function bounce(romeo: Client): Promise<string> {
	romeo.send(st.message({ to: "juliet@mantua.example", id: "m" }, "but soft"));
	const returned = await expect_stanza(romeo, (stanza) => stanza.attr["id"] === "m");
	const error = returned.get_error();
	return `${error?.type} ${error?.condition}: ${error?.text ?? ""}`;
}

describe.each([
	["this server", start_ours, false],
	["a real Prosody", start_prosody, no_prosody],
] as const)("%s", (_, start, is_missing) => {
	const limits = { timeout: 15_000 };

	it.skipIf(is_missing)("offers TLS, and says so where it must be", limits, async () => {
		await start({});
		expect(await (await peer()).ask(header(), features)).toContain(
			"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>",
		);
	});

	it.skipIf(is_missing)("may offer TLS without insisting, or not at all", limits, async () => {
		await start({ s2s_require_encryption: false, s2s_secure_auth: false });
		const offer = await (await peer()).ask(header(), features);
		expect(offer).toContain("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
		for (const server of servers.splice(0)) await server.stop("again");
		await start(clear);
		expect(await (await peer()).ask(header(), features)).not.toContain("starttls");
	});

	it.skipIf(is_missing)("asks nobody about a key in the clear where TLS must be", limits, async () => {
		await start({ s2s_secure_auth: false });
		let asked = "";
		await listen((socket) => {
			socket.on("data", (data) => {
				asked += data.toString();
				if (asked.endsWith("version='1.0'>")) {
					socket.write(`${theirs}<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>`);
				}
			});
		});
		const client = await peer();
		await client.ask(header(), features);
		client.send("<db:result from='mantua.example' to='verona.example'>key</db:result>");
		await eventually(() => expect(asked).toContain("stream:stream"));
		await new Promise((resolve) => setTimeout(resolve, 500));
		expect(client.said).not.toContain("type='valid'");
		client.send("<message from='juliet@mantua.example' to='romeo@verona.example'><body>a</body></message>");
		await new Promise((resolve) => setTimeout(resolve, 300));
		expect(client.said).not.toContain("type='valid'");
	});

	it.skipIf(is_missing)("refuses all servers where a host does without", limits, async () => {
		await start({ ...clear, modules_disabled: ["s2s"], modules_enabled: ["saslauth", "roster", "component"] });
		await expect(peer()).rejects.toThrow("ECONNREFUSED");
	});

	it.skipIf(is_missing)("gives up on who does not say who it is in time", limits, async () => {
		await start({ ...clear, s2s_timeout: 1 });
		for (const said of ["", "<?xml version='1.0'?><stream:str", header()]) {
			const client = await peer();
			if (said !== "") client.send(said);
			expect(await client.closed()).toMatch(/<connection-timeout xmlns='urn:ietf:params:xml:ns:xmpp-streams'\/>/);
		}
	});

	// Prosody 0.12.3 with Debian's LuaExpat goes on reading
	it.skipIf(is_missing || start === start_prosody)("takes no stanza that is too big", limits, async () => {
		await start({ ...clear, s2s_stanza_size_limit: 10_000 });
		const client = await peer();
		await client.ask(header(), features);
		client.send("<message from='juliet@mantua.example' to='romeo@verona.example'><body>");
		for (let pieces = 0; pieces < 300 && !client.ended; pieces++) {
			client.send("a".repeat(1000));
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
		await eventually(() => expect(client.said).toMatch(/<policy-violation .*XML stanza is too big/));
	});

	it.skipIf(is_missing)("returns what cannot be sent, with why", limits, async () => {
		const romeo = await log_in(await start({ ...clear, s2s_timeout: 2 }));
		// Nobody listens
		expect(await bounce(romeo)).toMatch(/^cancel remote-server-not-found: Server-to-server connection failed/);
		let serve: (socket: Socket) => void = () => {};
		await listen((socket) => serve(socket));
		for (const [what, does, expected] of [
			["says nothing", () => {}, /cancel remote-server-not-found: .*connection.timeout/],
			["goes at once", (socket: Socket) => socket.destroy(), /cancel remote-server-not-found: /],
			[
				"says half a header",
				(socket: Socket) => socket.write("<stream:stream xmlns='jab"),
				/cancel remote-server-not-found: .*connection.timeout/,
			],
			[
				"says what is no XML",
				(socket: Socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"),
				/cancel remote-server-not-found: .*Received invalid XML from remote server/,
			],
			[
				"offers nothing",
				(socket: Socket) => socket.write(`${theirs}<stream:features/>`),
				/wait remote-server-timeout: .*connection.timeout/,
			],
			[
				"goes in the middle",
				(socket: Socket) => {
					socket.write(theirs);
					setTimeout(() => socket.destroy(), 100);
				},
				/wait remote-server-timeout: /,
			],
			[
				"says that it does not serve the domain",
				(socket: Socket) =>
					socket.write(
						`${theirs}<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
					),
				/wait remote-server-timeout: .*host-unknown/,
			],
		] as const) {
			serve = does;
			expect(`${what}: ${await bounce(romeo)}`).toMatch(new RegExp(`^${what}: ${expected.source}`));
		}
	});

	// Prosody 0.12 keeps all that comes
	it.skipIf(is_missing || start === start_prosody)(
		"keeps no more for a server than fits, and returns the rest",
		limits,
		async () => {
			const romeo = await log_in(await start({ ...clear, s2s_timeout: 3, s2s_send_queue_size: 2 }));
			await listen(() => {});
			for (const id of ["1", "2", "3", "4"]) romeo.send(st.message({ to: "juliet@mantua.example", id }, "a"));
			const returned = await expect_stanza(romeo, (stanza) => stanza.attr["type"] === "error");
			expect(returned.attr["id"]).toMatch(/[34]/);
			expect(returned.get_error()?.condition).toBe("resource-constraint");
		},
	);
});
