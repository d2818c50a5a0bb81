import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ConfigValue } from "../host/core/configmanager.ts";
import { SocketConnection } from "../host/net/connection.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import { start_test_server, type TestServer } from "./helper.ts";
import { RawClient } from "./host/raw_client.ts";

// What is done is counted, and not how long it takes: seconds depend on the machine, and on what else it does.

const work = vi.hoisted(() => ({ texts: 0, copies: 0 }));

vi.mock("../host/util/stanza.ts", async (original) => {
	const actual = await original<typeof import("../host/util/stanza.ts")>();
	return {
		...actual,
		serialise_for_many(stanza: st.Stanza) {
			work.texts++;
			return actual.serialise_for_many(stanza);
		},
		clone(stanza: st.Stanza, only_top?: boolean) {
			work.copies++;
			return actual.clone(stanza, only_top);
		},
	};
});

const room = "tearoom@conference.localhost";

let running: TestServer | undefined;
let asked = 0;
const clients: RawClient[] = [];
afterEach(async () => {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	running = undefined;
});

function join_text(nick: string): string {
	return `<presence to='${room}/${nick}'><x xmlns='${ns.muc}'/></presence>`;
}

/** A room with so many in it, who have all heard of each other. */
async function crowd(
	size: number,
	options: Record<string, ConfigValue> = {},
): Promise<{ server: TestServer; speaker: RawClient }> {
	for (const client of clients.splice(0)) client.destroy();
	await running?.stop();
	running = await start_test_server({
		config: { "conference.localhost": { muc_room_locking: false, ...options } },
	});
	// However slow the machine is, what is sent at once is one turn
	running.server.router.slices.session_time = Number.POSITIVE_INFINITY;
	for (let number = 0; number < size; number++) {
		const client = await RawClient.login(running.port, `guest${number}`, "x");
		clients.push(client);
		await client.ask(join_text(`nick${number}`), "</message>");
	}
	await quiet();
	const [speaker] = clients;
	if (speaker === undefined) throw new RangeError("expected a crowd");
	return { server: running, speaker };
}

/** Waits until everybody has got what was sent to them so far. */
async function quiet(): Promise<void> {
	for (const client of clients) {
		const id = `quiet${++asked}`;
		client.send(`<iq type='get' id='${id}'/>`);
		await client.until(() => client.said.includes(`${id}'`) && client.said.includes("</iq>", client.said.indexOf(`${id}'`)));
	}
}

/** What is done until everybody has what the speaker's text leads to. */
async function count(server: TestServer, speaker: RawClient, text: string, is_there: (client: RawClient) => boolean) {
	const { turn } = server.server;
	const strings = vi.spyOn(st.Stanza.prototype, "toString");
	const before = { ...turn.counts };
	Object.assign(work, { texts: 0, copies: 0 });
	for (const client of clients) client.said = "";
	speaker.send(text);
	for (const client of clients) await client.until(() => is_there(client));
	const counted = {
		...work,
		strings: strings.mock.calls.length,
		writes: turn.counts.flushes - before.flushes,
		commits: turn.counts.commits - before.commits,
	};
	strings.mockRestore();
	return counted;
}

function messages(number: number): string {
	const one = (id: number) => `<message type='groupchat' id='m${id}' to='${room}'><body>Hello, ${id}</body></message>`;
	return Array.from({ length: number }, (_, id) => one(id)).join("");
}

function got(number: number): (client: RawClient) => boolean {
	return (client) => client.said.split("</message>").length > number;
}

describe("what a turn with messages costs", () => {
	it("is one text for each message and one write for each session", async () => {
		const { server, speaker } = await crowd(12);
		const counted = await count(server, speaker, messages(20), got(20));
		expect(counted).toMatchObject({ texts: 20, strings: 0, writes: 12, commits: 0 });
	});

	it("is as many copies of a stanza whether few or many hear it", async () => {
		const copies: number[] = [];
		for (const size of [2, 12]) {
			const { server, speaker } = await crowd(size);
			copies.push((await count(server, speaker, messages(10), got(10))).copies);
		}
		expect(copies[0]).toBe(copies[1]);
		// One for the room, one for its history, and one for the archive, which is in memory here
		expect(copies[0]).toBeLessThanOrEqual(3 * 10);
	});

	it("is one commit where they are archived", async () => {
		const { server, speaker } = await crowd(3, { modules_enabled: ["muc_mam"], storage: { muc_log: "sql" } });
		const counted = await count(server, speaker, messages(20), got(20));
		expect(counted).toMatchObject({ commits: 1, writes: 3, texts: 20 });
	});
});

describe("what stream management costs", () => {
	it("is no text, no copy and no write of a message more, but for the question who has it", async () => {
		const { server, speaker } = await crowd(12);
		const plain = await count(server, speaker, messages(20), got(20));
		for (const client of clients) await client.ask(`<enable xmlns='${ns.sm3}' resume='true'/>`, "/>");
		// What is sent before the question is answered is not asked about again
		const managed = await count(server, speaker, messages(20), (client) => got(20)(client) && client.said.includes("<r "));
		expect({ ...managed, strings: 0 }).toEqual({ ...plain, strings: 0 });
		expect(managed.strings).toBe(clients.length);
		for (const client of clients) client.send(`<a xmlns='${ns.sm3}' h='20'/>`);
		await quiet();
	});

	it("is as many copies where somebody is gone for a while", async () => {
		const { server, speaker } = await crowd(12);
		const plain = await count(server, speaker, messages(20), got(20));
		for (const client of clients) await client.ask(`<enable xmlns='${ns.sm3}' resume='true'/>`, "/>");
		for (const client of clients.splice(6)) {
			client.destroy();
			await client.closed();
		}
		await vi.waitFor(() => {
			const waiting = [...server.server.full_sessions.values()].filter((session) => Reflect.get(session, "hibernating"));
			expect(waiting).toHaveLength(6);
		});
		await quiet();
		const managed = await count(server, speaker, messages(20), got(20));
		expect(managed).toMatchObject({ texts: plain.texts, copies: plain.copies, writes: 6 });
	});
});

describe("the way of a message", () => {
	/** Functions of ours that are under way while a message is handed to the connection of somebody who hears it, innermost first. */
	async function functions_on_the_way(): Promise<string[]> {
		const { speaker } = await crowd(2);
		const write = vi.spyOn(SocketConnection.prototype, "write_shared");
		const limit = Error.stackTraceLimit;
		let stack = "";
		write.mockImplementation(() => {
			stack = new Error("here").stack ?? "";
			return true;
		});
		Error.stackTraceLimit = 200;
		speaker.send(messages(1));
		while (stack === "") await new Promise(setImmediate);
		Error.stackTraceLimit = limit;
		write.mockRestore();
		const lines = stack.replaceAll(`${process.cwd()}/`, "").split("\n");
		return lines.flatMap((line) => /[/(](?:host|muc)\/[\w./-]+\.ts/.exec(line)?.[0].slice(1) ?? []);
	}

	it("from a socket to the sockets of those who hear it is no longer than CONTRIBUTING says", async () => {
		const files = await functions_on_the_way();
		expect(files.at(-1)).toContain("host/net/connection.ts");
		const contributing = readFileSync("CONTRIBUTING.md", "utf8");
		expect(files.length).toBeLessThanOrEqual(Number(/passes (\d+) functions/.exec(contributing)?.[1]));
	});

	it("enters each file once, and those that CONTRIBUTING names", async () => {
		const files = (await functions_on_the_way()).reverse();
		const entered = files.filter((file, index) => file !== files[index - 1]);
		expect(entered).toEqual([...new Set(entered)]);
		const table = /## The way of a stanza\n(.*?)\n## /s.exec(readFileSync("CONTRIBUTING.md", "utf8"))?.[1] ?? "";
		const named = [...table.matchAll(/^\| `([^`]+)` \|.*\| (\d+) \|$/gm)].map(([, file, count]) => [file, Number(count)]);
		expect(named).toEqual(entered.map((file) => [file, files.filter((other) => other === file).length]));
	});
});

describe("what entering a room costs", () => {
	/** What is done when one more enters after others did already. */
	async function enter(size: number) {
		const { server } = await crowd(size);
		const newcomer = await RawClient.login(server.port, "newcomer", "x");
		clients.push(newcomer);
		await quiet();
		return count(server, newcomer, join_text("newcomer"), (client) =>
			client === newcomer ? client.said.includes("<subject") : client.said.includes("newcomer"),
		);
	}

	it("does not grow with those who are there, but for handing out what is made once", async () => {
		const few = await enter(4);
		const many = await enter(14);
		// The last who came in before is shown for the first time
		expect(few.texts).toBeLessThanOrEqual(4);
		expect({ ...many, writes: 0 }).toEqual({ ...few, writes: 0 });
		expect([few.writes, many.writes]).toEqual([5, 15]);
	});
});
