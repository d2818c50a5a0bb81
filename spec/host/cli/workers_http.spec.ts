// A server of several processes, by what comes over HTTP and over the administrators' socket.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import { free_port, Running } from "../../../tools/running.ts";
import { eventually, expect_stanza } from "../../helper.ts";
import { BoshClient } from "../raw_bosh.ts";
import { RawWebSocket } from "../raw_websocket.ts";
import { program, service, until, WorkerServer } from "./worker_server.ts";

const servers: WorkerServer[] = [];
const sockets: RawWebSocket[] = [];
afterEach(async () => {
	BoshClient.destroy_all();
	for (const socket of sockets.splice(0)) socket.destroy();
	for (const server of servers.splice(0)) await server.remove();
});

const room = `hall@${service}`;
const nodes = ["worker-1", "worker-2", "worker-3"];

/** Counts what it is asked: what one process has in memory. */
const counter = `
local count = 0;
module:depends("http");
module:provides("http", { route = {
	GET = function () count = count + 1; return tostring(count); end;
	POST = function (event) count = count + #event.request.body; return tostring(count).." "..event.request.ip; end;
} });
`;

interface Served {
	readonly server: WorkerServer;
	readonly running: Running;
	readonly http: number;
}

async function start(modules: readonly string[]): Promise<Served> {
	const http = await free_port();
	const server = new WorkerServer();
	servers.push(server);
	const plugins = join(server.folder, "plugins");
	mkdirSync(plugins);
	writeFileSync(join(plugins, "mod_http_counter.lua"), counter);
	const enabled = ["disco", "roster", "saslauth", "ping", "admin_shell", ...modules].map((name) => JSON.stringify(name));
	await server.configure(
		[
			`http_ports = { ${http} }`,
			'http_interfaces = { "127.0.0.1" }',
			"https_ports = {}",
			'http_default_host = "localhost"',
			"consider_bosh_secure = true",
			"consider_websocket_secure = true",
			'statistics = "internal"',
			// Nobody is killed for being slow
			"worker_timeout = 600",
			`plugin_paths = { ${JSON.stringify(plugins)} }`,
			`modules_enabled = { ${enabled.join(", ")} }`,
		].join("\n"),
	);
	return { server, running: await server.start(nodes.length), http };
}

/** Ends a worker and waits until another one has its place. */
async function replace({ server, running }: Served, node: string): Promise<void> {
	const pid = server.worker(node);
	process.kill(pid, "SIGKILL");
	await until(
		() => server.worker(node) !== pid,
		() => running.log(),
	);
}

async function page(http: number, path: string, init: RequestInit = {}): Promise<string> {
	// Each over a connection of its own, which any worker gets
	const answer = await fetch(`http://127.0.0.1:${http}${path}`, { ...init, headers: { connection: "close" } });
	return `${answer.status} ${await answer.text()}`;
}

/** A command for the server; answers with what it has printed. */
async function command(server: WorkerServer, ...words: readonly string[]): Promise<string> {
	const folder = mkdtempSync(join(server.folder, "command-"));
	const [name = "", ...rest] = words;
	const running = new Running(process.execPath, [program, name, "--config", server.config, ...rest], folder);
	await until(
		() => running.ended !== undefined,
		() => running.log(),
	);
	return running.log();
}

const join_room = (name: string): string =>
	`<presence xmlns='${ns.client}' to='${room}/${name}'><x xmlns='${ns.muc}'/></presence>`;
const groupchat = (text: string): string =>
	`<message xmlns='${ns.client}' type='groupchat' to='${room}'><body>${text}</body></message>`;

async function websocket(http: number, name: string): Promise<RawWebSocket> {
	const socket = await RawWebSocket.login(http, name);
	sockets.push(socket);
	await socket.ask(join_room(name), "<subject");
	return socket;
}

describe("a server of several processes, over HTTP", () => {
	it("has BOSH sessions whose requests come to any of them, and which end with the process that has them alone", async () => {
		const served = await start(["bosh"]);
		const { server, http } = served;
		const other = await server.login("other");
		other.send(
			st
				.presence({ to: `${room}/other` })
				.tag("x", { xmlns: ns.muc })
				.reset(),
		);
		const clients: BoshClient[] = [];
		for (const name of ["a", "b", "c"]) {
			const client = await new BoshClient(http).login(name);
			let heard = await client.ask(join_room(name));
			while (!heard.includes("<subject")) heard = await client.ask();
			clients.push(client);
		}
		const homes = clients.map(({ sid }) => sid.split(".").at(-1));
		expect([...homes].sort()).toEqual(nodes);
		for (const [index, client] of clients.entries()) {
			// One request waits while another one comes over another connection
			const held = await client.hold(client.body());
			const answer = await client.ask(groupchat(`message ${index}`));
			const heard = `${await held.answer}${answer}`;
			expect(heard).not.toContain("terminate");
			await expect_stanza(other, (stanza) => stanza.get_child_text("body") === `message ${index}`);
		}
		await replace(served, homes[0] ?? "");
		const [first, second] = clients;
		expect(await first?.ask()).toContain("condition='item-not-found'");
		expect(await second?.ask(groupchat("still here"))).not.toContain("terminate");
		await eventually(async () => expect(await second?.ask()).not.toContain("terminate"));
	});

	it("has WebSocket at all of them, whose clients talk to each other, and lose nobody else when one ends", async () => {
		const served = await start(["websocket"]);
		const people: RawWebSocket[] = [];
		for (const name of ["a", "b", "c"]) people.push(await websocket(served.http, name));
		for (const [index, person] of people.entries()) {
			person.frame(groupchat(`from ${index}`));
			for (const listener of people) await listener.take(`from ${index}`);
		}
		await replace(served, "worker-2");
		const left = people.filter(({ ended }) => !ended);
		expect(left).toHaveLength(2);
		await websocket(served.http, "d");
		left[0]?.frame(groupchat("after"));
		for (const listener of left) await listener.take("after");
	});

	it("has pages of a module in Lua at one of them, whichever is asked, and then at the next one", async () => {
		const served = await start(["http_counter"]);
		const { http } = served;
		for (const count of [1, 2, 3, 4, 5, 6]) expect(await page(http, "/counter")).toBe(`200 ${count}`);
		expect(await page(http, "/counter", { method: "POST", body: "text" })).toBe("200 10 127.0.0.1");
		expect(await page(http, "/nowhere")).toMatch(/^404 /);
		await replace(served, "worker-1");
		// Another one has begun to count
		for (const count of [1, 2, 3, 4]) expect(await page(http, "/counter")).toBe(`200 ${count}`);
	});

	it("answers while its first process is gone", async () => {
		const served = await start(["http_counter"]);
		const pid = served.server.worker("worker-1");
		process.kill(pid, "SIGKILL");
		// Whoever is asked does not know it yet, or knows already. A connection that was given to the one that is gone ends
		const answers = await Promise.all(Array.from({ length: 6 }, () => eventually(() => page(served.http, "/counter"))));
		expect(answers.sort()).toEqual([1, 2, 3, 4, 5, 6].map((count) => `200 ${count}`));
	});

	it("shows the measures and the health of all of them", async () => {
		const served = await start(["http_openmetrics", "http_health"]);
		const { http } = served;
		for (const _ of nodes) {
			const metrics = await page(http, "/metrics");
			for (const node of nodes) {
				expect(metrics).toMatch(new RegExp(`^process_cpu_seconds_total\\{worker="${node}"\\} [\\d.]+$`, "m"));
			}
			expect(metrics.match(/^# TYPE process_cpu_seconds /gm)).toHaveLength(1);
			expect(metrics).toMatch(/\n# EOF\n$/);
		}
		await eventually(async () => expect(await page(http, "/health")).toBe("200 ok\n"));
		// One that hangs makes the whole unwell, and is named
		const pid = served.server.worker("worker-2");
		process.kill(pid, "SIGSTOP");
		try {
			await eventually(async () => {
				// It gets one connection, and no other while it does not take that
				const told = await Promise.any([page(http, "/health"), page(http, "/health")]);
				expect(told).toMatch(/^503 worker-2: it does not answer\n$/);
			});
		} finally {
			process.kill(pid, "SIGCONT");
		}
	});
});

describe("the administrators' socket of a server of several processes", () => {
	it("is there as long as one of them is, and what is typed concerns all", async () => {
		const served = await start([]);
		const { server } = served;
		for (const node of nodes) {
			await replace(served, node);
			const told = await command(server, "shell", 'module:reload("ping")');
			for (const name of nodes) expect(told).toContain(`Node ${name}:\nReloaded on localhost\n`);
			expect(told).toContain("OK: Module reloaded on 1 host\n");
		}
		await command(server, "shell", 'config:set("c2s_timeout", 123)');
		for (const _ of nodes) expect(await command(server, "shell", 'config:get("c2s_timeout")')).toContain("123");
	});
});
