// Counterpart: plugins/muc/muc.lib.lua (handle_kickable, and how occupants are taken out of a room)

import type { Session } from "../../host/core/types.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { room_methods } from "../feature.ts";
import type { Occupant, Role, Room } from "../types.ts";
import { sender_of } from "../util.lib.ts";
import { muc_user } from "./item.ts";

/** Removes the occupants for which the condition holds, and tells everybody; `x` says why. */
export function remove_occupants(room: Room, x: Stanza, condition: (occupant: Occupant) => boolean): void {
	const gone = new Map<Occupant, Role | undefined>();
	for (const [, occupant] of room.each_occupant()) {
		if (!condition(occupant)) continue;
		gone.set(occupant, occupant.role);
		occupant.role = undefined;
		room.save_occupant(occupant);
	}
	// Only when all are out, so that none of them is told of the others
	for (const [occupant, prev_role] of gone) {
		room.publicise_occupant_status({ occupant, x, prev_role });
		room.module.fire_event("muc-occupant-left", { room, nick: occupant.nick, occupant });
	}
}

/** Removes a session whose server says that it is gone; undefined where it was not in the room. */
function handle_kickable(room: Room, _origin: Session, stanza: Stanza): true | undefined {
	const real_jid = sender_of(stanza);
	const occupant = room.get_occupant_by_real_jid(real_jid);
	if (occupant === undefined) return undefined;
	const error = stanza.get_error();
	let status = `Kicked: ${error?.condition.replaceAll("-", " ") ?? "presence error"}`;
	// The text may contain the real JID
	if (error?.text !== undefined && room.get_whois() === "anyone") status += `: ${error.text}`;
	occupant.set_session(real_jid, st.presence({ type: "unavailable" }).text_tag("status", status));
	const prev_role = occupant.role;
	// Then the occupant has no other session, which would be the primary one now
	const is_last = occupant.jid === real_jid;
	if (is_last) occupant.role = undefined;
	const saved = room.save_occupant(occupant);
	const x = muc_user();
	if (is_last) x.tag("status", { code: "333" }).up();
	room.publicise_occupant_status({ occupant: saved ?? occupant, x, prev_role });
	if (is_last) room.module.fire_event("muc-occupant-left", { room, nick: occupant.nick, occupant });
	return true;
}

export const methods = room_methods({ handle_kickable });
