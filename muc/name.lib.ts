// Counterpart: plugins/muc/name.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import type { Form } from "../host/util/dataforms.ts";
import type { Room, RoomMethods } from "./types.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** The room's name for people. */
		get_name(): string | undefined;
		/** Names the room; empty takes the name away. True where that changed something. */
		set_name(name: string | undefined): boolean;
	}
}

function get_name(room: Room): string | undefined {
	return room._data.name;
}

function set_name(room: Room, name: string | undefined): boolean {
	const wanted = name === "" ? undefined : name;
	if (room._data.name === wanted) return false;
	room._data.name = wanted;
	return true;
}

function insert_into_form({ room, form }: { room: Room; form?: Form }): void {
	form?.fields.push({ name: "muc#roomconfig_roomname", type: "text-single", label: "Title", value: get_name(room) });
}

export const methods: Pick<RoomMethods, "get_name" | "set_name"> & ThisType<Room> = {
	get_name() {
		return get_name(this);
	},
	set_name(name) {
		return set_name(this, name);
	},
};

/** The room's name in service discovery and in the configuration form. */
export function load(module: ModuleApi): void {
	module.hook("muc-disco#info", (event) => {
		event.reply.tag("identity", { category: "conference", type: "text", name: get_name(event.room) }).up();
		insert_into_form(event);
	});
	module.hook("muc-config-form", insert_into_form, 100 - 1);
	module.hook("muc-config-submitted/muc#roomconfig_roomname", ({ room, value, status_codes }) => {
		if (set_name(room, typeof value === "string" ? value : undefined)) status_codes.add("104");
	});
}
