// Counterpart: plugins/muc/mod_muc.lua (XEP-0045)

import type { ModuleApi, ModuleDefinition, StanzaEvent } from "../host/core/types.ts";
import { failed, stanza_error } from "../host/util/error.ts";
import { bare, prep } from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import { type Eventual, go_on, holding, Waiting } from "../host/util/waiting.ts";
import { offer_room_commands } from "./api/offer.ts";
import * as commands from "./commands.ts";
import type { MucEvents, OccupantEvent, RoomStanzaEvent } from "./events.ts";
import { create_full_library } from "./features.ts";
import * as ghosts from "./ghosts.ts";
import * as keeping from "./keeping.ts";
import type { RoomLibrary } from "./muc.lib.ts";
import { create_rooms, type Rooms } from "./rooms.ts";
import * as tombstones from "./tombstones.ts";
import type { Handled, Room, RoomMethods } from "./types.ts";
import { refuse } from "./util.lib.ts";

/** What other modules may do with the rooms of the component. */
export interface MucExports extends Omit<Rooms, "save"> {
	/** The methods of all rooms; one that is replaced here is replaced everywhere. */
	readonly room_mt: RoomMethods;
}

declare module "../host/core/types.ts" {
	interface ModuleExports {
		muc: MucExports;
	}
}

/** Which method takes which stanza to a room. */
const room_stanzas = [
	["iq-get", `/${ns.disco_info}:query`, "handle_disco_info_get_query"],
	["iq-get", `/${ns.disco_items}:query`, "handle_disco_items_get_query"],
	["iq-set", `/${ns.muc_admin}:query`, "handle_admin_query_set_command"],
	["iq-get", `/${ns.muc_admin}:query`, "handle_admin_query_get_command"],
	["iq-set", `/${ns.muc_owner}:query`, "handle_owner_query_set_to_room"],
	["iq-get", `/${ns.muc_owner}:query`, "handle_owner_query_get_to_room"],
	["message", "", "handle_message_to_room"],
	["presence", "", "handle_presence_to_room"],
] as const;

/** Which method takes which stanza to an occupant. */
const occupant_stanzas = [
	["presence/full", "handle_presence_to_occupant"],
	["iq/full", "handle_iq_to_occupant"],
	["message/full", "handle_message_to_occupant"],
] as const;

type StanzaMethod = (typeof room_stanzas)[number][2] | (typeof occupant_stanzas)[number][1] | "handle_register_iq";

/** Makes the admins of the component owners of all its rooms. */
function make_admins_owners(module: ModuleApi, { room_mt }: RoomLibrary): void {
	const is_admin = (jid: string): boolean => module.could(":automatic-ownership", jid);
	const { get_affiliation, set_affiliation } = room_mt;
	room_mt.get_affiliation = function (this: Room, jid) {
		return is_admin(jid) ? "owner" : get_affiliation.call(this, jid);
	};
	room_mt.set_affiliation = function (this: Room, actor, jid, affiliation, reason, data) {
		if (affiliation !== "owner" && is_admin(jid)) return failed(stanza_error("modify", "not-acceptable"));
		return set_affiliation.call(this, actor, jid, affiliation, reason, data);
	};
}

/** Decides who may create rooms, and puts new rooms among the others. Option: restrict_room_creation. */
function guard_creation(module: ModuleApi, rooms: Rooms, { set_defaults }: RoomLibrary): void {
	// COMPAT: Prosody 0.12 says "admin" for what is `true` in 13, which lets all registered users create rooms when it finds "admin"
	const restrict = module.get_option_enum<boolean | string>("restrict_room_creation", false, true, "local", "admin");
	const is_for_admins = restrict === true || restrict === "admin";
	module.default_permission(is_for_admins ? "prosody:admin" : "prosody:registered", ":create-room");

	module.hook("muc-room-pre-create", give_defaults, 1);
	module.hook("muc-room-pre-create", check_creator);
	module.hook("muc-room-pre-create", keep_room, -1000);

	function give_defaults({ room, stanza }: RoomStanzaEvent): void {
		set_defaults(room, stanza.attr["xml:lang"]);
	}

	function check_creator(event: RoomStanzaEvent): true | undefined {
		if (restrict === false || module.may(":create-room", event)) return undefined;
		const { origin, stanza } = event;
		return refuse(origin, stanza, "cancel", "not-allowed", "Room creation is restricted", module.host);
	}

	function keep_room({ room, origin, stanza }: RoomStanzaEvent): true | undefined {
		if (rooms.track_room(room)) return undefined;
		return refuse(origin, stanza, "wait", "resource-constraint", undefined, module.host);
	}
}

/** Whether a stanza asks to enter a room (XEP-0045 §7.2.1). */
function enters(stanza: Stanza): boolean {
	return stanza.name === "presence" && stanza.attr["type"] === undefined && stanza.get_child("x", ns.muc) !== undefined;
}

/** What becomes of a stanza to a room that does not exist: a presence that asks to enter creates it. */
function handle_missing(module: ModuleApi, rooms: Rooms, room_jid: string, { origin, stanza }: StanzaEvent): Handled {
	const { type } = stanza.attr;
	if (type === "error") return undefined;
	if (prep(room_jid, true) === undefined) return refuse(origin, stanza, "modify", "jid-malformed", undefined, module.host);
	if (enters(stanza)) return rooms.new_room(room_jid).handle_first_presence(origin, stanza);
	return refuse(origin, stanza, "cancel", "item-not-found", undefined, module.host);
}

/** From this many occupants on, entering and leaving a room is so much work that it is done in slices, between which others have their turn. */
const crowd = 100;
/** The same for a message, which costs less. */
const multitude = 1000;

/** How many occupants a room must have for a stanza to be much work. */
function much_from(stanza: Stanza): number {
	const { type } = stanza.attr;
	if (stanza.name === "message") return type === "groupchat" ? multitude : Number.POSITIVE_INFINITY;
	if (stanza.name !== "presence" || (type !== undefined && type !== "unavailable")) return Number.POSITIVE_INFINITY;
	return type === "unavailable" || enters(stanza) ? crowd : multitude;
}

/** Stanzas to rooms that wait for their slice: what comes to the same room after them must not overtake them. */
class WaitingStanzas {
	private readonly rooms = new WeakMap<Room, { count: number; is_apart: boolean }>();

	are_for(room: Room): boolean {
		return this.rooms.has(room);
	}

	/** One more waits; returns whether it waits among what has turns of its own: where the room is large, or was when those before it came. */
	add(room: Room): boolean {
		const known = this.rooms.get(room) ?? { count: 0, is_apart: false };
		known.count++;
		known.is_apart ||= room._occupants.size >= multitude;
		this.rooms.set(room, known);
		return known.is_apart;
	}

	remove(room: Room): void {
		const known = this.rooms.get(room);
		if (known !== undefined && --known.count === 0) this.rooms.delete(room);
	}
}

/** Makes the handler that takes a stanza to its room: at once, or in a slice of its own. */
function stanza_handler(
	module: ModuleApi,
	rooms: Rooms,
	waiting: WaitingStanzas,
	method: StanzaMethod,
): (event: StanzaEvent) => unknown {
	return handle_stanza;

	function is_much(room: Room, stanza: Stanza): boolean {
		const least = much_from(stanza);
		return room._occupants.size >= least || (least < Number.POSITIVE_INFINITY && waiting.are_for(room));
	}

	/** Reads what is needed of a room, and of its archive for whoever enters, where the whole server would wait for that. */
	function get_ready(room_jid: string, { origin, stanza }: StanzaEvent): Eventual<unknown> {
		return go_on(rooms.fetch(room_jid), () => {
			const room = (): Room | false | undefined => rooms.get_room_from_jid(room_jid);
			return enters(stanza) ? module.fire_waiting("muc-before-entering", { room_jid, room, origin, stanza }) : undefined;
		});
	}

	function handle_stanza(event: StanzaEvent, is_slice = false, is_ready = is_slice): unknown {
		const { origin, stanza } = event;
		const room_jid = bare(stanza.attr["to"]);
		if (room_jid === undefined) return undefined;
		const may_wait = !is_ready && (module.server.far_storage.is_used || stanza.name === "presence");
		const ready = may_wait ? get_ready(room_jid, event) : undefined;
		if (ready instanceof Waiting) {
			const { type } = origin;
			return holding("hold" in origin ? origin : {}, ready, () => {
				// A session that has ended meanwhile must not enter any more
				if (origin.type !== type && stanza.attr["type"] !== "unavailable") return true;
				module.server.turn.record(event);
				return handle_stanza(event, is_slice, true);
			});
		}
		const room = rooms.get_room_from_jid(room_jid);
		if (room === undefined) return handle_missing(module, rooms, room_jid, event);
		if (room === false) {
			const is_error = stanza.attr["type"] === "error";
			return is_error || refuse(origin, stanza, "wait", "resource-constraint", undefined, module.host);
		}
		if (!is_slice && is_much(room, stanza)) {
			const apart = waiting.add(room);
			const dropped = (): void => waiting.remove(room);
			const work = (): unknown => {
				dropped();
				// By then the room may be gone or another one, so it is looked up again
				return handle_stanza(event, true);
			};
			// Who leaves is often gone by then
			const needs_sender = stanza.attr["type"] !== "unavailable";
			module.in_slices(event, work, { needs_sender, apart, dropped });
			return true;
		}
		if (!room._data.destroyed) return room[method](origin, stanza);
		if (tombstones.may_recreate(module, room, event)) {
			// An admin who does not enter does not replace the tombstone: others still need it
			if (tombstones.is_over(room) || enters(stanza)) {
				rooms.forget_room(room);
				rooms.delete_room(room);
			}
			return handle_missing(module, rooms, room_jid, event);
		}
		tombstones.refuse(module, room, event);
		return true;
	}
}

function load(module: ModuleApi): MucExports {
	if (module.get_host_type() !== "component") {
		throw new Error("MUC should be loaded as a component, please see https://prosody.im/doc/components");
	}
	const library: RoomLibrary = create_full_library(module, {
		get_room_from_jid: (jid) => rooms.get_room_from_jid(jid),
		live_rooms: () => rooms.live_rooms(),
	});
	const rooms = create_rooms(module, library);
	module.depends("disco");
	module.add_identity("conference", "text", module.get_option_string("name", "Prosody Chatrooms"));
	module.add_feature(ns.muc);
	module.depends("muc_unique");

	module.default_permissions("prosody:admin", [":automatic-ownership", ":create-room", ":recreate-destroyed-room"]);
	module.default_permissions("prosody:guest", [":list-rooms"]);
	if (module.get_option_boolean("component_admins_as_room_owners", false)) make_admins_owners(module, library);

	module.hook("muc-occupant-left", end_empty_room, -1);
	module.hook("muc-room-destroyed", remove_room);
	tombstones.load(module, rooms);
	guard_creation(module, rooms, library);
	const waiting = new WaitingStanzas();
	const take_to = (method: StanzaMethod) => stanza_handler(module, rooms, waiting, method);
	for (const [kind, payload, method] of room_stanzas) {
		module.hook(`${kind}/bare${payload}`, take_to(method), -2);
		// What goes to the host goes to the room that has the host's own JID
		module.hook(`${kind}/host${payload}`, take_to(method), -2);
	}
	module.hook(`iq/bare/${ns.register}:query`, take_to("handle_register_iq"), -2);
	for (const [event, method] of occupant_stanzas) module.hook(event, take_to(method), -2);
	commands.load(module, rooms);
	const stop_answering = offer_room_commands(module, rooms);
	ghosts.load(module, rooms);
	const stop_keeping = keeping.load(module, rooms);

	module.hook_global("server-stopping", rooms.shutdown_component, -300);
	module.unload = () => {
		stop_keeping();
		stop_answering();
		rooms.shutdown_component();
		for (const room of rooms.live_rooms()) rooms.forget_room(room);
	};

	/** Destroys a room when its last occupant has left, unless it is persistent. */
	function end_empty_room({ room }: OccupantEvent): void {
		if (room.destroying !== undefined || room.has_occupant() || room.get_persistent()) return;
		module.log("debug", "%q empty, destroying", room.jid);
		module.fire_event("muc-room-destroyed", { room });
	}

	function remove_room({ room }: MucEvents["muc-room-destroyed"]): void {
		rooms.forget_room(room);
		rooms.delete_room(room);
	}

	return { ...rooms, room_mt: library.room_mt };
}

/** The chat rooms of a component. */
export const definition: ModuleDefinition = { name: "muc", load };
