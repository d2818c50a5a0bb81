// Counterpart: plugins/muc/moderated.lib.lua

import type { MucEvents } from "./events.ts";
import { feature } from "./feature.ts";
import { yes_no } from "./settings.ts";

/** Rooms in which whoever has no affiliation begins as a visitor. */
export const moderated = feature("moderated", (module) => {
	const moderated = yes_no("moderated", {
		field: "muc#roomconfig_moderatedroom",
		label: "Moderated (require permission to speak)",
		desc: "In moderated rooms occupants must be given permission to speak by a room moderator",
		features: { on: "muc_moderated", off: "muc_unmoderated" },
		default: (given) => module.get_option_boolean("muc_room_default_moderated", given),
	});
	module.hook("muc-disco#info", moderated.add_feature);
	module.hook("muc-config-form", moderated.add_field, 80 - 3);
	module.hook("muc-config-submitted/muc#roomconfig_moderatedroom", moderated.take_field);
	module.hook("muc-get-default-role", give_no_voice, 1);

	function give_no_voice({ room, affiliation }: MucEvents["muc-get-default-role"]): "visitor" | undefined {
		return affiliation === undefined && moderated.get(room) ? "visitor" : undefined;
	}

	return moderated;
});
