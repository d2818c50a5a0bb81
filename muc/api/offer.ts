// No counterpart: gives commands to whoever serves them (mod_http_api).

import type { ModuleApi } from "../../host/core/types.ts";
import { message_commands } from "./messages.ts";
import { people_commands } from "./people.ts";
import { room_commands } from "./rooms.ts";
import type { ApiRooms } from "./service.ts";
import { create_shown_rooms } from "./shown_rooms.ts";

/**
 * Offers what can be done with rooms.
 * @returns what ends the answers to other nodes
 */
export function offer_room_commands(module: ModuleApi, rooms: ApiRooms): () => void {
	const store = module.open_store("muc_log", "archive");
	const shown = create_shown_rooms(module, rooms, store);
	for (const command of [...room_commands(rooms, shown), ...people_commands(module, rooms), ...message_commands(rooms)]) {
		module.add_item("api-command", command);
	}
	return shown.stop;
}
