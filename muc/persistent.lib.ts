// Counterpart: plugins/muc/persistent.lib.lua

import type { MucEvents } from "./events.ts";
import { feature } from "./feature.ts";
import { yes_no } from "./settings.ts";

/** Rooms that stay when nobody is in them. Whether somebody may have such rooms is a permission. Option: muc_room_allow_persistent. */
export const persistent = feature("persistent", (module) => {
	const unrestricted = module.get_option_boolean("muc_room_allow_persistent", true);
	module.default_permission(unrestricted ? "prosody:registered" : "prosody:admin", ":create-persistent-room");

	const persistent = yes_no("persistent", {
		field: "muc#roomconfig_persistentroom",
		label: "Persistent (room should remain even when it is empty)",
		desc: "Rooms are automatically deleted when they are empty, unless this option is enabled",
		features: { on: "muc_persistent", off: "muc_temporary" },
		default: (given) => module.get_option_boolean("muc_room_default_persistent", given),
		may: (actor) => module.may(":create-persistent-room", actor),
	});
	module.hook("muc-config-form", persistent.add_field, 100 - 5);
	module.hook("muc-config-submitted/muc#roomconfig_persistentroom", persistent.take_field);
	module.hook("muc-disco#info", persistent.add_feature);
	// After all other handlers, which still need to know whether the room was persistent
	module.hook("muc-room-destroyed", end, -100);

	function end({ room }: MucEvents["muc-room-destroyed"]): void {
		persistent.set(room, false);
	}

	return persistent;
});
