// Counterpart: plugins/muc/muc.lib.lua (clear, destroy)

import type { StoreTable } from "../../host/core/types.ts";
import { failed, ok, stanza_error } from "../../host/util/error.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import type { MucEvents } from "../events.ts";
import { room_methods } from "../feature.ts";
import type { Room, Verdict } from "../types.ts";
import { read_config } from "./freeze.ts";
import { muc_user } from "./item.ts";
import { remove_occupants } from "./kick.ts";

/** Removes all occupants; `x` tells them why. */
function clear(room: Room, x: Stanza = muc_user()): void {
	remove_occupants(room, x, () => true);
}

/**
 * Destroys the room and removes all occupants, who are told the reason, another room to go to, and its password. Refused where a
 * handler of `muc-pre-room-destroy` refuses it.
 */
function destroy(room: Room, newjid?: string, reason?: string, password?: string): Verdict {
	const x = muc_user();
	const event: MucEvents["muc-pre-room-destroy"] = { room, newjid, reason, password, x, allowed: true };
	room.module.fire_event("muc-pre-room-destroy", event);
	if (!event.allowed) return failed(stanza_error(event.error ?? "cancel", "not-allowed"));
	// Handlers may have changed these
	x.tag("destroy", { jid: event.newjid });
	if (event.reason !== undefined) x.text_tag("reason", event.reason);
	if (event.password !== undefined) x.text_tag("password", event.password);
	x.up();
	room.destroying = event.reason ?? true;
	room.clear(x);
	const told = { reason: event.reason, newjid: event.newjid, password: event.password };
	room.module.fire_event("muc-room-destroyed", { room, ...told });
	return ok(true);
}

/**
 * Makes a room agree with storage again after a turn that could not be committed: its settings and affiliations become those that are
 * stored. A room that is not stored keeps its own, but is no longer persistent. Occupants stay.
 * @param stored what the `config` store holds for the room
 * @returns false where that cannot be read; then the room is left alone
 */
export function recover_room(room: Room, stored: StoreTable | undefined): boolean {
	if (stored === undefined) {
		delete room._data.persistent;
		return true;
	}
	const config = read_config(room.module, room.kinds, stored);
	if (!config.ok) return false;
	room._data = config.value.data;
	room._affiliations = config.value.affiliations;
	room._affiliation_data = config.value.affiliation_data;
	// Both are computed again when they are needed
	room._reserved_nicks = undefined;
	room.avatar_hash = undefined;
	room.destroying = undefined;
	return true;
}

export const methods = room_methods({ clear, destroy });
