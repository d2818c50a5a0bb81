// Counterpart: plugins/muc/muc.lib.lua (the leaving half of a nick change in handle_normal_presence)

import { resource } from "../../host/util/jid.ts";
import * as st from "../../host/util/stanza.ts";
import type { RoomStanzaEvent } from "../events.ts";
import type { Occupant } from "../types.ts";
import { add_item, muc_user } from "./item.ts";

/** A presence on its way through the room. */
export interface Visit extends RoomStanzaEvent {
	real_jid: string;
	bare_jid: string;
	/** Whether it asks to enter (XEP-0045 §7.2.1). Who is in the room already does so to get everything again. */
	wants_in: boolean;
}

/** How many sessions there are on both sides of a nick change. */
interface Move {
	/** The new nick is not in the room yet. */
	is_first: boolean;
	/** Nobody else is left under the old nick. */
	is_last: boolean;
}

/**
 * Takes a session that changes its nick out of its occupant. Where the whole occupant takes a new nick, everybody sees a nick change.
 * Otherwise only the session itself does, and the others see that one occupant loses a session and another one gets it.
 */
export function depart_to_nick(
	{ room, real_jid, bare_jid }: Visit,
	from: Occupant,
	to: Occupant,
	{ is_first, is_last }: Move,
): void {
	const prev_role = from.role;
	const new_nick = resource(to.nick);
	const unavailable = st.presence({ from: from.nick, to: real_jid, type: "unavailable" });
	const x = muc_user();
	from.set_session(real_jid, unavailable);
	if (!is_first) {
		room.module.log("debug", "session %s is swapping into multisession %s, showing it leave", real_jid, to.nick);
		const merging = st.presence({ from: to.nick, to: real_jid, type: "unavailable" });
		merging.text_tag("status", `you are joining pre-existing session ${new_nick}`);
		merging.add_child(add_item(muc_user(), { affiliation: room.get_affiliation(bare_jid), role: "none" }));
		room.route_stanza(merging);
	}
	const is_nick_change = is_first && is_last;
	if (is_nick_change) {
		x.tag("status", { code: "303" }).up();
	} else {
		// The old nick stays for its other sessions, so only this session is told, here
		from.remove_session(real_jid);
		// PARITY: only the session's own item, since items of the account's other sessions confuse clients
		const affiliation = room.get_affiliation(bare_jid);
		const own_x = add_item(muc_user(), { affiliation, role: from.role, jid: real_jid, nick: new_nick });
		own_x.tag("status", { code: "303" }).up().tag("status", { code: "110" }).up();
		unavailable.add_child(own_x);
		room.route_stanza(unavailable);
	}
	room.save_occupant(from);
	room.publicise_occupant_status({ occupant: from, x, nick: is_nick_change ? new_nick : undefined, prev_role });
}

/** Shows a session that has changed its nick the old nick, which other sessions of its account still have. */
export function show_return({ room, real_jid }: Visit, occupant: Occupant): void {
	const presence = occupant.get_presence();
	if (presence === undefined) return;
	const shown = st.clone(presence);
	shown.attr["to"] = real_jid;
	shown.add_child(room.build_item_list(occupant, muc_user(), false));
	room.route_stanza(shown);
}
