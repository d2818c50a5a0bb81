// Sessions with stream management (XEP-0198), with a storage that fails at each call: what was acknowledged to its sender is not lost.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ns } from "../../../../host/util/ns.ts";
import { Faults, faulty_storage } from "../../../faulty_storage.ts";
import { eventually, start_test_server, type TestServer } from "../../../helper.ts";
import { auth_plain, bind, features, header, RawClient } from "../../raw_client.ts";

const sm = ns.sm3;
const faults = new Faults();
const clients: RawClient[] = [];
let folder: string;
let running: TestServer | undefined;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "enjamb-failures-"));
});
afterEach(async () => {
	faults.arm(undefined);
	await stop();
	await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<TestServer> {
	running = await start_test_server({
		data_path: folder,
		modules: [faulty_storage("sql", faults)],
		config: { "*": { storage: "faulty", modules_enabled: ["roster", "saslauth", "ping", "smacks"] } },
	});
	return running;
}

async function stop(): Promise<void> {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	running = undefined;
}

async function authenticated({ port }: TestServer, name: string): Promise<RawClient> {
	const client = await RawClient.connect(port);
	clients.push(client);
	await client.ask(header(), features);
	await client.ask(auth_plain(name), "/>");
	await client.ask(header(), features);
	client.said = "";
	return client;
}

async function login(server: TestServer, name: string): Promise<RawClient> {
	const client = await authenticated(server, name);
	await client.ask(bind("desk"), "</iq>");
	client.said = "";
	return client;
}

/** A client that is gone, whose session waits; answers with the name of the session. */
async function gone(server: TestServer): Promise<string> {
	const client = await login(server, "grace");
	client.send(`<enable xmlns='${sm}' resume='true'/><presence/>`);
	await client.until(() => /<presence[ >]/.test(client.said));
	client.destroy();
	await eventually(() => expect(server.server.full_sessions.get("grace@localhost/desk")).toMatchObject({ conn: undefined }));
	return /\bid='([^']+)'/.exec(client.said)?.[1] ?? "";
}

/** Sends a message to her, and answers with what comes of it. */
async function say(server: TestServer, id: string): Promise<"sent" | "refused"> {
	const howard = await login(server, "howard");
	howard.send(`<message to='grace@localhost' id='${id}' type='chat'><body>${id}</body></message>`);
	howard.send("<iq type='get' id='done' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
	await howard.until(() => howard.said.includes("'done'"));
	return howard.said.includes("<error") ? "refused" : "sent";
}

/** Comes back, to the session or anew; answers with the ids of all messages that wait. */
async function come_back(server: TestServer, token: string): Promise<string[]> {
	const client = await authenticated(server, "grace");
	client.send(`<resume xmlns='${sm}' previd='${token}' h='0'/>`);
	await client.until(() => /<resumed |<\/failed>/.test(client.said));
	if (!client.said.includes("<resumed ")) {
		client.send(bind("desk"));
		await client.until(() => client.said.includes("</bind>"));
		client.send("<presence/>");
	}
	client.send("<iq type='get' id='done' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
	await client.until(() => client.said.includes("'done'"));
	return [...client.said.matchAll(/<message [^>]*\bid='(\w+)'/g)].map(([, id = ""]) => id);
}

const concerns = (call: string): boolean => call.startsWith("smacks") || call.startsWith("offline.");

/** How many calls there are when all goes well. */
async function calls_of(work: () => Promise<unknown>): Promise<number> {
	faults.arm(undefined, concerns);
	await work();
	return faults.calls.length;
}

describe("a message to somebody who is gone", () => {
	it("reaches her, or its sender is told, whichever call fails while it is kept", async () => {
		const server = await start();
		const token = await gone(server);
		const calls = await calls_of(() => say(server, "zero"));
		expect(calls).toBeGreaterThan(0);
		const kept = ["zero"];
		for (let nth = 0; nth < calls; nth++) {
			faults.arm(nth, concerns);
			const id = `at${nth}`;
			const outcome = await say(server, id);
			faults.arm(undefined);
			if (outcome === "sent") kept.push(id);
		}
		expect(await come_back(server, token)).toEqual(kept);
	});

	it("is not lost, whichever call fails while the server ends", async () => {
		for (let nth = 0, calls = 1; nth < calls; nth++) {
			const first = await start();
			const token = await gone(first);
			expect(await say(first, "one")).toBe("sent");
			faults.arm(nth, concerns);
			await stop();
			calls = faults.calls.length;
			faults.arm(undefined);
			expect(await come_back(await start(), token), `call ${nth}: ${faults.calls[nth]}`).toContain("one");
			await stop();
			await rm(folder, { recursive: true, force: true });
		}
	});

	it("is not lost, whichever call fails while the server begins", async () => {
		for (let nth = 0, calls = 1; nth < calls; nth++) {
			const first = await start();
			const token = await gone(first);
			await say(first, "one");
			await stop();
			faults.arm(nth, concerns);
			const second = await start();
			calls = faults.calls.length;
			const failing = faults.calls[nth];
			faults.arm(undefined);
			const heard = await come_back(second, token);
			await stop();
			// Where it could not be read, it is there after another restart
			const later = heard.includes("one") ? [] : await come_back(await start(), token);
			expect([...heard, ...later], `call ${nth}: ${failing}`).toContain("one");
			await stop();
			await rm(folder, { recursive: true, force: true });
		}
	});
});
