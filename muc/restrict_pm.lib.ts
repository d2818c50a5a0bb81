// Counterpart: plugins/muc/restrict_pm.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import * as st from "../host/util/stanza.ts";
import type { Occupant, Room, RoomMethods } from "./types.ts";
import { role_rank, valid_roles } from "./util.lib.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** From which role on one may send private messages, `affiliated` for whom has an affiliation, or `none` for nobody. */
		get_allow_pm(): string;
		/** True where that changed something. */
		set_allow_pm(allow_pm: string | undefined): boolean;
		/** Whether private messages from and to moderators are always allowed. */
		get_allow_modpm(): boolean;
		/** True where that changed something. */
		set_allow_modpm(allow_modpm: boolean | undefined): boolean;
	}
}

type AllowPm = "visitor" | "participant" | "moderator" | "affiliated" | "none";

const choices: readonly { value: AllowPm; label: string }[] = [
	{ value: "visitor", label: "Everyone" },
	{ value: "participant", label: "Participants" },
	{ value: "moderator", label: "Moderators" },
	{ value: "affiliated", label: "Members" },
	{ value: "none", label: "No one" },
];

/** COMPAT: the values of the community module muc_allow_pm, which rooms may be stored with. */
const older_values = new Map<string, AllowPm>([
	["everyone", "visitor"],
	["participants", "participant"],
	["moderators", "moderator"],
	["members", "affiliated"],
]);

/** Whom messages are restricted from, by what is allowed. */
const who_restricted: { [allow_pm: string]: string } = {
	none: "in this group",
	participant: "from guests",
	moderator: "from non-moderators",
	affiliated: "from non-members",
};

function get_allow_pm(room: Room): string {
	const stored = room._data.allow_pm;
	return stored === undefined ? "visitor" : (older_values.get(stored) ?? stored);
}

function set_allow_pm(room: Room, allow_pm: string | undefined): boolean {
	if (get_allow_pm(room) === allow_pm) return false;
	room._data.allow_pm = allow_pm;
	return true;
}

function get_allow_modpm(room: Room): boolean {
	return room._data.allow_modpm ?? false;
}

function set_allow_modpm(room: Room, allow_modpm: boolean | undefined): boolean {
	if (get_allow_modpm(room) === allow_modpm) return false;
	room._data.allow_modpm = allow_modpm;
	return true;
}

export const methods: Pick<RoomMethods, "get_allow_pm" | "set_allow_pm" | "get_allow_modpm" | "set_allow_modpm"> &
	ThisType<Room> = {
	get_allow_pm() {
		return get_allow_pm(this);
	},
	set_allow_pm(allow_pm) {
		return set_allow_pm(this, allow_pm);
	},
	get_allow_modpm() {
		return get_allow_modpm(this);
	},
	set_allow_modpm(allow_modpm) {
		return set_allow_modpm(this, allow_modpm);
	},
};

function may_message(room: Room, from: Occupant, to: Occupant): boolean {
	if (to.bare_jid === from.bare_jid) return true;
	if (get_allow_modpm(room) && (to.role === "moderator" || from.role === "moderator")) return true;
	const allowed = get_allow_pm(room);
	// Divergence: for who has no affiliation, and for values that it does not know, Prosody drops the message without an answer
	if (allowed === "affiliated") return room.get_affiliation(from.bare_jid) !== undefined;
	if (allowed !== "visitor" && allowed !== "participant" && allowed !== "moderator") return false;
	return role_rank(from.role) >= valid_roles[allowed];
}

/** Who may send private messages. */
export function load(module: ModuleApi): void {
	module.hook("muc-config-form", ({ room, form }) => {
		const allowed = get_allow_pm(room);
		form.fields.push(
			{
				name: "muc#roomconfig_allowpm",
				type: "list-single",
				label: "Allow private messages from",
				options: choices.map(({ value, label }) => ({ value, label, default: value === allowed })),
			},
			{
				name: "{xmpp:prosody.im}muc#allow_modpm",
				type: "boolean",
				label: "Always allow private messages to moderators",
				value: get_allow_modpm(room),
			},
		);
	});
	module.hook("muc-config-submitted/muc#roomconfig_allowpm", ({ room, value, status_codes }) => {
		const chosen = typeof value === "string" ? value : undefined;
		// Divergence: Prosody takes any value, and then drops all private messages without an answer
		const is_known = chosen === undefined || older_values.has(chosen) || choices.some((choice) => choice.value === chosen);
		if (is_known && set_allow_pm(room, chosen)) status_codes.add("104");
	});
	module.hook("muc-config-submitted/{xmpp:prosody.im}muc#allow_modpm", ({ room, value, status_codes }) => {
		// PARITY: what is no boolean counts as a change each time
		if (set_allow_modpm(room, typeof value === "boolean" ? value : undefined)) status_codes.add("104");
	});

	module.hook(
		"muc-private-message",
		({ room, stanza }) => {
			const from = room.get_occupant_by_nick(stanza.attr["from"]);
			const to = room.get_occupant_by_nick(stanza.attr["to"]);
			if (from === undefined || to === undefined || may_message(room, from, to)) return undefined;
			const text = `Private messages are restricted ${who_restricted[get_allow_pm(room)] ?? who_restricted["none"]}`;
			module.log("debug", "Blocking PM from %s %s: %s", from.role, stanza.attr["from"], text);
			if (stanza.attr["type"] !== "error") {
				room.route_to_occupant(from, st.error_reply(stanza, "cancel", "policy-violation", text, room.jid));
			}
			return false;
		},
		1,
	);
}
