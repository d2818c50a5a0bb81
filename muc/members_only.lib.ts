// Counterpart: plugins/muc/members_only.lib.lua

import type { ModuleApi } from "../host/core/types.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import type { Occupant, Room, RoomMethods } from "./types.ts";
import { affiliation_rank, valid_affiliations } from "./util.lib.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** Whether only those with an affiliation may join. */
		get_members_only(): boolean | undefined;
		/** Closes the room, which removes who is no member, or opens it. True where that changed something. */
		set_members_only(members_only: boolean | undefined): boolean;
		/** Whether members, not only admins, may invite into a members-only room. */
		get_allow_member_invites(): boolean | undefined;
		/** True where that changed something. */
		set_allow_member_invites(allow_member_invites: boolean | undefined): boolean;
	}
}

/** Whether somebody has at least that affiliation in a room. */
function has_affiliation(room: Room, jid: string | undefined, least: "member" | "admin"): boolean {
	const affiliation = jid === undefined ? undefined : room.get_affiliation(jid);
	return affiliation_rank(affiliation) >= valid_affiliations[least];
}

function get_members_only(room: Room): boolean | undefined {
	return room._data.members_only;
}

function set_members_only(room: Room, members_only: boolean | undefined): boolean {
	const wanted = members_only ? true : undefined;
	if (room._data.members_only === wanted) return false;
	room._data.members_only = wanted;
	if (wanted) remove_strangers(room);
	return true;
}

/** XEP-0045 §9.3: who is in a room that becomes members-only without being a member has to go, with status 322. */
function remove_strangers(room: Room): void {
	const gone: Occupant[] = [];
	for (const [, occupant] of room.each_occupant()) {
		if (has_affiliation(room, occupant.bare_jid, "member")) continue;
		occupant.role = undefined;
		room.save_occupant(occupant);
		gone.push(occupant);
	}
	const x = st.stanza("x", { xmlns: ns.muc_user }).tag("status", { code: "322" }).up();
	for (const occupant of gone) {
		// PARITY: without the role before, which would have the others told as well, as the XEP wants it
		room.publicise_occupant_status({ occupant, x });
		room.module.fire_event("muc-occupant-left", { room, nick: occupant.nick, occupant });
	}
}

function get_allow_member_invites(room: Room): boolean | undefined {
	return room._data.allow_member_invites;
}

function set_allow_member_invites(room: Room, allow_member_invites: boolean | undefined): boolean {
	const wanted = allow_member_invites ? true : undefined;
	if (room._data.allow_member_invites === wanted) return false;
	room._data.allow_member_invites = wanted;
	return true;
}

export const methods: Pick<
	RoomMethods,
	"get_members_only" | "set_members_only" | "get_allow_member_invites" | "set_allow_member_invites"
> &
	ThisType<Room> = {
	get_members_only() {
		return get_members_only(this);
	},
	set_members_only(members_only) {
		return set_members_only(this, members_only);
	},
	get_allow_member_invites() {
		return get_allow_member_invites(this);
	},
	set_allow_member_invites(allow_member_invites) {
		return set_allow_member_invites(this, allow_member_invites);
	},
};

const invites_field = "{http://prosody.im/protocol/muc}roomconfig_allowmemberinvites";

/** Rooms for members only, and who may invite into them. */
export function load(module: ModuleApi): void {
	module.hook("muc-disco#info", ({ room, reply, form }) => {
		const closed = get_members_only(room) ?? false;
		const members_invite = get_allow_member_invites(room) ?? false;
		reply.tag("feature", { var: closed ? "muc_membersonly" : "muc_open" }).up();
		form?.fields.push(
			{ name: invites_field, label: "Allow members to invite new members", type: "boolean", value: members_invite },
			{
				name: "muc#roomconfig_allowinvites",
				label: "Allow users to invite other users",
				type: "boolean",
				value: !closed || members_invite,
			},
		);
	});
	module.hook(
		"muc-config-form",
		({ room, form }) => {
			form.fields.push(
				{
					name: "muc#roomconfig_membersonly",
					type: "boolean",
					label: "Only allow members to join",
					desc: "Enable this to only allow access for room owners, admins and members",
					value: get_members_only(room),
				},
				{
					name: invites_field,
					type: "boolean",
					label: "Allow members to invite new members",
					value: get_allow_member_invites(room),
				},
			);
		},
		90 - 3,
	);
	module.hook("muc-config-submitted/muc#roomconfig_membersonly", ({ room, value, status_codes }) => {
		if (set_members_only(room, value === true)) status_codes.add("104");
	});
	module.hook(`muc-config-submitted/${invites_field}`, ({ room, value, status_codes }) => {
		if (set_allow_member_invites(room, value === true)) status_codes.add("104");
	});

	module.hook(
		"muc-get-default-role",
		({ room, affiliation }) => (affiliation === undefined && get_members_only(room) ? false : undefined),
		2,
	);

	module.hook(
		"muc-occupant-pre-join",
		({ room, stanza, origin }) => {
			if (!get_members_only(room) || has_affiliation(room, stanza.attr["from"], "member")) return undefined;
			origin.send(st.error_reply(stanza, "auth", "registration-required", undefined, room.jid));
			return true;
		},
		-5,
	);

	// XEP-0045 §7.8.2: an invitation makes a member, so it takes who may do that
	module.hook("muc-pre-invite", ({ room, stanza, origin }) => {
		if (!get_members_only(room)) return undefined;
		if (has_affiliation(room, stanza.attr["from"], get_allow_member_invites(room) ? "member" : "admin")) return undefined;
		origin.send(st.error_reply(stanza, "auth", "forbidden", undefined, room.jid));
		return true;
	});

	module.hook("muc-invite", ({ room, stanza }) => {
		const invitee = stanza.attr["to"];
		if (!get_members_only(room) || invitee === undefined || has_affiliation(room, invitee, "member")) return;
		const from = stanza.get_child("x", ns.muc_user)?.get_child_attr("invite", undefined, "from");
		module.log("debug", "%s invited %s into members only room %s, granting membership", from, invitee, room.jid);
		// Where this is refused, the invitation still goes out, as in Prosody
		room.set_affiliation(true, invitee, "member", `Invited by ${from}`);
		room.save();
	});
}
