// Sessions with stream management (XEP-0198), with a storage that fails at each call: what was acknowledged to its sender is not lost.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Faults, faulty_storage } from "../../../faulty_storage.ts";
import { eventually, start_test_server, type TestServer } from "../../../helper.ts";
import { bind } from "../../raw_client.ts";
import { Crew, message_ids } from "./crew.ts";

const faults = new Faults();
const crew = new Crew();
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
	crew.vanish();
	await running?.stop();
	running = undefined;
}

/** A client that is gone, whose session waits; answers with the name of the session. */
async function gone(server: TestServer): Promise<string> {
	const { client, token } = await crew.managed(server.port, "grace");
	client.send("<presence/>");
	await client.until(() => /<presence[ >]/.test(client.said));
	client.destroy();
	await eventually(() => expect(server.server.full_sessions.get("grace@localhost/desk")).toMatchObject({ conn: undefined }));
	return token;
}

/** Sends a message to her, and answers with what comes of it. */
async function say(server: TestServer, id: string): Promise<"sent" | "refused"> {
	const howard = await crew.login(server.port, "howard");
	howard.send(`<message to='grace@localhost' id='${id}' type='chat'><body>${id}</body></message>`);
	await crew.settle(howard);
	return howard.said.includes("<error") ? "refused" : "sent";
}

/** Comes back, to the session or anew; answers with the ids of all messages that wait. */
async function come_back(server: TestServer, token: string): Promise<string[]> {
	const client = await crew.resume(server.port, "grace", token, 0);
	if (!client.said.includes("<resumed ")) {
		client.send(bind("desk"));
		await client.until(() => client.said.includes("</bind>"));
		client.send("<presence/>");
	}
	await crew.settle(client);
	return message_ids(client.said);
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
