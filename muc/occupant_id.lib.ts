// Counterpart: plugins/muc/occupant_id.lib.lua (XEP-0421)

import type { ModuleApi } from "../host/core/types.ts";
import { base64_encode } from "../host/util/encodings.ts";
import { hmac_sha256 } from "../host/util/hashes.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import * as uuid from "../host/util/uuid.ts";
import type { Occupant, Room, RoomMethods } from "./types.ts";

declare module "./types.ts" {
	interface RoomMethods {
		/** A secret of the room's own, made when it is first asked for. */
		get_salt(): string;
		/** The id by which an occupant can be told from others in this room, but in no other. */
		get_occupant_id(occupant: Occupant): string;
	}
}

function get_room_salt(room: Room): string {
	const known = room._data.occupant_id_salt;
	if (known !== undefined) return known;
	const salt = uuid.generate();
	room._data.occupant_id_salt = salt;
	// Divergence: kept at once, since Prosody's ids change where it ends before the room is saved for another reason
	room.save();
	return salt;
}

function get_occupant_id(room: Room, occupant: Occupant): string {
	occupant.stable_id ??= base64_encode(hmac_sha256(occupant.bare_jid, get_room_salt(room)));
	return occupant.stable_id;
}

/** Puts the occupant's id into a stanza, in place of all that claim to be one. */
function stamp(room: Room, stanza: Stanza, occupant: Occupant): void {
	stanza.remove_children("occupant-id", ns.occupant_id);
	stanza.tag("occupant-id", { xmlns: ns.occupant_id, id: get_occupant_id(room, occupant) }).up();
}

export const methods: Pick<RoomMethods, "get_salt" | "get_occupant_id"> & ThisType<Room> = {
	get_salt() {
		return get_room_salt(this);
	},
	get_occupant_id(occupant) {
		return get_occupant_id(this, occupant);
	},
};

/** Ids that tell occupants apart whatever their nick. Option: muc_occupant_id. */
export function load(module: ModuleApi): void {
	if (!module.get_option_boolean("muc_occupant_id", true)) return;
	module.add_feature(ns.occupant_id);
	module.hook("muc-disco#info", ({ reply }) => void reply.tag("feature", { var: ns.occupant_id }).up());

	module.hook("muc-broadcast-presence", ({ room, stanza, occupant }) => stamp(room, stanza, occupant));
	module.hook("muc-occupant-pre-join", ({ room, stanza, occupant }) => stamp(room, stanza, occupant));
	module.hook("muc-occupant-pre-change", ({ room, stanza, dest_occupant }) => stamp(room, stanza, dest_occupant));
	module.hook("muc-occupant-groupchat", ({ room, stanza, occupant }) => {
		if (occupant) stamp(room, stanza, occupant);
	});
	module.hook("muc-private-message", ({ room, stanza }) => {
		const occupant = room._occupants.get(stanza.attr["from"] ?? "");
		if (occupant) stamp(room, stanza, occupant);
	});
}
