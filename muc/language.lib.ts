// Counterpart: plugins/muc/language.lib.lua

import type { DiscoInfoEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { add_info, text_setting } from "./settings.ts";

/** The language that is spoken in the room, such as `de`, in service discovery and in the configuration form. */
export const language = feature("language", (module) => {
	const language = text_setting("language", {
		field: "muc#roomconfig_lang",
		label: "Language tag for room (e.g. 'en', 'de', 'fr' etc.)",
		desc: "Indicate the primary language spoken in this room",
		datatype: "xs:language",
		default: (_given, creators_language) => creators_language ?? module.get_option_string("muc_room_default_language"),
	});
	module.hook("muc-disco#info", tell);
	module.hook("muc-config-form", language.add_field, 100 - 3);
	module.hook("muc-config-submitted/muc#roomconfig_lang", language.take_field);

	function tell(event: DiscoInfoEvent): void {
		add_info(event, { name: "muc#roominfo_lang", value: "" }, language.get(event.room));
	}

	return language;
});
