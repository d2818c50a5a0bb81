// No counterpart: which room is meant.

import { failed, ok, type Result } from "../../host/util/error.ts";
import type { Room, RoomFinder } from "../types.ts";

/** Finds a room, out of storage if need be: undefined where there is none; the error says why one that is there cannot be used. */
export type FindRoom = (room_jid: string) => Result<Room | undefined, string>;

export function create_find(rooms: RoomFinder): FindRoom {
	return (room_jid) => {
		const room = rooms.get_room_from_jid(room_jid);
		if (room === false) return failed("there is no place for the room in memory");
		return room?.broken ? failed("what is stored of the room cannot be read, see the log") : ok(room);
	};
}
