// Counterpart: plugins/muc/language.lib.lua

import type { DiscoInfoEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { text_setting } from "./settings.ts";
import type { Room } from "./types.ts";

/** The language that is spoken in the room, such as `de`, in service discovery and in the configuration form. */
export const language = feature("language", (module) => {
	const language = text_setting("language", {
		field: "muc#roomconfig_lang",
		label: "Language tag for room (e.g. 'en', 'de', 'fr' etc.)",
		desc: "Indicate the primary language spoken in this room",
		datatype: "xs:language",
	});
	module.hook("muc-disco#info", tell);
	module.hook("muc-config-form", language.add_field, 100 - 3);
	module.hook("muc-config-submitted/muc#roomconfig_lang", language.take_field);

	function tell({ room, form, formdata }: DiscoInfoEvent): void {
		form?.fields.push({ name: "muc#roominfo_lang", value: "" });
		if (formdata) formdata["muc#roominfo_lang"] = language.get(room);
	}

	function set_defaults(room: Room, creators_language: string | undefined): void {
		room.set_language(creators_language ?? module.get_option_string("muc_room_default_language"));
	}

	return { data: language.data, methods: language.methods, set_defaults };
});
