// Counterpart: plugins/muc/description.lib.lua

import type { DiscoInfoEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { add_info, text_setting } from "./settings.ts";

/** What the room is about, in service discovery and in the configuration form. */
export const description = feature("description", (module) => {
	const description = text_setting("description", {
		field: "muc#roomconfig_roomdesc",
		label: "Description",
		desc: "A brief description of the room",
	});
	module.hook("muc-disco#info", tell);
	module.hook("muc-config-form", description.add_field, 100 - 2);
	module.hook("muc-config-submitted/muc#roomconfig_roomdesc", description.take_field);

	function tell(event: DiscoInfoEvent): void {
		const field = { name: "muc#roominfo_description", label: "Description", value: "" };
		add_info(event, field, description.get(event.room));
	}

	return description;
});
