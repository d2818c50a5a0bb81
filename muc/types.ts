// No counterpart: Prosody's rooms are tables that grow as files add to them; here each key is declared once.

import type { ModuleApi, Session, StoreTable, StoreValue } from "../host/core/types.ts";
import type { FieldValues, Form, ParsedValue, ParsedValues } from "../host/util/dataforms.ts";
import type { Result, StanzaError } from "../host/util/error.ts";
import type { Attributes, Stanza } from "../host/util/stanza.ts";

/** Long-lived association with a room (XEP-0045 §5.2). Lua modules see "none" as nil where Prosody has it so. */
export type Affiliation = "outcast" | "none" | "member" | "admin" | "owner";

/** What an occupant may do during one visit (XEP-0045 §5.1); "none" is who is not in the room. */
export type Role = "none" | "visitor" | "participant" | "moderator";

/** Who may see real JIDs. */
export type Whois = "moderators" | "anyone";

/** Roles whose presence is shown; "none" shows affiliated users who are not in the room. */
export type BroadcastRoles = { [role in Role]?: boolean };

/**
 * The settings of a room as they are stored under `_data`, with Prosody's keys; absent means default.
 * Modules may keep keys of their own here.
 */
export interface RoomData extends StoreTable {
	name?: string;
	description?: string;
	language?: string;
	persistent?: boolean;
	hidden?: boolean;
	password?: string;
	members_only?: boolean;
	allow_member_invites?: boolean;
	changesubject?: boolean;
	moderated?: boolean;
	whois?: Whois;
	/** Absent is 20. */
	history_length?: number;
	default_history_messages?: number;
	presence_broadcast?: { [role: string]: boolean | undefined };
	allow_pm?: string;
	allow_modpm?: boolean;
	archiving?: boolean;
	subject?: string;
	/** Occupant JID of who set the subject. */
	subject_from?: string;
	/** Seconds since 1970. */
	subject_time?: number;
	/** Closed to everybody but its creator until then, seconds since 1970. */
	locked?: number;
	/** A tombstone: the room is gone, and `reason` and `newjid` say why and whereto. */
	destroyed?: boolean;
	reason?: string;
	newjid?: string;
	/** Makes occupant ids (XEP-0421) unlike those of other rooms. */
	occupant_id_salt?: string;
}

/** What is kept about one affiliated JID besides the affiliation. Modules may keep keys of their own here. */
export interface AffiliationData extends StoreTable {
	reserved_nickname?: string;
	/** Why the affiliation was given. */
	reason?: string;
	/** XEP-0317: by URI. */
	hats?: { [uri: string]: { active: boolean; title: string } };
}

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
	/** XEP-0421 id, once it was asked for. */
	stable_id: string | undefined;

	/** A copy to change and save; presences are shared, those of sessions that are gone stay behind. */
	copy(): Occupant;
	choose_new_primary(): string | undefined;
	/** Takes over a session's presence, without what must not be passed on. */
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
	/** The role before, whose audience has to see the occupant go. */
	prev_role?: Role | undefined;
	/** Shows the occupant as gone although it is not. */
	force_unavailable?: boolean;
	/** Only to this one, as the answer to a probe. */
	recipient?: Occupant;
}

/** One remembered message. */
export interface HistoryEntry {
	stanza: Stanza;
	/** Seconds since 1970. */
	timestamp: number;
	/** Length of its text without recipient, once it was asked for. */
	chars?: number;
}

/** The fields of a room. Source: muc/muc.lib.lua, new_room. */
export interface RoomState {
	readonly jid: string;
	/** Occupant JID by real full JID. */
	_jid_nick: Map<string, string>;
	_occupants: Map<string, Occupant>;
	_data: RoomData;
	/** By real bare JID, or domain; "none" is never stored. */
	_affiliations: Map<string, Affiliation>;
	_affiliation_data: Map<string, AffiliationData>;
	/** The backlog; undefined until something was said. */
	_history: HistoryEntry[] | undefined;
	/** Bare JID by reserved nick; made when asked for, forgotten when affiliations change. */
	_reserved_nicks: Map<string, string> | undefined;
	/** The reason, or true, while the room is being destroyed. */
	destroying: string | true | undefined;
	avatar_hash: string | undefined;
	/** Reading the room failed: joins are answered with an error and nothing of it is ever saved. */
	broken: boolean;
	/** Writes the room to storage where it is persistent; `forced` also removes it from there where it is not. */
	save(forced?: boolean, savestate?: boolean): boolean;
}

/**
 * The methods of rooms, those of Prosody's `room_mt`. Each file of muc/ declares its own by augmenting this interface, exports
 * them as `methods`, and mod_muc.ts puts them together; a file left out there does not compile.
 */
export interface RoomMethods {
	/** The component's module, through which rooms fire events and send. */
	readonly module: ModuleApi;
}

export interface Room extends RoomState, RoomMethods {}

/** Answer of an operation that may be refused with a stanza error. */
export type Verdict = Result<true, StanzaError>;

// ----------------------------------------------------------------------------------------------------------------- events

/** A stanza sent to a room. */
export interface RoomStanzaEvent {
	room: Room;
	origin: Session;
	stanza: Stanza;
}

export interface PreJoinEvent extends RoomStanzaEvent {
	occupant: Occupant;
	is_first_session: boolean | undefined;
	is_last_session: boolean | undefined;
	is_new_room?: boolean;
}

export interface PreLeaveEvent extends RoomStanzaEvent {
	occupant: Occupant;
	is_first_session: boolean | undefined;
	is_last_session: boolean | undefined;
}

export interface PreChangeEvent extends RoomStanzaEvent {
	orig_occupant: Occupant;
	dest_occupant: Occupant;
	is_first_session: boolean | undefined;
	is_last_session: boolean | undefined;
	/** Never set here; handlers shared with pre-join tell the two apart by it. */
	occupant?: undefined;
}

export interface OccupantEvent {
	room: Room;
	nick: string;
	occupant: Occupant;
	stanza?: Stanza;
	origin?: Session;
}

export interface JoinedEvent extends OccupantEvent {
	stanza: Stanza;
	origin: Session;
}

export interface SessionNewEvent extends JoinedEvent {
	jid: string;
}

export interface GroupchatEvent extends RoomStanzaEvent {
	/** Real full JID. */
	from: string;
	occupant: Occupant | undefined;
}

export interface BuildPresenceEvent {
	room: Room;
	stanza: Stanza;
	/** Missing for who is not in the room; then `bare_jid` is there. */
	occupant?: Occupant;
	bare_jid?: string;
	nick?: string | undefined;
	x?: Stanza | undefined;
	actor?: string | undefined;
	reason?: string | undefined;
}

/** Handlers may change `nick`, `actor` and `reason`. */
export interface BroadcastPresenceEvent extends BuildPresenceEvent {
	occupant: Occupant;
	x: Stanza;
}

export interface GetHistoryEvent {
	room: Room;
	stanza: Stanza;
	to: string;
	maxchars: number | undefined;
	maxstanzas: number | undefined;
	/** Seconds since 1970. */
	since: number | undefined;
	/** Set by the handler that has the messages: one at each call, then undefined. */
	next_stanza: () => Stanza | undefined;
}

export interface DiscoInfoEvent {
	room: Room;
	reply: Stanza;
	stanza: Stanza;
	/** The room information form, for queries without a node. */
	form?: Form;
	formdata?: FieldValues;
}

export interface ConfigSubmittedEvent extends RoomStanzaEvent {
	/** Parsed values by field name. */
	fields: ParsedValues;
	/** Status codes to announce; 104 stands for "something changed". */
	status_codes: Set<string>;
	actor: string;
	/** In the field events: the field's name and value. */
	field?: string | undefined;
	value?: ParsedValue | undefined;
	/** Sets an option from a field by the room's own getter and setter; true where that changed something. */
	update_option(name: string, field: string, allowed?: { [value: string]: boolean }): true | undefined;
}

export interface SetAffiliationEvent {
	room: Room;
	/** Real JID; undefined where the service itself acts. */
	actor: string | undefined;
	jid: string;
	affiliation: Affiliation;
	reason: string | undefined;
	previous_affiliation: Affiliation;
	data: AffiliationData | undefined;
	previous_data: AffiliationData | undefined;
	/** Handlers of `muc-pre-set-affiliation` refuse with false, and may say with which error. */
	allowed?: boolean;
	error?: StanzaError;
	in_room?: boolean;
}

export interface SetRoleEvent {
	room: Room;
	actor: string;
	occupant: Occupant;
	role: Role | undefined;
	/** Handlers decide by setting this; then the rules of the room are not asked. */
	allowed?: boolean;
	error?: StanzaError["type"];
	condition?: StanzaError["condition"];
}

export interface DestroyEvent {
	room: Room;
	newjid: string | undefined;
	reason: string | undefined;
	password: string | undefined;
}

export interface InviteEvent extends RoomStanzaEvent {
	/** The message as the sender sent it. */
	incoming: Stanza;
}

/** Events of the room modules; fields, order and priorities are Prosody's. */
export interface MucEvents {
	"muc-get-default-role": { room: Room; affiliation: Affiliation | undefined; affiliation_rank: number };
	"muc-room-pre-create": RoomStanzaEvent;
	"muc-room-created": { room: Room; creator?: Occupant; stanza?: Stanza; origin?: Session };
	"muc-room-pre-restore": { jid: string; data: StoreTable };
	"muc-room-restored": { jid: string; room: Room };
	"muc-room-locked": { room: Room };
	"muc-room-unlocked": { room: Room };
	"muc-pre-room-destroy": DestroyEvent & { x: Stanza; allowed: boolean; error?: StanzaError["type"] };
	"muc-room-destroyed": { room: Room; newjid?: string | undefined; reason?: string | undefined; password?: string | undefined };
	"muc-occupant-pre-join": PreJoinEvent;
	"muc-occupant-pre-leave": PreLeaveEvent;
	"muc-occupant-pre-change": PreChangeEvent;
	"muc-occupant-joined": JoinedEvent;
	"muc-occupant-session-new": SessionNewEvent;
	"muc-occupant-left": OccupantEvent;
	"muc-occupant-groupchat": GroupchatEvent;
	"muc-broadcast-message": { room: Room; stanza: Stanza };
	"muc-message-is-historic": { room: Room; stanza: Stanza };
	"muc-add-history": { room: Room; stanza: Stanza };
	"muc-get-history": GetHistoryEvent;
	"muc-build-occupant-presence": BuildPresenceEvent;
	"muc-broadcast-presence": BroadcastPresenceEvent;
	"muc-private-message": RoomStanzaEvent;
	[disco: `muc-disco#info${string}`]: DiscoInfoEvent;
	"muc-config-form": { room: Room; actor: string; form: Form };
	"muc-config-submitted": ConfigSubmittedEvent;
	[field: `muc-config-submitted/${string}`]: ConfigSubmittedEvent;
	"muc-pre-invite": RoomStanzaEvent;
	"muc-pre-decline": RoomStanzaEvent;
	"muc-invite": InviteEvent;
	"muc-decline": InviteEvent;
	"muc-pre-set-affiliation": SetAffiliationEvent;
	"muc-set-affiliation": SetAffiliationEvent;
	[key: `muc-set-affiliation-data/${string}`]: {
		room: Room;
		jid: string;
		key: string;
		value: StoreValue | undefined;
		old_value: StoreValue | undefined;
	};
	"muc-pre-set-role": SetRoleEvent;
	"muc-voice-request": RoomStanzaEvent & { fields: ParsedValues; occupant: Occupant };
	"muc-voice-response": RoomStanzaEvent & { fields: ParsedValues; occupant: Occupant };
	"muc-registration-submitted": RoomStanzaEvent & {
		submitted_data: ParsedValues;
		affiliation_data: AffiliationData;
	};
}

declare module "../host/core/types.ts" {
	interface EventMap extends MucEvents {}
}

export type { Attributes };
