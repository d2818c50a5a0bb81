// Counterpart: plugins/muc/mod_muc.lua (set_room_defaults)

import type { ModuleApi } from "../host/core/types.ts";
import { to_broadcast_roles } from "./presence_broadcast.lib.ts";
import type { BroadcastRoles, Room } from "./types.ts";

/** Divergence: a role or a list of roles is understood too, which Prosody 13 stores as text that hides everybody. */
function broadcast_roles(module: ModuleApi, room: Room): BroadcastRoles {
	const name = "muc_room_default_presence_broadcast";
	const option = module.get_option(name);
	const roles = to_broadcast_roles(option);
	if (option !== undefined && roles === undefined) {
		module.log("error", "Config option '%s' not understood, expecting roles such as { visitor = true }", name);
	}
	return roles ?? room.get_presence_broadcast();
}

/**
 * Gives a new room what the configuration says in its options `muc_room_default_…`, and else what rooms are like anyway.
 * @param language of who creates the room, which takes precedence
 */
export function set_room_defaults(module: ModuleApi, room: Room, language?: string): void {
	room.set_public(module.get_option_boolean("muc_room_default_public", false));
	room.set_persistent(module.get_option_boolean("muc_room_default_persistent", room.get_persistent()));
	room.set_members_only(module.get_option_boolean("muc_room_default_members_only", room.get_members_only()));
	room.set_allow_member_invites(
		module.get_option_boolean("muc_room_default_allow_member_invites", room.get_allow_member_invites()),
	);
	room.set_moderated(module.get_option_boolean("muc_room_default_moderated", room.get_moderated()));
	const public_jids = module.get_option_boolean("muc_room_default_public_jids", room.get_whois() === "anyone");
	room.set_whois(public_jids ? "anyone" : "moderators");
	room.set_changesubject(module.get_option_boolean("muc_room_default_change_subject", room.get_changesubject()));
	room.set_historylength(module.get_option_integer("muc_room_default_history_length", room.get_historylength(), 0));
	room.set_language(language ?? module.get_option_string("muc_room_default_language"));
	room.set_presence_broadcast(broadcast_roles(module, room));
	// What rooms understand; Prosody takes the last ones with a complaint
	const others = ["visitor", "participant", "moderator", "affiliated", "none"];
	const older = ["everyone", "participants", "moderators", "members"];
	room.set_allow_pm(module.get_option_enum("muc_room_default_allow_pm", room.get_allow_pm(), ...others, ...older));
	room.set_allow_modpm(module.get_option_boolean("muc_room_default_always_allow_moderator_pms", room.get_allow_modpm()));
}
