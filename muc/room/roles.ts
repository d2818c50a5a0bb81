// Counterpart: plugins/muc/muc.lib.lua (roles, XEP-0045 §5.1)

import { failed, ok, stanza_error } from "../../host/util/error.ts";
import type { SetRoleEvent } from "../events.ts";
import { room_methods } from "../feature.ts";
import type { Occupant, Role, Room, Verdict } from "../types.ts";
import { affiliation_rank, is_role } from "../util.lib.ts";
import { muc_user } from "./item.ts";

/** Whether an actor (real full JID) may give an occupant that role; undefined is "none". */
function may_set_role(room: Room, actor: string, occupant: Occupant, role: Role | undefined): Verdict {
	const event: SetRoleEvent = { room, actor, occupant, role };
	room.module.fire_event("muc-pre-set-role", event);
	const refusal = failed(stanza_error("cancel", "not-allowed"));
	if (event.allowed === false) return failed(stanza_error(event.error ?? "cancel", event.condition ?? "not-allowed"));
	if (event.allowed) return ok(true);

	const own = room.get_affiliation(actor);
	// Nobody may change the role of somebody with a higher affiliation
	if (affiliation_rank(own) < affiliation_rank(room.get_affiliation(occupant.bare_jid))) return refusal;
	const concerns_moderator = occupant.role === "moderator" || role === "moderator";
	if (concerns_moderator && own !== "owner" && own !== "admin") return refusal;
	return room.get_role(room.get_occupant_jid(actor)) === "moderator" ? ok(true) : refusal;
}

/**
 * Gives an occupant a role, of which "none" removes it from the room. `actor` is the real full JID of whoever wants it, or true
 * for the service itself, which may do everything.
 */
function set_role(
	room: Room,
	given_actor: string | true | undefined,
	occupant_jid: string,
	wanted: string | false | undefined,
	reason?: string,
): Verdict {
	if (given_actor === undefined) return failed(stanza_error("modify", "not-acceptable"));
	const occupant = room.get_occupant_by_nick(occupant_jid);
	if (occupant === undefined) return failed(stanza_error("modify", "item-not-found"));
	const name = wanted === undefined || wanted === false ? "none" : wanted;
	if (!is_role(name)) return failed(stanza_error("modify", "not-acceptable"));
	const role = name === "none" ? undefined : name;
	const actor = given_actor === true ? undefined : given_actor;
	if (actor !== undefined) {
		const verdict = room.may_set_role(actor, occupant, role);
		if (!verdict.ok) return verdict;
	}

	const x = muc_user();
	if (role === undefined) x.tag("status", { code: "307" }).up();
	const prev_role = occupant.role;
	occupant.role = role;
	room.save_occupant(occupant);
	room.publicise_occupant_status({ occupant, x, actor, reason, prev_role });
	if (role === undefined) room.module.fire_event("muc-occupant-left", { room, nick: occupant.nick, occupant });
	return ok(true);
}

/** The role of an occupant JID; undefined is "none". */
function get_role(room: Room, nick: string | undefined): Role | undefined {
	return nick === undefined ? undefined : room._occupants.get(nick)?.role;
}

export const methods = room_methods({ get_role, may_set_role, set_role });
