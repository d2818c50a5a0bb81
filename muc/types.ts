// No counterpart: Prosody's rooms are tables that grow as files add to them; here each key is declared once.

import type { ModuleApi, StoreTable } from "../host/core/types.ts";
import type { Result, StanzaError } from "../host/util/error.ts";
import type { Stanza } from "../host/util/stanza.ts";
import type { Waiting } from "../host/util/waiting.ts";
import type { DataOf, room_kinds, StoredKinds } from "./kinds.ts";
import type { OccupantMap } from "./room/occupant_map.ts";

/** What a method returns about a stanza: undefined where other handlers are to have it. */
export type Handled = true | Waiting<true> | undefined;

/** Long-lived association with a room (XEP-0045 §5.2). Lua modules see "none" as nil where Prosody has it so. */
export type Affiliation = "outcast" | "none" | "member" | "admin" | "owner";

/** What an occupant may do during one visit (XEP-0045 §5.1); "none" is not in the room. */
export type Role = "none" | "visitor" | "participant" | "moderator";

/** Who may see real JIDs. */
export type Whois = "moderators" | "anyone";

/** Roles whose presence is shown; "none" shows affiliated users who are not in the room. */
export type BroadcastRoles = Partial<Record<Role, boolean>>;

/**
 * The settings of a room as they are stored under `_data`, with Prosody's keys; absent means default. What is here belongs to
 * every room, features.ts adds what its features keep. Modules may keep keys of their own here.
 */
export interface RoomData extends StoreTable, DataOf<typeof room_kinds.data> {}

/** What is kept about one affiliated JID besides the affiliation. Modules may keep keys of their own here, too. */
export interface AffiliationData extends StoreTable, DataOf<typeof room_kinds.affiliation_data> {}

/** One nick in a room and the sessions behind it, all of one bare JID. Source: muc/occupant.lib.lua. */
export interface Occupant {
	/** The real bare JID. */
	bare_jid: string;
	/** The occupant JID, `room@host/nick`. */
	nick: string;
	/** Last presence by real full JID, with `from` the nick and `to` the session; not to be changed in place. */
	sessions: Map<string, Stanza>;
	/** Undefined is "none": no longer in the room. */
	role: Role | undefined;
	/** The primary session. */
	jid: string | undefined;
	/** The id of XEP-0421, once somebody has asked for it. */
	stable_id: string | undefined;

	/** A copy to change and save. Presences are shared; those of sessions that are gone are not in the copy. */
	copy(): Occupant;
	choose_new_primary(): string | undefined;
	/** Sets a session's presence, without what must not be passed on. */
	set_session(real_jid: string, presence: Stanza, replace_primary?: boolean): void;
	remove_session(real_jid: string): void;
	each_session(): Iterable<[string, Stanza]>;
	/** The presence of one session, or of the primary one. */
	get_presence(real_jid?: string): Stanza | undefined;
}

/** The `<x xmlns="…muc#user"/>` of a presence, with variants for some of its audience. */
export type StatusElement = Stanza | { base: Stanza; full?: Stanza; anon?: Stanza; self?: Stanza };

/** How {@link RoomMethods.publicise_occupant_status} shows an occupant. */
export interface PublicStatus {
	occupant: Occupant;
	x: StatusElement;
	/** The new nick in a nick change. */
	nick?: string | undefined;
	/** Real JID of who caused this. */
	actor?: string | undefined;
	reason?: string | undefined;
	/** The role before: whoever could see the occupant because of it has to see it leave. */
	prev_role?: Role | undefined;
	/** Shows the occupant as unavailable although it is not. */
	force_unavailable?: boolean;
	/** Only to this one, as the answer to a probe. */
	recipient?: Occupant;
}

/** One remembered message. */
export interface HistoryEntry {
	stanza: Stanza;
	/** Seconds since 1970. */
	timestamp: number;
	/** Length of its text without the recipient, once somebody has asked for it. */
	chars?: number;
}

/** Notes what of a room is about to change in a turn. */
export interface RoomNotes {
	/** The occupant of a nick is about to change. */
	note_occupant(nick: string): void;
	/** What is kept about a JID is about to change. */
	note_affiliation(jid: string): void;
}

/** The fields of a room. Source: muc/muc.lib.lua, new_room. */
export interface RoomState {
	readonly jid: string;
	/** Occupant JID by real full JID. */
	_jid_nick: Map<string, string>;
	_occupants: OccupantMap<Occupant>;
	_data: RoomData;
	/** By real bare JID, or domain; "none" is never stored. */
	_affiliations: Map<string, Affiliation>;
	_affiliation_data: Map<string, AffiliationData>;
	/** The remembered messages; undefined until there is one. */
	_history: HistoryEntry[] | undefined;
	/** Bare JIDs by reserved nick; computed when needed, and forgotten when affiliations change. */
	_reserved_nicks: Map<string, string> | undefined;
	/** The reason, or true, while the room is being destroyed. */
	destroying: string | true | undefined;
	avatar_hash: string | undefined;
	/** The room could not be read: joins are answered with an error, and it is never saved. */
	broken: boolean;
	/** Writes the room to storage where it is persistent; `forced` also removes it from there where it is not. */
	save(forced?: boolean, savestate?: boolean): boolean;
	/** Notes what the room is before occupants or affiliations change, so that a turn that fails can be undone. */
	before_change(): RoomNotes | undefined;
}

/**
 * The methods of rooms, those of Prosody's `room_mt`: muc.lib.ts adds those of every room, features.ts those of its features.
 */
export interface RoomMethods {
	/** The component's module, through which rooms fire events and send. */
	readonly module: ModuleApi;
	/** What rooms of the component store. */
	readonly kinds: StoredKinds;
}

export interface Room extends RoomState, RoomMethods {}

/** Where rooms are found. */
export interface RoomFinder {
	/** A room, out of storage if need be: undefined where there is none, false where there is no place for it. */
	get_room_from_jid(jid: string): Room | false | undefined;
	/** The rooms in memory. Rooms may be forgotten meanwhile. */
	live_rooms(): IterableIterator<Room>;
}

/** Answer of an operation that may be refused with a stanza error. */
export type Verdict = Result<true, StanzaError>;
