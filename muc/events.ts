// No counterpart: Prosody's events are named where they are fired; here each has its payload.

import type { Session, StoreTable, StoreValue } from "../host/core/types.ts";
import type { FieldValues, Form, ParsedValue, ParsedValues } from "../host/util/dataforms.ts";
import type { StanzaError } from "../host/util/error.ts";
import type { Stanza } from "../host/util/stanza.ts";
import type { Affiliation, AffiliationData, Occupant, Role, Room } from "./types.ts";

/** A stanza sent to a room. */
export interface RoomStanzaEvent {
	room: Room;
	origin: Session;
	stanza: Stanza;
}

/** A session is about to enter, to leave or to take another nick; what does not apply is undefined. */
interface MovingEvent extends RoomStanzaEvent {
	is_first_session: boolean | undefined;
	is_last_session: boolean | undefined;
}

export interface PreJoinEvent extends MovingEvent {
	occupant: Occupant;
	is_new_room?: boolean;
}

export interface PreLeaveEvent extends MovingEvent {
	occupant: Occupant;
}

export interface PreChangeEvent extends MovingEvent {
	orig_occupant: Occupant;
	dest_occupant: Occupant;
	/** Never set here: handlers that are also hooked to pre-join tell the two events apart by it. */
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
	/** Undefined for somebody who is not in the room; `bare_jid` is set then. */
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
	/** A handler that sets this decides; the room's own rules do not count then. */
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
	/** Somebody will ask to enter a room, which may not be there yet. Whoever needs time to get something ready says so. Not in Prosody. */
	"muc-before-entering": { room_jid: string; room: () => Room | false | undefined; origin: Session; stanza: Stanza };
	"muc-room-pre-create": RoomStanzaEvent;
	"muc-room-created": { room: Room; creator?: Occupant; stanza?: Stanza; origin?: Session };
	"muc-room-pre-restore": { jid: string; data: StoreTable };
	/** `is_certain` where another node of a cluster had the room until just now, and everybody in it was there. */
	"muc-room-restored": { jid: string; room: Room; is_certain?: boolean };
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
	/** An owner cancelled the configuration form. Prosody has no such event. */
	"muc-config-cancelled": RoomStanzaEvent;
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
