// Counterpart: plugins/mod_muc_mam.lua (what is archived)

import type { ArchiveStore, ModuleApi } from "../../host/core/types.ts";
import { now } from "../../host/util/datetime.ts";
import type { Result } from "../../host/util/error.ts";
import { bare, node } from "../../host/util/jid.ts";
import { append_making_room } from "../../host/util/mam/making_room.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import type { JoinedEvent, MucEvents, OccupantEvent } from "../events.ts";
import { is_id_of } from "../forged.ts";
import type { Room } from "../types.ts";
import type { Expiry } from "./expiry.ts";

/** The archives of all rooms of a component. */
export interface RoomArchives {
	readonly store: ArchiveStore;
	/** Whether what is said in a room is kept. */
	is_enabled(room: Room): boolean;
}

/** What messages in rooms are filed under. */
export const groupchat = "message<groupchat";

/** The name under which a room's archive is kept; undefined for the room whose JID is the service's own. */
export function archive_of(room: Room): string | undefined {
	return node(room.jid);
}

/** Takes the sender's real JID out of an archived message, unless the room shows it to everybody. */
export function hide_sender(room: Room, message: Stanza): void {
	if (room.get_whois() === "anyone") return;
	message.maptags((tag) => (tag.name === "x" && tag.attr["xmlns"] === ns.muc_user ? undefined : tag));
}

/** The message with its sender's real JID added, for rooms where that is no secret. */
function with_sender(room: Room, message: Stanza): Stanza {
	const copy = st.clone(message);
	delete copy.attr["to"];
	const occupant = room._occupants.get(message.attr["from"] ?? "");
	const sender = bare(occupant?.jid);
	if (sender === undefined) return copy;
	const affiliation = room.get_affiliation(sender) ?? "none";
	// PARITY: get_role expects a nick and gets a JID, so the role is always the one that goes with the affiliation
	const role = room.get_role(sender) ?? room.get_default_role(affiliation);
	const x = st.stanza("x", { xmlns: ns.muc_user }).tag("item", { affiliation, role, jid: sender }).up();
	copy.add_direct_child(x.reset());
	return copy;
}

/** Stores stanzas, and puts the id of each into what clients get. Options: muc_log_presences, storage_archive_item_limit. */
export function load(module: ModuleApi, { store, is_enabled }: RoomArchives, expiry: Expiry): void {
	const item_limit = module.get_option_integer("storage_archive_item_limit", store.caps.quota ?? 1000, 0);
	const kept_of_full_archive = Math.floor(item_limit * 0.99);

	/** Ways to make room in a full archive; they are tried one after the other. */
	const make_room: readonly ((user: string | undefined) => boolean)[] = [
		(user) => {
			if (expiry.period === Number.POSITIVE_INFINITY) return false;
			module.log("debug", "Room '%s' over quota, cleaning archive", user);
			return store.delete(user, { end: expiry.limit() }).ok;
		},
		(user) => {
			if (!store.caps.truncate) return false;
			module.log("debug", "Room '%s' over quota, truncating archive", user);
			return store.delete(user, { truncate: kept_of_full_archive }).ok;
		},
	];

	function append(user: string | undefined, stanza: Stanza, with_whom: string): Result<string, { readonly text: string }> {
		// Divergence: Prosody 13 stores fractions of seconds. Prosody 0.12 fails when it reads those, even when somebody joins
		const when = now();
		return append_making_room(
			() => store.append(user, undefined, stanza, when, with_whom),
			make_room.map((make) => () => make(user)),
		);
	}

	function archive({ room, stanza }: { room: Room; stanza: Stanza }): void {
		if (!is_enabled(room)) return;
		const shows_sender = stanza.name === "message" && room.get_whois() === "anyone";
		const { type } = stanza.attr;
		const user = archive_of(room);
		const appended = append(
			user,
			shows_sender ? with_sender(room, stanza) : stanza,
			type === undefined ? stanza.name : `${stanza.name}<${type}`,
		);
		if (!appended.ok) {
			module.log("error", "Could not archive stanza: %s", appended.error.text);
			return;
		}
		expiry.schedule(user);
		stanza.add_direct_child(st.stanza("stanza-id", { xmlns: ns.stanza_id, by: room.jid, id: appended.value }));
	}

	module.hook("muc-broadcast-message", take_out_forged_ids, 1);
	module.hook("muc-add-history", archive);
	if (module.get_option_boolean("muc_log_presences", false)) {
		module.hook("muc-occupant-joined", archive_join);
		module.hook("muc-occupant-left", archive_leave);
	}
	module.hook("muc-room-destroyed", delete_archive);

	/** Removes ids that claim to come from this archive: they are forged. */
	function take_out_forged_ids({ room, stanza }: MucEvents["muc-broadcast-message"]): void {
		stanza.maptags((tag) => (is_id_of(room.jid, tag) ? undefined : tag));
	}

	function archive_join({ room, nick }: JoinedEvent): void {
		archive({ room, stanza: st.presence({ from: nick }).tag("x", { xmlns: ns.muc }).reset() });
	}

	function archive_leave({ room, nick }: OccupantEvent): void {
		archive({ room, stanza: st.presence({ type: "unavailable", from: nick }) });
	}

	function delete_archive({ room }: MucEvents["muc-room-destroyed"]): void {
		const deleted = store.delete(archive_of(room), { uncounted: true });
		if (!deleted.ok) module.log("error", "Could not delete the archive of %s: %s", room.jid, deleted.error.text);
	}
}
