// Counterpart: plugins/muc/muc.lib.lua (muc#admin and muc#owner queries, XEP-0045 §9 and §10)

import type { Session } from "../../host/core/types.ts";
import { resource } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { Waiting } from "../../host/util/waiting.ts";
import { room_methods } from "../feature.ts";
import type { Affiliation, Role, Room } from "../types.ts";
import {
	affiliation_rank,
	is_affiliation,
	is_role,
	refuse,
	role_rank,
	sender_of,
	valid_affiliations,
	valid_roles,
} from "../util.lib.ts";
import { apply_admin_set } from "./admin_set.ts";

// PARITY: only the first item of a query counts
function first_item(stanza: Stanza): Stanza | undefined {
	return stanza.first_tag?.first_tag;
}

/** Changes affiliations or roles. */
function handle_admin_query_set_command(room: Room, origin: Session, stanza: Stanza): true {
	const verdict = apply_admin_set(room, sender_of(stanza), stanza.first_tag?.tags ?? []);
	// Prosody also saves where it has refused the change
	if (verdict.ok) room.save(true);
	origin.send(verdict.ok ? st.reply(stanza) : st.error_reply_from(stanza, verdict.error));
	return true;
}

/** Admins may list affiliations up to their own; in members-only rooms where real JIDs are shown, members may, too. */
function may_list_affiliation(room: Room, actor: string, affiliation: Affiliation): boolean {
	const rank = affiliation_rank(room.get_affiliation(actor));
	if (rank >= valid_affiliations.admin && rank >= valid_affiliations[affiliation]) return true;
	return Boolean(room.get_members_only()) && room.get_whois() === "anyone" && rank >= valid_affiliations.member;
}

function list_affiliated(room: Room, reply: Stanza, affiliation: Affiliation): void {
	for (const [jid, , data] of room.each_affiliation(affiliation)) {
		reply.tag("item", { affiliation, jid, nick: room.get_registered_nick(jid) });
		if (data?.reason !== undefined) reply.text_tag("reason", data.reason);
		reply.up();
	}
}

function may_list_roles(room: Room, actor: string): boolean {
	const role = room.get_role(room.get_occupant_jid(actor)) ?? room.get_default_role(room.get_affiliation(actor));
	return role_rank(role) >= valid_roles.moderator;
}

function list_occupants(room: Room, reply: Stanza, role: Role): void {
	for (const [nick, occupant] of room._occupants) {
		if ((occupant.role ?? "none") === role) room.build_item_list(occupant, reply, false, resource(nick));
	}
}

/** Lists everybody who has an affiliation or a role. */
function handle_admin_query_get_command(room: Room, origin: Session, stanza: Stanza): true {
	const actor = sender_of(stanza);
	// Divergence: Prosody throws where there is no item
	const { affiliation, role } = first_item(stanza)?.attr ?? {};
	const reply = st.reply(stanza).query(ns.muc_admin);
	if (is_affiliation(affiliation) && role === undefined) {
		if (!may_list_affiliation(room, actor, affiliation)) return refuse(origin, stanza, "auth", "forbidden");
		list_affiliated(room, reply, affiliation);
	} else if (is_role(role) && affiliation === undefined) {
		if (!may_list_roles(room, actor)) return refuse(origin, stanza, "auth", "forbidden");
		list_occupants(room, reply, role);
	} else {
		return refuse(origin, stanza, "cancel", "bad-request");
	}
	origin.send(reply);
	return true;
}

function is_owner(room: Room, stanza: Stanza): boolean {
	return room.get_affiliation(sender_of(stanza)) === "owner";
}

const owners_only = "Only owners can configure rooms";

/** Sends the configuration form. */
function handle_owner_query_get_to_room(room: Room, origin: Session, stanza: Stanza): true | Waiting<true> {
	if (!is_owner(room, stanza)) return refuse(origin, stanza, "auth", "forbidden", owners_only);
	return room.send_form(origin, stanza);
}

/** Takes the configuration form, or destroys the room. */
function handle_owner_query_set_to_room(room: Room, origin: Session, stanza: Stanza): true | Waiting<true> {
	if (!is_owner(room, stanza)) return refuse(origin, stanza, "auth", "forbidden", owners_only);
	const payload = first_item(stanza);
	if (payload === undefined) return refuse(origin, stanza, "modify", "bad-request");
	if (payload.name === "x" && payload.attr["xmlns"] === ns.data) return room.process_form(origin, stanza);
	if (payload.name !== "destroy") return refuse(origin, stanza, "cancel", "service-unavailable");
	const [reason, password] = [payload.get_child_text("reason"), payload.get_child_text("password")];
	const verdict = room.destroy(payload.attr["jid"], reason, password);
	origin.send(verdict.ok ? st.reply(stanza) : st.error_reply_from(stanza, verdict.error));
	return true;
}

export const methods = room_methods({
	handle_admin_query_set_command,
	handle_admin_query_get_command,
	handle_owner_query_get_to_room,
	handle_owner_query_set_to_room,
});
