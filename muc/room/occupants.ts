// Counterpart: plugins/muc/muc.lib.lua (occupants and the index of their sessions)

import type { ModuleApi } from "../../host/core/types.ts";
import type { MucEvents } from "../events.ts";
import { room_methods } from "../feature.ts";
import { OccupantRecord } from "../occupant.lib.ts";
import type { Affiliation, Occupant, Role, Room } from "../types.ts";
import { affiliation_rank, get_filtered_namespaces, is_role, valid_affiliations } from "../util.lib.ts";

/** The role that somebody of that affiliation gets on entering; undefined is "none". */
function get_default_role(room: Room, affiliation: Affiliation | undefined): Role | undefined {
	const answer = room.module.fire_event("muc-get-default-role", {
		room,
		affiliation,
		affiliation_rank: affiliation_rank(affiliation),
	});
	return is_role(answer) && answer !== "none" ? answer : undefined;
}

/** An occupant with the role that it gets by default; not in the room until it is saved. */
function new_occupant(room: Room, bare_real_jid: string, nick: string): Occupant {
	const occupant = new OccupantRecord(bare_real_jid, nick, get_filtered_namespaces(room.module));
	occupant.role = room.get_default_role(room.get_affiliation(bare_real_jid));
	return occupant;
}

/** Occupant JIDs with copies of the occupants. To look only, iterate over `_occupants`. */
function* each_occupant(room: Room): IterableIterator<[string, Occupant]> {
	for (const [nick, occupant] of room._occupants) yield [nick, occupant.copy()];
}

/** Removes an occupant's sessions from the index; those that belong to another nick by now stay there. */
function forget_sessions(room: Room, nick: string): void {
	const occupant = room._occupants.get(nick);
	if (occupant === undefined) return;
	for (const real_jid of occupant.sessions.keys()) {
		if (room._jid_nick.get(real_jid) === nick) room._jid_nick.delete(real_jid);
	}
}

/**
 * Puts an occupant into the room in place of the one with its nick. An occupant without a role or without an
 * available session is removed instead. Returns what is in the room now; the caller must not change it.
 */
function save_occupant(room: Room, changed: Occupant): Occupant | undefined {
	const occupant = changed.copy();
	const { nick } = occupant;
	room.before_change()?.note_occupant(nick);
	forget_sessions(room, nick);
	let has_live_session = false;
	if (occupant.role !== undefined) {
		for (const [real_jid, presence] of occupant.sessions) {
			if (presence.attr["type"] !== undefined) continue;
			has_live_session = true;
			room._jid_nick.set(real_jid, nick);
		}
	}
	if (!has_live_session) {
		room._occupants.delete(nick);
		return undefined;
	}
	room._occupants.set(nick, occupant);
	return occupant;
}

/** The occupant JID of a real full JID that is in the room. */
function get_occupant_jid(room: Room, real_jid: string | undefined): string | undefined {
	return real_jid === undefined ? undefined : room._jid_nick.get(real_jid);
}

/** A copy of the occupant with that occupant JID; what is changed there counts once it is saved. */
function get_occupant_by_nick(room: Room, nick: string | undefined): Occupant | undefined {
	return nick === undefined ? undefined : room._occupants.get(nick)?.copy();
}

/** The same by real full JID. */
function get_occupant_by_real_jid(room: Room, real_jid: string | undefined): Occupant | undefined {
	return room.get_occupant_by_nick(room.get_occupant_jid(real_jid));
}

function has_occupant(room: Room): boolean {
	return room._occupants.size > 0;
}

export const methods = room_methods({
	get_occupant_jid,
	get_default_role,
	new_occupant,
	get_occupant_by_nick,
	get_occupant_by_real_jid,
	each_occupant,
	has_occupant,
	save_occupant,
});

/** The default role where no feature decides otherwise. */
function give_role({ affiliation_rank }: MucEvents["muc-get-default-role"]): Role | undefined {
	if (affiliation_rank >= valid_affiliations.admin) return "moderator";
	return affiliation_rank >= valid_affiliations.none ? "participant" : undefined;
}

export function load(module: ModuleApi): void {
	module.hook("muc-get-default-role", give_role, -1);
}
