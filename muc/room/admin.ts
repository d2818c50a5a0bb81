// Counterpart: plugins/muc/muc.lib.lua (muc#admin and muc#owner queries, XEP-0045 §9 and §10)

import type { Session } from "../../host/core/types.ts";
import { failed, stanza_error } from "../../host/util/error.ts";
import { prep, resource } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { resourceprep } from "../../host/util/stringprep.ts";
import { room_methods } from "../feature.ts";
import type { Affiliation, Role, Room, Verdict } from "../types.ts";
import { affiliation_rank, is_affiliation, is_role, role_rank, sender_of, valid_affiliations, valid_roles } from "../util.lib.ts";
import { may_set_affiliation } from "./affiliations.ts";

/** What an `<item/>` asks for. */
interface AdminItem {
	jid: string | undefined;
	nick: string | undefined;
	affiliation: string | undefined;
	role: string | undefined;
	reason: string | undefined;
}

// PARITY: of several items the first one counts
function first_item(stanza: Stanza): Stanza | undefined {
	return stanza.first_tag?.first_tag;
}

/** Reads an item, and fills in the JID of a nick or the nick of a JID where the one is given and the other needed. */
function read_item(room: Room, item: Stanza): { ok: true; value: AdminItem } | Extract<Verdict, { ok: false }> {
	const { jid: raw_jid, nick: raw_nick, affiliation, role } = item.attr;
	let jid = prep(raw_jid);
	if (jid === undefined && raw_jid !== undefined) return failed(stanza_error("modify", "jid-malformed"));
	if (resource(jid) !== undefined) {
		return failed(stanza_error("modify", "jid-malformed", "Bare JID expected, got full JID"));
	}
	let nick = raw_nick === undefined ? undefined : resourceprep(raw_nick);
	if (nick === undefined && raw_nick !== undefined) {
		return failed(stanza_error("modify", "jid-malformed", "invalid nickname"));
	}
	if (jid === undefined && nick !== undefined) {
		// Some clients give the nick where an affiliation needs the JID
		jid = room._occupants.get(`${room.jid}/${nick}`)?.bare_jid;
	} else if (role !== undefined && nick === undefined && jid !== undefined) {
		nick = resource(room.get_occupant_jid(jid));
	}
	return { ok: true, value: { jid, nick, affiliation, role, reason: item.get_child_text("reason") } };
}

/** Removes who has a nick that is being reserved for somebody else. */
function remove_squatter(room: Room, actor: string, jid: string, nick: string, affiliation: string): void {
	const occupant_jid = `${room.jid}/${nick}`;
	const squatter = room._occupants.get(occupant_jid);
	if (squatter === undefined || squatter.bare_jid === jid) return;
	// Divergence: Prosody removes the occupant before it looks at who asks, so that everybody can kick anybody
	if (!is_affiliation(affiliation) || !may_set_affiliation(room, actor, jid, affiliation).ok) return;
	room.module.log("debug", "Existing occupant for %s: %s does not match %s", occupant_jid, squatter.bare_jid, jid);
	room.set_role(true, occupant_jid, undefined, "This nickname is reserved");
}

function apply_item(room: Room, actor: string, { jid, nick, affiliation, role, reason }: AdminItem): Verdict {
	if (affiliation !== undefined && jid !== undefined && role === undefined) {
		// Divergence: Prosody writes reason and nick into what is kept before it looks at who asks
		const data = { ...room.get_affiliation_data(jid) };
		if (reason !== undefined) data.reason = reason;
		if (nick !== undefined) {
			remove_squatter(room, actor, jid, nick, affiliation);
			room.module.log("debug", "Reserving %s for %s (%s)", nick, jid, affiliation);
			data.reserved_nickname = nick;
		}
		return room.set_affiliation(actor, jid, affiliation, reason, data);
	}
	if (role !== undefined && nick !== undefined && affiliation === undefined) {
		return room.set_role(actor, `${room.jid}/${nick}`, role, reason);
	}
	return failed(stanza_error("cancel", "bad-request"));
}

/** Changes an affiliation or a role. */
function handle_admin_query_set_command(room: Room, origin: Session, stanza: Stanza): true {
	const tag = first_item(stanza);
	if (tag === undefined) {
		origin.send(st.error_reply(stanza, "cancel", "bad-request"));
		return true;
	}
	const item = read_item(room, tag);
	const verdict = item.ok ? apply_item(room, sender_of(stanza), item.value) : item;
	// Prosody also saves what it refused to change
	if (verdict.ok) room.save(true);
	origin.send(verdict.ok ? st.reply(stanza) : st.error_reply_from(stanza, verdict.error));
	return true;
}

/** Admins may list those up to their own affiliation; members may too in rooms where everybody is known. */
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

/** Lists those of an affiliation or role. */
function handle_admin_query_get_command(room: Room, origin: Session, stanza: Stanza): true {
	const actor = sender_of(stanza);
	// Divergence: Prosody throws where there is no item
	const { affiliation, role } = first_item(stanza)?.attr ?? {};
	const reply = st.reply(stanza).query(ns.muc_admin);
	if (is_affiliation(affiliation) && role === undefined) {
		if (!may_list_affiliation(room, actor, affiliation)) return forbid(origin, stanza);
		list_affiliated(room, reply, affiliation);
	} else if (is_role(role) && affiliation === undefined) {
		if (!may_list_roles(room, actor)) return forbid(origin, stanza);
		list_occupants(room, reply, role);
	} else {
		origin.send(st.error_reply(stanza, "cancel", "bad-request"));
		return true;
	}
	origin.send(reply);
	return true;
}

function forbid(origin: Session, stanza: Stanza, text?: string): true {
	origin.send(st.error_reply(stanza, "auth", "forbidden", text));
	return true;
}

function is_owner(room: Room, stanza: Stanza): boolean {
	return room.get_affiliation(sender_of(stanza)) === "owner";
}

const owners_only = "Only owners can configure rooms";

/** Sends the configuration form. */
function handle_owner_query_get_to_room(room: Room, origin: Session, stanza: Stanza): true {
	if (!is_owner(room, stanza)) return forbid(origin, stanza, owners_only);
	room.send_form(origin, stanza);
	return true;
}

/** Takes the configuration form, or destroys the room. */
function handle_owner_query_set_to_room(room: Room, origin: Session, stanza: Stanza): true {
	if (!is_owner(room, stanza)) return forbid(origin, stanza, owners_only);
	const payload = first_item(stanza);
	if (payload === undefined) {
		origin.send(st.error_reply(stanza, "modify", "bad-request"));
	} else if (payload.name === "destroy") {
		const [reason, password] = [payload.get_child_text("reason"), payload.get_child_text("password")];
		const verdict = room.destroy(payload.attr["jid"], reason, password);
		origin.send(verdict.ok ? st.reply(stanza) : st.error_reply_from(stanza, verdict.error));
	} else if (payload.name === "x" && payload.attr["xmlns"] === ns.data) {
		return room.process_form(origin, stanza);
	} else {
		origin.send(st.error_reply(stanza, "cancel", "service-unavailable"));
	}
	return true;
}

export const methods = room_methods({
	handle_admin_query_set_command,
	handle_admin_query_get_command,
	handle_owner_query_get_to_room,
	handle_owner_query_set_to_room,
});
