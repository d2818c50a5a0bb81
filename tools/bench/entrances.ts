// No counterpart: the load of messages for each way by which those in a room reach the server.

import { setTimeout as delay } from "node:timers/promises";
import { ns } from "../../host/util/ns.ts";
import { measure } from "./load.ts";
import { type ManyPeople, PeerStream, peer_host } from "./peer_stream.ts";
import { room_jid } from "./rooms.ts";
import { ServerPeer } from "./server_peer.ts";
import { StanzaCounter, timed_body } from "./stanza_counter.ts";
import type { Effort, Measurement, Scenario, Subject } from "./types.ts";

/** Messages that may be under way. */
const under_way = 50;

function peer_jid(index: number): string {
	return `peer${index}@${peer_host}/x`;
}

/** Has so many enter a room over one stream, and waits until all have heard of each other. */
async function fill(stream: ManyPeople, room: string, occupants: number): Promise<void> {
	const own = new StanzaCounter("code='110'");
	let entered = 0;
	let last = performance.now();
	stream.onpiece = (piece) => {
		entered += own.count(piece);
		last = performance.now();
	};
	for (let index = 0; index < occupants; index++) {
		stream.send(`<presence from='${peer_jid(index)}' to='${room}/nick${index}'><x xmlns='${ns.muc}'/></presence>`);
		await stream.until(() => entered > index, `presence of occupant ${index}`);
	}
	while (performance.now() - last < 300) await delay(50);
	stream.onpiece = undefined;
}

/** Everybody in a room talks in turn, and hears the others over one stream. */
async function talk(stream: ManyPeople, subject: Subject, occupants: number, effort: Effort): Promise<Measurement> {
	const room = room_jid(0);
	await fill(stream, room, occupants);
	const act = (index: number): void => {
		const from = peer_jid(index % occupants);
		const body = timed_body(performance.now());
		stream.send(`<message from='${from}' type='groupchat' id='m${index}' to='${room}'><body>${body}</body></message>`);
	};
	const operation = { clients: [stream], marker: "</message>", fan: occupants, window: under_way, timed: [stream], act };
	return measure(subject, [operation], effort);
}

/** A stream that people are behind, and how it ends. */
interface Way {
	readonly stream: ManyPeople;
	close(): void;
}

function by_stream(
	entrance: "component" | "uplink" | "s2s",
	words: string,
	occupants: number,
	open: (subject: Subject) => Promise<Way>,
): Scenario {
	return {
		id: `${entrance}-1x${occupants}`,
		title: `Messages, 1 × ${occupants}, by ${words}`,
		unit: "delivery",
		entrance,
		floor: false,
		async run(subject, effort) {
			const way = await open(subject);
			try {
				return await talk(way.stream, subject, occupants, effort);
			} finally {
				way.close();
			}
		},
	};
}

/** Over a stream of an external component, which people behind another server or gateway are reached by. */
export function component_scenario(occupants: number): Scenario {
	return by_stream("component", "a component's stream", occupants, async ({ port }) => {
		const stream = await PeerStream.connect(port);
		return { stream, close: () => stream.close() };
	});
}

/** Rooms that are a component of another server themselves: Prosody cannot be that. */
export function uplink_scenario(occupants: number): Scenario {
	return by_stream("uplink", "an uplink", occupants, async ({ port }) => {
		const served = PeerStream.serve(port);
		const stream = await served.stream;
		const close = (): void => {
			stream.close();
			served.close();
		};
		return { stream, close };
	});
}

/** Over the streams of another server. */
export function s2s_scenario(occupants: number): Scenario {
	return by_stream("s2s", "another server's stream", occupants, async ({ port, names }) => {
		if (names === undefined) throw new Error("a server finds others by a name server");
		const stream = await ServerPeer.connect(port, names);
		return { stream, close: () => stream.close() };
	});
}
