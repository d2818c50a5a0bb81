// Counterpart: plugins/muc/persistent.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import type { Room, RoomMethods } from "./types.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** Whether the room stays when nobody is in it. */
		get_persistent(): boolean | undefined;
		/** True where that changed something. */
		set_persistent(persistent: boolean | undefined): boolean;
	}
}

function get_persistent(room: Room): boolean | undefined {
	return room._data.persistent;
}

function set_persistent(room: Room, persistent: boolean | undefined): boolean {
	const wanted = persistent ? true : undefined;
	if (get_persistent(room) === wanted) return false;
	room._data.persistent = wanted;
	return true;
}

export const methods: Pick<RoomMethods, "get_persistent" | "set_persistent"> & ThisType<Room> = {
	get_persistent() {
		return get_persistent(this);
	},
	set_persistent(persistent) {
		return set_persistent(this, persistent);
	},
};

/** Rooms that stay, for those who may have such rooms. Option: muc_room_allow_persistent. */
export function load(module: ModuleApi): void {
	const unrestricted = module.get_option_boolean("muc_room_allow_persistent", true);
	module.default_permission(unrestricted ? "prosody:registered" : "prosody:admin", ":create-persistent-room");

	module.hook(
		"muc-config-form",
		({ room, form, actor }) => {
			if (!module.may(":create-persistent-room", actor)) return;
			form.fields.push({
				name: "muc#roomconfig_persistentroom",
				type: "boolean",
				label: "Persistent (room should remain even when it is empty)",
				desc: "Rooms are automatically deleted when they are empty, unless this option is enabled",
				value: get_persistent(room),
			});
		},
		100 - 5,
	);
	module.hook("muc-config-submitted/muc#roomconfig_persistentroom", ({ room, actor, value, status_codes }) => {
		if (!module.may(":create-persistent-room", actor)) return;
		if (set_persistent(room, value === true)) status_codes.add("104");
	});
	module.hook("muc-disco#info", ({ room, reply }) => {
		reply.tag("feature", { var: get_persistent(room) ? "muc_persistent" : "muc_temporary" }).up();
	});
	// After all others, which still have to know whether the destroyed room was persistent
	module.hook("muc-room-destroyed", ({ room }) => void set_persistent(room, false), -100);
}
