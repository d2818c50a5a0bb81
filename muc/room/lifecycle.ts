// Counterpart: plugins/muc/muc.lib.lua (clear, destroy)

import type { StoreTable } from "../../host/core/types.ts";
import { failed, ok, stanza_error } from "../../host/util/error.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import type { DestroyEvent, MucEvents, Occupant, Role, Room, RoomMethods, Verdict } from "../types.ts";
import { read_config } from "./freeze.ts";
import { muc_user } from "./item.ts";

declare module "../types.ts" {
	interface RoomMethods {
		/** Removes all occupants; `x` is what they are told about why. */
		clear(x?: Stanza): void;
		/**
		 * Removes the room with all occupants, who are told the reason, and where to go with which password. Refused where a
		 * handler of `muc-pre-room-destroy` will not have it.
		 */
		destroy(newjid?: string, reason?: string, password?: string): Verdict;
	}
}

function clear(room: Room, x: Stanza = muc_user()): void {
	const gone = new Map<Occupant, Role | undefined>();
	for (const [, occupant] of room.each_occupant()) {
		gone.set(occupant, occupant.role);
		occupant.role = undefined;
		room.save_occupant(occupant);
	}
	for (const [occupant, prev_role] of gone) {
		room.publicise_occupant_status({ occupant, x, prev_role });
		room.module.fire_event("muc-occupant-left", { room, nick: occupant.nick, occupant });
	}
}

function destroy(room: Room, wanted: Omit<DestroyEvent, "room">): Verdict {
	const x = muc_user();
	const event: MucEvents["muc-pre-room-destroy"] = { room, ...wanted, x, allowed: true };
	room.module.fire_event("muc-pre-room-destroy", event);
	if (!event.allowed) return failed(stanza_error(event.error ?? "cancel", "not-allowed"));
	const { newjid, reason, password } = event;
	x.tag("destroy", { jid: newjid });
	if (reason !== undefined) x.text_tag("reason", reason);
	if (password !== undefined) x.text_tag("password", password);
	x.up();
	room.destroying = reason ?? true;
	room.clear(x);
	room.module.fire_event("muc-room-destroyed", { room, reason, newjid, password });
	return ok(true);
}

/**
 * Makes a room agree with storage again after a turn that could not be committed: its settings and affiliations become what is
 * stored, those of a room that is not stored remain as they are but are no longer taken for persistent. Occupants stay.
 * @param stored what the `config` store holds for the room
 * @returns false where that cannot be read; then the room is left alone
 */
export function recover_room(room: Room, stored: StoreTable | undefined): boolean {
	if (stored === undefined) {
		delete room._data.persistent;
		return true;
	}
	const config = read_config(room.module, stored);
	if (!config.ok) return false;
	room._data = config.value.data;
	room._affiliations = config.value.affiliations;
	room._affiliation_data = config.value.affiliation_data;
	// Both are made from these again when they are asked for
	room._reserved_nicks = undefined;
	room.avatar_hash = undefined;
	room.destroying = undefined;
	return true;
}

export const methods: Pick<RoomMethods, "clear" | "destroy"> & ThisType<Room> = {
	clear(x) {
		clear(this, x);
	},
	destroy(newjid, reason, password) {
		return destroy(this, { newjid, reason, password });
	},
};
