// Counterpart: plugins/muc/muc.lib.lua (sending to occupants, and showing them to each other)

import { resource } from "../../host/util/jid.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { room_methods } from "../feature.ts";
import type { Occupant, PublicStatus, Room, Whois } from "../types.ts";
import { role_rank, valid_roles } from "../util.lib.ts";
import { add_item, type Item } from "./item.ts";
import { type OccupantFilter, send_occupant_list } from "./occupant_list.ts";

/** Whether the room's own `route_stanza` is in place, and no module has replaced it. */
function routes_plainly(room: Room): boolean {
	return room.route_stanza === methods.route_stanza;
}

/** Sends a stanza to each of many sessions by the `route_stanza` of a module. */
function route_each(room: Room, sessions: readonly string[], stanza: Stanza): void {
	for (const to of sessions) {
		const copy = st.clone(stanza);
		copy.attr["to"] = to;
		room.route_stanza(copy);
	}
}

/** Sends to all sessions of many occupants, serialising once; a replaced `route_to_occupant` or `route_stanza` sees each of them. */
function route_to_occupants(room: Room, occupants: Iterable<Occupant>, stanza: Stanza): void {
	if (room.route_to_occupant !== methods.route_to_occupant) {
		for (const occupant of [...occupants]) room.route_to_occupant(occupant, stanza);
		return;
	}
	// A copy of the list: sending to a session that is gone brings an error, which removes its occupant from the room meanwhile
	const sessions: string[] = [];
	for (const occupant of occupants) {
		for (const real_jid of occupant.sessions.keys()) sessions.push(real_jid);
	}
	if (sessions.length === 0) return;
	if (routes_plainly(room)) room.module.broadcast(sessions, stanza);
	else route_each(room, sessions, stanza);
}

function* matching(room: Room, condition: (nick: string, occupant: Occupant) => boolean): IterableIterator<Occupant> {
	for (const [nick, occupant] of room._occupants) {
		if (condition(nick, occupant)) yield occupant;
	}
}

/** Adds the `<item/>` of an occupant to an `<x/>`: one for each session, or a single one that hides the real JID. */
function build_item_list(
	room: Room,
	occupant: Occupant,
	x: Stanza,
	is_anonymous: boolean,
	nick?: string,
	actor_nick?: string,
	actor_jid?: string,
	reason?: string,
): Stanza {
	const item: Item = { affiliation: undefined, role: undefined, jid: undefined, nick, actor_nick, actor_jid, reason };
	item.affiliation = room.get_affiliation(occupant.bare_jid);
	item.role = occupant.role ?? "none";
	if (is_anonymous) return add_item(x, item);
	for (const [real_jid] of occupant.each_session()) {
		item.jid = real_jid;
		add_item(x, item);
	}
	return x;
}

function can_see_real_jids(whois: Whois, occupant: Occupant): boolean {
	return whois === "anyone" || role_rank(occupant.role) >= valid_roles.moderator;
}

/** Whether a real full JID must not see the real JIDs of others. */
function is_anonymous_for(room: Room, jid: string): boolean {
	const whois = room.get_whois();
	if (whois === "anyone") return false;
	const affiliation = room.get_affiliation(jid);
	if (affiliation === "admin" || affiliation === "owner") return false;
	const occupant = room._occupants.get(room.get_occupant_jid(jid) ?? "");
	return occupant === undefined || !can_see_real_jids(whois, occupant);
}

/** The presence that shows an occupant, before its `<x/>` is added: its own, or one made here where it left without any. */
function base_presence(occupant: Occupant, force_unavailable: boolean): Stanza {
	const own = occupant.get_presence();
	const is_true = own !== undefined && (occupant.role !== undefined || own.attr["type"] === "unavailable");
	return is_true && !force_unavailable ? st.clone(own) : st.presence({ from: occupant.nick, type: "unavailable" });
}

/** Shows what became of an occupant to everybody who may see it, and last to itself. */
function publicise_occupant_status(room: Room, status: PublicStatus): void {
	const { occupant, recipient, prev_role, force_unavailable = false } = status;
	const parts = st.is_stanza(status.x) ? { base: status.x } : status.x;
	const presence = base_presence(occupant, force_unavailable);
	const event = {
		room,
		stanza: presence,
		x: st.clone(parts.base),
		occupant,
		nick: status.nick,
		actor: status.actor,
		reason: status.reason,
	};
	room.module.fire_event("muc-build-occupant-presence", event);
	if (recipient === undefined) room.module.fire_event("muc-broadcast-presence", event);

	// Handlers may have changed these
	const { nick, actor, reason } = event;
	const actor_nick = actor === undefined ? undefined : resource(room.get_occupant_jid(actor));
	const describe = (x: Stanza | undefined, is_anonymous: boolean, actor_jid: string | undefined): Stanza =>
		room.build_item_list(occupant, st.clone(x ?? event.x), is_anonymous, nick, actor_nick, actor_jid, reason);
	const show = (x: Stanza, type = presence.attr["type"]): Stanza => {
		const shown = st.clone(presence);
		shown.attr["type"] = type;
		shown.add_child(x);
		return shown;
	};
	// Everybody may see all of their own sessions, but not who acted
	const self_x = describe(parts.self, false, undefined);
	const variants: Record<Audience, () => Stanza> = {
		full: () => describe(parts.full, false, actor),
		self: () => self_x,
		anon: () => describe(parts.anon, true, undefined),
	};

	const whois = room.get_whois();
	if (recipient !== undefined) {
		room.route_to_occupant(recipient, show(variants[audience_of(whois, occupant, recipient)]()));
		return;
	}
	const roles = room.get_presence_broadcast();
	const is_shown = force_unavailable || roles[occupant.role ?? "none"];
	if (is_shown || (prev_role !== undefined && roles[prev_role])) {
		for (const [audience, members] of audiences(room, whois, occupant)) {
			route_to_occupants(room, members, show(variants[audience](), is_shown ? undefined : "unavailable"));
		}
	}
	show_to_self(room, occupant, presence, st.clone(self_x).tag("status", { code: "110" }).up());
}

/** How an occupant is shown: with the real JIDs, to the sessions of the same account, or without real JIDs. */
type Audience = "full" | "self" | "anon";

function audience_of(whois: Whois, occupant: Occupant, recipient: Occupant): Audience {
	if (can_see_real_jids(whois, recipient)) return "full";
	return recipient.bare_jid === occupant.bare_jid ? "self" : "anon";
}

/** All other occupants, grouped by how this one is shown to them. */
function audiences(room: Room, whois: Whois, occupant: Occupant): Map<Audience, Occupant[]> {
	const found = new Map<Audience, Occupant[]>();
	for (const other of room._occupants.values()) {
		if (other.nick === occupant.nick) continue;
		const audience = audience_of(whois, occupant, other);
		const members = found.get(audience);
		if (members) members.push(other);
		else found.set(audience, [other]);
	}
	return found;
}

/** Shows an occupant to its own sessions. */
function show_to_self(room: Room, occupant: Occupant, presence: Stanza, self_x: Stanza): void {
	if (occupant.role === undefined) {
		const shown = st.clone(presence);
		shown.add_child(self_x);
		room.route_to_occupant(occupant, shown);
		return;
	}
	// Each session gets the presence back that it sent itself
	for (const [real_jid, sent] of [...occupant.each_session()]) {
		const shown = st.clone(sent);
		room.module.fire_event("muc-build-occupant-presence", { room, occupant, stanza: shown });
		shown.attr["to"] = real_jid;
		shown.add_child(st.clone(self_x));
		room.route_stanza(shown);
	}
}

const everybody: OccupantFilter = () => true;

/** Sends a stanza from the room. */
function route_stanza(room: Room, stanza: Stanza): void {
	room.module.send(stanza);
}

/** Sends a stanza to all sessions of an occupant, whatever its `to` is. */
function route_to_occupant(room: Room, occupant: Occupant, stanza: Stanza): void {
	const sessions = [...occupant.sessions.keys()];
	if (sessions.length === 0) return;
	if (routes_plainly(room)) room.module.broadcast(sessions, stanza);
	else route_each(room, sessions, stanza);
}

/** These are called for each message, so they are written as methods and need no wrapper around them. */
const methods_of_messages = {
	/** Sends a stanza to all occupants, or to those for which the condition holds, which must not change them. */
	broadcast(this: Room, stanza: Stanza, condition?: (nick: string, occupant: Occupant) => boolean): void {
		const is_plain = routes_plainly(this) && this.route_to_occupant === methods.route_to_occupant;
		if (condition !== undefined) route_to_occupants(this, matching(this, condition), stanza);
		else if (is_plain) this.module.broadcast(this._occupants.audience, stanza);
		else route_to_occupants(this, this._occupants.values(), stanza);
	},
	/** Fires `muc-broadcast-message`, and sends the stanza to everybody unless a handler stopped it. */
	broadcast_message(this: Room, stanza: Stanza): true {
		if (!this.module.fire_event("muc-broadcast-message", { room: this, stanza })) this.broadcast(stanza);
		return true;
	},
};

const other_methods = room_methods({
	route_stanza,
	route_to_occupant,
	build_item_list,
	publicise_occupant_status,
	/** Sends the presences of the others to a real full JID, where the filter lets them through. */
	send_occupant_list: (room: Room, to: string, filter: OccupantFilter = everybody): void =>
		send_occupant_list(room, to, filter, methods),
	is_anonymous_for,
});

export const methods = { ...other_methods, ...methods_of_messages };
