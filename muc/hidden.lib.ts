// Counterpart: plugins/muc/hidden.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import type { Room, RoomMethods } from "./types.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** Whether the room is left out of public lists. */
		get_hidden(): boolean | undefined;
		/** True where that changed something. */
		set_hidden(hidden: boolean | undefined): boolean;
		/** The opposite of `get_hidden`. */
		get_public(): boolean;
		/** The opposite of `set_hidden`; true where that changed something. */
		set_public(is_public: boolean | undefined): boolean;
	}
}

function get_hidden(room: Room): boolean | undefined {
	return room._data.hidden;
}

function set_hidden(room: Room, hidden: boolean | undefined): boolean {
	const wanted = hidden ? true : undefined;
	if (get_hidden(room) === wanted) return false;
	room._data.hidden = wanted;
	return true;
}

export const methods: Pick<RoomMethods, "get_hidden" | "set_hidden" | "get_public" | "set_public"> & ThisType<Room> = {
	get_hidden() {
		return get_hidden(this);
	},
	set_hidden(hidden) {
		return set_hidden(this, hidden);
	},
	get_public() {
		return !this.get_hidden();
	},
	set_public(is_public) {
		return this.set_hidden(!is_public);
	},
};

/** Whether a room is listed, by choice of those who may have public rooms. Option: muc_room_allow_public. */
export function load(module: ModuleApi): void {
	const unrestricted = module.get_option_boolean("muc_room_allow_public", true);
	module.default_permission(unrestricted ? "prosody:registered" : "prosody:admin", ":create-public-room");

	module.hook(
		"muc-config-form",
		({ room, form, actor }) => {
			if (!module.may(":create-public-room", actor)) return;
			form.fields.push({
				name: "muc#roomconfig_publicroom",
				type: "boolean",
				label: "Include room information in public lists",
				desc: "Enable this to allow people to find the room",
				value: !get_hidden(room),
			});
		},
		100 - 9,
	);
	module.hook("muc-config-submitted/muc#roomconfig_publicroom", ({ room, actor, value, status_codes }) => {
		if (!module.may(":create-public-room", actor)) return;
		if (set_hidden(room, value !== true)) status_codes.add("104");
	});
	module.hook("muc-disco#info", ({ room, reply }) => {
		reply.tag("feature", { var: get_hidden(room) ? "muc_hidden" : "muc_public" }).up();
	});
}
