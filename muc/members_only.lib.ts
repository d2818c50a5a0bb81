// Counterpart: plugins/muc/members_only.lib.lua

import { prep } from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import type { DiscoInfoEvent, InviteEvent, MucEvents, PreJoinEvent, RoomStanzaEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { muc_user } from "./room/item.ts";
import { remove_occupants } from "./room/kick.ts";
import { yes_no } from "./settings.ts";
import type { Room } from "./types.ts";
import { affiliation_rank, refuse_in_room, valid_affiliations } from "./util.lib.ts";

const invites_field = "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites";

/** Whether somebody has at least that affiliation in a room. */
function has_affiliation(room: Room, jid: string | undefined, least: "member" | "admin"): boolean {
	const affiliation = jid === undefined ? undefined : room.get_affiliation(jid);
	return affiliation_rank(affiliation) >= valid_affiliations[least];
}

/** XEP-0045 §9.3: when a room becomes members-only, those who are no members are removed, with status 322. */
function remove_strangers(room: Room): void {
	const x = muc_user().tag("status", { code: "322" }).up();
	// Divergence: Prosody leaves out the role that they had, so nobody else is told that they left
	remove_occupants(room, x, ({ bare_jid }) => !has_affiliation(room, bare_jid, "member"));
}

/** Whether a message invites somebody who is banned. */
function invites_banned(room: Room, stanza: Stanza): boolean {
	const invited = prep(stanza.get_child("x", ns.muc_user)?.get_child_attr("invite", undefined, "to"));
	return invited !== undefined && room.get_affiliation(invited) === "outcast";
}

/** Rooms for members only, and whether members, not only admins, may invite into them. */
export const members_only = feature("members_only", (module) => {
	const members_only = yes_no("members_only", {
		field: "muc#roomconfig_membersonly",
		label: "Only allow members to join",
		desc: "Enable this to only allow access for room owners, admins and members",
		changed: (room, is_closed) => is_closed && remove_strangers(room),
		default: (given) => module.get_option_boolean("muc_room_default_members_only", given),
	});
	const member_invites = yes_no("allow_member_invites", {
		field: invites_field,
		label: "Allow members to invite new members",
		default: (given) => module.get_option_boolean("muc_room_default_allow_member_invites", given),
	});
	module.hook("muc-disco#info", tell);
	module.hook("muc-config-form", add_fields, 90 - 3);
	module.hook("muc-config-submitted/muc#roomconfig_membersonly", members_only.take_field);
	module.hook(`muc-config-submitted/${invites_field}`, member_invites.take_field);
	module.hook("muc-get-default-role", give_no_role, 2);
	module.hook("muc-occupant-pre-join", check_affiliation, -5);
	module.hook("muc-pre-invite", check_inviter);
	module.hook("muc-invite", make_member);

	function tell({ room, reply, form }: DiscoInfoEvent): void {
		const closed = members_only.get(room) ?? false;
		const members_invite = member_invites.get(room) ?? false;
		reply.tag("feature", { var: closed ? "muc_membersonly" : "muc_open" }).up();
		form?.fields.push(
			{ ...member_invites.field(room), value: members_invite },
			{
				name: "muc#roomconfig_allowinvites",
				label: "Allow users to invite other users",
				type: "boolean",
				value: !closed || members_invite,
			},
		);
	}

	function add_fields({ room, form }: MucEvents["muc-config-form"]): void {
		form.fields.push(members_only.field(room), member_invites.field(room));
	}

	function give_no_role({ room, affiliation }: MucEvents["muc-get-default-role"]): false | undefined {
		return affiliation === undefined && members_only.get(room) ? false : undefined;
	}

	function check_affiliation(event: PreJoinEvent): true | undefined {
		const { room, stanza } = event;
		if (!members_only.get(room) || has_affiliation(room, stanza.attr["from"], "member")) return undefined;
		return refuse_in_room(event, "auth", "registration-required");
	}

	/** XEP-0045 §7.8.2: an invitation makes the invitee a member, so only those may invite who may do that. */
	function check_inviter(event: RoomStanzaEvent): true | undefined {
		const { room, stanza } = event;
		if (!members_only.get(room)) return undefined;
		const inviter = stanza.attr["from"];
		const may_invite = has_affiliation(room, inviter, member_invites.get(room) ? "member" : "admin");
		// Divergence: in Prosody, members can lift a ban by inviting whoever is banned
		const is_allowed = may_invite && (!invites_banned(room, stanza) || has_affiliation(room, inviter, "admin"));
		return is_allowed ? undefined : refuse_in_room(event, "auth", "forbidden");
	}

	function make_member({ room, stanza }: InviteEvent): void {
		const invitee = stanza.attr["to"];
		if (!members_only.get(room) || invitee === undefined || has_affiliation(room, invitee, "member")) return;
		const from = stanza.get_child("x", ns.muc_user)?.get_child_attr("invite", undefined, "from");
		module.log("debug", "%s invited %s into members only room %s, granting membership", from, invitee, room.jid);
		// Where this is refused, the invitation still goes out, as in Prosody
		room.set_affiliation(true, invitee, "member", `Invited by ${from}`);
		room.save();
	}

	function set_defaults(room: Room): void {
		members_only.set_defaults(room);
		member_invites.set_defaults(room);
	}

	return {
		data: { ...members_only.data, ...member_invites.data },
		methods: { ...members_only.methods, ...member_invites.methods },
		set_defaults,
	};
});
