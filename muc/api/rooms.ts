// Counterpart: ejabberd's mod_muc_admin (rooms, and what they are set to)

import { type ApiCommand, api_command, refuse_call, results } from "../../host/util/api/command.ts";
import { domain, integer, jid, optional, setting, settings, text, unlogged } from "../../host/util/api/parameters.ts";
import { ok } from "../../host/util/error.ts";
import { node } from "../../host/util/jid.ts";
import { between_turns } from "../keeping/slices.ts";
import type { Room } from "../types.ts";
import { type ApiRooms, find_room, refused_by_room, room_of, room_parameters } from "./service.ts";
import { change_settings, shown_fields, shown_settings } from "./settings.ts";
import type { ShownRoom, ShownRooms } from "./shown_rooms.ts";

const service = domain("The service, such as conference.example.org; global for all of them");
/** ejabberd also wants the host that the service belongs to; a service here knows it. */
const host = optional(domain("Not needed: the host that the service belongs to, as ejabberd asks for it"));
const longest_page = 100;

/** A room in a list. */
const room_record = results.record({
	jid: { type: "string" },
	name: { type: "string" },
	description: { type: "string" },
	subject: { type: "string" },
	occupants: { type: "integer" },
	public: { type: "boolean" },
	persistent: { type: "boolean" },
	members_only: { type: "boolean" },
	moderated: { type: "boolean" },
	password_protected: { type: "boolean" },
	last_message: { type: "integer", description: "Seconds since 1970 of the last message that is kept; 0 for none" },
});

/** How many rooms are looked at before others have their turn. */
const slice = 20;

/** Rooms by JID. Tombstones of destroyed ones are none, which only shows when they are read. */
async function* existing(rooms: ApiRooms, search = "", after = ""): AsyncGenerator<Room, void> {
	const wanted = search.toLowerCase();
	const addresses = rooms.all_jids().filter((one) => one > after && (node(one) ?? one).includes(wanted));
	for (const [index, address] of addresses.sort().entries()) {
		if (index % slice === slice - 1) await between_turns();
		const room = rooms.look_at(address);
		if (room !== undefined && !room._data.destroyed) yield room;
	}
}

function create(rooms: ApiRooms, actor: string, address: string, wanted?: Parameters<typeof change_settings>[2]) {
	const created = rooms.create_room(address);
	if (!created.ok) {
		if (created.error === "room-exists") return refuse_call("conflict", `there is a room ${address} already`);
		if (created.error === "invalid-jid") return refuse_call("bad-request", `${address} cannot be a room's JID`);
		return refuse_call("unavailable", `there is no place for another room: ${created.error}`);
	}
	const room = created.value;
	// Nobody is in it who could keep it
	const changed = change_settings(room, actor, new Map([["persistent", true], ...(wanted ?? [])]));
	if (!changed.ok) {
		room.destroy();
		return refuse_call("bad-request", changed.error);
	}
	return ok(0);
}

export function room_commands(rooms: ApiRooms, shown: ShownRooms): ApiCommand[] {
	return [
		api_command({
			name: "muc_online_rooms",
			desc: "JIDs of all rooms, those that are not in memory too",
			scope: "rooms:read",
			rights: "host",
			parameters: { service },
			host: "service",
			spans: true,
			result: results.texts("JIDs"),
			async run() {
				const found: string[] = [];
				for await (const room of existing(rooms)) found.push(room.jid);
				return ok(found);
			},
		}),
		api_command({
			name: "get_rooms_info",
			desc: "Rooms with what they are set to, a page at a time, by JID",
			scope: "rooms:read",
			rights: "host",
			parameters: {
				service,
				search: optional(text("Only rooms whose name before the @ has this in it")),
				after: optional(text("Only rooms behind this JID", { max: 3071 })),
				limit: optional(integer("Most rooms of each service", { min: 1, max: longest_page })),
			},
			host: "service",
			spans: true,
			result: { type: "array", items: room_record },
			async run(_caller, { search, after, limit = longest_page }) {
				const page: ShownRoom[] = [];
				for await (const room of existing(rooms, search, after)) {
					page.push(await shown.show(room));
					if (page.length >= limit) break;
				}
				return shown.as_served(page);
			},
		}),
		api_command({
			name: "get_room_info",
			desc: "A room with what it is set to",
			scope: "rooms:read",
			rights: "host",
			parameters: room_parameters,
			host: "service",
			result: room_record,
			owner: room_of,
			async run(_caller, args) {
				const room = find_room(rooms, args);
				return room.ok ? ok(await shown.show(room.value)) : room;
			},
		}),
		api_command({
			name: "create_room",
			desc: "Makes a room, with the settings that new rooms have",
			scope: "rooms:write",
			rights: "host",
			parameters: { ...room_parameters, host },
			host: "service",
			result: results.done,
			owner: room_of,
			run: ({ jid: actor }, args) => create(rooms, actor, `${args.room}@${args.service}`),
		}),
		api_command({
			name: "create_room_with_opts",
			desc: "Makes a room with settings, under ejabberd's names or those of the fields of the room's form",
			scope: "rooms:write",
			rights: "host",
			parameters: { ...room_parameters, host, options: settings("Settings by name; all others are those of new rooms") },
			host: "service",
			result: results.done,
			owner: room_of,
			run: ({ jid: actor }, args) => create(rooms, actor, `${args.room}@${args.service}`, args.options),
		}),
		api_command({
			name: "destroy_room",
			desc: "Destroys a room with everything that is kept of it",
			scope: "rooms:write",
			rights: "host",
			parameters: {
				...room_parameters,
				reason: optional(text("Shown to those who are in the room")),
				alternative: optional(jid("Where they are sent: another room")),
			},
			host: "service",
			result: results.done,
			owner: room_of,
			run: (_caller, args) => {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				const destroyed = room.value.destroy(args.alternative, args.reason);
				return destroyed.ok ? ok(0) : refused_by_room(destroyed.error);
			},
		}),
		api_command({
			name: "get_room_options",
			desc: "What a room is set to, as texts by name",
			scope: "rooms:read",
			rights: "host",
			parameters: room_parameters,
			host: "service",
			result: { type: "object", additionalProperties: { type: "string" } },
			owner: room_of,
			run: ({ jid: actor }, args) => {
				const room = find_room(rooms, args);
				return room.ok ? ok(shown_settings(room.value, actor)) : room;
			},
		}),
		api_command({
			name: "get_room_form",
			desc: "The form of a room's settings, with labels, choices and values",
			scope: "rooms:read",
			rights: "host",
			parameters: room_parameters,
			host: "service",
			result: results.table({
				name: { type: "string" },
				type: { type: "string" },
				label: { type: "string" },
				desc: { type: "string" },
				option: { type: "string", description: "ejabberd's name for it; empty where it has none" },
				value: { oneOf: [{ type: "string" }, { type: "boolean" }, { type: "array", items: { type: "string" } }] },
				options: results.table({ value: { type: "string" }, label: { type: "string" } }),
			}),
			owner: room_of,
			run: ({ jid: actor }, args) => {
				const room = find_room(rooms, args);
				return room.ok ? ok(shown_fields(room.value, actor)) : room;
			},
		}),
		api_command({
			name: "change_room_option",
			desc: "Changes one setting of a room",
			scope: "rooms:write",
			rights: "host",
			parameters: {
				...room_parameters,
				option: text("Its name, as get_room_options has it", { filled: true }),
				value: unlogged(setting("Its value; a text will always do")),
			},
			host: "service",
			result: results.done,
			owner: room_of,
			run: ({ jid: actor }, args) => {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				const changed = change_settings(room.value, actor, new Map([[args.option, args.value]]));
				return changed.ok ? ok(0) : refuse_call("bad-request", changed.error);
			},
		}),
		api_command({
			name: "change_room_options",
			desc: "Changes several settings of a room at once, or none where one is wrong",
			scope: "rooms:write",
			rights: "host",
			parameters: { ...room_parameters, options: settings("Settings by name, as get_room_options has them") },
			host: "service",
			result: results.done,
			owner: room_of,
			run: ({ jid: actor }, args) => {
				const room = find_room(rooms, args);
				if (!room.ok) return room;
				const changed = change_settings(room.value, actor, args.options);
				return changed.ok ? ok(0) : refuse_call("bad-request", changed.error);
			},
		}),
	];
}
