// Counterpart: plugins/muc/vcard.lib.lua (XEP-0486)

import type { EventMap } from "../host/core/types.ts";
import { node } from "../host/util/jid.ts";
import { ns } from "../host/util/ns.ts";
import * as st from "../host/util/stanza.ts";
import type { DiscoInfoEvent, JoinedEvent } from "./events.ts";
import { feature } from "./feature.ts";
import { add_info } from "./settings.ts";
import type { Room } from "./types.ts";
import { addressee_of, sender_of } from "./util.lib.ts";

/** A room's avatar is the photo in its vCard, which its owners may replace. Options: muc_vcard, muc_avatar_advertise_hashes. */
export const vcard = feature("vcard", (module, rooms) => {
	if (!module.get_option_boolean("muc_vcard", true)) return {};
	const vcards = module.depends("vcard");
	const advertise_hashes = module.get_option_enum("muc_avatar_advertise_hashes", "both", "presence", "message", "none");

	function get_avatar_hash(room: Room): string | undefined {
		room.avatar_hash ??= vcards.get_avatar_hash(node(room.jid));
		return room.avatar_hash;
	}

	/** The room's own presence; an empty photo says that there is none any more (XEP-0153 §4.1). */
	function hash_presence(room: Room, hash: string | undefined, to?: string): st.Stanza {
		const presence = st.presence({ from: room.jid, to }).tag("x", { xmlns: ns.vcard_update }).tag("photo");
		if (hash !== undefined) presence.text(hash);
		return presence.reset();
	}

	/** Tells everybody in the room that its avatar is another one. */
	function announce(room: Room): void {
		if (advertise_hashes !== "message") room.broadcast_message(hash_presence(room, get_avatar_hash(room)));
		if (advertise_hashes === "presence") return;
		const changed = st.message({ from: room.jid, type: "groupchat" }).tag("x", { xmlns: ns.muc_user });
		room.broadcast_message(changed.tag("status", { code: "104" }).reset());
	}

	// Before mod_vcard's own handler, which asks whether the change is allowed
	module.hook("iq/bare/vcard-temp:vCard", allow_owners, 10);
	if (advertise_hashes !== "none") module.hook("muc-occupant-joined", show_hash);
	module.hook("vcard-updated", take_new_avatar);
	// A hash that was read in a failed turn may be of a vCard that was never stored
	module.hook_global("turn-failed", forget_hashes);
	module.hook("muc-disco#info", tell);

	function allow_owners(event: EventMap["iq/bare/vcard-temp:vCard"]): void {
		const { stanza } = event;
		if (stanza.attr["type"] !== "set") return;
		const room = rooms.get_room_from_jid(addressee_of(stanza));
		if (room && room.get_affiliation(sender_of(stanza)) === "owner") event.allow_vcard_modification = true;
	}

	function show_hash({ room, stanza }: JoinedEvent): void {
		const hash = get_avatar_hash(room);
		if (hash !== undefined) module.send(hash_presence(room, hash, sender_of(stanza)));
	}

	function take_new_avatar({ stanza }: EventMap["vcard-updated"]): void {
		// Other modules may allow changes to vCards of what is not a room
		const room = rooms.get_room_from_jid(addressee_of(stanza));
		if (!room) return;
		// Prosody keeps the first hash until the room leaves its memory
		room.avatar_hash = undefined;
		if (advertise_hashes !== "none") announce(room);
	}

	function forget_hashes(): void {
		for (const room of rooms.live_rooms()) room.avatar_hash = undefined;
	}

	function tell(event: DiscoInfoEvent): void {
		event.reply.tag("feature", { var: ns.vcard_temp }).up();
		add_info(event, { name: "muc#roominfo_avatarhash", type: "text-multi" }, get_avatar_hash(event.room));
	}

	return {};
});
