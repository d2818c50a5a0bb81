// No counterpart: ejabberd's scripts send messages to rooms by send_stanza, in the name of an occupant.

import { type ApiCommand, api_command, results } from "../../host/util/api/command.ts";
import { domain, optional, text, unlogged } from "../../host/util/api/parameters.ts";
import { one_list } from "../../host/util/api/together.ts";
import { ok } from "../../host/util/error.ts";
import { short as new_id } from "../../host/util/id.ts";
import * as st from "../../host/util/stanza.ts";
import type { Room } from "../types.ts";
import { type ApiRooms, find_room, room_of, room_parameters } from "./service.ts";

const body = unlogged(text("What is said", { max: 10_000, filled: true }));

/** Says something in a room, in the room's own name. */
function say(room: Room, words: string): void {
	const message = st.message({ type: "groupchat", from: room.jid, id: new_id() });
	room.broadcast_message(message.text_tag("body", words).reset());
}

export function message_commands(rooms: ApiRooms): ApiCommand[] {
	return [
		api_command({
			name: "send_room_message",
			desc: "Says something in a room, in the name of the room",
			scope: "rooms:write",
			rights: "host",
			parameters: { ...room_parameters, body },
			host: "service",
			result: results.done,
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				say(room.value, args.body);
				return ok(0);
			},
		}),
		api_command({
			name: "send_message_to_rooms",
			desc: "Says something in all rooms where somebody is, in the name of each; gives their JIDs",
			scope: "rooms:write",
			rights: "host",
			parameters: { service: domain("The service; global for all of them"), body },
			host: "service",
			spans: true,
			together: one_list,
			result: results.texts("JIDs of the rooms"),
			run: (_caller, args) => {
				const reached: string[] = [];
				for (const room of [...rooms.live_rooms()]) {
					if (room._occupants.size === 0) continue;
					say(room, args.body);
					reached.push(room.jid);
				}
				return ok(reached.sort());
			},
		}),
		api_command({
			name: "get_room_history",
			desc: "The messages that a room remembers and shows to newcomers, oldest first",
			scope: "rooms:read",
			rights: "host",
			parameters: room_parameters,
			host: "service",
			result: results.table({ timestamp: { type: "string" }, message: { type: "string", description: "The stanza" } }),
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				const remembered = (room.value._history ?? []).map(({ stanza, timestamp }) => ({
					timestamp: new Date(timestamp * 1000).toISOString(),
					message: String(stanza),
				}));
				return ok(remembered);
			},
		}),
		api_command({
			name: "set_room_subject",
			desc: "Sets a room's subject, in the name of the room; an empty one takes it away",
			scope: "rooms:write",
			rights: "host",
			parameters: { ...room_parameters, subject: optional(text("The subject", { max: 10_000 })) },
			host: "service",
			result: results.done,
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				if (room.value.set_subject(room.value.jid, args.subject ?? "")) room.value.save();
				return ok(0);
			},
		}),
	];
}
