// Counterpart: plugins/muc/hidden.lib.lua

import { feature } from "./feature.ts";
import { yes_no } from "./settings.ts";
import type { Room } from "./types.ts";

/** Rooms that are not in public lists. Whether somebody may make a room public is a permission. Option: muc_room_allow_public. */
export const hidden = feature("hidden", (module) => {
	const unrestricted = module.get_option_boolean("muc_room_allow_public", true);
	module.default_permission(unrestricted ? "prosody:registered" : "prosody:admin", ":create-public-room");

	const hidden = yes_no("hidden", {
		field: "muc#roomconfig_publicroom",
		label: "Include room information in public lists",
		desc: "Enable this to allow people to find the room",
		features: { on: "muc_hidden", off: "muc_public" },
		is_inverted: true,
		may: (actor) => module.may(":create-public-room", actor),
	});
	module.hook("muc-config-form", hidden.add_field, 100 - 9);
	module.hook("muc-config-submitted/muc#roomconfig_publicroom", hidden.take_field);
	module.hook("muc-disco#info", hidden.add_feature);

	/** The opposite of `get_hidden`. */
	function get_public(room: Room): boolean {
		return !room.get_hidden();
	}

	/** The opposite of `set_hidden`; true where that changed something. */
	function set_public(room: Room, is_public: boolean | undefined): boolean {
		return room.set_hidden(!is_public);
	}

	function set_defaults(room: Room): void {
		room.set_public(module.get_option_boolean("muc_room_default_public", false));
	}

	return { ...hidden, methods: { ...hidden.methods, get_public, set_public }, set_defaults };
});
