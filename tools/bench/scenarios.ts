// No counterpart: the loads that servers are measured under.

import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../host/util/ns.ts";
import type { BenchClient } from "./client.ts";
import { openClients } from "./client.ts";
import { measure, type Operation } from "./load.ts";
import { startProbe } from "./probe.ts";
import { rssMib } from "./processes.ts";
import { enter, type FilledRoom, fillRooms, joinStorm, leave, roomJid } from "./rooms.ts";
import { timedBody } from "./stanza_counter.ts";
import type { Effort, Measurement, Scenario, Subject } from "./types.ts";

/** Messages that may be under way at once over all rooms, and in each of them where there are many. */
const messagesUnderWay = 50;
const messagesUnderWayInRoom = 10;
/** How many clients read the times in what they get. */
const timedClients = 20;

/** Who of a room looks at times: enough over all rooms, and one at least in each. */
function timed(room: FilledRoom, rooms: number): BenchClient[] {
	return room.clients.slice(0, Math.max(1, Math.floor(timedClients / rooms)));
}

function member(clients: readonly BenchClient[], index: number): BenchClient {
	const client = clients[index % clients.length];
	if (client === undefined) throw new RangeError("a load needs clients");
	return client;
}

/** Everybody in a room talks in turn. */
function talk(room: FilledRoom, rooms: number): Operation {
	const { clients, jid } = room;
	return {
		clients,
		marker: "</message>",
		fan: clients.length,
		window: Math.max(messagesUnderWayInRoom, Math.round(messagesUnderWay / rooms)),
		timed: timed(room, rooms),
		act(index) {
			const body = timedBody(performance.now());
			member(clients, index).send(`<message type='groupchat' id='m${index}' to='${jid}'><body>${body}</body></message>`);
		},
	};
}

async function withRooms(
	subject: Subject,
	rooms: number,
	occupants: number,
	run: (filled: FilledRoom[]) => Promise<Measurement>,
): Promise<Measurement> {
	const filled = await fillRooms(subject, rooms, occupants);
	try {
		return await run(filled);
	} finally {
		leave(filled);
	}
}

function messages(rooms: number, occupants: number, archive: boolean): Scenario {
	return {
		id: `messages-${rooms}x${occupants}${archive ? "-archive" : ""}`,
		title: `Messages, ${rooms} × ${occupants}${archive ? ", archived" : ""}`,
		unit: "delivery",
		archive,
		floor: !archive,
		run: (subject, effort) =>
			withRooms(subject, rooms, occupants, (filled) =>
				measure(
					subject,
					filled.map((room) => talk(room, rooms)),
					effort,
				),
			),
	};
}

function storm(occupants: number, archive: boolean): Scenario {
	return {
		id: `storm-${occupants}${archive ? "-archive" : ""}`,
		title: `Join storm, 1 × ${occupants}${archive ? ", archived" : ""}`,
		unit: "presence",
		archive,
		floor: !archive,
		run: (subject, effort) => joinStorm(subject, occupants, effort),
	};
}

const privateMessages: Scenario = {
	id: "private",
	title: "Private messages, 1 × 100",
	unit: "delivery",
	floor: false,
	run: (subject, effort) =>
		withRooms(subject, 1, 100, ([room]) => {
			const clients = room?.clients ?? [];
			const act = (index: number): void => {
				const to = `${roomJid(0)}/nick${(index * 7 + 1) % clients.length}`;
				const body = timedBody(performance.now());
				member(clients, index).send(`<message type='chat' id='p${index}' to='${to}'><body>${body}</body></message>`);
			};
			return measure(subject, [{ clients, marker: "</message>", fan: 1, window: messagesUnderWay, timed: clients, act }], effort);
		}),
};

const nickChanges: Scenario = {
	id: "nicks",
	title: "Nick changes, 1 × 100",
	unit: "presence",
	floor: false,
	run: (subject, effort) =>
		withRooms(subject, 1, 100, ([room]) => {
			const clients = room?.clients ?? [];
			const act = (index: number): void => member(clients, index).send(`<presence to='${roomJid(0)}/other${index}'/>`);
			// Everybody sees one nick go and another come
			return measure(subject, [{ clients, marker: "</presence>", fan: 200, window: 20, act }], effort);
		}),
};

const archivePage = 50;

const archiveQueries: Scenario = {
	id: "archive-queries",
	title: "Archive queries, pages of 50",
	unit: "result",
	archive: true,
	floor: false,
	async run(subject, effort) {
		const clients = await openClients(subject.port, 10);
		await enter(roomJid(0), clients);
		const [writer] = clients;
		for (let index = 0; index < 200; index++) {
			await writer?.ask(
				`<message type='groupchat' id='w${index}' to='${roomJid(0)}'><body>${timedBody(index)}</body></message>`,
				`id='w${index}'`,
			);
		}
		const query = `<query xmlns='${ns.mam}'><set xmlns='${ns.rsm}'><max>${archivePage}</max><before/></set></query>`;
		const act = (index: number): void =>
			member(clients, index).send(`<iq type='set' id='q${index}' to='${roomJid(0)}'>${query}</iq>`);
		try {
			return await measure(subject, [{ clients, marker: "</result>", fan: archivePage, window: 10, act }], effort);
		} finally {
			for (const client of clients) client.close();
		}
	},
};

/** How long a server is left alone before its memory counts, in milliseconds. */
const settlingMs = 3000;

const memory: Scenario = {
	id: "memory",
	title: "Memory per joined client, 20 × 50",
	unit: "KiB",
	floor: true,
	async run(subject) {
		// What the first clients make a server load and compile is no matter of how many there are
		const first = await enter(roomJid("first"), await openClients(subject.port, 50));
		await delay(settlingMs);
		const before = rssMib(subject.pid);
		const filled = await fillRooms(subject, 20, 50);
		await delay(settlingMs);
		const value = ((rssMib(subject.pid) - before) * 1024) / 1000;
		leave([first, ...filled]);
		return { value };
	},
};

const idle: Scenario = {
	id: "idle",
	title: "Memory of an idle server",
	unit: "MiB",
	floor: true,
	async run(subject) {
		await delay(settlingMs);
		return { value: rssMib(subject.pid) };
	},
};

const start: Scenario = {
	id: "start",
	title: "From start to listening",
	unit: "ms",
	floor: true,
	run: (subject) => Promise.resolve({ value: subject.startMs }),
};

/** What a benchmark measures unless told otherwise. */
export const standardScenarios: readonly Scenario[] = [
	messages(1, 100, false),
	messages(1, 500, false),
	messages(50, 10, false),
	storm(500, false),
	messages(1, 100, true),
	messages(1, 500, true),
	messages(50, 10, true),
	storm(500, true),
	privateMessages,
	nickChanges,
	archiveQueries,
	memory,
	idle,
	start,
];

/** How long a storm of so many clients into one room keeps others waiting; `program` is the command line of this program. */
export function stallScenario(occupants: number, program: readonly string[]): Scenario {
	return {
		id: `stall-${occupants}`,
		title: `Longest stall elsewhere in a join storm of ${occupants}`,
		unit: "ms",
		floor: true,
		async run(subject) {
			const probe = await startProbe(program, subject.port);
			try {
				const single: Effort = { warmUpMs: 0, measureMs: 0, storms: 1 };
				let value = 0;
				await joinStorm(subject, occupants, single, async () => {
					value = await probe.longest();
				});
				return { value };
			} finally {
				probe.stop();
			}
		},
	};
}

function inSweep(scenario: Scenario, of: "occupants" | "rooms", at: number): Scenario {
	return { ...scenario, id: `sweep-${of}-${at}`, sweep: { of, at } };
}

/** How the cost of a message grows with the size of a room, and with the number of rooms. */
export const sweepScenarios: readonly Scenario[] = [
	...[10, 30, 100, 300, 1000, 2000, 5000].map((occupants) => inSweep(messages(1, occupants, false), "occupants", occupants)),
	...[1, 10, 100, 1000, 5000].map((rooms) => inSweep(messages(rooms, 2, false), "rooms", rooms)),
];
