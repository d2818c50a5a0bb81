// No counterpart: what people in rooms say, as loads.

import type { BenchClient } from "./client.ts";
import type { Operation } from "./load.ts";
import type { FilledRoom } from "./rooms.ts";
import { timed_body } from "./stanza_counter.ts";

/** Messages that may be under way at once over all rooms, and in each of them where there are many. */
const messages_under_way = 50;
const messages_under_way_in_room = 10;
/** How many clients read the times in what they get. */
const timed_clients = 20;

/** The clients of a room that measure times: enough over all rooms, and at least one in each. */
function timed(room: FilledRoom, rooms: number): BenchClient[] {
	return room.clients.slice(0, Math.max(1, Math.floor(timed_clients / rooms)));
}

/** Clients in turn. */
export function member(clients: readonly BenchClient[], index: number): BenchClient {
	const client = clients[index % clients.length];
	if (client === undefined) throw new RangeError("a load needs clients");
	return client;
}

/** Everybody in a room talks in turn. */
export function talk(room: FilledRoom, rooms: number): Operation {
	const { clients, jid } = room;
	return {
		clients,
		marker: "</message>",
		fan: clients.length,
		window: Math.max(messages_under_way_in_room, Math.round(messages_under_way / rooms)),
		timed: timed(room, rooms),
		act(index) {
			const body = timed_body(performance.now());
			member(clients, index).send(`<message type='groupchat' id='m${index}' to='${jid}'><body>${body}</body></message>`);
		},
	};
}

/** People in a room send each other private messages. */
export function whisper({ clients, jid }: FilledRoom): Operation {
	return {
		clients,
		marker: "</message>",
		fan: 1,
		window: messages_under_way,
		timed: clients,
		act(index) {
			const to = `${jid}/nick${(index * 7 + 1) % clients.length}`;
			const body = timed_body(performance.now());
			member(clients, index).send(`<message type='chat' id='p${index}' to='${to}'><body>${body}</body></message>`);
		},
	};
}
