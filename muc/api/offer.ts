// No counterpart: gives commands to whoever serves them (mod_http_api).

import type { ModuleApi } from "../../host/core/types.ts";
import type { ApiCommand } from "../../host/util/api/command.ts";
import { promise_of } from "../../host/util/waiting.ts";
import { message_commands } from "./messages.ts";
import { people_commands } from "./people.ts";
import { room_commands } from "./rooms.ts";
import type { ApiRooms } from "./service.ts";

/** Offers what can be done with rooms. */
export function offer_room_commands(module: ModuleApi, rooms: ApiRooms): void {
	const store = module.open_store("muc_log", "archive");
	for (const command of [...room_commands(rooms, store), ...people_commands(module, rooms), ...message_commands(rooms)]) {
		module.add_item("api-command", module.server.cluster === undefined ? command : brought(rooms, command));
	}
}

/** A command about one room, which this node of a cluster serves first. */
function brought(rooms: ApiRooms, command: ApiCommand): ApiCommand {
	if (!("room" in command.parameters && "service" in command.parameters)) return command;
	return {
		...command,
		async run(caller, args) {
			const waiting = rooms.bring([`${args["room"]}@${args["service"]}`]);
			if (waiting !== undefined) await promise_of(waiting);
			return command.run(caller, args);
		},
	};
}
