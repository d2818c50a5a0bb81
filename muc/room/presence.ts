// Counterpart: plugins/muc/muc.lib.lua (entering, changing and leaving; handle_normal_presence in parts)

import type { Session } from "../../host/core/types.ts";
import { bare, resource } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { Occupant, Room, RoomMethods } from "../types.ts";
import { addresseeOf, senderOf } from "../util.lib.ts";
import { mucUser } from "./item.ts";
import { departToNick, showReturn } from "./nick_change.ts";

declare module "../types.ts" {
	interface RoomMethods {
		/** The presence that creates a room: lets its sender in as the first occupant. */
		handle_first_presence(origin: Session, stanza: Stanza): true;
		/** A presence without type, of type unavailable, or a probe, to an occupant JID. */
		handle_normal_presence(origin: Session, stanza: Stanza): true;
		handle_presence_to_occupant(origin: Session, stanza: Stanza): true | undefined;
		/** Takes a presence that an occupant sent to the room instead of its own nick. */
		handle_presence_to_room(origin: Session, stanza: Stanza): true | undefined;
	}
}

/** A presence on its way through the room. */
export interface Visit {
	room: Room;
	origin: Session;
	stanza: Stanza;
	realJid: string;
	bareJid: string;
	/** Whether it asks to enter (XEP-0045 §7.2.1), which who is in already uses to be told everything again. */
	wantsIn: boolean;
}

function visit(room: Room, origin: Session, stanza: Stanza): Visit {
	const realJid = senderOf(stanza);
	const wantsIn = stanza.get_child("x", ns.muc) !== undefined;
	return { room, origin, stanza, realJid, bareJid: bare(realJid) ?? realJid, wantsIn };
}

/** Answers for rooms that could not be read. */
function refuseBroken(room: Room, origin: Session, stanza: Stanza): boolean {
	if (!room.broken) return false;
	room.module.log("debug", "Returning error from broken room %s", room.jid);
	origin.send(st.error_reply(stanza, "wait", "internal-server-error", undefined, room.jid));
	return true;
}

function handle_first_presence(room: Room, origin: Session, stanza: Stanza): true {
	if (refuseBroken(room, origin, stanza)) return true;
	const { realJid, bareJid } = visit(room, origin, stanza);
	const nick = addresseeOf(stanza);
	if (resource(nick) === undefined) {
		// Divergence: Prosody creates the room, throws, and keeps it without an occupant
		origin.send(st.error_reply(stanza, "modify", "jid-malformed", "A nickname is required", room.jid));
		return true;
	}
	if (room.module.fire_event("muc-room-pre-create", { room, origin, stanza })) return true;
	const occupant = room.new_occupant(bareJid, nick);
	// PARITY: who is refused here leaves a room behind that exists without an occupant
	const event = { room, origin, stanza, occupant, is_first_session: true, is_last_session: undefined, is_new_room: true };
	if (room.module.fire_event("muc-occupant-pre-join", event)) return true;

	occupant.set_session(realJid, stanza);
	const x = mucUser().tag("status", { code: "201" }).up();
	if (room.get_whois() === "anyone") x.tag("status", { code: "100" }).up();
	if (occupant.nick !== nick) x.tag("status", { code: "210" }).up();
	room.save_occupant(occupant);
	room.publicise_occupant_status({ occupant, x });

	const joined = { room, nick: occupant.nick, occupant, stanza, origin };
	room.module.fire_event("muc-occupant-joined", joined);
	room.module.fire_event("muc-occupant-session-new", { ...joined, jid: realJid });
	room.module.fire_event("muc-room-created", { room, creator: occupant, stanza, origin });
	return true;
}

function handle_normal_presence(room: Room, origin: Session, stanza: Stanza): true {
	if (refuseBroken(room, origin, stanza)) return true;
	const here = visit(room, origin, stanza);
	const occupant = room.get_occupant_by_real_jid(here.realJid);
	const { type } = stanza.attr;
	if (type === "unavailable") {
		if (occupant !== undefined) leave(here, occupant);
	} else if (type === "probe") {
		room.respond_to_probe(origin, stanza, occupant);
	} else if (occupant !== undefined) {
		change(here, occupant);
	} else if (here.wantsIn) {
		join(here);
	} else {
		room.module.log("debug", "Attempted join without <x>, possibly desynced");
		const text = "You are not currently connected to this chat";
		origin.send(st.error_reply(stanza, "cancel", "item-not-found", text, room.jid));
	}
	return true;
}

/** A session takes leave; the occupant goes with its last one. */
function leave({ room, origin, stanza, realJid }: Visit, occupant: Occupant): void {
	const isLast = occupant.sessions.size <= 1;
	const event = { room, origin, stanza, occupant, is_first_session: undefined, is_last_session: isLast };
	if (room.module.fire_event("muc-occupant-pre-leave", event)) return;

	room.module.log("debug", "session %s is leaving occupant %s", realJid, occupant.nick);
	const prev_role = occupant.role;
	if (isLast) occupant.role = undefined;
	occupant.set_session(realJid, stanza);
	room.save_occupant(occupant);
	room.publicise_occupant_status({ occupant, x: mucUser(), prev_role });
	if (isLast) room.module.fire_event("muc-occupant-left", { room, nick: occupant.nick, occupant, origin, stanza });
}

/** A session enters: as a new occupant, or under a nick that its account has here already. */
function join(here: Visit): void {
	const { room, origin, stanza, realJid, bareJid } = here;
	const askedNick = addresseeOf(stanza);
	const present = room.get_occupant_by_nick(askedNick);
	const asked = present ?? room.new_occupant(bareJid, askedNick);
	const event = {
		room,
		origin,
		stanza,
		occupant: asked,
		is_first_session: present === undefined,
		is_last_session: undefined,
	};
	if (room.module.fire_event("muc-occupant-pre-join", event)) return;

	const { occupant, isFirst } = settle(here, asked, askedNick, present === undefined);
	if (refuseConflict(here, occupant, isFirst)) return;
	occupant.set_session(realJid, stanza);
	room.save_occupant(occupant);
	introduce(here, occupant, undefined, occupant.nick !== askedNick);
	announceSession(here, occupant, isFirst);
}

/** A session that is in the room sends an update, asks for everything again, or takes another nick. */
function change(here: Visit, from: Occupant): void {
	const { room, origin, stanza, realJid, bareJid } = here;
	const isLast = from.sessions.size <= 1;
	const askedNick = addresseeOf(stanza);
	const isUpdate = from.nick === askedNick;
	const present = isUpdate ? from : room.get_occupant_by_nick(askedNick);
	const asked = present ?? room.new_occupant(bareJid, askedNick);
	if (present === undefined) asked.role = from.role;
	const event = {
		room,
		origin,
		stanza,
		orig_occupant: from,
		dest_occupant: asked,
		is_first_session: isUpdate ? undefined : present === undefined,
		is_last_session: isLast,
	};
	if (room.module.fire_event("muc-occupant-pre-change", event)) return;

	const settled = isUpdate ? { occupant: from, isFirst: false } : settle(here, asked, askedNick, present === undefined);
	const { occupant: to, isFirst } = settled;
	if (refuseConflict(here, to, isFirst)) return;
	if (!isUpdate) departToNick(here, from, to, { isFirst, isLast });
	to.set_session(realJid, stanza);
	room.save_occupant(to);
	if (!isUpdate && isLast) {
		// Divergence: Prosody tells of it before the new nick is in the room. So a temporary room counts as empty when its only
		// occupant changes nick, and is destroyed beneath it.
		room.module.fire_event("muc-occupant-left", { room, nick: from.nick, occupant: from, origin, stanza });
	}
	introduce(here, to, from, to.nick !== askedNick);
	if (!isUpdate && !isLast) showReturn(here, from);
	if (here.wantsIn) announceSession(here, to, isFirst);
}

/**
 * The occupant that a session is to be of, after handlers may have chosen another nick for it.
 * Divergence: where that nick is in the room already, Prosody puts the new occupant in its place, and the sessions that were
 * there are in the room no more without hearing of it.
 */
function settle(here: Visit, asked: Occupant, askedNick: string, isNew: boolean): { occupant: Occupant; isFirst: boolean } {
	const isTaken = !isNew && asked.bare_jid !== here.bareJid;
	if (asked.nick === askedNick || isTaken) return { occupant: asked, isFirst: isNew };
	const present = here.room.get_occupant_by_nick(asked.nick);
	if (present !== undefined) return { occupant: present, isFirst: false };
	return { occupant: isNew ? asked : here.room.new_occupant(here.bareJid, asked.nick), isFirst: true };
}

/** Refuses a nick that somebody else has. */
function refuseConflict({ room, origin, stanza, realJid, bareJid }: Visit, occupant: Occupant, isFirst: boolean): boolean {
	if (isFirst || bareJid === occupant.bare_jid) return false;
	room.module.log("debug", "%s couldn't join due to nick conflict: %s", realJid, occupant.nick);
	origin.send(st.error_reply(stanza, "cancel", "conflict", undefined, room.jid));
	return true;
}

/** Shows the room to who comes in, and an occupant to the room; `from` is what the session was before, if it was in. */
function introduce(
	{ room, realJid, wantsIn }: Visit,
	occupant: Occupant,
	from: Occupant | undefined,
	nickChanged: boolean,
): void {
	if (from === undefined || wantsIn) {
		room.send_occupant_list(realJid, (_nick, other) => other?.get_presence(realJid) === undefined);
	}
	const self = mucUser();
	if (from === undefined && room.get_whois() === "anyone") self.tag("status", { code: "100" }).up();
	if (nickChanged) self.tag("status", { code: "210" }).up();
	room.publicise_occupant_status({ occupant, x: { base: mucUser(), self }, prev_role: from?.role });
}

/** Tells the features, which send history and subject. */
function announceSession({ room, origin, stanza, realJid }: Visit, occupant: Occupant, isFirst: boolean): void {
	const joined = { room, nick: occupant.nick, occupant, stanza, origin };
	if (isFirst) room.module.fire_event("muc-occupant-joined", joined);
	room.module.fire_event("muc-occupant-session-new", { ...joined, jid: realJid });
}

function handle_presence_to_occupant(room: Room, origin: Session, stanza: Stanza): true | undefined {
	switch (stanza.attr["type"]) {
		case "error":
			return room.handle_kickable(origin, stanza);
		case undefined:
		case "unavailable":
		case "probe":
			return room.handle_normal_presence(origin, stanza);
		// XEP-0018's types, which some servers still pass on, are no error
		case "result":
		case "visible":
		case "invisible":
			return true;
		default:
			origin.send(st.error_reply(stanza, "modify", "bad-request", undefined, room.jid));
			return true;
	}
}

function handle_presence_to_room(room: Room, origin: Session, stanza: Stanza): true | undefined {
	const nick = room.get_occupant_jid(senderOf(stanza));
	if (nick === undefined) return undefined;
	const redirected = st.clone(stanza);
	redirected.attr["to"] = nick;
	return room.handle_presence_to_occupant(origin, redirected);
}

export const methods: Pick<
	RoomMethods,
	"handle_first_presence" | "handle_normal_presence" | "handle_presence_to_occupant" | "handle_presence_to_room"
> &
	ThisType<Room> = {
	handle_first_presence(origin, stanza) {
		return handle_first_presence(this, origin, stanza);
	},
	handle_normal_presence(origin, stanza) {
		return handle_normal_presence(this, origin, stanza);
	},
	handle_presence_to_occupant(origin, stanza) {
		return handle_presence_to_occupant(this, origin, stanza);
	},
	handle_presence_to_room(origin, stanza) {
		return handle_presence_to_room(this, origin, stanza);
	},
};
