// Counterpart: plugins/muc/restrict_pm.lib.lua

import * as st from "../host/util/stanza.ts";
import type { ConfigSubmittedEvent, MucEvents, RoomStanzaEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { boolean, text } from "./kinds.ts";
import type { Occupant, Room } from "./types.ts";
import { role_rank, valid_roles } from "./util.lib.ts";

type AllowPm = "visitor" | "participant" | "moderator" | "affiliated" | "none";

const choices: readonly { value: AllowPm; label: string }[] = [
	{ value: "visitor", label: "Everyone" },
	{ value: "participant", label: "Participants" },
	{ value: "moderator", label: "Moderators" },
	{ value: "affiliated", label: "Members" },
	{ value: "none", label: "No one" },
];

/**
 * The values of XEP-0045 (§10.1.3) and of the community's module muc_allow_pm: stored rooms may have them.
 * Divergence: Prosody accepts `anyone` without knowing it, and then drops all private messages.
 */
const older_values = new Map<string, AllowPm>([
	["anyone", "visitor"],
	["everyone", "visitor"],
	["participants", "participant"],
	["moderators", "moderator"],
	["members", "affiliated"],
]);

/** Whose messages are restricted, by what is allowed. */
const who_restricted: { [allow_pm: string]: string } = {
	none: "in this group",
	participant: "from guests",
	moderator: "from non-moderators",
	affiliated: "from non-members",
};

/** Who may send private messages. */
export const restrict_pm = feature("restrict_pm", (module) => {
	module.hook("muc-config-form", add_fields);
	module.hook("muc-config-submitted/muc#roomconfig_allowpm", take_allow_pm);
	module.hook("muc-config-submitted/{xmpp:prosody.im}muc#allow_modpm", take_allow_modpm);
	module.hook("muc-private-message", check_private_message, 1);

	/** The lowest role that may send private messages, `affiliated` for everybody with an affiliation, `none` for nobody. */
	function get_allow_pm(room: Room): string {
		const stored = room._data.allow_pm;
		return stored === undefined ? "visitor" : (older_values.get(stored) ?? stored);
	}

	/** True where that changed something. */
	function set_allow_pm(room: Room, allow_pm: string | undefined): boolean {
		if (get_allow_pm(room) === allow_pm) return false;
		room._data.allow_pm = allow_pm;
		return true;
	}

	/** Whether private messages from and to moderators are always allowed. */
	function get_allow_modpm(room: Room): boolean {
		return room._data.allow_modpm ?? false;
	}

	/** True where that changed something. */
	function set_allow_modpm(room: Room, allow_modpm: boolean | undefined): boolean {
		if (get_allow_modpm(room) === allow_modpm) return false;
		room._data.allow_modpm = allow_modpm;
		return true;
	}

	function may_message(room: Room, from: Occupant, to: Occupant): boolean {
		if (to.bare_jid === from.bare_jid) return true;
		if (get_allow_modpm(room) && (to.role === "moderator" || from.role === "moderator")) return true;
		const allowed = get_allow_pm(room);
		// Divergence: where somebody has no affiliation, or the value is unknown, Prosody drops the message without an error
		if (allowed === "affiliated") return room.get_affiliation(from.bare_jid) !== undefined;
		if (allowed !== "visitor" && allowed !== "participant" && allowed !== "moderator") return false;
		return role_rank(from.role) >= valid_roles[allowed];
	}

	function add_fields({ room, form }: MucEvents["muc-config-form"]): void {
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
	}

	function take_allow_pm({ room, value, status_codes }: ConfigSubmittedEvent): void {
		const chosen = typeof value === "string" ? value : undefined;
		// Divergence: Prosody accepts any value, and then drops all private messages without an error
		const is_known = chosen === undefined || older_values.has(chosen) || choices.some((choice) => choice.value === chosen);
		if (is_known && set_allow_pm(room, chosen)) status_codes.add("104");
	}

	function take_allow_modpm({ room, value, status_codes }: ConfigSubmittedEvent): void {
		// PARITY: a value that is not a boolean always counts as a change
		if (set_allow_modpm(room, typeof value === "boolean" ? value : undefined)) status_codes.add("104");
	}

	function check_private_message({ room, stanza }: RoomStanzaEvent): false | undefined {
		// No copies, since they are only looked at
		const from = room._occupants.get(stanza.attr["from"] ?? "");
		const to = room._occupants.get(stanza.attr["to"] ?? "");
		if (from === undefined || to === undefined || may_message(room, from, to)) return undefined;
		const text = `Private messages are restricted ${who_restricted[get_allow_pm(room)] ?? who_restricted["none"]}`;
		module.log("debug", "Blocking PM from %s %s: %s", from.role, stanza.attr["from"], text);
		if (stanza.attr["type"] !== "error") {
			room.route_to_occupant(from, st.error_reply(stanza, "cancel", "policy-violation", text, room.jid));
		}
		return false;
	}

	function set_defaults(room: Room): void {
		// All that rooms understand; Prosody takes the older ones too, with a complaint
		const known = [...choices.map(({ value }) => value), ...older_values.keys()];
		room.set_allow_pm(module.get_option_enum("muc_room_default_allow_pm", room.get_allow_pm(), ...known));
		room.set_allow_modpm(module.get_option_boolean("muc_room_default_always_allow_moderator_pms", room.get_allow_modpm()));
	}

	return {
		data: { allow_pm: text, allow_modpm: boolean },
		methods: { get_allow_pm, set_allow_pm, get_allow_modpm, set_allow_modpm },
		set_defaults,
	};
});
