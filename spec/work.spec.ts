import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ConfigValue } from "../host/core/configmanager.ts";
import { SocketConnection } from "../host/net/connection.ts";
import { calculate_hash } from "../host/util/caps.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import { parse } from "../host/util/xml.ts";
import { allocated_by } from "./allocations.ts";
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
		config: {
			// On a slow machine, a task that is due a second after the start would be counted
			"*": { cron_initial_delay: 3600 },
			"conference.localhost": { muc_room_locking: false, ...options },
		},
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

describe("what a publication costs", () => {
	const mood = "http://jabber.org/protocol/mood";
	const own = `<identity category='client' type='pc' name='spec'/><feature var='${mood}+notify'/>`;
	const disco = parse(`<query xmlns='${ns.disco_info}'>${own}</query>`);
	const caps = `<c xmlns='${ns.caps}' hash='sha-1' node='urn:spec' ver='${disco === undefined ? "" : calculate_hash(disco)}'/>`;

	/** A client that wants to be told of moods, and says so where it is asked. */
	async function log_in(port: number, resource: string): Promise<RawClient> {
		const client = await RawClient.login(port, "romeo", resource);
		clients.push(client);
		client.send(`<presence>${caps}</presence>`);
		await client.until(() => client.said.includes("</presence>"));
		await quiet();
		const [, id] = /<iq [^>]*id='(disco[^']*)'/.exec(client.said) ?? [];
		if (id !== undefined) {
			client.send(`<iq type='result' to='romeo@localhost' id='${id}'><query xmlns='${ns.disco_info}'>${own}</query></iq>`);
			await quiet();
		}
		return client;
	}

	/** What is done when one client of so many tells the others of a mood. */
	async function publish(size: number) {
		for (const client of clients.splice(0)) client.destroy();
		await running?.stop();
		running = await start_test_server();
		for (let number = 0; number < size; number++) await log_in(running.port, `r${number}`);
		const [speaker] = clients;
		if (speaker === undefined) throw new RangeError("expected clients");
		const item = `<item id='current'><mood xmlns='${mood}'><happy/></mood></item>`;
		const text = `<iq type='set' id='p'><pubsub xmlns='${ns.pubsub}'><publish node='${mood}'>${item}</publish></pubsub></iq>`;
		return count(running, speaker, text, (client) => client.said.includes("<happy"));
	}

	it("is one text for all who are told, whatever archives and copies there are", async () => {
		const few = await publish(2);
		const many = await publish(9);
		expect(many.texts).toBe(1);
		expect({ ...many, writes: 0 }).toEqual({ ...few, writes: 0 });
	});
});

describe("what copies to an account's other clients cost", () => {
	/** What is done when one account with so many clients writes to another one with as many. */
	async function write(size: number) {
		for (const client of clients.splice(0)) client.destroy();
		await running?.stop();
		running = await start_test_server({ config: { "*": { cron_initial_delay: 3600 } } });
		for (const name of ["romeo", "juliet"]) {
			for (let number = 0; number < size; number++) {
				const client = await RawClient.login(running.port, name, `r${number}`);
				clients.push(client);
				client.send(`<presence/><iq type='set' id='c'><enable xmlns='${ns.carbons}'/></iq>`);
				await client.until(() => client.said.includes("id='c'"));
			}
		}
		await quiet();
		const [speaker] = clients;
		if (speaker === undefined) throw new RangeError("expected clients");
		const text = "<message type='chat' to='juliet@localhost/r0'><body>wherefore</body></message>";
		return count(running, speaker, text, (client) => client === speaker || client.said.includes("</message>"));
	}

	it("is one text for each of both accounts, however many clients they have", async () => {
		const few = await write(2);
		const many = await write(6);
		expect(many.texts).toBe(2);
		expect({ ...many, writes: 0 }).toEqual({ ...few, writes: 0 });
		expect([few.writes, many.writes]).toEqual([3, 11]);
	});
});

describe("what it costs to go", () => {
	/** How often a roster is read when somebody with so many contacts goes. */
	async function go(contacts: number): Promise<number> {
		for (const client of clients.splice(0)) client.destroy();
		await running?.stop();
		running = await start_test_server();
		const { rostermanager } = running.server;
		const client = await RawClient.login(running.port, "popular", "x");
		const roster = rostermanager.load_roster("popular", "localhost");
		for (let number = 0; number < contacts; number++) {
			roster.items.set(`contact${number}@localhost`, { subscription: "both", groups: new Set() });
		}
		rostermanager.save_roster("popular", "localhost", roster);
		await client.ask("<presence/>", "</presence>");
		const seen = await RawClient.login(running.port, "contact0", "x");
		clients.push(seen);
		const own = rostermanager.load_roster("contact0", "localhost");
		own.items.set("popular@localhost", { subscription: "both", groups: new Set() });
		await seen.ask("<presence/>", "</presence>");
		let reads = 0;
		running.server.hosts.get("localhost")?.events.add_handler("roster-load", ({ username }) => {
			if (username === "popular") reads++;
		});
		client.destroy();
		await seen.until(() => seen.said.includes("type='unavailable'"));
		return reads;
	}

	it("does not grow with the contacts who hear of it", async () => {
		const few = await go(3);
		expect(few).toBeGreaterThan(0);
		expect(await go(30)).toBe(few);
	});
});

describe("what is allocated", () => {
	/**
	 * Bytes that the server allocates for each stanza that reaches somebody, once everything is compiled. Bounds on them are one and a half to two times
	 * what was seen: what counts is that they do not grow with what they do not depend on, and that nobody makes something big again.
	 */
	async function allocated(size: number, texts: readonly string[], is_there: (client: RawClient) => boolean): Promise<number> {
		const { server, speaker } = await crowd(size, { modules_disabled: ["muc_mam"] });
		const say = async (): Promise<void> => {
			await count(server, speaker, texts.join(""), is_there);
			await quiet();
		};
		for (let round = 0; round < 5; round++) await say();
		const rounds = 5;
		const { bytes } = await allocated_by(async () => {
			for (let round = 0; round < rounds; round++) await say();
		});
		return bytes / (rounds * texts.length);
	}

	const number = 200;

	it("for a message in a room is some kilobytes, and little more than its text for each who hears it", async () => {
		const texts = [messages(number)];
		const few = (await allocated(2, texts, got(number))) / number;
		const many = (await allocated(12, texts, got(number))) / number;
		expect(few).toBeLessThan(19_000);
		expect((many - few) / 10).toBeLessThan(2500);
	});

	it("for a private message is not much more than for one in a room", async () => {
		const to = `${room}/nick1`;
		const one = (id: number) => `<message type='chat' id='p${id}' to='${to}'><body>Hello, ${id}</body></message>`;
		const texts = Array.from({ length: number }, (_, id) => one(id));
		expect(await allocated(2, texts, (client) => client !== clients[1] || got(number)(client))).toBeLessThan(32_000);
	});
});
