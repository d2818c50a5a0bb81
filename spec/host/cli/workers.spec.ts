import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { split } from "../../../host/util/jid.ts";
import { ns } from "../../../host/util/ns.ts";
import * as st from "../../../host/util/stanza.ts";
import type { Client } from "../../../tools/scansion/client.ts";
import { expect_stanza } from "../../helper.ts";
import { program, service, until, WorkerServer } from "./worker_server.ts";

const servers: WorkerServer[] = [];
afterEach(async () => {
	for (const server of servers.splice(0)) await server.remove();
});

async function configured(general = "", hosts = ""): Promise<WorkerServer> {
	if (!existsSync(program)) throw new Error(`${program} is missing: npm run build makes it`);
	const server = new WorkerServer();
	servers.push(server);
	await server.configure(general, hosts);
	return server;
}

const room = `hall@${service}`;

async function enter(server: WorkerServer, name: string): Promise<Client> {
	const client = await server.login(name);
	client.send(
		st
			.presence({ to: `${room}/${name}` })
			.tag("x", { xmlns: ns.muc })
			.reset(),
	);
	await expect_stanza(client, (stanza) => stanza.name === "message" && stanza.get_child("subject") !== undefined);
	return client;
}

const says = (text: string) => (stanza: st.Stanza) =>
	stanza.get_child_text("body") === text && stanza.attr["type"] === "groupchat";
/** Whether it says that one of these is gone. */
const is_gone =
	(clients: readonly Client[]) =>
	({ name, attr }: st.Stanza): boolean =>
		name === "presence" &&
		attr["type"] === "unavailable" &&
		clients.some(({ full_jid }) => attr["from"] === `${room}/${split(full_jid).node}`);

/** Says something until it comes back: while nobody has the room, the answer is an error of type wait. */
async function say(speaker: Client, text: string): Promise<void> {
	for (;;) {
		speaker.send(st.message({ to: room, type: "groupchat", id: text }, text));
		const back = await expect_stanza(speaker, ({ name, attr }) => name === "message" && attr["id"] === text);
		if (back.attr["type"] !== "error") return;
		expect(back.get_child("error")?.attr["type"]).toBe("wait");
	}
}

describe("a server of several processes", () => {
	it("has one room for the clients of all of them, which outlives each", async () => {
		const server = await configured();
		const running = await server.start(3);
		// Connections go to one worker after the other
		const people = [await enter(server, "a"), await enter(server, "b"), await enter(server, "c")] as const;
		const [a, b, c] = people;
		await say(a, "before");
		for (const client of [b, c]) await expect_stanza(client, says("before"));
		let here: readonly Client[] = people;
		for (const node of ["worker-1", "worker-2", "worker-3"]) {
			const pid = server.worker(node);
			process.kill(pid, "SIGKILL");
			// One of them was connected there
			const before = here.length;
			await until(
				() => here.filter(({ ended }) => ended === undefined).length === before - 1,
				() => running.log(),
			);
			here = here.filter(({ ended }) => ended === undefined);
			await until(
				() => server.worker(node) !== pid,
				() => running.log(),
			);
			const [speaker, ...others] = here;
			if (speaker !== undefined) await say(speaker, node);
			for (const client of others) await expect_stanza(client, says(node));
			for (const client of here) expect(client.queue.filter(is_gone(here))).toEqual([]);
		}
		const again = await enter(server, "again");
		await say(again, "at last");
		await server.end("SIGTERM");
		expect(running.ended).toBe("exit status 0");
		expect(running.log()).not.toMatch(/\terror\t(?!.*has ended by SIGKILL)/);
	});
});
