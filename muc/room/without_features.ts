// No counterpart: what Prosody's muc.lib.lua asks of features that mod_muc always loads; here any of them may be left out.

import type { Session } from "../../host/core/types.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import { room_methods } from "../feature.ts";
import type { BroadcastRoles, Occupant, Room, Whois } from "../types.ts";
import { default_broadcast, refuse } from "../util.lib.ts";

function lacks_feature(_room: Room, origin: Session, stanza: Stanza): true {
	return refuse(origin, stanza, "cancel", "service-unavailable");
}

/** Methods of features that rooms and the commands about them call, as they answer where there is no such feature. */
export const methods = room_methods({
	get_whois: (_room: Room): Whois => "moderators",
	get_members_only: (_room: Room): boolean | undefined => undefined,
	get_password: (_room: Room): string | undefined => undefined,
	get_persistent: (_room: Room): boolean | undefined => undefined,
	get_public: (_room: Room): boolean => true,
	get_name: (_room: Room): string | undefined => undefined,
	get_description: (_room: Room): string | undefined => undefined,
	get_moderated: (_room: Room): boolean | undefined => undefined,
	get_subject: (room: Room): [from: string, subject: string | undefined] => [room.jid, undefined],
	set_subject: (_room: Room, _from: string, _subject: string | undefined, _said?: Stanza): boolean => false,
	get_historylength: (_room: Room): number => 0,
	get_presence_broadcast: (_room: Room): BroadcastRoles => default_broadcast,
	get_registered_nick: (_room: Room, _jid: string | undefined): string | undefined => undefined,
	get_registered_jid: (_room: Room, _nick: string | undefined): string | undefined => undefined,
	get_occupant_id: (_room: Room, _occupant: Occupant): string | undefined => undefined,
	handle_register_iq: lacks_feature,
	handle_role_request: (room: Room, origin: Session, stanza: Stanza, _form: Stanza): void =>
		void lacks_feature(room, origin, stanza),
});
