// Browsers with a server of several processes, one of which ends while they talk.

import { existsSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { ns } from "../../host/util/ns.ts";
import * as st from "../../host/util/stanza.ts";
import { free_port } from "../../tools/running.ts";
import { eventually } from "../helper.ts";
import { program, service, until, WorkerServer } from "../host/cli/worker_server.ts";
import { not_installed } from "../needs.ts";
import { has_chromium, StropheClient } from "./strophe.ts";

const no_browser = not_installed(has_chromium, "Chromium", "no browser talks to several processes");

const servers: WorkerServer[] = [];
const clients: StropheClient[] = [];
afterEach(async () => {
	for (const client of clients.splice(0)) await client.close();
	for (const server of servers.splice(0)) await server.remove();
});

const room = `hall@${service}`;

it.skipIf(no_browser)("strophe.js over BOSH: only those are gone whose session was in the process that was killed", async () => {
	if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it`);
	const http = await free_port();
	const server = new WorkerServer();
	servers.push(server);
	const options = [
		`http_ports = { ${http} }`,
		'http_interfaces = { "127.0.0.1" }',
		"https_ports = {}",
		'http_default_host = "localhost"',
		"consider_bosh_secure = true",
		'modules_enabled = { "disco", "roster", "saslauth", "ping", "bosh" }',
	];
	await server.configure(options.join("\n"));
	const running = await server.start(2);
	for (const name of ["a", "b", "c", "d"]) {
		const client = await StropheClient.login(name, http);
		clients.push(client);
		await client.send(
			st
				.presence({ to: `${room}/${name}` })
				.tag("x", { xmlns: ns.muc })
				.reset(),
		);
		await client.stanzas.take("the subject", (stanza) => stanza.get_child("subject") !== undefined);
	}
	const say = async (speaker: StropheClient, text: string, listeners: readonly StropheClient[]): Promise<void> => {
		await speaker.send(st.message({ type: "groupchat", to: room }, text));
		for (const listener of listeners) await listener.stanzas.take(text, (stanza) => stanza.get_child_text("body") === text);
	};
	for (const [index, client] of clients.entries()) await say(client, `before ${index}`, clients);
	const homes = await Promise.all(clients.map(async (client) => (await client.session()).split(".").at(-1) ?? ""));
	const [killed = ""] = homes;
	expect(killed).toMatch(/^worker-[12]$/);
	const pid = server.worker(killed);
	process.kill(pid, "SIGKILL");
	await until(
		() => server.worker(killed) !== pid,
		() => running.log(),
	);
	const left = clients.filter((_client, index) => homes[index] !== killed);
	await eventually(async () => {
		const connected = await Promise.all(clients.map((client) => client.is_connected()));
		expect(connected).toEqual(clients.map((client) => left.includes(client)));
	});
	for (const [index, client] of left.entries()) await say(client, `after ${index}`, left);
});
