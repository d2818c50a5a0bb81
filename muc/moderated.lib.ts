// Counterpart: plugins/muc/moderated.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import type { Room, RoomMethods } from "./types.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** Whether one has to be given voice. */
		get_moderated(): boolean | undefined;
		/** True where that changed something; occupants keep their roles. */
		set_moderated(moderated: boolean | undefined): boolean;
	}
}

function get_moderated(room: Room): boolean | undefined {
	return room._data.moderated;
}

function set_moderated(room: Room, moderated: boolean | undefined): boolean {
	const wanted = moderated ? true : undefined;
	if (get_moderated(room) === wanted) return false;
	room._data.moderated = wanted;
	return true;
}

export const methods: Pick<RoomMethods, "get_moderated" | "set_moderated"> & ThisType<Room> = {
	get_moderated() {
		return get_moderated(this);
	},
	set_moderated(moderated) {
		return set_moderated(this, moderated);
	},
};

/** Rooms in which who has no affiliation begins as a visitor. */
export function load(module: ModuleApi): void {
	module.hook("muc-disco#info", ({ room, reply }) => {
		reply.tag("feature", { var: get_moderated(room) ? "muc_moderated" : "muc_unmoderated" }).up();
	});
	module.hook(
		"muc-config-form",
		({ room, form }) => {
			form.fields.push({
				name: "muc#roomconfig_moderatedroom",
				type: "boolean",
				label: "Moderated (require permission to speak)",
				desc: "In moderated rooms occupants must be given permission to speak by a room moderator",
				value: get_moderated(room),
			});
		},
		80 - 3,
	);
	module.hook("muc-config-submitted/muc#roomconfig_moderatedroom", ({ room, value, status_codes }) => {
		if (set_moderated(room, value === true)) status_codes.add("104");
	});
	module.hook(
		"muc-get-default-role",
		({ room, affiliation }) => (affiliation === undefined && get_moderated(room) ? "visitor" : undefined),
		1,
	);
}
