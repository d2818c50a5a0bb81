// Streams between this server and a real Prosody.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningServer } from "../../../host/running_server.ts";
import * as st from "../../../host/util/stanza.ts";
import { find_prosody, type Reference } from "../../../tools/reference.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { ask, expect_stanza } from "../../helper.ts";
import { log_in_at, Neighbourhood, start_neighbour, start_prosody_neighbour } from "../servers.ts";

const prosody = find_prosody(process.env["ENJAMB_REFERENCE"]);
const required = process.env["CI"] === "true";
const unbound = ["/usr/lib/x86_64-linux-gnu/lua/5.4/lunbound.so", "/usr/local/lib/lua/5.4/lunbound.so"].some(existsSync);
const reason = prosody === undefined ? "Prosody is not installed" : unbound ? undefined : "lua-unbound is not installed";
if (reason !== undefined && !required) console.warn(`Streams with a real Prosody are not tried: ${reason}`);

let neighbours: Neighbourhood;
let ours: RunningServer;
let theirs: Reference;
const clients: Client[] = [];

beforeEach(() => {
	neighbours = new Neighbourhood();
});

afterEach(async () => {
	await Promise.all(clients.splice(0).map((client) => client.disconnect()));
	await ours?.stop("The test is over");
	await theirs?.stop();
	neighbours.remove();
});

async function log_in(host: string, port: number, jid: string): Promise<Client> {
	const client = await log_in_at(host, port, jid);
	clients.push(client);
	return client;
}

/** Starts a Prosody for mantua.example at an address of its own, and a server of ours for verona.example. */
async function start(secure: boolean, modules: readonly string[]): Promise<[Client, Client]> {
	const theirs_pair = neighbours.certify("mantua", ["mantua.example", "conference.mantua.example"]);
	const ours_pair = neighbours.certify("verona", ["verona.example", "conference.verona.example"]);
	ours = await start_neighbour(neighbours, {
		address: "127.0.0.15",
		domain: "verona.example",
		port: 5269,
		pair: ours_pair,
		modules,
		options: { s2s_secure_auth: secure },
		log: join(neighbours.folder, "log"),
	});
	theirs = await start_prosody_neighbour(neighbours, {
		prosody,
		address: "127.0.0.16",
		domain: "mantua.example",
		pair: theirs_pair,
		modules,
		options: `s2s_secure_auth = ${secure}`,
		hosts: `Component "conference.mantua.example" "muc"\n\tmuc_room_locking = false`,
	});
	const at = ours.addresses().find(({ service }) => service === "c2s");
	return [
		await log_in(at?.host ?? "", at?.port ?? 0, "romeo@verona.example"),
		await log_in(theirs.host, theirs.port, "juliet@mantua.example"),
	];
}

async function enter(client: Client, room: string, nick: string): Promise<void> {
	client.send(
		st
			.presence({ to: `${room}/${nick}` })
			.tag("x", { xmlns: "http://jabber.org/protocol/muc" })
			.reset(),
	);
	await expect_stanza(client, (stanza) => stanza.toString().includes("code='110'"));
}

describe.skipIf(reason !== undefined && !required)("this server and a real Prosody", () => {
	it.each([
		["by dialback", false, ["dialback"]],
		["by certificate", true, []],
		["by certificate, over one stream", true, ["s2s_bidi"]],
		["by certificate, telling each other what arrived", true, ["smacks"]],
	] as const)("talk, and share rooms (%s)", { timeout: 60_000 }, async (_, secure, modules) => {
		const [romeo, juliet] = await start(secure, modules);
		romeo.send(st.message({ to: juliet.full_jid, type: "chat" }, "but soft"));
		expect((await expect_stanza(juliet)).get_child_text("body")).toBe("but soft");
		juliet.send(st.message({ to: romeo.full_jid, type: "chat" }, "ay me"));
		expect((await expect_stanza(romeo)).get_child_text("body")).toBe("ay me");
		for (const room of ["balcony@conference.verona.example", "garden@conference.mantua.example"]) {
			await enter(romeo, room, "Romeo");
			await enter(juliet, room, "Juliet");
			for (const [speaker, hearer] of [
				[romeo, juliet],
				[juliet, romeo],
			] as const) {
				speaker.send(st.message({ to: room, type: "groupchat" }, `${speaker.full_jid} in ${room}`));
				for (const one of [speaker, hearer]) {
					await expect_stanza(one, (stanza) => stanza.get_child_text("body") === `${speaker.full_jid} in ${room}`);
				}
			}
		}
		const pong = await ask(
			juliet,
			st.iq({ type: "get", id: "p", to: "verona.example" }).tag("ping", { xmlns: "urn:xmpp:ping" }).reset(),
		);
		expect(pong.attr["type"]).toBe("result");
		if (modules.some((name) => name === "smacks")) {
			const log = readFileSync(join(neighbours.folder, "log"), "utf8");
			for (const said of ["s2sin]: <enable ", "s2sout]: <enabled ", "s2sin]: <r ", "s2sout]: <a "])
				expect(log).toContain(`Received[${said}`);
		}
	});
});
