// Counterpart: plugins/muc/description.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import type { Room, RoomMethods } from "./types.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** What the room is about. */
		get_description(): string | undefined;
		/** Describes the room; empty takes the description away. True where that changed something. */
		set_description(description: string | undefined): boolean;
	}
}

function get_description(room: Room): string | undefined {
	return room._data.description;
}

function set_description(room: Room, description: string | undefined): boolean {
	const wanted = description === "" ? undefined : description;
	if (get_description(room) === wanted) return false;
	room._data.description = wanted;
	return true;
}

export const methods: Pick<RoomMethods, "get_description" | "set_description"> & ThisType<Room> = {
	get_description() {
		return get_description(this);
	},
	set_description(description) {
		return set_description(this, description);
	},
};

/** The room's description in service discovery and in the configuration form. */
export function load(module: ModuleApi): void {
	module.hook("muc-disco#info", ({ room, form, formdata }) => {
		form?.fields.push({ name: "muc#roominfo_description", label: "Description", value: "" });
		if (formdata) formdata["muc#roominfo_description"] = get_description(room);
	});
	module.hook(
		"muc-config-form",
		({ room, form }) => {
			form.fields.push({
				name: "muc#roomconfig_roomdesc",
				type: "text-single",
				label: "Description",
				desc: "A brief description of the room",
				value: get_description(room) ?? "",
			});
		},
		100 - 2,
	);
	module.hook("muc-config-submitted/muc#roomconfig_roomdesc", ({ room, value, status_codes }) => {
		if (set_description(room, typeof value === "string" ? value : undefined)) status_codes.add("104");
	});
}
