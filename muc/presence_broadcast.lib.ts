// Counterpart: plugins/muc/presence_broadcast.lib.lua

import type { StoreTable } from "../host/core/types.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import type { ConfigSubmittedEvent, MucEvents } from "./events.ts";
import { feature } from "./feature.ts";
import { as_table, type Kind } from "./kinds.ts";
import type { BroadcastRoles, Role, Room } from "./types.ts";
import { default_broadcast } from "./util.lib.ts";

const valid_roles: readonly Role[] = ["none", "visitor", "participant", "moderator"];

/** Prosody 13 may have stored the text of an option here. */
const kind: Kind<string | StoreTable> = {
	name: "a table or a text",
	type: "table",
	is: (value): value is string | StoreTable => typeof value === "string" || as_table(value) !== undefined,
};

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
			// A list that has other keys as well comes as a Map, with positions as keys
			if (entries.some(([key, flag]) => (key === role && flag !== false) || flag === role)) roles[role] = true;
		}
		return roles;
	}
	return typeof value === "string" ? to_broadcast_roles([value]) : undefined;
}

/** Rooms that show only occupants of some roles. */
export const presence_broadcast = feature("presence_broadcast", (module) => {
	module.hook("muc-config-form", add_field, 70 - 7);
	module.hook("muc-config-submitted/muc#roomconfig_presencebroadcast", take_field);

	/** The roles whose presence the room gets to see. */
	function get_presence_broadcast(room: Room): BroadcastRoles {
		const stored = room._data.presence_broadcast;
		// Divergence: Prosody 13 stores its option as text, which then hides everybody and breaks the configuration form
		if (typeof stored === "string") return to_broadcast_roles(stored) ?? default_broadcast;
		return stored ?? default_broadcast;
	}

	/** Sets them, and shows or hides the occupants concerned; undefined is everybody in the room. True where that changed something. */
	function set_presence_broadcast(room: Room, broadcast_roles: BroadcastRoles | undefined): boolean {
		const wanted = broadcast_roles ?? { ...default_broadcast };
		const before = get_presence_broadcast(room);
		// PARITY: absent and false are different, as in Lua
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

	function add_field({ room, form }: MucEvents["muc-config-form"]): void {
		const shown = get_presence_broadcast(room);
		form.fields.push({
			name: "muc#roomconfig_presencebroadcast",
			type: "list-multi",
			label: "Only show participants with roles:",
			value: valid_roles.filter((role) => shown[role]),
			options: valid_roles,
		});
	}

	function take_field({ room, value, status_codes }: ConfigSubmittedEvent): void {
		// Divergence: where no role is chosen, Prosody throws in the middle of the form: no answer comes, and nothing is saved
		const chosen = Array.isArray(value) ? value : [];
		// Divergence: in Prosody values that are no roles hide everybody
		if (chosen.length > 0 && !valid_roles.some((role) => chosen.includes(role))) return;
		const roles: BroadcastRoles = {};
		for (const role of valid_roles) {
			if (chosen.includes(role)) roles[role] = true;
		}
		if (set_presence_broadcast(room, roles)) status_codes.add("104");
	}

	/** Divergence: a role or a list of roles is understood too, which Prosody 13 stores as text that hides everybody. */
	function set_defaults(room: Room): void {
		const option = module.get_option("muc_room_default_presence_broadcast");
		const roles = to_broadcast_roles(option);
		if (option !== undefined && roles === undefined) {
			const expected = "not understood, expecting roles such as { visitor = true }";
			module.log("error", "Config option 'muc_room_default_presence_broadcast' %s", expected);
		}
		room.set_presence_broadcast(roles ?? room.get_presence_broadcast());
	}

	return { data: { presence_broadcast: kind }, methods: { get_presence_broadcast, set_presence_broadcast }, set_defaults };
});
