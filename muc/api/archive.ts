// No counterpart: ejabberd has no call for pages of a room's archive.

import type { ArchiveItem, ArchiveQuery, ArchiveStore } from "../../host/core/types.ts";
import { type ApiCommand, api_command, refuse_call, results } from "../../host/util/api/command.ts";
import { integer, optional, text } from "../../host/util/api/parameters.ts";
import { parse } from "../../host/util/datetime.ts";
import { failed, ok, type Result } from "../../host/util/error.ts";
import { resource } from "../../host/util/jid.ts";
import { archive_of, groupchat } from "../mam/archive.ts";
import { type ApiRooms, find_room, room_of, room_parameters } from "./service.ts";

const longest_page = 250;

function read_time(name: string, given: string | undefined): Result<number | undefined, string> {
	if (given === undefined) return ok(undefined);
	const time = parse(given);
	return time === undefined ? failed(`${name}: expected a time such as 2026-01-31T12:00:00Z`) : ok(time);
}

function show(item: ArchiveItem): Record<string, unknown> {
	const { id, when, stanza } = item;
	return {
		id,
		timestamp: new Date(when * 1000).toISOString(),
		nick: resource(stanza.attr["from"]) ?? "",
		body: stanza.get_child_text("body") ?? "",
		message: String(stanza),
	};
}

export function archive_commands(store: ArchiveStore, rooms: ApiRooms): ApiCommand[] {
	return [
		api_command({
			name: "get_room_archive",
			desc: "A page of a room's archive, oldest first: the last one, or what is after or before a message",
			scope: "rooms:read",
			rights: "host",
			parameters: {
				...room_parameters,
				after: optional(text("Id of a message: what comes after it")),
				before: optional(text("Id of a message: what comes before it")),
				start: optional(text("Not before this time, such as 2026-01-31T12:00:00Z")),
				end: optional(text("Not after this time")),
				limit: optional(integer("Most messages", { min: 1, max: longest_page })),
			},
			host: "service",
			result: results.record(
				{
					messages: results.table({
						id: { type: "string" },
						timestamp: { type: "string" },
						nick: { type: "string", description: "Empty for messages of the room itself" },
						body: { type: "string" },
						message: { type: "string", description: "The stanza" },
					}),
					complete: { type: "boolean", description: "Whether there is nothing more in that direction" },
				},
				[],
			),
			owner: room_of,
			async run(_caller, args) {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				const [start, end] = [read_time("start", args.start), read_time("end", args.end)];
				if (!start.ok) return refuse_call("bad-request", start.error);
				if (!end.ok) return refuse_call("bad-request", end.error);
				if (args.after !== undefined && args.before !== undefined) {
					return refuse_call("bad-request", "after and before: expected one of them");
				}
				const limit = args.limit ?? 50;
				const is_backwards = args.after === undefined && (args.before !== undefined || args.start === undefined);
				const query: ArchiveQuery = {
					with: groupchat,
					// One more tells whether there is more
					limit: limit + 1,
					reverse: is_backwards,
					...(start.value === undefined ? {} : { start: start.value }),
					...(end.value === undefined ? {} : { end: end.value }),
					...(args.after === undefined ? {} : { after: args.after }),
					...(args.before === undefined ? {} : { before: args.before }),
				};
				const found = await store.find_later(archive_of(room.value), query);
				if (!found.ok) {
					const is_unknown = found.error.condition === "item-not-found";
					return is_unknown
						? refuse_call("not-found", `no message ${args.after ?? args.before} is in the archive`)
						: refuse_call("failed", `the archive cannot be read: ${found.error.text}`);
				}
				const items = found.value.items.slice(0, limit).map(show);
				return ok({ messages: is_backwards ? items.reverse() : items, complete: found.value.items.length <= limit });
			},
		}),
	];
}
