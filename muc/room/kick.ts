// Counterpart: plugins/muc/muc.lib.lua, handle_kickable

import type { Session } from "../../host/core/types.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { Room, RoomMethods } from "../types.ts";
import { senderOf } from "../util.lib.ts";
import { mucUser } from "./item.ts";

declare module "../types.ts" {
	interface RoomMethods {
		/** Removes a session whose server says that it is gone; undefined where it was not in the room. */
		handle_kickable(origin: Session, stanza: Stanza): true | undefined;
	}
}

function handle_kickable(room: Room, stanza: Stanza): true | undefined {
	const realJid = senderOf(stanza);
	const occupant = room.get_occupant_by_real_jid(realJid);
	if (occupant === undefined) return undefined;
	const error = stanza.get_error();
	let status = `Kicked: ${error?.condition.replaceAll("-", " ") ?? "presence error"}`;
	// The text may tell about the real JID
	if (error?.text !== undefined && room.get_whois() === "anyone") status += `: ${error.text}`;
	occupant.set_session(realJid, st.presence({ type: "unavailable" }).text_tag("status", status));
	const prev_role = occupant.role;
	// Nobody else was there to become the primary session
	const isLast = occupant.jid === realJid;
	if (isLast) occupant.role = undefined;
	const saved = room.save_occupant(occupant);
	const x = mucUser();
	if (isLast) x.tag("status", { code: "333" }).up();
	room.publicise_occupant_status({ occupant: saved ?? occupant, x, prev_role });
	if (isLast) room.module.fire_event("muc-occupant-left", { room, nick: occupant.nick, occupant });
	return true;
}

export const methods: Pick<RoomMethods, "handle_kickable"> & ThisType<Room> = {
	handle_kickable(_origin, stanza) {
		return handle_kickable(this, stanza);
	},
};
