// No counterpart: the community's module leaves what it retracts in what rooms remember for those who join.

import type { ModuleApi } from "../../host/core/types.ts";
import { ns } from "../../host/util/ns.ts";
import type { Stanza } from "../../host/util/stanza.ts";
import * as st from "../../host/util/stanza.ts";
import { archive_of } from "../mam/archive.ts";
import type { Room } from "../types.ts";

/** Whether the room itself added this child to a message that it remembers. */
function is_of_room({ name, attr }: Stanza, room: Room): boolean {
	if (name === "stanza-id") return attr["xmlns"] === ns.stanza_id && attr["by"] === room.jid;
	return name === "delay" && attr["xmlns"] === ns.delay && attr["from"] === room.jid;
}

/** What the room is to remember in place of a message; undefined where the message has another id. */
function bury(room: Room, stanza_id: string, tombstone: Stanza, remembered: Stanza): Stanza | undefined {
	const own = remembered.tags.filter((child) => is_of_room(child, room));
	if (!own.some(({ name, attr }) => name === "stanza-id" && attr["id"] === stanza_id)) return undefined;
	const buried = st.clone(tombstone);
	buried.attr["to"] = "";
	for (const child of own) buried.add_direct_child(st.clone(child));
	return buried;
}

/** Puts a tombstone in place of a message in what a room remembers. */
export function bury_in_history(room: Room, stanza_id: string, tombstone: Stanza): void {
	for (const [index, { stanza, timestamp }] of (room._history ?? []).entries()) {
		const buried = bury(room, stanza_id, tombstone, stanza);
		if (buried) room._history?.splice(index, 1, { stanza: buried, timestamp });
	}
}

/**
 * Gives a function that does the same with the last message that is stored with a room's occupants. After a crash, the server
 * would remember that message again.
 */
export function create_burial_in_state(module: ModuleApi): typeof bury_in_history {
	const state = module.open_store("state", "map");
	const key = "_last_message";

	/** The stored message; undefined also for what is not a stanza, since nobody ever sees that. */
	function read(room: Room): Stanza | undefined {
		const stored = state.get(archive_of(room), key);
		if (!stored.ok) {
			module.log("error", "Could not read the state of %s: %s", room.jid, stored.error.text);
			return undefined;
		}
		try {
			return st.deserialize(stored.value);
		} catch {
			return undefined;
		}
	}

	return (room, stanza_id, tombstone) => {
		const last = read(room);
		const buried = last && bury(room, stanza_id, tombstone, last);
		if (!buried) return;
		const written = state.set(archive_of(room), key, st.preserialize(buried));
		if (!written.ok) module.log("error", "Could not write the state of %s: %s", room.jid, written.error.text);
	};
}
