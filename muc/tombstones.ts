// Counterpart: plugins/muc/mod_muc.lua (tombstones)

import type { ModuleApi, StanzaEvent } from "../host/core/types.ts";
import { now } from "../host/util/datetime.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import type { MucEvents } from "./events.ts";
import { never } from "./kinds.ts";
import type { Rooms } from "./rooms.ts";
import type { Room } from "./types.ts";

/**
 * Remembers destroyed persistent rooms for a while, so that nobody can take their place unnoticed, and whoever still wants to join is
 * told where to go. Options: muc_tombstones, muc_tombstone_expiry.
 */
export function load(module: ModuleApi, rooms: Rooms): void {
	if (!module.get_option_boolean("muc_tombstones", true)) return;
	const lifetime = Math.min(module.get_option_period("muc_tombstone_expiry", "31 days"), never);
	module.hook("muc-room-destroyed", leave_tombstone, -10);

	function leave_tombstone({ room, reason, newjid }: MucEvents["muc-room-destroyed"]): true | undefined {
		// Where a tombstone is destroyed, none is left
		if (!room.get_persistent() || room._data.destroyed) return undefined;
		const is_kept = { persistent: true, hidden: true };
		const tombstone = rooms.new_room(room.jid, { locked: now() + lifetime, destroyed: true, reason, newjid, ...is_kept });
		rooms.save(tombstone, true);
		return true;
	}
}

/** Whether the time of a tombstone is over. */
export function is_over(tombstone: Room): boolean {
	return (tombstone._data.locked ?? 0) < now();
}

/** Whether a stanza to a tombstone finds no room there: when its time is over, or when an admin creates the room anew. */
export function may_recreate(module: ModuleApi, room: Room, event: StanzaEvent): boolean {
	const { stanza } = event;
	if (is_over(room)) return true;
	return stanza.name === "presence" && stanza.attr["type"] === undefined && module.may(":recreate-destroyed-room", event);
}

/** Answers a stanza to a tombstone: the room is gone, and another one has its place if `newjid` is known. */
export function refuse(module: ModuleApi, room: Room, { origin, stanza }: StanzaEvent): void {
	if (stanza.attr["type"] === "error") return;
	const { reason, newjid } = room._data;
	const reply = st.error_reply(stanza, "cancel", "gone", reason, module.host);
	const gone = reply.get_child("error")?.get_child("gone", ns.stanzas);
	if (newjid !== undefined) gone?.add_direct_child(`xmpp:${newjid}?join`);
	origin.send(reply);
}
