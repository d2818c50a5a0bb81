// Counterpart: plugins/muc/muc.lib.lua (mediated invitations, XEP-0045 §7.8.2)

import type { ModuleApi, Session } from "../../host/core/types.ts";
import { failed, ok, type Result, type StanzaError, stanza_error } from "../../host/util/error.ts";
import { bare, prep } from "../../host/util/jid.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { go_on, one_by_one, type Waiting } from "../../host/util/waiting.ts";
import type { InviteEvent, RoomStanzaEvent } from "../events.ts";
import { room_methods } from "../feature.ts";
import { strip_room_words } from "../forged.ts";
import type { Room } from "../types.ts";
import {
	affiliation_rank,
	filter_muc_x,
	get_filtered_namespaces,
	is_present,
	refuse,
	role_rank,
	sender_of,
	valid_affiliations,
	valid_roles,
} from "../util.lib.ts";
import { note_invitation, was_invited } from "./invitations.ts";

type Kind = "invite" | "decline";

/** How many invitations one message may ask for, as each costs as much as a message. */
const most_invites = 20;

function payload_of(stanza: Stanza, kind: Kind): Stanza | undefined {
	return stanza.get_child("x", ns.muc_user)?.get_child(kind);
}

/** The message as the room sends it: from itself, with the real sender inside. */
function relay(room: Room, stanza: Stanza, to: string, kind: Kind, payload: Stanza): Stanza {
	const relayed = filter_muc_x(get_filtered_namespaces(room.module), st.clone(stanza));
	// Divergence: Prosody sends everything else in the message in the room's name, too
	strip_room_words(room.jid, relayed);
	relayed.attr["from"] = room.jid;
	relayed.attr["to"] = to;
	relayed.tag("x", { xmlns: ns.muc_user }).tag(kind, { from: sender_of(stanza) });
	relayed.text_tag("reason", payload.get_child_text("reason"));
	const continued = payload.get_child("continue");
	// Divergence: Prosody drops this; it says that a chat of two people goes on in the room (XEP-0045 §7.9)
	if (continued !== undefined) relayed.tag("continue", { thread: continued.attr["thread"] }).up();
	return relayed.up().up();
}

/** An invitation or decline that may be passed on. */
interface Mediated {
	/** The sender's message with this one payload. */
	readonly stanza: Stanza;
	readonly payload: Stanza;
	/** Where it is to go. */
	readonly to: string;
}

/** Reads where an invitation or its decline is to go. */
function read_payload(stanza: Stanza, kind: Kind): Result<Mediated, StanzaError> {
	const payload = payload_of(stanza, kind);
	// Divergence: Prosody throws for a payload of that name in another namespace
	if (payload === undefined) return failed(stanza_error("cancel", "bad-request"));
	const to = prep(payload.attr["to"]);
	return to === undefined ? failed(stanza_error("cancel", "jid-malformed")) : ok({ stanza, payload, to });
}

/**
 * Makes what the room sends, and lets the features change it.
 * @returns what is to be sent; undefined where a handler has done that
 */
function prepare(
	room: Room,
	origin: Session,
	kind: Kind,
	{ stanza, payload, to }: Mediated,
): Stanza | undefined | Waiting<Stanza | undefined> {
	const relayed = relay(room, stanza, to, kind, payload);
	const event: InviteEvent = { room, stanza: relayed, origin, incoming: stanza };
	return go_on(room.module.fire_waiting(`muc-${kind}`, event), (is_sent) => (is_sent ? undefined : relayed));
}

/** One copy of the message for each invitation in it (XEP-0045 §7.9), with only that invitation. */
function split_invites(stanza: Stanza): Stanza[] {
	const invites = [...(stanza.get_child("x", ns.muc_user)?.childtags("invite") ?? [])];
	if (invites.length < 2) return [stanza];
	return invites.map((_, wanted) => {
		const single = st.clone(stanza);
		let position = -1;
		single.get_child("x", ns.muc_user)?.maptags((tag) => {
			// The same condition as that of childtags
			if (tag.name !== "invite" || (tag.attr["xmlns"] ?? ns.muc_user) !== ns.muc_user) return tag;
			position++;
			return position === wanted ? tag : undefined;
		});
		return single;
	});
}

function send_invite(room: Room, invited: string, relayed: Stanza): void {
	const inviter = payload_of(relayed, "invite")?.attr["from"];
	if (inviter !== undefined) note_invitation(room, inviter, relayed.attr["to"] ?? invited);
	room.route_stanza(relayed);
}

/** Passes invitations on in the room's name: all of them, or none where one is refused. */
function handle_mediated_invite(room: Room, origin: Session, stanza: Stanza): true | Waiting<true> {
	const refuse = (error: StanzaError): true => {
		origin.send(st.error_reply_from(stanza, error));
		return true;
	};
	const messages = split_invites(stanza);
	if (messages.length > most_invites) {
		return refuse(stanza_error("modify", "policy-violation", `Expected at most ${most_invites} invitations in one message`));
	}
	const invites: Mediated[] = [];
	for (const message of messages) {
		const invite = read_payload(message, "invite");
		if (!invite.ok) return refuse(invite.error);
		invites.push(invite.value);
	}
	const refused = one_by_one(invites, (invite) =>
		room.module.fire_waiting("muc-pre-invite", { room, origin, stanza: invite.stanza }),
	);
	return go_on(refused, (answer) => {
		if (answer) return true;
		const sent = one_by_one(invites, (invite) =>
			go_on(prepare(room, origin, "invite", invite), (relayed) => {
				if (relayed !== undefined) send_invite(room, invite.to, relayed);
			}),
		);
		return go_on(sent, (): true => true);
	});
}

/** Passes on that somebody declines one. */
function handle_mediated_decline(room: Room, origin: Session, stanza: Stanza): true | Waiting<true> {
	const read = read_payload(stanza, "decline");
	if (!read.ok) {
		origin.send(st.error_reply_from(stanza, read.error));
		return true;
	}
	return go_on(room.module.fire_waiting("muc-pre-decline", { room, origin, stanza }), (refused) => {
		if (refused) return true;
		return go_on(prepare(room, origin, "decline", read.value), (decline): true => {
			if (decline === undefined) return true;
			// Handlers may have changed where it goes. Whoever was invited by an occupant knows only the occupant JID
			const { to } = decline.attr;
			const inviter = bare(to) === room.jid ? room.get_occupant_by_nick(to) : undefined;
			if (inviter === undefined) room.route_stanza(decline);
			else room.route_to_occupant(inviter, decline);
			return true;
		});
	});
}

export const methods = room_methods({ handle_mediated_invite, handle_mediated_decline });

/** Lets only those invite who may speak. Divergence: in Prosody, anybody can make any room send an invitation to anybody. */
function check_inviter({ room, origin, stanza }: RoomStanzaEvent): true | undefined {
	const inviter = sender_of(stanza);
	const is_stranger = !is_present(room, inviter) && affiliation_rank(room.get_affiliation(inviter)) < valid_affiliations.member;
	if (is_stranger) return refuse(origin, stanza, "auth", "forbidden", "Only those in the room and its members may invite");
	const role = room.get_role(room.get_occupant_jid(inviter)) ?? room.get_default_role(room.get_affiliation(inviter));
	return role_rank(role) > valid_roles.visitor ? undefined : refuse(origin, stanza, "auth", "forbidden");
}

/** Lets only those decline who were invited. Divergence: Prosody passes on any decline from anybody to anybody. */
function check_decline({ room, origin, stanza }: RoomStanzaEvent): true | undefined {
	const inviter = prep(payload_of(stanza, "decline")?.attr["to"]);
	if (inviter !== undefined && was_invited(room, inviter, sender_of(stanza))) return undefined;
	return refuse(origin, stanza, "auth", "forbidden", "The room knows of no such invitation");
}

/** Adds a direct invitation (XEP-0249), the older form of invitations. */
function add_direct_form({ room, stanza }: InviteEvent): void {
	const invite = payload_of(stanza, "invite");
	const reason = invite?.get_child_text("reason");
	const continued = invite?.get_child("continue");
	const continuation = continued && { continue: "true", thread: continued.attr["thread"] };
	stanza.text_tag("x", reason, { xmlns: ns.conference, jid: room.jid, ...continuation });
}

/** Makes a handler that adds a text for clients that do not know invitations. */
function add_body(kind: Kind, what: string): (event: InviteEvent) => void {
	return ({ room, stanza }) => {
		const payload = payload_of(stanza, kind);
		if (payload === undefined || stanza.get_child("body") !== undefined) return;
		const reason = payload.get_child_text("reason") ?? "";
		stanza.body(`${payload.attr["from"]} ${what} ${room.jid}${reason === "" ? "" : ` (${reason})`}`);
	};
}

export function load(module: ModuleApi): void {
	module.hook("muc-pre-invite", check_inviter);
	module.hook("muc-pre-decline", check_decline, -1);
	module.hook("muc-invite", add_direct_form);
	module.hook("muc-invite", add_body("invite", "invited you to the room"));
	module.hook("muc-decline", add_body("decline", "declined your invite to the room"));
}
