// Counterpart: plugins/muc/password.lib.lua

import { ns } from "../host/util/ns.ts";
import type { DiscoInfoEvent, InviteEvent, PreJoinEvent, RoomStanzaEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { text_setting } from "./settings.ts";
import type { Room } from "./types.ts";
import { is_present, refuse_in_room } from "./util.lib.ts";

/** Whether somebody knows the password, or may read it in the room's configuration. */
function knows_password(room: Room, jid: string | undefined): boolean {
	return jid !== undefined && (is_present(room, jid) || room.get_affiliation(jid) === "owner");
}

/** Rooms that can only be entered with a password (XEP-0045 §7.2.5). */
export const password = feature("password", (module) => {
	const password = text_setting("password", { field: "muc#roomconfig_roomsecret", type: "text-private", label: "Password" });
	module.hook("muc-disco#info", add_feature);
	module.hook("muc-config-form", password.add_field, 90 - 2);
	module.hook("muc-config-submitted/muc#roomconfig_roomsecret", password.take_field);
	module.hook("muc-occupant-pre-join", check_password, -20);
	module.hook("muc-invite", add_password);
	module.hook("muc-room-pre-create", take_password);

	function add_feature({ room, reply }: DiscoInfoEvent): void {
		reply.tag("feature", { var: password.get(room) === undefined ? "muc_unsecured" : "muc_passwordprotected" }).up();
	}

	function check_password(event: PreJoinEvent): true | undefined {
		const { room, stanza } = event;
		const wanted = password.get(room);
		const joining = stanza.get_child("x", ns.muc);
		if (wanted === undefined || joining === undefined) return undefined;
		if (joining.get_child_text("password", ns.muc) === wanted) return undefined;
		module.log("debug", "%s couldn't join %s: wrong password", stanza.attr["from"], stanza.attr["to"]);
		return refuse_in_room(event, "auth", "not-authorized");
	}

	/** Tells the password to whoever is invited. Divergence: Prosody also does so where the inviter does not know it. */
	function add_password({ room, stanza, incoming }: InviteEvent): void {
		const wanted = password.get(room);
		if (wanted === undefined || !knows_password(room, incoming.attr["from"])) return;
		stanza.get_child("x", ns.muc_user)?.text_tag("password", wanted);
	}

	/** Takes the password of a new room from the presence that creates it. */
	function take_password({ room, stanza }: RoomStanzaEvent): void {
		const joining = stanza.get_child("x", ns.muc);
		if (joining) password.set(room, joining.get_child_text("password", ns.muc));
	}

	return password;
});
