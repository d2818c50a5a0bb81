// Counterpart: plugins/mod_muc_mam.lua (who may read a room's archive)

import { failed, ok, type Result, type StanzaError, stanza_error } from "../../host/util/error.ts";
import { bare } from "../../host/util/jid.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import type { Room, RoomFinder } from "../types.ts";
import { is_present } from "../util.lib.ts";

/**
 * Only those may read a room's archive who may enter the room (XEP-0313 §5.1); gives the error for everybody else.
 * PARITY: one need not be in the room. Divergence: Prosody does not ask for the room's password; here, where a room has one, whoever
 * asks has to be in the room, or be an owner, who can read the password.
 * @param account the bare JID of whoever asks
 */
function check_access(room: Room, account: string): StanzaError | undefined {
	// Its affiliations could not be read, so nobody knows who may read the archive
	if (room.broken) return stanza_error("wait", "internal-server-error");
	const affiliation = room.get_affiliation(account) ?? "none";
	const is_shut_out = affiliation === "outcast" || (affiliation === "none" && room.get_members_only());
	const lacks_password = room.get_password() !== undefined && affiliation !== "owner" && !is_present(room, account);
	return is_shut_out || lacks_password ? stanza_error("auth", "forbidden") : undefined;
}

/** The room that a query goes to, where its sender may read the room's archive. */
export function find_readable(rooms: RoomFinder, { attr: { to, from } }: Stanza): Result<Room, StanzaError> {
	const room = rooms.get_room_from_jid(to ?? "");
	const account = bare(from);
	if (!room || account === undefined) return failed(stanza_error("cancel", "item-not-found"));
	const refused = check_access(room, account);
	return refused ? failed(refused) : ok(room);
}
