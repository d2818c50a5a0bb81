// Counterpart: plugins/muc/presence_broadcast.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import type { BroadcastRoles, Role, Room, RoomMethods } from "./types.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** The roles whose presence the room gets to see. */
		get_presence_broadcast(): BroadcastRoles;
		/** Sets them, and shows or hides the occupants concerned; undefined is everybody in the room. True where that changed something. */
		set_presence_broadcast(broadcast_roles: BroadcastRoles | undefined): boolean;
	}
}

const valid_roles: readonly Role[] = ["none", "visitor", "participant", "moderator"];
const default_broadcast: BroadcastRoles = Object.freeze({ visitor: true, participant: true, moderator: true });

/** Roles out of a configuration or an old room: one role, a list of them, or a table of flags; undefined for anything else. */
export function to_broadcast_roles(value: unknown): BroadcastRoles | undefined {
	if (typeof value === "object" && value !== null) {
		const entries: [unknown, unknown][] = Array.isArray(value)
			? value.map((role) => [role, true])
			: value instanceof Map
				? [...value]
				: Object.entries(value);
		const roles: BroadcastRoles = {};
		for (const role of valid_roles) {
			// A list that has other keys too comes as a Map with positions
			if (entries.some(([key, flag]) => (key === role && flag !== false) || flag === role)) roles[role] = true;
		}
		return roles;
	}
	return typeof value === "string" ? to_broadcast_roles([value]) : undefined;
}

function get_presence_broadcast(room: Room): BroadcastRoles {
	const stored: unknown = room._data.presence_broadcast;
	// Divergence: Prosody 13 stores its option as text, which then hides everybody and breaks the configuration form
	if (typeof stored === "string") return to_broadcast_roles(stored) ?? default_broadcast;
	return room._data.presence_broadcast ?? default_broadcast;
}

function set_presence_broadcast(room: Room, broadcast_roles: BroadcastRoles | undefined): boolean {
	const wanted = broadcast_roles ?? { ...default_broadcast };
	const before = get_presence_broadcast(room);
	// As in Lua, where absent and false differ
	if (valid_roles.every((role) => before[role] === wanted[role])) return false;
	room._data.presence_broadcast = wanted;
	for (const [, occupant] of room.each_occupant()) {
		const role = occupant.role ?? "none";
		const x = st.stanza("x", { xmlns: ns.muc_user });
		if (wanted[role] && !before[role]) room.publicise_occupant_status({ occupant, x });
		else if (before[role] && !wanted[role]) room.publicise_occupant_status({ occupant, x, force_unavailable: true });
	}
	return true;
}

export const methods: Pick<RoomMethods, "get_presence_broadcast" | "set_presence_broadcast"> & ThisType<Room> = {
	get_presence_broadcast() {
		return get_presence_broadcast(this);
	},
	set_presence_broadcast(broadcast_roles) {
		return set_presence_broadcast(this, broadcast_roles);
	},
};

/** Rooms that show some of their occupants only. */
export function load(module: ModuleApi): void {
	module.hook(
		"muc-config-form",
		({ room, form }) => {
			const shown = get_presence_broadcast(room);
			form.fields.push({
				name: "muc#roomconfig_presencebroadcast",
				type: "list-multi",
				label: "Only show participants with roles:",
				value: valid_roles.filter((role) => shown[role]),
				options: valid_roles,
			});
		},
		70 - 7,
	);
	module.hook("muc-config-submitted/muc#roomconfig_presencebroadcast", ({ room, value, status_codes }) => {
		// Divergence: where no role is chosen, Prosody stops in the middle of the form, with neither an answer nor anything saved
		const chosen = Array.isArray(value) ? value : [];
		const roles: BroadcastRoles = {};
		for (const role of valid_roles) {
			if (chosen.includes(role)) roles[role] = true;
		}
		if (set_presence_broadcast(room, roles)) status_codes.add("104");
	});
}
