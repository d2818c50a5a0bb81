// No counterpart: what administrators do with the rooms of a service and what is kept of them.

import type { Result } from "../../util/error.ts";

/** How the archive of a room can be written down. */
export type ExportFormat = "html" | "text" | "jsonl";

/** Which part of an archive; both times are inclusive, in seconds since 1970. */
export interface ArchivePart {
	readonly start?: number;
	readonly end?: number;
}

/** What goes with a person. */
export interface ErasureOptions {
	/** Nicks that nobody but this person used: what was said under them is erased even where nothing says who said it. */
	readonly nicks?: readonly string[];
	/** Rooms in which the person is banned go on knowing the address, so that the ban holds. */
	readonly keep_bans?: boolean;
}

/** What came of an erasure, in numbers. */
export interface Erasure {
	/** Rooms that knew the person. */
	rooms: number;
	/** Messages in archives that are tombstones now. */
	messages: number;
	/** Joins and leaves that were deleted from archives. */
	presences: number;
	affiliations: number;
	/** Occupants who had to leave. */
	occupants: number;
	/** Rooms where it could not be done, with the reason. It is tried again by the next call, and when the server starts. */
	readonly problems: Map<string, string>;
}

/** A room that nobody uses. */
export interface UnusedRoom {
	readonly jid: string;
	/** When somebody was there last or said something, in seconds since 1970. */
	readonly last_used: number;
}

/** What was done with rooms that nobody uses. */
export interface DestroyedRooms {
	readonly destroyed: string[];
	/** Rooms that could not be destroyed, with the reason. */
	readonly problems: Map<string, string>;
}

/**
 * Retention and erasure for the rooms of one service (item `room-keeping`). Whatever takes long is done in slices, each of which is a
 * turn of its own, so that nobody waits. Errors are texts for administrators.
 */
export interface RoomKeeping {
	/** For how long a room's messages are archived, in seconds; Infinity is for ever. */
	archive_length(room_jid: string): Result<{ readonly seconds: number; readonly is_own: boolean }, string>;
	/** Gives a room its own length; undefined is the service's again. */
	set_archive_length(room_jid: string, seconds: number | undefined): Result<void, string>;
	/** Deletes what was said in a room until now, or until `before` (seconds since 1970); answers how many messages that were. */
	purge_archive(room_jid: string, before?: number): Promise<Result<number, string>>;
	/** Erases one person, by bare JID, from all rooms and all archives. */
	erase_person(jid: string, options?: ErasureOptions): Promise<Result<Erasure, string>>;
	/** A room's archive as text, in pieces; the iteration throws where the archive cannot be read on. */
	export_archive(room_jid: string, format: ExportFormat, part?: ArchivePart): Result<AsyncIterable<string>, string>;
	/** Rooms that nobody has used for so many days. */
	unused_rooms(days: number): Promise<Result<UnusedRoom[], string>>;
	/** Destroys them. */
	destroy_unused_rooms(days: number): Promise<Result<DestroyedRooms, string>>;
}
