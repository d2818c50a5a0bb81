// No counterpart: what the commands of rooms have in common.

import { type ApiError, refuse_call } from "../../host/util/api/command.ts";
import { also_named, domain, node } from "../../host/util/api/parameters.ts";
import type { Result, StanzaError } from "../../host/util/error.ts";
import { ok } from "../../host/util/error.ts";
import type { Rooms } from "../rooms.ts";
import type { Room } from "../types.ts";

/** Where rooms are named. ejabberd calls the room `name`, and newer ones `room`. */
export const room_parameters = {
	room: also_named("name", node("The room's name, as before the @ of its JID")),
	service: domain("The service that has the room, such as conference.example.org"),
};

/** What a call about one room gets of its arguments. */
export interface RoomArguments {
	readonly room: string;
	readonly service: string;
}

/** The room that a call is about, which the node runs that serves it. */
export function room_of({ room, service }: RoomArguments): string {
	return `${room}@${service}`;
}

/** What a command does with rooms. */
export type ApiRooms = Pick<Rooms, "get_room_from_jid" | "create_room" | "all_jids" | "live_rooms" | "look_at">;

/** The room that a call is about, ready to be worked with. */
export function find_room(rooms: ApiRooms, { room: name, service }: RoomArguments): Result<Room, ApiError> {
	const jid = `${name}@${service}`;
	const room = rooms.get_room_from_jid(jid);
	if (room === false) return refuse_call("unavailable", `there is no place in memory for ${jid}`);
	if (room === undefined || room._data.destroyed) return refuse_call("not-found", `there is no room ${jid}`);
	if (room.broken) return refuse_call("failed", `the data of ${jid} cannot be read; the log says why`);
	return ok(room);
}

/** A refusal of a room as one of a command. */
export function refused_by_room({ condition, text }: StanzaError): { readonly ok: false; readonly error: ApiError } {
	const kind = condition === "item-not-found" ? "not-found" : condition === "conflict" ? "conflict" : "bad-request";
	return refuse_call(kind, text === undefined ? condition : `${condition}: ${text}`);
}
