// Modules in Lua that make the connections to other servers themselves, or say where these are: here and on a real Prosody.

import { once } from "node:events";
import { createServer, type Socket, connect as tcp_connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as st from "../../../host/util/stanza.ts";
import { find_prosody, free_port } from "../../../tools/reference.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { expect_stanza } from "../../helper.ts";
import { log_in_at, log_in_to, Neighbourhood, start_neighbour, start_prosody_neighbour } from "../../host/servers.ts";
import { missing, missing_here, module_folders, without_prosody } from "./community.ts";

const no_prosody = without_prosody();
const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const [here, there] = ["127.0.0.61", "127.0.0.62"];

let neighbours: Neighbourhood;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(() => {
	neighbours = new Neighbourhood();
});
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
	neighbours.remove();
});

function until_the_end(client: Client): Client {
	ends.push(() => client.disconnect());
	return client;
}

/** The other server, where nobody would look for it. */
async function start_other(port: number): Promise<Client> {
	const pair = neighbours.certify("mantua", ["mantua.example"]);
	const server = await start_neighbour(neighbours, { address: there, domain: "mantua.example", port, pair });
	ends.push(() => server.stop("The test is over"));
	return until_the_end(await log_in_to(server, "juliet@mantua.example"));
}

/** How a server with a module is started; answers with a client of it. */
type Start = (module: string, options: Readonly<Record<string, unknown>>) => Promise<Client>;

const start_ours: Start = async (module, options) => {
	const server = await start_neighbour(neighbours, {
		address: here,
		domain: "verona.example",
		port: 5269,
		pair: neighbours.certify("verona", ["verona.example"]),
		modules: ["dialback", module],
		options: { plugin_paths: [...module_folders], ...(options as object) },
	});
	ends.push(() => server.stop("The test is over"));
	return until_the_end(await log_in_to(server, "romeo@verona.example"));
};

/** A value as it is written in Lua. */
function in_lua(value: unknown): string {
	if (Array.isArray(value)) return `{ ${value.map(in_lua).join(", ")} }`;
	if (typeof value !== "object" || value === null) return JSON.stringify(value);
	const fields = Object.entries(value).map(([name, field]) => `[${JSON.stringify(name)}] = ${in_lua(field)}`);
	return `{ ${fields.join(", ")} }`;
}

const start_prosody: Start = async (module, options) => {
	const server = await start_prosody_neighbour(neighbours, {
		prosody,
		address: here,
		domain: "verona.example",
		pair: neighbours.certify("verona", ["verona.example"]),
		modules: ["dialback", module],
		plugin_paths: module_folders,
		options: Object.entries(options)
			.map(([name, value]) => `${name} = ${in_lua(value)}`)
			.join("\n"),
	});
	ends.push(() => server.stop());
	return until_the_end(await log_in_at(server.host, server.port, "romeo@verona.example"));
};

/** A SOCKS5 proxy that knows one server, whatever it is asked for (RFC 1928). */
async function start_proxy(port: number): Promise<{ readonly port: number; readonly asked: string[] }> {
	const asked: string[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("error", () => socket.destroy());
		let step: "methods" | "request" | "open" = "methods";
		let bytes = Buffer.alloc(0);
		const take = (chunk: Buffer): void => {
			bytes = Buffer.concat([bytes, chunk]);
			if (step === "methods" && bytes.length >= 3) {
				bytes = bytes.subarray(3);
				step = "request";
				socket.write(Buffer.from([5, 0]));
			}
			const length = bytes[4] ?? 0;
			if (step !== "request" || bytes.length < 7 + length) return;
			step = "open";
			asked.push(`${bytes.toString("latin1", 5, 5 + length)}:${bytes.readUInt16BE(5 + length)}`);
			socket.off("data", take);
			const behind = tcp_connect(port, there, () => {
				socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
				socket.pipe(behind).pipe(socket);
			});
			sockets.add(behind);
			behind.on("error", () => socket.destroy());
		};
		socket.on("data", take);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	ends.push(async () => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	const address = server.address();
	return { port: typeof address === "object" && address !== null ? address.port : 0, asked };
}

const chat = (to: string, body: string): st.Stanza => st.message({ to, type: "chat" }, body);
const says = (body: string) => (stanza: st.Stanza) => stanza.get_child_text("body") === body;

/** What two say to each other over servers, three stanzas at once at first. */
async function talk(romeo: Client, juliet: Client): Promise<void> {
	const heard: (string | undefined)[] = [];
	for (const body of ["but", "soft", "what light"]) romeo.send(chat(juliet.full_jid, body));
	for (let count = 0; count < 3; count++) heard.push((await expect_stanza(juliet)).get_child_text("body"));
	expect(heard).toEqual(["but", "soft", "what light"]);
	juliet.send(chat(romeo.full_jid, "ay me"));
	await expect_stanza(romeo, says("ay me"));
	romeo.send(chat(juliet.full_jid, "she speaks"));
	await expect_stanza(juliet, says("she speaks"));
}

const servers: readonly (readonly [string, Start, boolean])[] = [
	["this server", start_ours, false],
	["a real Prosody", start_prosody, no_prosody],
];

describe.each(servers)("on %s", (_, start, is_left_out) => {
	describe.skipIf(is_left_out || missing_here("s2soutinjection"))("mod_s2soutinjection", () => {
		it("connects to where it is told", async () => {
			const port = await free_port();
			const juliet = await start_other(port);
			const romeo = await start("s2soutinjection", { s2s_connect_overrides: { "mantua.example": [there, port] } });
			await talk(romeo, juliet);
		});
	});

	describe.skipIf(is_left_out || missing("onions"))("mod_onions", () => {
		it("connects by way of a proxy", async () => {
			const port = await free_port();
			const juliet = await start_other(port);
			const proxy = await start_proxy(port);
			const romeo = await start("onions", {
				onions_socks5_port: proxy.port,
				onions_map: { "mantua.example": { host: "hidden.onion", port: 5333 } },
			});
			await talk(romeo, juliet);
			expect(proxy.asked).toEqual(["hidden.onion:5333"]);
		});
	});

	// Prosody's own look-up has not asked what the module replaces since 0.11
	describe.skipIf(start === start_prosody || missing_here("srvinjection"))("mod_srvinjection", () => {
		it.each(["mantua.example", "*"])("connects to where it is told of %s", async (domain) => {
			const port = await free_port();
			const juliet = await start_other(port);
			const romeo = await start("srvinjection", { srvinjection: { [domain]: [there, port] } });
			await talk(romeo, juliet);
		});
	});
});
