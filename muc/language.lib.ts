// Counterpart: plugins/muc/language.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import type { Room, RoomMethods } from "./types.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** Tag of the language that is spoken in the room, such as `de`. */
		get_language(): string | undefined;
		/** Sets the language; empty takes it away. True where that changed something. */
		set_language(language: string | undefined): boolean;
	}
}

function get_language(room: Room): string | undefined {
	return room._data.language;
}

function set_language(room: Room, language: string | undefined): boolean {
	const wanted = language === "" ? undefined : language;
	if (get_language(room) === wanted) return false;
	room._data.language = wanted;
	return true;
}

export const methods: Pick<RoomMethods, "get_language" | "set_language"> & ThisType<Room> = {
	get_language() {
		return get_language(this);
	},
	set_language(language) {
		return set_language(this, language);
	},
};

/** The room's language in service discovery and in the configuration form. */
export function load(module: ModuleApi): void {
	module.hook("muc-disco#info", ({ room, form, formdata }) => {
		form?.fields.push({ name: "muc#roominfo_lang", value: "" });
		if (formdata) formdata["muc#roominfo_lang"] = get_language(room);
	});
	module.hook(
		"muc-config-form",
		({ room, form }) => {
			form.fields.push({
				name: "muc#roomconfig_lang",
				label: "Language tag for room (e.g. 'en', 'de', 'fr' etc.)",
				type: "text-single",
				desc: "Indicate the primary language spoken in this room",
				datatype: "xs:language",
				value: get_language(room) ?? "",
			});
		},
		100 - 3,
	);
	module.hook("muc-config-submitted/muc#roomconfig_lang", ({ room, value, status_codes }) => {
		if (set_language(room, typeof value === "string" ? value : undefined)) status_codes.add("104");
	});
}
