// Counterpart: plugins/muc/occupant_id.lib.lua (XEP-0421)

import { base64_encode } from "../host/util/encodings.ts";
import { hmac_sha256 } from "../host/util/hashes.ts";
import { ns } from "../host/util/ns.ts";
import type { Stanza } from "../host/util/stanza.ts";
import type { DiscoInfoEvent, GroupchatEvent, PreChangeEvent, RoomStanzaEvent } from "./events.ts";
import { feature } from "./feature.ts";
import type { Occupant, Room } from "./types.ts";
import { add_filtered_namespace } from "./util.lib.ts";

/** Ids that stay the same when an occupant takes another nick. Option: muc_occupant_id. */
export const occupant_id = feature("occupant_id", (module) => {
	if (module.get_option_boolean("muc_occupant_id", true)) {
		module.add_feature(ns.occupant_id);
		module.hook("muc-disco#info", add_feature);
		module.hook("muc-broadcast-presence", stamp);
		module.hook("muc-occupant-pre-join", stamp);
		module.hook("muc-occupant-pre-change", stamp_change);
		module.hook("muc-occupant-groupchat", stamp);
		// Before the subject, at 20, which keeps the id of who set it
		module.hook("muc-occupant-groupchat", stamp_subject, 21);
		module.hook("muc-private-message", stamp_private_message);
	} else {
		// Divergence: Prosody then passes on ids that people have given themselves
		add_filtered_namespace(module, ns.occupant_id);
	}

	/** The id of an occupant in this room; in other rooms it is another one. */
	function get_occupant_id(room: Room, occupant: Occupant): string | undefined {
		occupant.stable_id ??= base64_encode(hmac_sha256(occupant.bare_jid, room.get_salt()));
		return occupant.stable_id;
	}

	/** Puts the occupant's id into a stanza, and removes all other ids. */
	function stamp({ room, stanza, occupant }: { room: Room; stanza: Stanza; occupant: Occupant | undefined }): void {
		if (occupant === undefined) return;
		stanza.remove_children("occupant-id", ns.occupant_id);
		stanza.tag("occupant-id", { xmlns: ns.occupant_id, id: get_occupant_id(room, occupant) }).up();
	}

	function add_feature({ reply }: DiscoInfoEvent): void {
		reply.tag("feature", { var: ns.occupant_id }).up();
	}

	function stamp_change({ room, stanza, dest_occupant }: PreChangeEvent): void {
		stamp({ room, stanza, occupant: dest_occupant });
	}

	function stamp_subject(event: GroupchatEvent): void {
		if (event.stanza.get_child("subject")) stamp(event);
	}

	function stamp_private_message({ room, stanza }: RoomStanzaEvent): void {
		stamp({ room, stanza, occupant: room._occupants.get(stanza.attr["from"] ?? "") });
	}

	return { methods: { get_occupant_id } };
});
