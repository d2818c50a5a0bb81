// Counterpart: plugins/muc/muc.lib.lua (messages to the room and between occupants)

import type { ModuleApi, Session } from "../../host/core/types.ts";
import { get_type } from "../../host/util/dataforms.ts";
import { medium as new_id } from "../../host/util/id.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { go_on, Waiting } from "../../host/util/waiting.ts";
import type { GroupchatEvent } from "../events.ts";
import { room_methods } from "../feature.ts";
import { strip_forged } from "../forged.ts";
import type { Handled, Room } from "../types.ts";
import {
	addressee_of,
	filter_muc_x,
	get_filtered_namespaces,
	is_kickable_error,
	not_connected,
	refuse,
	refuse_in_room,
	role_rank,
	sender_of,
	valid_roles,
} from "../util.lib.ts";

/** A private message (XEP-0045 §7.5). */
function handle_message_to_occupant(room: Room, origin: Session, stanza: Stanza): Handled {
	const { type } = stanza.attr;
	const event = { room, origin, stanza };
	const from = room.get_occupant_jid(sender_of(stanza));
	if (from === undefined) return type === "error" || refuse_in_room(event, "cancel", "not-acceptable", not_connected);
	if (type === "groupchat") return refuse_in_room(event, "modify", "bad-request");
	if (type === "error" && is_kickable_error(stanza)) {
		room.module.log("debug", "%s kicked from %s for sending an error message", from, room.jid);
		return room.handle_kickable(origin, stanza);
	}
	// No copy, since it is only looked at
	const recipient = room._occupants.get(addressee_of(stanza) ?? "");
	// Divergence: Prosody tries to answer an error with an error here, and throws
	if (recipient === undefined) {
		return type === "error" || refuse_in_room(event, "cancel", "item-not-found", "Recipient not in room");
	}
	const message = strip_forged(room.jid, filter_muc_x(get_filtered_namespaces(room.module), st.clone(stanza)));
	message.tag("x", { xmlns: ns.muc_user }).up();
	message.attr["from"] = from;
	return go_on(room.module.fire_waiting("muc-private-message", { ...event, stanza: message }), (answer) => {
		if (answer !== false) room.route_to_occupant(recipient, message);
		return true;
	});
}

/** An invitation or the answer to one (XEP-0045 §7.8.2); everything else in such an element is an error. */
function handle_muc_user(room: Room, origin: Session, stanza: Stanza, x: Stanza): true | Waiting<true> {
	const payload = x.first_tag;
	if (payload?.name === "invite" && payload.attr["to"] !== undefined) return room.handle_mediated_invite(origin, stanza);
	if (payload?.name === "decline" && payload.attr["to"] !== undefined) return room.handle_mediated_decline(origin, stanza);
	return refuse(origin, stanza, "cancel", "bad-request");
}

/** Sends a message to everybody: from the sender's nick, or from the room where a handler says so. */
function said({ room, occupant }: GroupchatEvent, stanza: Stanza): Stanza {
	const message = st.clone(stanza);
	message.attr["from"] = occupant?.nick ?? room.jid;
	return message;
}

/** These are called for each message, so they are written as methods and need no wrapper around them. */
const methods_of_messages = {
	handle_message_to_room(this: Room, origin: Session, stanza: Stanza): Handled {
		const { type } = stanza.attr;
		if (type === "groupchat") return this.handle_groupchat_to_room(origin, stanza);
		if (type === "error" && is_kickable_error(stanza)) return this.handle_kickable(origin, stanza);
		if (type !== undefined && type !== "normal") return undefined;

		const x = stanza.get_child("x", ns.muc_user);
		if (x !== undefined) return handle_muc_user(this, origin, stanza, x);
		const form = stanza.get_child("x", ns.data);
		const form_type = get_type(form);
		if (form === undefined || !form_type.ok || form_type.value !== ns.muc_request) return undefined;
		this.handle_role_request(origin, stanza, form);
		return true;
	},

	handle_groupchat_to_room(this: Room, origin: Session, stanza: Stanza): Handled {
		const from = sender_of(stanza);
		stanza.attr["id"] ??= new_id();
		// Divergence: Prosody lets roles and hats pass in groupchat messages. Removed before modules may add some.
		filter_muc_x(get_filtered_namespaces(this.module), stanza);
		const occupant = this.get_occupant_by_real_jid(from);
		const event: GroupchatEvent = { room: this, origin, stanza, from, occupant };
		const answer = this.module.fire_waiting("muc-occupant-groupchat", event);
		if (answer instanceof Waiting) return answer.go_on((late) => (late ? true : this.broadcast_message(said(event, stanza))));
		return answer ? true : this.broadcast_message(said(event, stanza));
	},
};

export const methods = { ...room_methods({ handle_message_to_occupant }), ...methods_of_messages };

/** Removes what only the room may say. Divergence: Prosody only removes delay stamps, and only in one form. */
function take_out_forged({ room, stanza }: GroupchatEvent): void {
	strip_forged(room.jid, stanza);
}

/** Lets only those speak who are in the room and have voice. */
function check_voice({ origin, stanza, occupant }: GroupchatEvent): true | undefined {
	const rank = role_rank(occupant?.role);
	if (rank > valid_roles.visitor) return undefined;
	if (rank <= valid_roles.none) return refuse(origin, stanza, "cancel", "not-acceptable", not_connected);
	return refuse(origin, stanza, "auth", "forbidden", "You do not currently have permission to speak in this chat");
}

export function load(module: ModuleApi): void {
	module.hook("muc-occupant-groupchat", take_out_forged);
	module.hook("muc-occupant-groupchat", check_voice, 50);
}
