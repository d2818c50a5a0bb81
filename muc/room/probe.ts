// Counterpart: plugins/muc/muc.lib.lua (presence probes)

import type { Session } from "../../host/core/types.ts";
import { resource } from "../../host/util/jid.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { room_methods } from "../feature.ts";
import type { Occupant, Room } from "../types.ts";
import { addressee_of, not_connected, refuse_in_room, sender_of } from "../util.lib.ts";
import { add_item, muc_user } from "./item.ts";

/** The presence of a nick that is reserved but not in the room; undefined for other nicks. */
function build_unavailable_presence(room: Room, occupant_jid: string, to: string): Stanza | undefined {
	const nick = resource(occupant_jid);
	const bare_jid = nick === undefined ? undefined : room.get_registered_jid(nick);
	if (nick === undefined || bare_jid === undefined) {
		room.module.log("debug", "Received presence probe for unavailable nickname that's not registered");
		return undefined;
	}
	const jid = room.is_anonymous_for(to) ? undefined : bare_jid;
	const stanza = st.presence({ to, from: occupant_jid, type: "unavailable" });
	stanza.add_child(add_item(muc_user(), { affiliation: room.get_affiliation(bare_jid), role: "none", nick, jid }));
	// PARITY: handlers get no `x`, as Prosody looks for it in another namespace
	const event = { room, stanza, x: undefined, bare_jid, nick };
	room.module.fire_event("muc-build-occupant-presence", event);
	return event.stanza;
}

/** Answers an occupant with the presence of the one it asks for; whoever is not in the room gets an error. */
function respond_to_probe(room: Room, origin: Session, stanza: Stanza, recipient: Occupant | undefined): void {
	if (recipient === undefined) {
		refuse_in_room({ room, origin, stanza }, "cancel", "not-acceptable", not_connected);
		return;
	}
	const occupant_jid = addressee_of(stanza);
	const occupant = room.get_occupant_by_nick(occupant_jid);
	if (occupant !== undefined) {
		room.publicise_occupant_status({ occupant, x: muc_user(), recipient });
		return;
	}
	const presence = room.build_unavailable_presence(occupant_jid, sender_of(stanza));
	if (presence !== undefined) room.route_stanza(presence);
}

export const methods = room_methods({ build_unavailable_presence, respond_to_probe });
