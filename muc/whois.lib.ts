// Counterpart: plugins/muc/whois.lib.lua

import { ns } from "../host/util/ns.ts";
import type { ConfigSubmittedEvent, DiscoInfoEvent, InviteEvent, MucEvents } from "./events.ts";
import { feature } from "./feature.ts";
import { one_of } from "./kinds.ts";
import type { Room, Whois } from "./types.ts";

const kind = one_of<Whois>("moderators", "anyone");

/** Semi-anonymous and non-anonymous rooms. */
export const whois = feature("whois", (module) => {
	module.hook("muc-disco#info", add_feature);
	module.hook("muc-config-form", add_field, 80 - 4);
	module.hook("muc-config-submitted/muc#roomconfig_whois", take_field);
	module.hook("muc-invite", hide_inviter, 50);

	/** Who may see the real JIDs of occupants. */
	function get_whois(room: Room): Whois {
		return room._data.whois ?? "moderators";
	}

	/** True where that changed something; throws a TypeError for anything else than a {@link Whois}. */
	function set_whois(room: Room, whois: Whois): boolean {
		if (!kind.is(whois)) throw new TypeError(`Invalid whois value: expected "moderators" or "anyone", got ${String(whois)}`);
		if (get_whois(room) === whois) return false;
		room._data.whois = whois;
		return true;
	}

	function add_feature({ room, reply }: DiscoInfoEvent): void {
		reply.tag("feature", { var: get_whois(room) === "anyone" ? "muc_nonanonymous" : "muc_semianonymous" }).up();
	}

	function add_field({ room, form }: MucEvents["muc-config-form"]): void {
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
	}

	function take_field({ room, value, status_codes }: ConfigSubmittedEvent): void {
		// Divergence: Prosody throws in the middle of the form here: no answer comes, and nothing is saved
		if (typeof value !== "string" || !kind.is(value)) return;
		if (set_whois(room, value)) status_codes.add(value === "moderators" ? "173" : "172");
	}

	/** In semi-anonymous rooms, shows the invitee the inviter's nick instead of the real JID. */
	function hide_inviter({ room, stanza }: InviteEvent): void {
		const invitee = stanza.attr["to"];
		if (get_whois(room) !== "moderators" || invitee === undefined) return;
		if (room.get_default_role(room.get_affiliation(invitee)) === "moderator") return;
		const invite = stanza.get_child("x", ns.muc_user)?.get_child("invite");
		const inviter = invite?.attr["from"];
		if (invite === undefined || inviter === undefined) return;
		// PARITY: where the inviter is not in the room, its real JID stays
		const nick = room.get_occupant_jid(inviter);
		if (nick !== undefined) invite.attr["from"] = nick;
	}

	function set_defaults(room: Room): void {
		const is_public = module.get_option_boolean("muc_room_default_public_jids", room.get_whois() === "anyone");
		room.set_whois(is_public ? "anyone" : "moderators");
	}

	return { data: { whois: kind }, methods: { get_whois, set_whois }, set_defaults };
});
