// No counterpart: in Prosody, the messages of all rooms are kept equally long.

import type { ModuleApi } from "../../host/core/types.ts";
import { never, number } from "../kinds.ts";
import type { Room, RoomData } from "../types.ts";

/** The length of a room's archive has changed. */
export interface ArchiveLengthEvent {
	readonly room: Room;
	/** In seconds; Infinity for ever, undefined for that of the service. */
	readonly seconds: number | undefined;
}

declare module "../../host/core/types.ts" {
	interface EventMap {
		"muc-archive-length-changed": ArchiveLengthEvent;
	}
}

/** The key in a room's `_data`, in seconds. Prosody leaves it there, and keeps messages as long as `muc_log_expires_after` says. */
const key = "archive_expires_after";

/** For how long the messages of a room are archived, in seconds, where that is its own matter: Infinity for ever. */
export function own_length(data: RoomData): number | undefined {
	const seconds = data[key];
	if (!number.is(seconds) || !(seconds > 0)) return undefined;
	return seconds >= never ? Number.POSITIVE_INFINITY : seconds;
}

/** Gives a room its own length in seconds, Infinity for ever; undefined takes it away. Says whether that changed something. */
export function set_own_length(module: ModuleApi, room: Room, seconds: number | undefined): boolean {
	if (own_length(room._data) === seconds) return false;
	if (seconds === undefined) delete room._data[key];
	else room._data[key] = Math.min(seconds, never);
	module.fire_event("muc-archive-length-changed", { room, seconds });
	return true;
}
