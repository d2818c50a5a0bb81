// Counterpart: plugins/muc/request.lib.lua (XEP-0045 §7.13, §8.6)

import type { Session } from "../host/core/types.ts";
import { new_form } from "../host/util/dataforms.ts";
import { resource } from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as st from "../host/util/stanza.ts";
import type { DiscoInfoEvent, MucEvents } from "./events.ts";
import { feature } from "./feature.ts";
import type { Room } from "./types.ts";
import { not_connected, refuse_in_room, sender_of } from "./util.lib.ts";

const voice_request_form = new_form({
	title: "Voice Request",
	fields: [
		{ name: "FORM_TYPE", type: "hidden", value: ns.muc_request },
		{ name: "muc#jid", type: "jid-single", label: "User ID", desc: "The user's JID (address)" },
		{ name: "muc#roomnick", type: "text-single", label: "Room nickname", desc: "The user's nickname within the room" },
		{
			name: "muc#role",
			type: "list-single",
			label: "Requested role",
			value: "participant",
			options: ["none", "visitor", "participant", "moderator"],
		},
		{
			name: "muc#request_allow",
			type: "boolean",
			label: "Grant voice to this person?",
			desc: "Specify whether this person is able to speak in a moderated room",
			value: false,
		},
	],
});

/** Visitors may ask for voice, and moderators grant it. */
export const request = feature("request", (module) => {
	module.hook("muc-disco#info", add_feature);
	module.hook("muc-voice-request", forward);
	module.hook("muc-voice-response", decide);

	function add_feature({ reply }: DiscoInfoEvent): void {
		reply.tag("feature", { var: ns.muc_request }).up();
	}

	/** Takes a voice request, or a moderator's answer to one. */
	function handle_role_request(room: Room, origin: Session, stanza: Stanza, form: Stanza): void {
		const occupant = room.get_occupant_by_real_jid(sender_of(stanza));
		if (occupant === undefined) {
			// Divergence: Prosody throws here
			refuse_in_room({ room, origin, stanza }, "cancel", "not-acceptable", not_connected);
			return;
		}
		const { data: fields } = voice_request_form.data(form);
		const event = { room, origin, stanza, fields, occupant };
		const name = occupant.role === "moderator" ? "muc-voice-response" : "muc-voice-request";
		module.log("debug", "%s sent a voice request or response in %s", resource(occupant.nick), room.jid);
		module.fire_event(name, event);
	}

	/** Asks the moderators. */
	function forward({ room, stanza, occupant }: MucEvents["muc-voice-request"]): void {
		if (occupant.role !== "visitor") return;
		const form = voice_request_form.form({ "muc#jid": sender_of(stanza), "muc#roomnick": resource(occupant.nick) });
		const message = st.message({ type: "normal", from: room.jid }).add_child(form);
		room.broadcast(message, (_nick, { role }) => role === "moderator");
	}

	/** Does what a moderator answered. */
	function decide({ room, origin, stanza, fields, occupant }: MucEvents["muc-voice-response"]): void {
		if (occupant.role !== "moderator" || fields["muc#request_allow"] !== true) return;
		const requester = fields["muc#jid"];
		const affected = typeof requester === "string" ? room.get_occupant_by_real_jid(requester) : undefined;
		if (affected?.role !== "visitor") {
			module.log("debug", "%s granted voice to %s, who is not a visitor here", resource(occupant.nick), requester);
			return;
		}
		const done = room.set_role(sender_of(stanza), affected.nick, "participant", "Voice granted");
		if (done.ok) return;
		module.log("debug", "Error granting voice: %s", done.error.condition);
		origin.send(st.error_reply_from(stanza, done.error));
	}

	return { methods: { handle_role_request } };
});
