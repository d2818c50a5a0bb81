// Counterpart: plugins/muc/whois.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import { ns } from "../host/util/ns.ts";
import type { Room, RoomMethods, Whois } from "./types.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** Who may see the real JIDs of occupants. */
		get_whois(): Whois;
		/** True where that changed something; throws a TypeError for anything else than a {@link Whois}. */
		set_whois(whois: Whois): boolean;
	}
}

function is_whois(value: unknown): value is Whois {
	return value === "moderators" || value === "anyone";
}

function get_whois(room: Room): Whois {
	return room._data.whois ?? "moderators";
}

function set_whois(room: Room, whois: Whois): boolean {
	if (!is_whois(whois)) throw new TypeError(`Invalid whois value: expected "moderators" or "anyone", got ${String(whois)}`);
	if (get_whois(room) === whois) return false;
	room._data.whois = whois;
	return true;
}

export const methods: Pick<RoomMethods, "get_whois" | "set_whois"> & ThisType<Room> = {
	get_whois() {
		return get_whois(this);
	},
	set_whois(whois) {
		return set_whois(this, whois);
	},
};

/** Semi-anonymous and non-anonymous rooms. */
export function load(module: ModuleApi): void {
	module.hook("muc-disco#info", ({ room, reply }) => {
		reply.tag("feature", { var: get_whois(room) === "anyone" ? "muc_nonanonymous" : "muc_semianonymous" }).up();
	});
	module.hook(
		"muc-config-form",
		({ room, form }) => {
			const whois = get_whois(room);
			form.fields.push({
				name: "muc#roomconfig_whois",
				type: "list-single",
				label: "Addresses (JIDs) of room occupants may be viewed by:",
				options: [
					{ value: "moderators", label: "Moderators only", default: whois === "moderators" },
					{ value: "anyone", label: "Anyone", default: whois === "anyone" },
				],
			});
		},
		80 - 4,
	);
	module.hook("muc-config-submitted/muc#roomconfig_whois", ({ room, value, status_codes }) => {
		// Divergence: Prosody stops in the middle of the form here, with neither an answer nor anything saved
		if (!is_whois(value)) return;
		if (set_whois(room, value)) status_codes.add(value === "moderators" ? "173" : "172");
	});

	// Who is invited to a semi-anonymous room sees the inviter's nick, not the real JID
	module.hook(
		"muc-invite",
		({ room, stanza }) => {
			const invitee = stanza.attr["to"];
			if (get_whois(room) !== "moderators" || invitee === undefined) return;
			if (room.get_default_role(room.get_affiliation(invitee)) === "moderator") return;
			const invite = stanza.get_child("x", ns.muc_user)?.get_child("invite");
			const inviter = invite?.attr["from"];
			if (invite === undefined || inviter === undefined) return;
			// PARITY: the real JID of an inviter who is not in the room remains to be seen
			const nick = room.get_occupant_jid(inviter);
			if (nick !== undefined) invite.attr["from"] = nick;
		},
		50,
	);
}
