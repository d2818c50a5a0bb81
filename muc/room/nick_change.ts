// Counterpart: plugins/muc/muc.lib.lua (the leaving half of a nick change in handle_normal_presence)

import { resource } from "../../host/util/jid.ts";
import * as st from "../../host/util/stanza.ts";
import type { Occupant } from "../types.ts";
import { addItem, mucUser } from "./item.ts";
import type { Visit } from "./presence.ts";

/** How many sessions there are on both sides of a nick change. */
interface Move {
	/** The new nick is not in the room yet. */
	isFirst: boolean;
	/** Nobody else is left under the old nick. */
	isLast: boolean;
}

/**
 * Takes a session out of its occupant on the way to another nick, and shows that: as a nick change to everybody where a whole
 * occupant takes a new nick, else to the session alone, while the others see one occupant lose a session and another gain one.
 */
export function departToNick({ room, realJid, bareJid }: Visit, from: Occupant, to: Occupant, { isFirst, isLast }: Move): void {
	const prev_role = from.role;
	const newNick = resource(to.nick);
	const unavailable = st.presence({ from: from.nick, to: realJid, type: "unavailable" });
	const x = mucUser();
	from.set_session(realJid, unavailable);
	if (!isFirst) {
		room.module.log("debug", "session %s is swapping into multisession %s, showing it leave", realJid, to.nick);
		const merging = st.presence({ from: to.nick, to: realJid, type: "unavailable" });
		merging.text_tag("status", `you are joining pre-existing session ${newNick}`);
		merging.add_child(addItem(mucUser(), { affiliation: room.get_affiliation(bareJid), role: "none" }));
		room.route_stanza(merging);
	}
	const isNickChange = isFirst && isLast;
	if (isNickChange) {
		x.tag("status", { code: "303" }).up();
	} else {
		// What is left of the old nick is shown to the others, so the session itself hears from here
		from.remove_session(realJid);
		// PARITY: only the session's own item, as clients get confused by those of its sisters
		const affiliation = room.get_affiliation(bareJid);
		const ownX = addItem(mucUser(), { affiliation, role: from.role, jid: realJid, nick: newNick });
		ownX.tag("status", { code: "303" }).up().tag("status", { code: "110" }).up();
		unavailable.add_child(ownX);
		room.route_stanza(unavailable);
	}
	room.save_occupant(from);
	room.publicise_occupant_status({ occupant: from, x, nick: isNickChange ? newNick : undefined, prev_role });
}

/** Shows a session that moved on the nick that it left to its sisters, once more. */
export function showReturn({ room, realJid }: Visit, occupant: Occupant): void {
	const presence = occupant.get_presence();
	if (presence === undefined) return;
	const shown = st.clone(presence);
	shown.attr["to"] = realJid;
	shown.add_child(room.build_item_list(occupant, mucUser(), false));
	room.route_stanza(shown);
}
