import { afterEach, describe, expect, it } from "vitest";
import { handshake_token } from "../../host/core/component_streams.ts";
import { ns } from "../../host/util/ns.ts";
import { start_test_server, type TestServer } from "../helper.ts";
import { RawClient } from "../host/raw_client.ts";

// Rooms of so many that what is said there, and who comes and goes, is work for turns of its own.

const room = "square@conference.localhost";
const header = `<stream:stream xmlns='jabber:component:accept' xmlns:stream='${ns.streams}' to='people.localhost'>`;

let running: TestServer | undefined;
const streams: RawClient[] = [];
afterEach(async () => {
	for (const stream of streams.splice(0)) stream.destroy();
	await running?.stop();
	running = undefined;
});

/** Who comes and goes is not shown to others, or a thousand people would have a million presences before anything is tried. */
const nobody_is_shown = { muc_room_default_presence_broadcast: { visitor: false, participant: false, moderator: false } };

/** A server with a stream behind which as many people are as one likes. */
async function start(is_quiet = true): Promise<{ server: TestServer; people: RawClient }> {
	running = await start_test_server({
		config: {
			"*": { component_ports: [0], component_interfaces: ["127.0.0.1"] },
			"people.localhost": { component_module: "component", component_secret: "secret" },
			"conference.localhost": { muc_room_locking: false, ...(is_quiet ? nobody_is_shown : {}) },
		},
	});
	const port = running.server.addresses().find(({ service }) => service === "component")?.port ?? 0;
	const people = await RawClient.connect(port);
	streams.push(people);
	people.send(header);
	const begun = /<stream:stream [^>]*id='([^']*)'/;
	await people.until(() => begun.test(people.said));
	await people.ask(`<handshake>${handshake_token(begun.exec(people.said)?.[1] ?? "", "secret")}</handshake>`, "<handshake/>");
	return { server: running, people };
}

function enter(number: number, to = room): string {
	return `<presence from='p${number}@people.localhost/x' to='${to}/nick${number}'><x xmlns='${ns.muc}'/></presence>`;
}

function leave(number: number): string {
	return `<presence from='p${number}@people.localhost/x' to='${room}/nick${number}' type='unavailable'/>`;
}

function say(number: number, id: string): string {
	return `<message from='p${number}@people.localhost/x' to='${room}' type='groupchat' id='${id}'><body>hello</body></message>`;
}

/** Fills the room, without waiting for each. */
async function fill(people: RawClient, count: number): Promise<void> {
	// Nobody but the last hears of the last one's own entrance
	for (let number = 0; number < count; number++) people.send(enter(number));
	await people.until(() => new RegExp(`to='p${count - 1}@people.localhost/x'[^>]*><subject`).test(people.said.slice(-5000)));
	people.said = "";
}

/** The ids of the messages that somebody got, in order. */
function heard(people: RawClient, number: number): string[] {
	const own = new RegExp(`<message(?=[^>]* to='p${number}@people.localhost/x')[^>]* id='([^']*)'`, "g");
	return [...people.said.matchAll(own)].map(([, id = ""]) => id);
}

describe("a room of more than a thousand", () => {
	it("hears everybody in order, whoever speaks, and what comes and goes meanwhile is in its place", async () => {
		const { people } = await start();
		await fill(people, 1005);
		const ids: string[] = [];
		for (let round = 0; round < 3; round++) {
			for (const number of [1, 2, 3]) {
				ids.push(`m${round}-${number}`);
				people.send(say(number, `m${round}-${number}`));
			}
		}
		// Who has left says nothing there any more, and hears nothing
		people.send(leave(4) + say(4, "too-late") + say(1, "last"));
		await people.until(() => heard(people, 1004).includes("last"));
		expect(heard(people, 5)).toEqual([...ids, "last"]);
		expect(heard(people, 1004)).toEqual([...ids, "last"]);
		expect(heard(people, 4).filter((id) => id !== "too-late")).toEqual(ids);
		expect(people.said).toMatch(/<message[^>]* id='too-late'[^>]* type='error'|<message[^>]* type='error'[^>]* id='too-late'/);
	}, 60_000);

	it("has a message in a turn of its own, and nobody hears one whose turn fails", async () => {
		const { server, people } = await start();
		await fill(people, 1005);
		const { turn } = server.server;
		const romeo = await RawClient.login(server.port, "romeo", "x");
		streams.push(romeo);
		await romeo.ask(`<presence to='small@conference.localhost/romeo'><x xmlns='${ns.muc}'/></presence>`, "</message>");
		const failing = {
			prepare() {
				throw new Error("a test");
			},
			commit: () => undefined,
			rollback: () => undefined,
		};
		let turns_with_both = 0;
		const seen = new Map<object, Set<string>>();
		const note = (name: string): void => {
			const names = seen.get(turn.now) ?? new Set();
			seen.set(turn.now, names.add(name));
			if (names.size > 1) turns_with_both++;
		};
		const host = server.server.hosts.get("conference.localhost");
		host?.events.add_handler("muc-broadcast-message", ({ room: where, stanza }) => {
			note(where.jid);
			if (stanza.attr["id"] === "lost") turn.join(failing);
		});
		for (let index = 0; index < 5; index++) {
			people.send(say(index, `m${index}`));
			romeo.send(`<message to='small@conference.localhost' type='groupchat' id='s${index}'><body>x</body></message>`);
		}
		await people.until(() => heard(people, 1004).length === 5);
		await romeo.until(() => romeo.said.includes("id='s4'"));
		expect(turns_with_both).toBe(0);
		people.send(say(7, "lost"));
		await people.until(() => /<message[^>]* type='error'/.test(people.said));
		people.send(say(7, "kept"));
		await people.until(() => heard(people, 1004).includes("kept"));
		expect(heard(people, 1004)).toEqual(["m0", "m1", "m2", "m3", "m4", "kept"]);
	}, 60_000);
});

describe("a crowd that leaves", () => {
	it("is gone, all of it, whether its connections end or it says so, and who comes back at once is there", async () => {
		const { server, people } = await start(false);
		await fill(people, 150);
		const clients = await Promise.all(
			Array.from({ length: 20 }, (_, number) => RawClient.login(server.port, `guest${number}`, "x")),
		);
		streams.push(...clients);
		for (const [number, client] of clients.entries()) {
			await client.ask(`<presence to='${room}/guest${number}'><x xmlns='${ns.muc}'/></presence>`, "</message>");
		}
		for (const client of clients) client.destroy();
		people.said = "";
		let all = "";
		for (let number = 0; number < 149; number++) all += leave(number);
		people.send(all + enter(7) + say(149, "end"));
		await people.until(() => heard(people, 149).includes("end"));
		await people.until(
			() => (people.said.match(/type='unavailable'[^>]*guest\d+|guest\d+'[^>]*type='unavailable'/g) ?? []).length >= 20,
		);
		const rooms = server.server.hosts.get("conference.localhost")?.modules.get("muc")?.exports;
		expect(rooms).toBeDefined();
		people.said = "";
		people.send(say(149, "after"));
		await people.until(() => heard(people, 149).includes("after"));
		const hearers = new Set([...people.said.matchAll(/<message[^>]* to='(p\d+)@/g)].map(([, name]) => name));
		expect(hearers).toEqual(new Set(["p149", "p7"]));
	}, 60_000);
});
