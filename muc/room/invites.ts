// Counterpart: plugins/muc/muc.lib.lua (mediated invitations, XEP-0045 §7.8.2)

import type { ModuleApi, Session } from "../../host/core/types.ts";
import { bare, prep } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { InviteEvent } from "../events.ts";
import { room_methods } from "../feature.ts";
import type { Room } from "../types.ts";
import { filter_muc_x, get_filtered_namespaces, role_rank, sender_of, valid_roles } from "../util.lib.ts";

type Kind = "invite" | "decline";

function payload_of(stanza: Stanza, kind: Kind): Stanza | undefined {
	return stanza.get_child("x", ns.muc_user)?.get_child(kind);
}

/** The message as the room sends it: in its own name, naming the real sender inside. */
function relay(room: Room, stanza: Stanza, to: string, kind: Kind, payload: Stanza): Stanza {
	const relayed = filter_muc_x(get_filtered_namespaces(room.module), st.clone(stanza));
	relayed.attr["from"] = room.jid;
	relayed.attr["to"] = to;
	relayed.tag("x", { xmlns: ns.muc_user }).tag(kind, { from: sender_of(stanza) });
	return relayed.text_tag("reason", payload.get_child_text("reason")).up().up();
}

/**
 * Takes an invitation or its decline as far as the features let it through.
 * @returns what is to be delivered, undefined where somebody else saw to it
 */
function mediate(room: Room, origin: Session, stanza: Stanza, kind: Kind): Stanza | undefined {
	const payload = payload_of(stanza, kind);
	if (payload === undefined) {
		// Divergence: Prosody throws for a payload of that name in another namespace
		origin.send(st.error_reply(stanza, "cancel", "bad-request"));
		return undefined;
	}
	const to = prep(payload.attr["to"]);
	if (to === undefined) {
		origin.send(st.error_reply(stanza, "cancel", "jid-malformed"));
		return undefined;
	}
	if (room.module.fire_event(`muc-pre-${kind}`, { room, origin, stanza })) return undefined;
	const relayed = relay(room, stanza, to, kind, payload);
	const event: InviteEvent = { room, stanza: relayed, origin, incoming: stanza };
	return room.module.fire_event(`muc-${kind}`, event) ? undefined : relayed;
}

/** Passes on that somebody declines one. */
function handle_mediated_decline(room: Room, origin: Session, stanza: Stanza): true {
	const decline = mediate(room, origin, stanza, "decline");
	if (decline === undefined) return true;
	// Handlers may have changed where it goes; who was invited by an occupant only knows its occupant JID
	const { to } = decline.attr;
	const inviter = bare(to) === room.jid ? room.get_occupant_by_nick(to) : undefined;
	if (inviter === undefined) room.route_stanza(decline);
	else room.route_to_occupant(inviter, decline);
	return true;
}

/** Passes an invitation on in the room's name. */
function handle_mediated_invite(room: Room, origin: Session, stanza: Stanza): true {
	const invite = mediate(room, origin, stanza, "invite");
	if (invite !== undefined) room.route_stanza(invite);
	return true;
}

export const methods = room_methods({ handle_mediated_invite, handle_mediated_decline });

/** Who may invite, and what clients read that know nothing of invitations. */
export function load(module: ModuleApi): void {
	module.hook("muc-pre-invite", ({ room, origin, stanza }) => {
		const inviter = sender_of(stanza);
		const role = room.get_role(room.get_occupant_jid(inviter)) ?? room.get_default_role(room.get_affiliation(inviter));
		if (role_rank(role) > valid_roles.visitor) return undefined;
		origin.send(st.error_reply(stanza, "auth", "forbidden"));
		return true;
	});
	// As direct invitations look (XEP-0249), and once all did
	module.hook("muc-invite", ({ room, stanza }) => {
		const reason = payload_of(stanza, "invite")?.get_child_text("reason");
		stanza.text_tag("x", reason, { xmlns: ns.conference, jid: room.jid });
	});
	module.hook("muc-invite", ({ room, stanza }) => {
		add_body(stanza, "invite", `invited you to the room ${room.jid}`);
	});
	module.hook("muc-decline", ({ room, stanza }) => {
		add_body(stanza, "decline", `declined your invite to the room ${room.jid}`);
	});
}

function add_body(stanza: Stanza, kind: Kind, what: string): void {
	const payload = payload_of(stanza, kind);
	if (payload === undefined || stanza.get_child("body") !== undefined) return;
	const reason = payload.get_child_text("reason") ?? "";
	stanza.body(`${payload.attr["from"]} ${what}${reason === "" ? "" : ` (${reason})`}`);
}
