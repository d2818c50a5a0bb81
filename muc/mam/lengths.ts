// No counterpart: in Prosody, the messages of all rooms are kept equally long.

import type { ModuleApi } from "../../host/core/types.ts";
import { node } from "../../host/util/jid.ts";
import { as_table } from "../kinds.ts";
import type { RoomFinder } from "../types.ts";
import { own_length } from "./length.ts";

/** Which rooms keep their messages for a time of their own; by the part of their JIDs before `@`, empty for the service's own. */
export interface Lengths {
	/** In seconds; Infinity for ever. */
	readonly own: ReadonlyMap<string, number>;
	/** Rooms that cannot be read, so that nobody knows how long. Nothing of theirs may be deleted. */
	readonly unknown: ReadonlySet<string>;
}

/** How many rooms are read before others have their turn. */
const rooms_a_turn = 20;

/** Gives a function that reads them: from rooms in memory, and the others from storage, a few in each turn. */
export function create_lengths(module: ModuleApi, rooms: RoomFinder | undefined): () => Promise<Lengths> {
	const configs = module.open_store("config");

	return async () => {
		const own = new Map<string, number>();
		const unknown = new Set<string>();
		const stored = configs.users();
		if (!stored.ok) module.log("error", "Could not read which rooms there are: %s", stored.error.text);
		for (const [index, room] of (stored.ok ? stored.value : []).entries()) {
			if (index % rooms_a_turn === 0) await new Promise((resolve) => setImmediate(resolve));
			const config = configs.get(room);
			const seconds = config.ok ? own_length(as_table(config.value?.["_data"]) ?? {}) : undefined;
			if (seconds !== undefined) own.set(room, seconds);
			if (config.ok) continue;
			unknown.add(room);
			module.log("error", "Nothing of room '%s' expires, since it cannot be read: %s", room, config.error.text);
		}
		for (const { jid, _data } of rooms?.live_rooms() ?? []) {
			const seconds = own_length(_data);
			if (seconds !== undefined) own.set(node(jid) ?? "", seconds);
			else own.delete(node(jid) ?? "");
		}
		return { own, unknown };
	};
}
