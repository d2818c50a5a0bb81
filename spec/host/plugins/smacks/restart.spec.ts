// Sessions with stream management (XEP-0198) and the end of their server: a restart, with or without time to prepare for it.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConfigValue } from "../../../../host/core/configmanager.ts";
import { ns } from "../../../../host/util/ns.ts";
import { Faults, faulty_storage } from "../../../faulty_storage.ts";
import { eventually, start_test_server, type TestServer } from "../../../helper.ts";
import { bind, type RawClient } from "../../raw_client.ts";
import { Crew, count_stanzas, message_ids } from "./crew.ts";

const sm = ns.sm3;
const room = "tearoom@conference.localhost";
const say = (to: string, id: string): string => `<message to='${to}' id='${id}' type='chat'><body>${id}</body></message>`;

let folder: string;
let running: TestServer | undefined;
const crew = new Crew();

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "enjamb-restart-"));
});
afterEach(async () => {
	crew.vanish();
	await running?.stop();
	running = undefined;
	await rm(folder, { recursive: true, force: true });
});

const faults = new Faults();

async function start(options: Record<string, ConfigValue> = {}): Promise<TestServer> {
	await running?.stop();
	running = await start_test_server({
		data_path: folder,
		config: {
			"*": { storage: "internal", ...options },
			"conference.localhost": { muc_room_locking: false, muc_room_default_persistent: true },
		},
		modules: [faulty_storage("sql", faults)],
	});
	return running;
}

const managed = ({ port }: TestServer, name: string) => crew.managed(port, name);
const login = ({ port }: TestServer, name: string) => crew.login(port, name);
const resume = ({ port }: TestServer, name: string, token: string, h: number) => crew.resume(port, name, token, h);
const settle = (client: RawClient) => crew.settle(client);
const count = (client: RawClient) => count_stanzas(client.said);

describe.each(["internal", "sql"])("a session on %s, whose server is restarted", (storage) => {
	it("goes on as if nothing had been", async () => {
		const first = await start({ storage });
		const howard = await login(first, "howard");
		const { client: grace, token } = await managed(first, "grace");
		grace.send(`<presence><priority>3</priority></presence><iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>`);
		howard.send(`<presence to='${room}/Howard'><x xmlns='${ns.muc}'/></presence>`);
		await howard.until(() => howard.said.includes("<subject"));
		grace.send(`<presence to='${room}/Grace'><x xmlns='${ns.muc}'/></presence>`);
		await grace.until(() => grace.said.includes("<subject"));
		await settle(grace);
		const seen = count(grace);
		grace.destroy();
		await settle(howard);
		howard.send(say("grace@localhost", "one"));
		howard.send(`<message to='${room}' type='groupchat' id='two'><body>two</body></message>`);
		await settle(howard);

		const second = await start({ storage });
		const bystander = await login(second, "howard");
		bystander.send(`<presence to='${room}/Howard'><x xmlns='${ns.muc}'/></presence>`);
		await bystander.until(() => bystander.said.includes("<subject"));
		expect(bystander.said).toMatch(/<presence [^>]*from='tearoom@conference.localhost\/Grace'(?! type)/);
		bystander.said = "";
		bystander.send(say("grace@localhost", "three"));
		await settle(bystander);

		const again = await resume(second, "grace", token, seen);
		// Carbons, presence, the room, and a ping
		expect(again.said).toContain("<resumed ");
		expect(/<resumed [^>]*\bh='(\d+)'/.exec(again.said)?.[1]).toBe("4");
		await again.until(() => again.said.includes("id='three'"));
		expect(message_ids(again.said)).toEqual(["one", "two", "three"]);
		expect(again.said).toMatch(/id='one'.*?<delay xmlns='urn:xmpp:delay' from='grace@localhost'/);
		again.send(`<message to='${room}' type='groupchat' id='four'><body>four</body></message>`);
		await bystander.until(() => bystander.said.includes("four"));
		// Nobody saw that she was away
		expect(bystander.said).not.toMatch(/<presence [^>]*Grace/);
		// Nothing is kept anywhere else
		const session = second.server.full_sessions.get("grace@localhost/desk");
		expect(session?.priority).toBe(3);
		again.send(`<a xmlns='${sm}' h='${seen + count(again)}'/>`);
		await settle(again);
		for (const store of ["offline", "smacks_unacked"]) {
			const kept = second.server.open_store("localhost", store, "archive");
			if (!kept.ok) throw new Error(kept.error.text);
			const found = kept.value.find("grace");
			expect(found.ok && found.value.items.length, store).toBe(0);
		}
	});

	it("is shown as gone where its client does not come back in time, and its messages are kept", async () => {
		const first = await start({ storage, smacks_hibernation_time: 2 });
		const howard = await login(first, "howard");
		const { client: grace, token } = await managed(first, "grace");
		grace.send("<presence/>");
		grace.send(`<presence to='${room}/Grace'><x xmlns='${ns.muc}'/></presence>`);
		await grace.until(() => grace.said.includes("<subject"));
		await settle(grace);
		grace.destroy();
		await settle(howard);
		howard.send(say("grace@localhost/desk", "late"));
		await settle(howard);

		const second = await start({ storage, smacks_hibernation_time: 2 });
		await eventually(() => expect(second.server.full_sessions.has("grace@localhost/desk")).toBe(false));
		const bystander = await login(second, "howard");
		bystander.send(`<presence to='${room}/Howard'><x xmlns='${ns.muc}'/></presence>`);
		await bystander.until(() => bystander.said.includes("<subject"));
		expect(bystander.said).not.toContain("/Grace'");
		const late = await resume(second, "grace", token, 0);
		expect(late.said).toMatch(/<failed [^>]*\bh='3'[^>]*><item-not-found/);
		await late.ask(bind("desk"), "</iq>");
		late.send("<presence/>");
		await late.until(() => late.said.includes("id='late'"));
		await settle(late);
		expect(late.said.match(/id='late'/g)).toHaveLength(1);
	});

	it("keeps messages where a server comes next that does not know of the session", async () => {
		const first = await start({ storage });
		const howard = await login(first, "howard");
		const { client: grace, token } = await managed(first, "grace");
		grace.destroy();
		await settle(howard);
		howard.send(say("grace@localhost/desk", "kept"));
		await settle(howard);
		const second = await start({ storage, modules_disabled: ["s2s", "smacks"] });
		const late = await login(second, "grace");
		late.send("<presence/>");
		await late.until(() => late.said.includes("id='kept'"));
		await second.stop();
		running = undefined;
		// Back again, they are not sent twice
		const third = await start({ storage });
		const again = await resume(third, "grace", token, 0);
		expect(again.said).toMatch(/<failed [^>]*\bh='0'[^>]*><item-not-found/);
		await again.ask(bind("desk"), "</iq>");
		again.send("<presence/>");
		await settle(again);
		expect(again.said).not.toContain("kept");
	});
});

describe("a session", () => {
	it("does not outlive its server where it is not to", async () => {
		const options = { smacks_outlive_restarts: false };
		const first = await start(options);
		const { client: grace, token } = await managed(first, "grace");
		await settle(grace);
		const second = await start(options);
		const late = await resume(second, "grace", token, 0);
		expect(late.said).toMatch(/<failed [^>]*\bh='1'[^>]*><item-not-found/);
	});

	it("says where to come back to", async () => {
		const server = await start({ smacks_location: "[2001:db8::1]:5222" });
		const client = await login(server, "grace");
		expect(await client.ask(`<enable xmlns='${sm}' resume='1'/>`, "/>")).toContain(" location='[2001:db8::1]:5222'");
		const wrong = await start({ smacks_location: "somewhere" });
		const other = await login(wrong, "grace");
		expect(await other.ask(`<enable xmlns='${sm}' resume='1'/>`, "/>")).not.toContain("location");
	});

	it("does not go on for an account that is gone", async () => {
		const first = await start();
		const { token } = await managed(first, "grace");
		await first.stop();
		running = undefined;
		const second = await start({ authentication: "internal_hashed" });
		expect(second.server.full_sessions.size).toBe(0);
		expect(token).not.toBe("");
	});
});

/** What is left of a server that was killed: the stores as they are, and nothing that it did at its end. */
async function kill(server: TestServer): Promise<void> {
	await server.server.turn.done();
	const { cp } = await import("node:fs/promises");
	const copy = await mkdtemp(join(tmpdir(), "enjamb-restart-"));
	await cp(folder, copy, { recursive: true });
	await server.stop();
	running = undefined;
	await rm(folder, { recursive: true, force: true });
	folder = copy;
}

describe.each(["internal", "sql"])("messages on %s, whose server is killed", (storage) => {
	it.each([
		["to a client that is gone", true],
		["that were not acknowledged", false],
	])("%s are there after it, once", async (_, is_gone) => {
		const first = await start({ storage });
		const howard = await login(first, "howard");
		const { client: grace, token } = await managed(first, "grace");
		grace.send("<presence/>");
		await settle(grace);
		howard.send(say("grace@localhost/desk", "seen"));
		await grace.until(() => grace.said.includes("seen"));
		grace.send(`<a xmlns='${sm}' h='${count(grace)}'/>`);
		await settle(grace);
		if (is_gone) {
			grace.destroy();
			await settle(howard);
		}
		howard.send(say("grace@localhost/desk", "one") + say("grace@localhost", "two"));
		howard.send(`<message to='grace@localhost/desk' type='chat'><composing xmlns='${ns.chat_states}'/></message>`);
		await settle(howard);
		await kill(first);

		const second = await start({ storage });
		const late = await resume(second, "grace", token, 0);
		expect(late.said).toMatch(/<failed [^>]*><item-not-found/);
		await late.ask(bind("desk"), "</iq>");
		late.send("<presence/>");
		await late.until(() => late.said.includes("id='two'"));
		await settle(late);
		expect(message_ids(late.said)).toEqual(["one", "two"]);
		expect(late.said).toMatch(/id='one'.*?<delay xmlns='urn:xmpp:delay'/);
	});
});
