// Counterpart: plugins/muc/muc.lib.lua (entering, changing and leaving; handle_normal_presence in parts)

import type { Session } from "../../host/core/types.ts";
import { ok } from "../../host/util/error.ts";
import { bare, resource } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { go_on, Waiting } from "../../host/util/waiting.ts";
import { room_methods } from "../feature.ts";
import type { Handled, Occupant, Room } from "../types.ts";
import { addressee_of, not_connected, refuse_in_room, sender_of } from "../util.lib.ts";
import { muc_user } from "./item.ts";
import { depart_to_nick, show_return, type Visit } from "./nick_change.ts";

function visit(room: Room, origin: Session, stanza: Stanza): Visit {
	const real_jid = sender_of(stanza);
	const wants_in = stanza.get_child("x", ns.muc) !== undefined;
	return { room, origin, stanza, real_jid, bare_jid: bare(real_jid) ?? real_jid, wants_in };
}

/**
 * What handlers answer about somebody who wants in. Where they wait and the client goes meanwhile, it is as if they refused.
 * Divergence: Prosody lets the client in, and the room has an occupant whom nobody takes out.
 */
function unless_gone({ origin }: Visit, answer: unknown): unknown {
	if (!(answer instanceof Waiting)) return answer;
	return answer.go_on((late: unknown) => (origin.type === "c2s_destroyed" ? true : late));
}

/** Answers for rooms that could not be read. */
function refuse_broken(room: Room, origin: Session, stanza: Stanza): boolean {
	if (!room.broken) return false;
	room.module.log("debug", "Returning error from broken room %s", room.jid);
	return refuse_in_room({ room, origin, stanza }, "wait", "internal-server-error");
}

/** The presence that creates a room: lets its sender in as the first occupant. */
function handle_first_presence(room: Room, origin: Session, stanza: Stanza): Handled {
	if (refuse_broken(room, origin, stanza)) return true;
	const here = visit(room, origin, stanza);
	const nick = addressee_of(stanza);
	// Divergence: Prosody creates the room, throws, and keeps it without an occupant
	if (resource(nick) === undefined) return refuse_in_room(here, "modify", "jid-malformed", "A nickname is required");
	return go_on(unless_gone(here, room.module.fire_waiting("muc-room-pre-create", { room, origin, stanza })), (refused) => {
		if (refused) return true;
		const occupant = room.new_occupant(here.bare_jid, nick);
		// PARITY: where the creator is refused here, the room stays without an occupant
		const event = { room, origin, stanza, occupant, is_first_session: true, is_last_session: undefined, is_new_room: true };
		return go_on(unless_gone(here, room.module.fire_waiting("muc-occupant-pre-join", event)), (refused) =>
			refused ? true : found(here, occupant, nick),
		);
	});
}

/** Lets the first occupant in. */
function found(here: Visit, occupant: Occupant, nick: string): true {
	const { room, origin, stanza, real_jid } = here;
	occupant.set_session(real_jid, stanza);
	const x = muc_user().tag("status", { code: "201" }).up();
	if (room.get_whois() === "anyone") x.tag("status", { code: "100" }).up();
	if (occupant.nick !== nick) x.tag("status", { code: "210" }).up();
	room.save_occupant(occupant);
	room.publicise_occupant_status({ occupant, x });

	announce_session(here, occupant, true);
	room.module.fire_event("muc-room-created", { room, creator: occupant, stanza, origin });
	return true;
}

/** A presence without type, of type unavailable, or a probe, to an occupant JID. */
function handle_normal_presence(room: Room, origin: Session, stanza: Stanza): Handled {
	if (refuse_broken(room, origin, stanza)) return true;
	const here = visit(room, origin, stanza);
	const occupant = room.get_occupant_by_real_jid(here.real_jid);
	const { type } = stanza.attr;
	if (type === "unavailable") {
		if (occupant !== undefined) return leave(here, occupant);
	} else if (type === "probe") {
		room.respond_to_probe(origin, stanza, occupant);
	} else if (occupant !== undefined) {
		return change(here, occupant);
	} else if (here.wants_in) {
		return join(here);
	} else {
		room.module.log("debug", "Attempted join without <x>, possibly desynced");
		return refuse_in_room(here, "cancel", "item-not-found", not_connected);
	}
	return true;
}

/** How long a handler may think about whether somebody leaves, in seconds. */
const leave_patience = 60;

/**
 * What handlers answer about somebody who leaves. Where they never come to an end, it is as if they had nothing against it.
 * Divergence: Prosody waits for ever, and the room has an occupant whom nobody takes out.
 */
function in_time({ module }: Room, answer: unknown): unknown {
	if (!(answer instanceof Waiting)) return answer;
	return new Waiting<unknown>((settle) => {
		const timer = module.add_timer(leave_patience, () => {
			module.log(
				"warn",
				"A handler of muc-occupant-pre-leave has not come to an end in %d s: it is not waited for",
				leave_patience,
			);
			settle(ok(undefined));
		});
		answer.ended((outcome) => {
			timer.stop();
			settle(outcome);
		});
	});
}

/** A session leaves; the occupant leaves with its last session. */
function leave(here: Visit, occupant: Occupant): true | Waiting<true> {
	const { room, origin, stanza } = here;
	const is_last = occupant.sessions.size <= 1;
	const event = { room, origin, stanza, occupant, is_first_session: undefined, is_last_session: is_last };
	return go_on(in_time(room, room.module.fire_waiting("muc-occupant-pre-leave", event)), (kept) => {
		// Where a handler waited, the session may have left meanwhile, since its connection ended
		if (!kept && room.get_occupant_by_real_jid(here.real_jid) !== undefined) go(here, occupant, is_last);
		return true;
	});
}

function go({ room, origin, stanza, real_jid }: Visit, occupant: Occupant, is_last: boolean): void {
	room.module.log("debug", "session %s is leaving occupant %s", real_jid, occupant.nick);
	const prev_role = occupant.role;
	if (is_last) occupant.role = undefined;
	occupant.set_session(real_jid, stanza);
	room.save_occupant(occupant);
	room.publicise_occupant_status({ occupant, x: muc_user(), prev_role });
	if (is_last) room.module.fire_event("muc-occupant-left", { room, nick: occupant.nick, occupant, origin, stanza });
}

/** A session enters: as a new occupant, or under a nick that its account has here already. */
function join(here: Visit): true | Waiting<true> {
	const { room, origin, stanza, bare_jid } = here;
	const asked_nick = addressee_of(stanza);
	const present = room.get_occupant_by_nick(asked_nick);
	const asked = present ?? room.new_occupant(bare_jid, asked_nick);
	const event = {
		room,
		origin,
		stanza,
		occupant: asked,
		is_first_session: present === undefined,
		is_last_session: undefined,
	};
	return go_on(unless_gone(here, room.module.fire_waiting("muc-occupant-pre-join", event)), (refused) => {
		if (!refused) enter(here, asked, asked_nick, present === undefined);
		return true;
	});
}

/** Lets a session in, as the occupant that it asked for or another one where handlers say so. */
function enter(here: Visit, asked: Occupant, asked_nick: string, is_new: boolean): void {
	const { room, stanza, real_jid } = here;
	const { occupant, is_first } = settle(here, asked, asked_nick, is_new);
	if (refuse_conflict(here, occupant, is_first)) return;
	occupant.set_session(real_jid, stanza);
	room.save_occupant(occupant);
	introduce(here, occupant, undefined, occupant.nick !== asked_nick);
	announce_session(here, occupant, is_first);
}

/** A session that is in the room sends an update, asks for everything again, or takes another nick. */
function change(here: Visit, from: Occupant): true | Waiting<true> {
	const { room, origin, stanza, bare_jid } = here;
	const is_last = from.sessions.size <= 1;
	const asked_nick = addressee_of(stanza);
	const is_update = from.nick === asked_nick;
	const present = is_update ? from : room.get_occupant_by_nick(asked_nick);
	const asked = present ?? room.new_occupant(bare_jid, asked_nick);
	if (present === undefined) asked.role = from.role;
	const event = {
		room,
		origin,
		stanza,
		orig_occupant: from,
		dest_occupant: asked,
		is_first_session: is_update ? undefined : present === undefined,
		is_last_session: is_last,
	};
	return go_on(unless_gone(here, room.module.fire_waiting("muc-occupant-pre-change", event)), (refused) => {
		if (!refused) move(here, from, asked, { is_update, is_last, is_new: present === undefined });
		return true;
	});
}

interface Movement {
	readonly is_update: boolean;
	readonly is_last: boolean;
	readonly is_new: boolean;
}

/** Does what a session that is in the room asks for. */
function move(here: Visit, from: Occupant, asked: Occupant, { is_update, is_last, is_new }: Movement): void {
	const { room, origin, stanza, real_jid } = here;
	const asked_nick = addressee_of(stanza);
	const settled = is_update ? { occupant: from, is_first: false } : settle(here, asked, asked_nick, is_new);
	const { occupant: to, is_first } = settled;
	if (refuse_conflict(here, to, is_first)) return;
	if (!is_update) depart_to_nick(here, from, to, { is_first, is_last });
	to.set_session(real_jid, stanza);
	room.save_occupant(to);
	if (!is_update && is_last) {
		// Divergence: Prosody fires this before the new nick is in the room. So a temporary room counts as empty when its only
		// occupant changes nick, and is destroyed.
		room.module.fire_event("muc-occupant-left", { room, nick: from.nick, occupant: from, origin, stanza });
	}
	introduce(here, to, from, to.nick !== asked_nick);
	if (!is_update && !is_last) show_return(here, from);
	if (here.wants_in) announce_session(here, to, is_first);
}

/**
 * The occupant that a session is to be of, after handlers may have chosen another nick for it.
 * Divergence: where that nick is in the room already, Prosody replaces its occupant; the sessions of that occupant are no longer in
 * the room, and are not told.
 */
function settle(here: Visit, asked: Occupant, asked_nick: string, is_new: boolean): { occupant: Occupant; is_first: boolean } {
	const is_taken = !is_new && asked.bare_jid !== here.bare_jid;
	if (asked.nick === asked_nick || is_taken) return { occupant: asked, is_first: is_new };
	const present = here.room.get_occupant_by_nick(asked.nick);
	if (present !== undefined) return { occupant: present, is_first: false };
	return { occupant: is_new ? asked : here.room.new_occupant(here.bare_jid, asked.nick), is_first: true };
}

/** Refuses a nick that somebody else has. */
function refuse_conflict(here: Visit, occupant: Occupant, is_first: boolean): boolean {
	if (is_first || here.bare_jid === occupant.bare_jid) return false;
	here.room.module.log("debug", "%s couldn't join due to nick conflict: %s", here.real_jid, occupant.nick);
	return refuse_in_room(here, "cancel", "conflict");
}

/** Shows the room to a session that enters, and its occupant to the room; `from` is the session's occupant before, if there was one. */
function introduce(
	{ room, real_jid, wants_in }: Visit,
	occupant: Occupant,
	from: Occupant | undefined,
	nick_changed: boolean,
): void {
	if (from === undefined || wants_in) {
		room.send_occupant_list(real_jid, (_nick, other) => other?.get_presence(real_jid) === undefined);
	}
	const self = muc_user();
	if (from === undefined && room.get_whois() === "anyone") self.tag("status", { code: "100" }).up();
	if (nick_changed) self.tag("status", { code: "210" }).up();
	room.publicise_occupant_status({ occupant, x: { base: muc_user(), self }, prev_role: from?.role });
}

/** Tells the features, which send history and subject. */
function announce_session({ room, origin, stanza, real_jid }: Visit, occupant: Occupant, is_first: boolean): void {
	const joined = { room, nick: occupant.nick, occupant, stanza, origin };
	if (is_first) room.module.fire_event("muc-occupant-joined", joined);
	room.module.fire_event("muc-occupant-session-new", { ...joined, jid: real_jid });
}

function handle_presence_to_occupant(room: Room, origin: Session, stanza: Stanza): Handled {
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
			return refuse_in_room({ room, origin, stanza }, "modify", "bad-request");
	}
}

/** Takes a presence that an occupant sent to the room instead of its own nick. */
function handle_presence_to_room(room: Room, origin: Session, stanza: Stanza): Handled {
	const nick = room.get_occupant_jid(sender_of(stanza));
	if (nick === undefined) return undefined;
	const redirected = st.clone(stanza);
	redirected.attr["to"] = nick;
	return room.handle_presence_to_occupant(origin, redirected);
}

export const methods = room_methods({
	handle_first_presence,
	handle_normal_presence,
	handle_presence_to_occupant,
	handle_presence_to_room,
});
