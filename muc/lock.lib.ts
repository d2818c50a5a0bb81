// Counterpart: plugins/muc/lock.lib.lua

import { now } from "../host/util/datetime.ts";
import { ns } from "../host/util/ns.ts";
import type { PreJoinEvent, RoomStanzaEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { never } from "./kinds.ts";
import type { Room } from "./types.ts";
import { refuse } from "./util.lib.ts";

/** Keeps new rooms closed until they are configured (XEP-0045 §10.1.1). Options: muc_room_locking, muc_room_lock_timeout. */
export const lock = feature("lock", (module) => {
	const timeout = Math.min(module.get_option_period("muc_room_lock_timeout", "5 minutes"), never);
	if (module.get_option_boolean("muc_room_locking", true)) module.hook("muc-room-pre-create", lock_new_room, 10);
	module.hook("muc-occupant-pre-join", check_lock, -30);
	module.hook("muc-config-submitted", unlock_configured, -1);
	module.hook("muc-config-cancelled", destroy_unwanted);

	function unlock(room: Room): void {
		module.fire_event("muc-room-unlocked", { room });
		room._data.locked = undefined;
	}

	/** Whether a room is still closed; one whose time is over is opened. */
	function is_locked(room: Room): boolean {
		const until = room._data.locked;
		if (until === undefined) return false;
		if (now() < until) return true;
		unlock(room);
		return false;
	}

	/** Closes a room to everybody but its creator, unless the creator uses the protocol before XEP-0045, which has no locks. */
	function lock_new_room({ room, stanza }: RoomStanzaEvent): void {
		if (stanza.get_child("x", ns.muc) === undefined) return;
		module.fire_event("muc-room-locked", { room });
		room._data.locked = now() + timeout;
	}

	function check_lock({ room, stanza, origin, is_new_room }: PreJoinEvent): true | undefined {
		if (is_new_room || !is_locked(room)) return undefined;
		module.log("debug", "Room is locked, denying entry");
		return refuse(origin, stanza, "cancel", "item-not-found", undefined, module.host);
	}

	function unlock_configured({ room }: RoomStanzaEvent): void {
		if (is_locked(room)) unlock(room);
	}

	/** XEP-0045 §10.1.3. Divergence: in Prosody a room that its creator does not want to configure stays closed to all others. */
	function destroy_unwanted({ room }: RoomStanzaEvent): void {
		if (!is_locked(room)) return;
		const destroyed = room.destroy();
		if (!destroyed.ok) module.log("debug", "%s stays closed: %s", room.jid, destroyed.error.condition);
	}

	return {};
});
