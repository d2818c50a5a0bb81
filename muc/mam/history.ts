// Counterpart: plugins/mod_muc_mam.lua (history on join)

import type { ModuleApi } from "../../host/core/types.ts";
import { datetime } from "../../host/util/datetime.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import type { GetHistoryEvent } from "../events.ts";
import { archive_of, groupchat, hide_sender, type RoomArchives } from "./archive.ts";

/** How many messages a joining client gets at most. Divergence: a negative number means none; in Prosody it means all. */
function wanted({ room, maxstanzas = Number.POSITIVE_INFINITY }: GetHistoryEvent): number {
	return Math.max(0, Math.floor(Math.min(maxstanzas, room.get_historylength())));
}

/** Gives joining clients messages from the archive where the room itself remembers too few. */
export function load(module: ModuleApi, { store, is_enabled }: RoomArchives): void {
	module.hook("muc-get-history", give_history, 1);

	function give_history(event: GetHistoryEvent): true | undefined {
		const { room, to, since, maxstanzas } = event;
		if (!is_enabled(room)) return undefined;
		let { maxchars } = event;
		if (maxstanzas === 0 || maxchars === 0) return undefined;
		const limit = wanted(event);
		if (room._history !== undefined && room._history.length >= limit) return undefined;

		const query = { limit, reverse: true, with: groupchat, ...(since === undefined ? {} : { start: since }) };
		const found = store.find(archive_of(room), query);
		if (!found.ok) {
			module.log("error", "Could not fetch history: %s", found.error.text);
			return undefined;
		}
		/** Newest first. */
		const history: Stanza[] = [];
		for (const { id, stanza, when } of found.value.items) {
			stanza.attr["to"] = to;
			stanza.reset();
			stanza.tag("delay", { xmlns: ns.delay, from: room.jid, stamp: datetime(when) }).up();
			stanza.tag("stanza-id", { xmlns: ns.stanza_id, by: room.jid, id }).up();
			hide_sender(room, stanza);
			if (maxchars !== undefined) {
				maxchars -= Buffer.byteLength(stanza.toString());
				if (maxchars < 0) break;
			}
			history.push(stanza);
		}
		event.next_stanza = () => history.pop();
		return true;
	}
}
